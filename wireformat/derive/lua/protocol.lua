-- Protocols as data: their fields and errors are registered with Wireshark when the file is loaded.

wf.fields, wf.experts, wf.protocols = {}, {}, {}

local BASES = { dec = base.DEC, hex = base.HEX }

-- Names of numbers as Wireshark takes them.
local function value_string(names)
    if not names then
        return nil
    end
    local table = {}
    for key, name in pairs(names) do
        table[tonumber(key)] = name
    end
    return table
end

local function new_field(row)
    local make = ProtoField[row.type]
    if row.type == "none" or row.type == "float" or row.type == "double" then
        return make(row.f, row.label, row.doc)
    elseif row.type == "string" then
        return make(row.f, row.label, base.UNICODE, row.doc)
    elseif row.type == "bytes" then
        return make(row.f, row.label, base.SPACE, row.doc)
    elseif row.type == "bool" then
        return make(row.f, row.label, base.NONE, nil, nil, row.doc)
    end
    return make(row.f, row.label, BASES[row.base], value_string(row.names), nil, row.doc)
end

local function new_expert(row)
    local severity = row.kind == "truncated" and expert.severity.WARN or expert.severity.ERROR
    return ProtoExpert.new(row.f, row.id .. ": " .. row.summary, expert.group.MALFORMED, severity)
end

-- Register one protocol.
function wf.define(definition)
    local proto = Proto(definition.filter, definition.title)
    local fields, experts = {}, {}
    for _, row in ipairs(definition.fields) do
        wf.fields[row.f] = new_field(row)
        fields[#fields + 1] = wf.fields[row.f]
    end
    for _, row in ipairs(definition.errors) do
        wf.experts[row.id] = new_expert(row)
        experts[#experts + 1] = wf.experts[row.id]
    end
    proto.fields, proto.experts = fields, experts
    definition.proto = proto
    wf.protocols[definition.name] = definition
    if definition.answers then
        wf.replies.extend(definition)
    end
    return definition
end

-- Register more fields of a protocol, for what stands in no record. Each row: a name behind the protocol's own, a type, a
-- label, and what else the type wants to know.
function wf.extend(definition, rows)
    local fields = {}
    for index, row in ipairs(rows) do
        local name = definition.filter .. "." .. row[1]
        wf.fields[name] = ProtoField[row[2]](name, row[3], row[4], row[5])
        fields[index] = wf.fields[name]
    end
    definition.proto.fields = fields
end

-- The place of a version in the protocol's order; nil, the newest, for the empty name.
function wf.version_of(definition, name)
    for index, version in ipairs(definition.versions) do
        if version == name then
            return index
        end
    end
    return nil
end
