-- What a connection has carried so far, and where in it each call of a dissector begins.
--
-- Wireshark calls a dissector with the bytes of a connection in order, once. Later it calls again, for single packets
-- in any order. So each call notes the state it began with under the frame and the place of its bytes; a call for a
-- packet that was seen before begins with what was noted. States are small flat tables, copied when they are noted.
-- A later call gets no more bytes than the first one used up, so whatever needed bytes beyond is remembered as well.

wf.conversation = {}
local conversations, shared, notes = {}, {}, {}

-- Forget everything: another capture is loaded.
function wf.conversation.reset()
    conversations, shared, notes = {}, {}, {}
end

local function copy(state)
    local twin = {}
    for name, value in pairs(state) do
        twin[name] = value
    end
    return twin
end

-- Where a packet comes from, and where it goes.
local function ends(pinfo)
    return tostring(pinfo.src) .. " " .. pinfo.src_port, tostring(pinfo.dst) .. " " .. pinfo.dst_port
end

-- The direction that a packet belongs to: a table for whatever lasts as long as the capture.
function wf.conversation.of(pinfo, make)
    local from, to = ends(pinfo)
    local key = from .. " " .. to
    local found = conversations[key]
    if not found then
        found = make()
        found.memory = {}
        conversations[key] = found
    end
    return found
end

-- What both directions of a connection share, a table, and whether a packet goes in the direction that was seen first.
function wf.conversation.both(pinfo)
    local from, to = ends(pinfo)
    local key = from < to and from .. " " .. to or to .. " " .. from
    local found = shared[key]
    if not found then
        found = { first = from }
        shared[key] = found
    end
    return found, found.first == from
end

-- The state that this call begins with, a copy that the caller may change, and whether this is the first reading; nil
-- for a call that the first reading never made.
function wf.conversation.begin(connection, pinfo, tvb)
    local key = pinfo.number .. " " .. tvb:offset()
    if not pinfo.visited then
        notes[key] = copy(connection.state)
        connection.noted = notes[key]
        return copy(connection.state), true
    end
    return notes[key] and copy(notes[key]), false
end

-- Where the first reading of this call stopped for want of bytes, nil when it needed none, and whether it found a fault.
function wf.conversation.noted(pinfo, tvb)
    local noted = notes[pinfo.number .. " " .. tvb:offset()]
    if not noted then
        return nil, false
    end
    return noted.stop, noted.has_fault
end

-- End a call of the first reading: `state` is where it got to, from `offset` on it needs more bytes (nil: nothing), and
-- `has_fault` whether something was wrong.
-- False when TCP will hand out the same bytes again. It does so when what is missing begins in bytes that an earlier
-- call has seen already; then this call counts for nothing. Where it stopped is noted: what is known later must not
-- lead later calls beyond, into bytes that another call shows.
function wf.conversation.commit(connection, tvb, state, offset, has_fault)
    local seen_before = connection.waiting or 0
    if offset and seen_before > 0 and offset <= seen_before then
        connection.noted.stop = 0
        connection.waiting = tvb:len()
        return false
    end
    connection.noted.stop, connection.noted.has_fault = offset, has_fault
    connection.waiting = offset and tvb:len() - offset or 0
    connection.state = state
    return true
end

wf.conversation.copy = copy

-- What was found out at a position of the connection, or what `find` finds out now; nil is not remembered.
function wf.conversation.recall(connection, what, position, find)
    local key = what .. " " .. wf.number.text(position)
    local found = connection.memory[key]
    if found == nil then
        found = find()
        connection.memory[key] = found
    end
    return found
end
