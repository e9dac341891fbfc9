-- The channels of a migration: a header in each direction, frames, and what the channel is there for.
--
-- The raw payload has no length: it ends where the VM-state stream in it ends. Here that stream is not read. What follows
-- it is a frame with the next number of its direction and a right sum, and that is looked for.

local reader, talk = wf.handshake.reader, wf.handshake.talk
local MORE = reader.MORE
local definition, channels = wf.protocols.handshake, wf.protocols.channels

local MAGIC, MARKER = 0x5145564d, 0x48530001
local HEADER, LONGEST_HEADER, FRAME, LONGEST_FRAME, PIECE, LONGEST_PIECE = 32, 4096, 16, 16777216, 12, 1048576
local LONGEST_BEHIND_PAYLOAD = 65536
local KINDS = { "main", "data", "file", "resume" }
local DATA = 2
local MIGRATION_ID, PAYLOAD = 0x8011, 0x8001
local RAW, STRIPED = "v1-raw", "v1-striped"
local HELLO_REPLY, START, RESUME_MESSAGE, ABORT, HANDOVER = 0x8002, 0x8008, 0x8009, 0x800c, 0x8010

local names = {}
for name, record in pairs(definition.records) do
    if record.code then
        names[record.code] = name
    end
end

wf.extend(definition, {
    { "stream.position", "uint64", "position in this direction", base.DEC },
    { "stream.data", "bytes", "data", base.SPACE },
})

local function header(self)
    if reader.left(self) < HEADER then
        return MORE
    end
    local size = math.min(math.max(reader.uint(self, 10, 2), HEADER), LONGEST_HEADER)
    if reader.left(self) < size then
        return MORE
    end
    local state, id = self.state, self.tvb:raw(self.offset + 16, 16)
    local found = reader.message(self, channels, "ChannelHeader", size, "channel header")
    if not found then
        return nil
    end
    state.kind, state.id, state.from_source = found.kind, id, found.flags % 2 == 1
    state.mode = state.kind == DATA and state.from_source and "data" or "frame"
    return nil
end

local function number_at(text, place)
    local a, b, c, d = text:byte(place, place + 3)
    return ((a * 256 + b) * 256 + c) * 256 + d
end

-- The value of the first entry with that number in a message; nil when there is none.
local function entry(message, wanted)
    local place = 1
    while place + 7 <= #message do
        local high, low = message:byte(place, place + 1)
        local size = number_at(message, place + 4)
        if high * 256 + low == wanted then
            return message:sub(place + 8, place + 7 + size)
        end
        place = place + 8 + size
    end
    return nil
end

-- What changes with a message.
local function follow(self, code, message)
    local state = self.state
    if code == START then
        local name = entry(message, PAYLOAD)
        talk.learn_payload(self.pinfo, name)
        state.mode = name == RAW and "payload" or "frame"
    elseif code == RESUME_MESSAGE then
        state.mode = (talk.payload_of(state.id) or RAW) == RAW and "payload" or "frame"
    elseif code == HELLO_REPLY then
        talk.learn_id(self.pinfo, entry(message, MIGRATION_ID))
    elseif state.kind == DATA then
        state.mode = "opaque"
    end
end

local function frame(self)
    local size = reader.whole(self, FRAME, LONGEST_FRAME)
    if not size then
        return MORE
    end
    local code = reader.uint(self, 0, 2)
    local message = size > FRAME and self.tvb:raw(self.offset + FRAME, size - FRAME) or ""
    local text = names[code] or string.format("message 0x%04x", code)
    local found = reader.message(self, definition, "Frame", size, text, names[code])
    if found then
        self.state.sequence = found.sequence + 1
        follow(self, code, message)
    end
    return nil
end

-- A number as four bytes.
local function bytes_of(value)
    local bytes = {}
    for place = 4, 1, -1 do
        bytes[place] = string.char(value % 256)
        value = math.floor(value / 256)
    end
    return table.concat(bytes)
end

-- The frames that may follow the payload: the first eight bytes of each.
local function beginnings(sequence)
    local behind = bytes_of(sequence)
    return { bytes_of(HANDOVER * 65536) .. behind, bytes_of(ABORT * 65536) .. behind }
end

local function is_frame(self, at, size)
    local _, is_sound = reader.record(self, definition, "Frame", at, at + size)
    return is_sound
end

-- Where in the bytes at hand the next frame begins, counted from 0, and whether it is certain.
local function find_frame(self, beginning)
    local data, place = self.tvb:raw(self.offset, reader.left(self)), 1
    while true do
        place = data:find(beginning, place, true)
        if not place then
            break
        end
        local size = #data - place + 1 >= FRAME and number_at(data, place + 8)
        if not size then
            return place - 1, false
        elseif size <= LONGEST_BEHIND_PAYLOAD then
            local is_whole = #data - place + 1 >= FRAME + size
            if not is_whole or is_frame(self, place - 1, FRAME + size) then
                return place - 1, is_whole
            end
        end
        place = place + 1
    end
    for size = math.min(#beginning - 1, #data), 1, -1 do
        if data:sub(-size) == beginning:sub(1, size) then
            return #data - size, false
        end
    end
    return nil
end

-- The raw stream, up to the frame behind it.
local function payload(self)
    local stop, is_certain = reader.left(self), nil
    for _, beginning in ipairs(beginnings(self.state.sequence)) do
        local place, whole = find_frame(self, beginning)
        if place and place < stop then
            stop, is_certain = place, whole
        end
    end
    if stop > 0 then
        reader.bytes(self, stop, "VM-state stream")
    end
    if is_certain then
        self.state.mode = "frame"
    elseif is_certain == false then
        return MORE
    end
    return nil
end

-- The first bytes of a data channel behind its header: what they are follows from the payload of the migration.
local function data(self)
    self.state.mode = talk.payload_of(self.state.id) == STRIPED and "piece" or "opaque"
end

local function piece(self)
    local size = reader.whole(self, PIECE, LONGEST_PIECE)
    if not size then
        return MORE
    end
    reader.message(self, definition, "Piece", size, size == PIECE and "end of pieces" or "piece")
    return nil
end

local function opaque(self)
    reader.bytes(self, reader.left(self), "data of the channel")
end

local function unread(self)
    reader.bytes(self, reader.left(self), "not dissected")
end

local STEPS = {
    header = header,
    frame = frame,
    payload = payload,
    data = data,
    piece = piece,
    opaque = opaque,
    lost = unread,
}

local function step(self)
    return STEPS[self.state.mode](self)
end

local function new_connection()
    return { state = { mode = "header", position = 0, sequence = 0 } }
end

local function title(self)
    return KINDS[self.state.kind]
end

-- Magic and marker are strict enough.
local function is_ours(tvb)
    return tvb(0, 4):uint() == MAGIC and tvb(4, 4):uint() == MARKER
end

wf.stream(definition, {
    reader = reader,
    new_connection = new_connection,
    step = step,
    title = title,
    -- A file of this protocol alone has no headers of channels, and can only show single messages.
    is_ours = channels and is_ours,
    ports = "destinations listen",
    reset = talk.reset,
})
