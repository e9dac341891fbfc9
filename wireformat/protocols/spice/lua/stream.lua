-- A connection of SPICE: the link stage, and then messages behind full or mini headers.
--
-- Messages go by channel, sender and number. What is not declared is shown as bytes, and so is what follows a refusal, an
-- exchange of SASL, or a link stage that is broken.

local reader, talk = wf.spice.reader, wf.spice.talk
local MORE = reader.MORE
local definition = wf.protocols.spice
local proto = definition.proto

local MAGIC = 0x51444552
local LINK_HEADER, LONGEST_LINK, WORD, TICKET = 16, 4096, 4, 128
local FULL, MINI, LONGEST_BODY = 18, 6, 16777216
local TICKET_MECHANISM = 1
local CHANNELS = {
    "main",
    "display",
    "inputs",
    "cursor",
    "playback",
    "record",
    "tunnel",
    "smartcard",
    "usbredir",
    "port",
    "webdav",
}
local KINDS = { usbredir = { "device" }, port = { "port", "device" }, webdav = { "port", "device" } }

local names = {}
for name, record in pairs(definition.records) do
    if record.code then
        names[record.channel .. " " .. record.sender .. " " .. record.code] = name
    end
end

local function extend(rows)
    local fields = {}
    for index, row in ipairs(rows) do
        local name = "wf.spice.stream." .. row[1]
        wf.fields[name] = ProtoField[row[2]](name, row[3], row[4])
        fields[index] = wf.fields[name]
    end
    proto.fields = fields
end

extend({
    { "position", "uint64", "position in this direction", base.DEC },
    { "serial", "uint64", "serial", base.DEC },
    { "channel", "string", "channel", base.ASCII },
    { "sender", "string", "sender", base.ASCII },
    { "message", "string", "message", base.ASCII },
    { "data", "bytes", "data", base.SPACE },
})

-- The record of a message; nil when it is not declared.
local function name_of(channel, sender, code)
    local found = names["any " .. sender .. " " .. code] or names[channel .. " " .. sender .. " " .. code]
    for _, kind in ipairs(KINDS[channel] or {}) do
        found = found or names[kind .. " " .. sender .. " " .. code]
    end
    return found
end

-- Read a part of the link stage that is a record of a fixed size.
local function part(self, name, size)
    local item = reader.branch(self, size, name, { message = name, sender = self.state.sender })
    local found, is_sound = reader.record(self, name, 0, size, item)
    reader.advance(self, size)
    if not is_sound then
        self.state.mode = "lost"
    end
    return is_sound and found or nil
end

-- The size of a link message or reply with its header; MORE when that is not there yet.
local function link_size(self)
    if reader.left(self) < LINK_HEADER then
        return MORE
    end
    local size = reader.uint(self, 12, 4)
    if reader.uint(self, 0, 4) ~= MAGIC or size > LONGEST_LINK then
        return LINK_HEADER
    end
    return reader.left(self) < LINK_HEADER + size and MORE or LINK_HEADER + size
end

local function client_link(self)
    local size = link_size(self)
    if size == MORE then
        return MORE
    end
    local found = part(self, "ClientLink", size)
    if found then
        self.shared.client_words = found.message.common
        self.shared.channel = CHANNELS[found.message.channel_type] or "channel " .. found.message.channel_type
        self.state.mode = "choice"
    end
    return nil
end

local function server_link(self)
    local size = link_size(self)
    if size == MORE then
        return MORE
    end
    local found = part(self, "ServerLink", size)
    if found and found.reply.error == 0 then
        self.shared.server_words = found.reply.common
        self.state.mode = "result"
    else
        self.state.mode = "lost"
    end
    return nil
end

-- What follows the link message depends on the reply.
local function choice(self)
    if not self.shared.server_words then
        return MORE
    elseif not talk.chooses(self.shared) then
        self.state.mode = "ticket"
        return nil
    elseif reader.left(self) < WORD then
        return MORE
    end
    local found = part(self, "MechanismChoice", WORD)
    self.state.mode = found and found.mechanism == TICKET_MECHANISM and "ticket" or "lost"
    return nil
end

local function ticket(self)
    if reader.left(self) < TICKET then
        return MORE
    end
    if part(self, "Ticket", TICKET) then
        self.state.mode = "message"
    end
    return nil
end

-- The result, or a second reply that refuses the mechanism.
local function result(self)
    if reader.left(self) < WORD then
        return MORE
    elseif reader.uint(self, 0, WORD) == MAGIC then
        self.state.mode = "link"
        return nil
    end
    local found = part(self, "LinkResult", WORD)
    self.state.mode = found and found.code == 0 and "message" or "lost"
    return nil
