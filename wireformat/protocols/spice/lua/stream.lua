-- A connection of SPICE: the link stage, and then messages behind full or mini headers.
--
-- Messages go by channel, sender and number. What is not declared is shown as bytes, and so is what follows a refusal, an
-- exchange of SASL, or a link stage that is broken.

local reader, talk = wf.spice.reader, wf.spice.talk
local MORE = reader.MORE
local definition = wf.protocols.spice

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

wf.extend(definition, {
    { "stream.position", "uint64", "position in this direction", base.DEC },
    { "stream.serial", "uint64", "serial", base.DEC },
    { "stream.channel", "string", "channel", base.ASCII },
    { "stream.sender", "string", "sender", base.ASCII },
    { "stream.message", "string", "message", base.ASCII },
    { "stream.data", "bytes", "data", base.SPACE },
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
    local found, is_sound = reader.record(self, definition, name, 0, size, item)
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
    else
        local branch = item and item:add(definition.proto, self.tvb(self.offset + start, finish - start)):set_text(name)
        reader.record(self, definition, name, start, finish, branch)
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
    reader.record(self, definition, is_mini and "MiniHeader" or "FullHeader", 0, header, item)
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

local function step(self)
    return STEPS[self.state.sender][self.state.mode](self)
end

local function new_connection()
    return { state = { mode = "link", position = 0, serial = 1 } }
end

local function title(self)
    return self.shared.channel
end

-- Both sides begin with the same four bytes and the major version.
local function is_ours(tvb)
    return tvb(0, 4):le_uint() == MAGIC and tvb(4, 4):le_uint() == 2
end

wf.stream(definition, {
    reader = reader,
    new_connection = new_connection,
    step = step,
    title = title,
    is_ours = is_ours,
    ports = "servers listen",
})
