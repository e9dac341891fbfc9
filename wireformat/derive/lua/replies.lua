-- Which message answers which: links from packet to packet, and how long an answer took.
--
-- A message that is declared as an answer belongs to the oldest one of the other direction that it may answer and that
-- nothing has answered yet. The first reading of a call hears the messages. What they answer is settled when that reading
-- counts, once for each message, and holds for every later call: messages go by direction and position.

local replies = {}
wf.replies = replies

-- Register the fields of a protocol in which messages answer each other.
function replies.extend(definition)
    wf.extend(definition, {
        { "reply_in", "framenum", "answered in", base.NONE, frametype.RESPONSE },
        { "reply_to", "framenum", "answers", base.NONE, frametype.REQUEST },
        { "reply_time", "relative_time", "time to this answer" },
    })
end

-- A message of that name begins where the reader stands.
function replies.hear(self, owner, name)
    if name and owner.answers and (owner.answers[name] or owner.asks[name]) then
        self.heard[#self.heard + 1] = { owner = owner, name = name, position = self.state.position }
    end
end

-- Take the oldest of the open requests that has one of these names; nil when there is none.
local function take(open, names)
    for place, request in ipairs(open) do
        if names[request.name] then
            return table.remove(open, place)
        end
    end
    return nil
end

local function settle(message, open, others)
    local owner, name = message.owner, message.name
    local request = owner.answers[name] and take(others, owner.answers[name])
    if request then
        message.request, request.reply = request, message
    end
    -- What answers its own kind asks nothing.
    if owner.asks[name] and not (request and request.name == name) then
        open[#open + 1] = message
    end
end

-- The messages that a first reading heard were said in this packet.
function replies.settle(self)
    if #self.heard == 0 then
        return
    end
    local shared, is_first = wf.conversation.both(self.pinfo)
    local connection = self.connection
    shared.open = shared.open or { [true] = {}, [false] = {} }
    connection.exchanges = connection.exchanges or {}
    for _, message in ipairs(self.heard) do
        message.frame, message.time = self.pinfo.number, self.pinfo.abs_ts
        connection.exchanges[message.position] = message
        settle(message, shared.open[is_first], shared.open[not is_first])
    end
end

-- The time from one packet to another. A packet's time is a number here, which is exact to the microsecond.
local function span(from, to)
    local microseconds = math.floor((to - from) * 1000000 + 0.5)
    local seconds = math.modf(microseconds / 1000000)
    return NSTime.new(seconds, (microseconds - seconds * 1000000) * 1000)
end

-- Show in a message's branch what it answers and what answers it.
function replies.show(self, owner, item)
    local message = self.connection.exchanges and self.connection.exchanges[self.state.position]
    if not message then
        return
    end
    local range = self.tvb(self.offset, 0)
    local function add(name, value)
        item:add(wf.fields[owner.filter .. "." .. name], range, value):set_generated()
    end
    if message.reply then
        add("reply_in", message.reply.frame)
    end
    if message.request then
        add("reply_to", message.request.frame)
        add("reply_time", span(message.request.time, message.time))
    end
end