end

-- The body of a message, and the list behind it.
local function body(self, name, start, stop, list, item)
    local finish = list > 0 and list <= stop - start and start + list or stop
    if not name then
        reader.data(self, start, finish, item)
    elseif item then
        local branch = item:add(proto, self.tvb(self.offset + start, finish - start)):set_text(name)
        reader.record(self, name, start, finish, branch)
    end
    reader.data(self, finish, stop, item)
end

local function message(self)
    local is_mini, state = talk.is_mini(self.shared), self.state
    local header = is_mini and MINI or FULL
    if reader.left(self) < header then
        return MORE
    end
    local at = is_mini and 0 or 8
    local code, size = reader.uint(self, at, 2), reader.uint(self, at + 2, 4)
    if size > LONGEST_BODY then
        state.mode = "lost"
        return nil
    elseif reader.left(self) < header + size then
        return MORE
    end
    local name = name_of(self.shared.channel, state.sender, code)
    local text = name or "message " .. code
    local facts = { message = text, sender = state.sender, channel = self.shared.channel }
    if is_mini then
        facts.serial = UInt64.new(state.serial, 0)
    end
    local item = reader.branch(self, header + size, text, facts)
    reader.record(self, is_mini and "MiniHeader" or "FullHeader", 0, header, item)
    body(self, name, header, header + size, is_mini and 0 or reader.uint(self, 14, 4), item)
    state.serial = state.serial + 1
    reader.advance(self, header + size)
    return nil
end

local function lost(self)
    local size = reader.left(self)
    local item = reader.branch(self, size, "not dissected", { sender = self.state.sender })
    reader.data(self, 0, size, item)
    reader.advance(self, size)
end

local STEPS = {
    client = { link = client_link, choice = choice, ticket = ticket, message = message, lost = lost },
    server = { link = server_link, result = result, message = message, lost = lost },
}

local function new_connection()
    return { state = { mode = "link", position = 0, serial = 1 }, memory = {} }
end

-- Read as far as the bytes go, or to where the first reading stopped; true when more are needed to go on from there.
local function read(self, stop)
    self.shared, self.state.sender = talk.of(self.pinfo)
    while reader.left(self) > 0 and self.offset ~= stop do
        if STEPS[self.state.sender][self.state.mode](self) == MORE then
            return true
        end
    end
    return self.offset == stop
end

-- The first reading, without showing anything. nil when TCP will hand the bytes out again; the reader, and whether it
-- needs more, otherwise.
local function probe(tvb, pinfo, state, connection)
    local self = reader.new(tvb, pinfo, nil, wf.conversation.copy(state))
    local needs_more = read(self)
    if wf.conversation.commit(connection, tvb, self.state, needs_more and self.offset or nil) then
        return self, needs_more
    end
    return nil
end

function proto.dissector(tvb, pinfo, tree)
    local connection = wf.conversation.of(pinfo, new_connection)
    local state, is_first = wf.conversation.begin(connection, pinfo, tvb)
    local self, needs_more
    pinfo.cols.protocol = "WF-SPICE"
    if is_first then
        self, needs_more = probe(tvb, pinfo, state, connection)
    end
    if state and (self or not is_first) then
        self = reader.new(tvb, pinfo, tree, state)
        needs_more = read(self, wf.conversation.stop(pinfo, tvb))
    end
    if needs_more or (is_first and not self) then
        pinfo.desegment_offset = self and self.offset or 0
        pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
    end
    if self and #self.summary > 0 then
        local channel = self.shared.channel
        pinfo.cols.info = (channel and channel .. ": " or "") .. table.concat(self.summary, ", ")
    end
    return tvb:len()
end

-- Both sides begin with the same four bytes and the major version.
local function heuristic(tvb, pinfo, tree)
    if tvb:len() < 8 or tvb(0, 4):le_uint() ~= MAGIC or tvb(4, 4):le_uint() ~= 2 then
        return false
    end
    pinfo.conversation = proto
    proto.dissector(tvb, pinfo, tree)
    return true
end

local ports = ""
proto.prefs.ports =
    Pref.range("TCP ports", ports, "ports where servers listen, beside those found by their first bytes", 65535)

function proto.prefs_changed()
    local table = DissectorTable.get("tcp.port")
    if ports ~= "" then
        table:remove(ports, proto)
    end
    ports = proto.prefs.ports
    if ports ~= "" then
        table:add(ports, proto)
    end
end

function proto.init()
    wf.conversation.reset()
    talk.reset()
end

proto:register_heuristic("tcp", heuristic)
DissectorTable.get("tcp.port"):add_for_decode_as(proto)
