-- From a VM description to nodes: each device's state becomes a record for the run time to walk.
--
-- Field names are known only now, so the fields are those of `wf.vmstate.device`, one for each type, and carry the
-- description's names as text [qemu-stream 3, 4].

wf.vmstate = wf.vmstate or {}
local get = wf.vmstate.json.get
local description = {}
wf.vmstate.description = description

local MAX_OPAQUE, MAX_ARRAY, MAX_LIST, MAX_DEPTH = 67108864, 1048576, 65536, 32
local SIGNED = { int8 = 1, int16 = 2, int32 = 4, int64 = 8, ["int32 equal"] = 4, ["int32 le"] = 4 }
local UNSIGNED = {
    bool = 1,
    uint8 = 1,
    uint16 = 2,
    uint32 = 4,
    uint64 = 8,
    ["int64 equal"] = 8,
    ["uint8 equal"] = 1,
    ["uint16 equal"] = 2,
    ["uint32 equal"] = 4,
    CPU_Double_U = 8,
    float64 = 8,
    timer = 8,
}
local INLINE = { struct = true, vstruct = true, tmp = true }
local NUMBER = { k = "int", n = 4, f = "wf.vmstate.device.uint32", label = "count" }
local record_of

local function refuse(what)
    error({ detail = what }, 0)
end

local function integer(size, is_signed, label)
    local f = "wf.vmstate.device." .. (is_signed and "int" or "uint") .. 8 * size
    return { k = "int", n = size, s = is_signed or nil, f = f, label = label }
end

local function opaque(size, label)
    return { k = "data", size = size, max = MAX_OPAQUE, pad = 1, f = "wf.vmstate.device.data", label = label }
end

local function struct(record, label)
    return { k = "ref", name = 1, records = { record }, f = "wf.vmstate.device.struct", label = label }
end

local function size_of(entry, key)
    local size = get(entry, key)
    if type(size) ~= "number" or size < 0 or size % 1 ~= 0 or size > 4294967295 then
        refuse("no " .. key .. " of a field")
    end
    return size
end

