-- The channels of a migration: a header in each direction, frames, and what the channel is there for.
--
-- The raw payload has no length: it ends where the VM-state stream in it ends. Here that stream is not read. What follows
-- it is a frame with the next number of its direction and a right sum, and that is looked for.

local reader, talk = wf.handshake.reader, wf.handshake.talk
local MORE = reader.MORE
local definition, channels = wf.protocols.handshake, wf.protocols.channels
local proto = definition.proto

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

local function extend(rows)
    local fields = {}
    for index, row in ipairs(rows) do
        local name = "wf.handshake.stream." .. row[1]
        wf.fields[name] = ProtoField[row[2]](name, row[3], row[4])
        fields[index] = wf.fields[name]
    end
    proto.fields = fields
end

extend({
    { "position", "uint64", "position in this direction", base.DEC },
    { "data", "bytes", "data", base.SPACE },
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
    if reader.left(self) < FRAME then
        return MORE
    end
    local size = reader.uint(self, 8, 4)
    if size > LONGEST_FRAME then
        size = 0
    end
    if reader.left(self) < FRAME + size then
        return MORE
    end
    local code, message = reader.uint(self, 0, 2), size > 0 and self.tvb:raw(self.offset + FRAME, size) or ""
    local text = names[code] or string.format("message 0x%04x", code)
    local found = reader.message(self, definition, "Frame", FRAME + size, text)
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
            if not is_whole or reader.is_message(self, definition, "Frame", place - 1, FRAME + size) then
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
    if reader.left(self) < PIECE then
        return MORE
    end
    local size = reader.uint(self, 8, 4)
    if size > LONGEST_PIECE then
        size = 0
    end
    if reader.left(self) < PIECE + size then
        return MORE
    end
    reader.message(self, definition, "Piece", PIECE + size, size == 0 and "end of pieces" or "piece")
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

local function new_connection()
    return { state = { mode = "header", position = 0, sequence = 0 }, memory = {} }
end

-- Read as far as the bytes go, or to where the first reading stopped; true when more are needed to go on from there.
local function read(self, stop)
    while reader.left(self) > 0 and self.offset ~= stop do
        if STEPS[self.state.mode](self) == MORE then
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
    pinfo.cols.protocol = "WF-HANDSHAKE"
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
        local kind = KINDS[self.state.kind]
        pinfo.cols.info = (kind and kind .. ": " or "") .. table.concat(self.summary, ", ")
    end
    return tvb:len()
end

-- The first eight bytes are strict enough: magic and marker.
local function heuristic(tvb, pinfo, tree)
    if tvb:len() < 8 or tvb(0, 4):uint() ~= MAGIC or tvb(4, 4):uint() ~= MARKER then
        return false
    end
    pinfo.conversation = proto
    proto.dissector(tvb, pinfo, tree)
    return true
end

local ports = ""
proto.prefs.ports =
    Pref.range("TCP ports", ports, "ports where destinations listen, beside those found by their first bytes", 65535)

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

-- A file of this protocol alone has no headers of channels, and can only show single messages.
if channels then
    proto:register_heuristic("tcp", heuristic)
end
DissectorTable.get("tcp.port"):add_for_decode_as(proto)
