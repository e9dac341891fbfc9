-- A connection that carries one kind of message, again and again: for tests, and for looking at a single message.
--
-- Choose it with "Decode as …"; its preferences name the message ("vmstate.Ping", or one for each port of the server:
-- "5001=vmstate.Ping 5002=vmstate.Command"), its version, the parameters that its expressions read ("page_size=4096
-- has_address=0"), and whether the size of each message stands before it as a big-endian number of 32 bits, which is
-- needed where the bytes do not tell the end.

local MAX_COUNTED = 1048576

local lane = wf.define({
    name = "message",
    filter = "wf.message",
    title = "Wire-format message",
    versions = {},
    records = {},
    errors = {},
    fields = {
        { f = "wf.message.size", type = "uint32", label = "size", base = "dec", doc = "bytes of the message" },
    },
})
local proto = lane.proto
proto.prefs.message = Pref.string("Message", "", "protocol and record, such as vmstate.Ping")
proto.prefs.version = Pref.string("Version", "", "version of the protocol; the newest when empty")
proto.prefs.params = Pref.string("Parameters", "", "name=number, separated by blanks")
proto.prefs.counted = Pref.bool("Size before each message", false, "a big-endian number of 32 bits")

local function params_of(text)
    local params = {}
    for name, value in text:gmatch("(%S+)=(%d+)") do
        params[name] = tonumber(value)
    end
    return params
end

-- The name of the message that a packet carries.
local function name_for(pinfo)
    for port, name in proto.prefs.message:gmatch("(%d+)=(%S+)") do
        if tonumber(port) == pinfo.dst_port or tonumber(port) == pinfo.src_port then
            return name
        end
    end
    return proto.prefs.message
end

-- What the preferences ask for: protocol, record and options; nil when there is no such message.
local function wanted(pinfo)
    local name, record = name_for(pinfo):match("^([^.]+)%.(.+)$")
    local definition = wf.protocols[name]
    if not definition or not definition.records[record] then
        return nil
    end
    local options = {
        protocol = definition,
        params = params_of(proto.prefs.params),
        version = wf.version_of(definition, proto.prefs.version),
    }
    return definition.records[record], options
end

-- Where the message at `offset` may end: behind its count, or with what is there. nil when more is needed.
local function bounds(tvb, offset)
    if not proto.prefs.counted then
        return offset, tvb:len()
    elseif tvb:len() - offset < 4 then
        return nil
    end
    local size = tvb(offset, 4):uint()
    if size > MAX_COUNTED then
        return offset + 4, tvb:len(), { id = "limit", detail = "size " .. size .. " exceeds " .. MAX_COUNTED, offset = offset }
    elseif tvb:len() - offset - 4 < size then
        return nil
    end
    return offset + 4, offset + 4 + size
end

local function show(tvb, tree, record, options, first, start, stop, fault)
    local branch = tree:add(options.protocol.proto, tvb(first, 0), record.name)
    local context = wf.context(tvb, start, stop, options)
    if start > first then
        branch:add(wf.fields["wf.message.size"], tvb(first, 4))
    end
    local ok, problem = pcall(wf.record, context, record, branch)
    branch:set_len(context.position - first)
    if fault or not ok then
        wf.mark(context, branch, fault or problem)
    end
end

-- Dissect one message; the offset behind it, nil when more bytes are needed.
local function step(tvb, tree, record, options, offset)
    local start, stop, fault = bounds(tvb, offset)
    if not start then
        return nil
    end
    local context = wf.context(tvb, start, stop, options)
    local ok, problem = pcall(wf.record, context, record, nil)
    local counted = proto.prefs.counted
    if not ok and type(problem) ~= "table" then
        error(problem, 0)
    elseif not ok and problem.id == "truncated" and not counted then
        return nil
    elseif ok and counted then
        fault = wf.excess(context) or fault
    end
    show(tvb, tree, record, options, offset, start, stop, fault or (not ok and problem) or nil)
    return (counted or not ok) and stop or context.position
end

function proto.dissector(tvb, pinfo, tree)
    local record, options = wanted(pinfo)
    if not record then
        return 0
    end
    pinfo.cols.protocol = "WF"
    local offset = 0
    while offset < tvb:len() do
        local behind = step(tvb, tree, record, options, offset)
        if not behind then
            pinfo.desegment_offset = offset
            pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
            break
        end
        offset = math.max(behind, offset + 1)
    end
    return tvb:len()
end

DissectorTable.get("tcp.port"):add_for_decode_as(proto)
