-- Records in their three layouts: fields back to back, parts of one number, tagged entries.

local number = wf.number
local MAX_DEPTH = 16

local present = wf.present

local function crc32(text)
    local sum = 4294967295
    for place = 1, #text do
        sum = number.bxor(sum, text:byte(place))
        for _ = 1, 8 do
            local odd = sum % 2
            sum = (sum - odd) / 2
            if odd == 1 then
                sum = number.bxor(sum, 3988292384)
            end
        end
    end
    return number.bxor(sum, 4294967295)
end

local function check_number(context, field, state)
    local rule, target = field.of.rule, field.of.target
    local place, value = state.places[target] or { 0, 0, 0 }, state.values[target]
    local expected
    if rule == "size_of" then
        expected = place[2] - place[1] - place[3]
    elseif rule == "record_size" then
        expected = context.position - state.start
    elseif rule == "count_of" then
        expected = type(value) == "table" and #value or 0
    else
        expected = state.arms[target]
    end
    local found = state.values[field.name]
    if expected and not number.equal(expected, found) then
        local detail = number.text(found) .. " instead of " .. number.text(expected) .. ", " .. rule .. " " .. target
        wf.fail(context, "mismatch", detail, state.places[field.name][1])
    end
end

local function check_sum(context, field, state)
    local content = context.tvb:raw(state.start, context.position - state.start)
    local at, size = field.of.at, field.of.of.n
    local expected = crc32(content:sub(1, at) .. ("\0"):rep(size) .. content:sub(at + size + 1))
    if not number.equal(expected, state.values[field.name]) then
        wf.fail(context, "checksum", number.hex(expected) .. " expected", state.places[field.name][1])
    end
end

-- The data that a pointer names, counted from the start of the record.
local function follow(context, tree, pointer, state)
    local node, size, offset = pointer.node, pointer.size, pointer.offset
    if number.equal(size, 0) and number.equal(offset, 0) then
        return
    elseif number.less(node.of.max, size) then
        wf.fail(context, "limit", "size " .. number.text(size) .. " exceeds " .. node.of.max, state.start)
    end
    local finish = number.add(offset, size)
    if number.less(context.stop - state.start, finish) then
        wf.fail(context, "pointer", "data lies outside the record", state.start)
    end
    context.position = state.start + offset
    wf.inside(context, tree, size, function()
        return wf.decode(context, node.of, tree, state.values)
    end)
end

local function follow_all(context, tree, pointers, state)
    for _, pointer in ipairs(pointers) do
        follow(context, tree, pointer, state)
    end
    if #pointers > 0 then
        context.position = context.stop
    end
end

-- Fields back to back, then what pointers name, then what must agree.
local function sequence(context, record, tree, state)
    local outer = context.pointers
    local pointers = {}
    for _, field in ipairs(record.fields) do
        if present(context, field) then
            local begin = context.position
            context.arm, context.pointers, context.padding = nil, pointers, 0
            state.values[field.name] = wf.decode(context, field.of, tree, state.values)
            state.arms[field.name] = context.arm
            state.places[field.name] = { begin, context.position, context.padding or 0 }
        end
    end
    context.pointers = outer
    follow_all(context, tree, pointers, state)
    for _, field in ipairs(record.fields) do
        if field.of.k == "computed" and present(context, field) then
            check_number(context, field, state)
        elseif field.of.k == "checksum" and present(context, field) then
            check_sum(context, field, state)
        end
    end
end

-- Parts of one number, each under its mask.
local function bits(context, record, tree, state)
    local start = context.position
    local word = wf.handlers.int(context, record.base, nil)
    local rest = word
    for _, field in ipairs(record.fields) do
        if present(context, field) then
            local mask = wf.evaluate(context, field.mask, state.values)
            local value = number.right(number.band(word, mask), field.shift or 0)
            rest = number.without(rest, mask)
            state.values[field.name] = value
            wf.show_named(context, tree, field.of, start, value)
            wf.check_member(context, field.of, value, start)
        end
    end
    if not number.equal(rest, 0) then
        wf.fail(context, "reserved", "reserved bits " .. number.hex(rest) .. " are set", start)
    end