-- The descriptions that an entry holds: one for a struct, one for each element of a list.
local function items_of(entry)
    local found, group = {}, nil
    if get(entry, "struct") then
        found[1] = get(entry, "struct")
    end
    for _, pair in ipairs(entry.pairs) do
        local key = pair[1]
        if key == "vmsd_name" then
            group = { pairs = {} }
            found[#found + 1] = group
        end
        if group and (key == "vmsd_name" or key == "version" or key == "fields" or key == "subsections") then
            group.pairs[#group.pairs + 1] = pair
        end
    end
    return found
end

local function is_undescribed(entry)
    if get(entry, "type") ~= "struct" or size_of(entry, "size") == 0 then
        return false
    end
    for _, item in ipairs(items_of(entry)) do
        if #(get(item, "fields") or {}) > 0 or #(get(item, "subsections") or {}) > 0 then
            return false
        end
    end
    return true
end

-- One description for all elements of a list: the first one's fields, everybody's subsections.
local function merged(items)
    local subsections, seen = {}, {}
    for _, item in ipairs(items) do
        for _, subsection in ipairs(get(item, "subsections") or {}) do
            local name = get(subsection, "vmsd_name")
            if not seen[name] then
                seen[name] = true
                subsections[#subsections + 1] = subsection
            end
        end
    end
    local first = items[1] or { pairs = {} }
    return { pairs = { { "fields", get(first, "fields") or {} }, { "subsections", subsections } } }
end

local function chain(of, label)
    local f = "wf.vmstate.device.struct"
    return { k = "chain", of = of, more = "\1", ["end"] = "\0", max = MAX_LIST, f = f, label = label }
end

local function tree_of(entry, items, label, depth)
    local keyed = #items > 1 and get(items[1], "vmsd_name") ~= get(items[2], "vmsd_name")
    local keys, values = {}, {}
    for index, item in ipairs(items) do
        local group = keyed and index % 2 == 1 and keys or values
        group[#group + 1] = item
    end
    local key = keyed and struct(record_of(merged(keys), depth), "key") or integer(8, false, "key")
    local value = struct(record_of(merged(values), depth), "value")
    local node = { layout = "sequence", fields = { { name = "key", of = key }, { name = "value", of = value } } }
    local nodes = chain(struct(node, "node"), "nodes")
    local fields = { { name = "count", of = NUMBER }, { name = "nodes", of = nodes } }
    return struct({ layout = "sequence", fields = fields }, label)
end

-- One element of an entry.
local function element(entry, label, depth)
    local kind, size, items = get(entry, "type"), size_of(entry, "size"), items_of(entry)
    if SIGNED[kind] == size then
        return integer(size, true, label)
    elseif UNSIGNED[kind] == size then
        return integer(size, false, label)
    elseif INLINE[kind] and #items == 1 then
        return struct(record_of(items[1], depth + 1), label)
    elseif kind == "qtailq" or kind == "qlist" then
        return chain(struct(record_of(merged(items), depth + 1), "item"), label)
    elseif kind == "gtree" then
        return tree_of(entry, items, label, depth + 1)
    elseif kind == "bitmap" and size % 8 == 0 then
        local f = "wf.vmstate.device.struct"
        return { k = "list", of = integer(8, false, label), max = MAX_ARRAY, count = size / 8, f = f, label = label }
    elseif kind == "capability" then
        local size_node = { k = "int", n = 1 }
        return { k = "data", size = size_node, max = 255, pad = 1, enc = "utf-8", f = "wf.vmstate.device.text", label = label }
    end
    return opaque(size, label)
end

local function piece(entry, depth)
    local label, count = tostring(get(entry, "name")), get(entry, "array_len")
    if get(entry, "index") then
        label = label .. "[" .. get(entry, "index") .. "]"
    end
    if is_undescribed(entry) then
        return opaque(get(entry, "size") * (count or 1), label)
    elseif not count then
        return element(entry, label, depth)
    end
    local of = element(entry, label, depth)
    return { k = "list", of = of, max = MAX_ARRAY, count = count, f = "wf.vmstate.device.struct", label = label }
end

local function subsection_of(vmsd, depth)
    local name, version = tostring(get(vmsd, "vmsd_name")), get(vmsd, "version")
    local marker = "\5" .. string.char(#name % 256) .. name .. wf.vmstate.word(version)
    local of = struct(record_of(vmsd, depth + 1), name)
    return { name = name, of = { k = "announced", marker = marker, of = of, f = "wf.vmstate.device.data" } }
end

function record_of(vmsd, depth)
    if depth > MAX_DEPTH then
        refuse("more than " .. MAX_DEPTH .. " structs in one another")
    end
    local fields = {}
    for index, entry in ipairs(get(vmsd, "fields") or {}) do
        fields[#fields + 1] = { name = index .. "", of = piece(entry, depth) }
    end
    for _, subsection in ipairs(get(vmsd, "subsections") or {}) do
        fields[#fields + 1] = subsection_of(subsection, depth)
    end
    return { name = get(vmsd, "vmsd_name"), layout = "sequence", fields = fields }
end

-- QEMU before 5.0 writes instances from 0x80000000 on as negative numbers.
local function add_device(devices, entry)
    local key = tostring(get(entry, "name")) .. " " .. wf.number.text(get(entry, "instance_id") % 4294967296)
    devices[key] = devices[key] or {}
    if get(entry, "vmsd_name") then
        table.insert(devices[key], record_of(entry, 0))
    else
        local whole = { name = "data", of = opaque(size_of(entry, "size"), "data") }
        table.insert(devices[key], { name = "old-style", layout = "sequence", fields = { whole } })
    end
end

-- The big-endian bytes of a number of 32 bits.
function wf.vmstate.word(value)
    local bytes = {}
    for place = 4, 1, -1 do
        bytes[place] = string.char(value % 256)
        value = math.floor(value / 256)
    end
    return table.concat(bytes)
end

-- The devices of a description, or nil and what is wrong with it.
function description.parse(text)
    local top, problem = wf.vmstate.json.parse(text)
    local devices = {}
    if not top then
        return nil, problem
    end
    local ok, fault = pcall(function()
        for _, entry in ipairs(get(top, "devices") or refuse("no devices")) do
            add_device(devices, entry)
        end
    end)
    if not ok then
        return nil, type(fault) == "table" and fault.detail or "not of the known shape"
    end
    return { devices = devices, page_size = get(top, "page_size") }
end

-- The record of a device section, the n-th of its name and instance (from 0); nil when nothing describes it.
function description.find(known, idstr, instance, repeats)
    local records = known and known.devices[idstr .. " " .. wf.number.text(instance)]
    return records and (records[repeats + 1] or records[#records])
end
