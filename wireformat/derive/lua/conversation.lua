-- What a connection has carried so far, and where in it each call of a dissector begins.
--
-- Wireshark calls a dissector with the bytes of a connection in order, once. Later it calls again, for single packets
-- in any order. So each call notes the state it began with under the frame and the place of its bytes; a call for a
-- packet that was seen before begins with what was noted. States are small flat tables, copied when they are noted.

wf.conversation = {}
local conversations, notes = {}, {}

-- Forget everything: another capture is loaded.
function wf.conversation.reset()
    conversations, notes = {}, {}
end

local function copy(state)
    local twin = {}
    for name, value in pairs(state) do
        twin[name] = value
    end
    return twin
end

local function key_of(pinfo)
    return table.concat({
        tostring(pinfo.src),
        pinfo.src_port,
        tostring(pinfo.dst),
        pinfo.dst_port,
    }, " ")
end

-- The direction that a packet belongs to: a table for whatever lasts as long as the capture.
function wf.conversation.of(pinfo, make)
    local key = key_of(pinfo)
    local found = conversations[key]
    if not found then
        found = make()
        conversations[key] = found
    end
    return found
end

-- The state that this call begins with, a copy that the caller may change; nil when the call was never made before
-- its time. `connection.state` is where the first reading of the connection stands.
function wf.conversation.begin(connection, pinfo, tvb)
    local key = pinfo.number .. " " .. tvb:offset() .. " " .. tvb:len()
    if not pinfo.visited then
        notes[key] = copy(connection.state)
        return connection.state, true
    elseif notes[key] then
        return copy(notes[key]), false
    end
    return nil, false
end