end

-- Order, repetition, the critical bit and how many.
local function check_entry(context, record, field, tag, state, start)
    local order = number.without(tag, record.tlv.critical)
    local last = state.last or -1
    state.last = order
    if number.less(order, last) then
        wf.fail(context, "order", "tag " .. number.hex(tag) .. " behind " .. number.hex(last), start)
    elseif not field then
        if not number.equal(number.band(tag, record.tlv.critical), 0) then
            wf.fail(context, "tag", "unknown critical tag " .. number.hex(tag), start)
        end
    elseif not number.equal(field.tag, tag) then
        wf.fail(context, "tag", "tag " .. number.hex(tag) .. " has the wrong critical bit", start)
    elseif not field.many and number.equal(order, last) then
        wf.fail(context, "duplicate", "tag " .. number.hex(tag) .. " repeats", start)
    elseif field.max and (state.counts[field.name] or 0) >= field.max then
        wf.fail(context, "limit", "more than " .. field.max .. " entries", start)
    end
end

-- Whether bytes stand above others; Lua's own order is that of a language.
local function is_above(bytes, others)
    for place = 1, math.min(#bytes, #others) do
        local one, other = bytes:byte(place), others:byte(place)
        if one ~= other then
            return one > other
        end
    end
    return #bytes > #others
end

-- The order of the bytes of values that repeat.
local function check_value(context, field, state, value, start)
    local last = state.last_values[field.name]
    state.last_values[field.name] = value
    if last == value then
        wf.fail(context, "duplicate", "the same value as before", start)
    elseif last and not is_above(value, last) then
        wf.fail(context, "order", "the value does not stand above the one before", start)
    end
end

local function entry(context, record, tree, state)
    local start = context.position
    local tag = wf.handlers.int(context, record.tlv.tag, nil)
    local field = state.known[number.text(number.without(tag, record.tlv.critical))]
    local name = (field and field.f or record.tlv.f) .. ".entry"
    context.position = start
    wf.branch(context, tree, name, field and field.name or "unknown entry", function(branch)
        wf.handlers.int(context, record.tlv.tag, branch)
        check_entry(context, record, field, tag, state, start)
        if record.tlv.reserved then
            wf.handlers.int(context, record.tlv.reserved, branch)
        end
        local size = wf.amount(context, record.tlv.size, record.tlv.max, "size", state.values, branch)
        if field then
            state.counts[field.name] = (state.counts[field.name] or 0) + 1
        end
        wf.inside(context, branch, size, function()
            local value = wf.peek(context, context.stop - context.position)
            local found = wf.decode(context, field and field.of or record.tlv.unknown, branch, state.values)
            if field and field.many and record.tlv.ascending then
                check_value(context, field, state, value, start)
            end
            return found
        end)
    end)
end

-- Entries of tag, size and value up to the end.
local function entries(context, record, tree, state)
    state.known, state.counts, state.last_values = {}, {}, {}
    for _, field in ipairs(record.fields) do
        if present(context, field) then
            state.known[number.text(number.without(field.tag, record.tlv.critical))] = field
        end
    end
    while context.position < context.stop do
        entry(context, record, tree, state)
    end
    for _, field in ipairs(record.fields) do
        if present(context, field) and not field.optional and not field.many and not state.counts[field.name] then
            wf.fail(context, "missing", "mandatory " .. field.name .. " is missing")
        end
    end
end

local LAYOUTS = { sequence = sequence, bits = bits, tlv = entries }

-- Dissect a record; what comes back are its fields by name.
function wf.record(context, record, tree)
    local state = { start = context.position, values = {}, places = {}, arms = {} }
    context.depth = context.depth + (record.cyclic and 1 or 0)
    if context.depth > MAX_DEPTH then
        wf.fail(context, "depth", "more than " .. MAX_DEPTH .. " records deep")
    end
    LAYOUTS[record.layout](context, record, tree, state)
    context.depth = context.depth - (record.cyclic and 1 or 0)
    return state.values
end
