-- Numbers, bytes and text: the parts of a message that hold no other parts.

local number = wf.number
wf.handlers = {}
local handlers = wf.handlers

local function read_number(context, node)
    wf.need(context, node.n)
    local range = context.tvb(context.position, node.n)
    context.position = context.position + node.n
    local high, low = 0, 0
    if node.n <= 4 then
        low = node.l and range:le_uint() or range:uint()
    elseif node.l then
        high, low = range(4, node.n - 4):le_uint(), range(0, 4):le_uint()
    else
        high, low = range(0, node.n - 4):uint(), range(node.n - 4, 4):uint()
    end
    if not node.s then
        return number.of(high, low)
    end
    local bits = node.n <= 4 and low or high
    local width = 256 ^ (node.n <= 4 and node.n or node.n - 4)
    if bits < width / 2 then
        return number.of(high, low)
    elseif node.n <= 4 then
        return low - width
    end
    return number.signed(high + 4294967296 - width, low)
end

-- A number as tree:add wants it: wide fields take UInt64 and Int64.
function wf.as_value(node, value)
    if node.n <= 4 then
        return value
    end
    return node.s and number.int64(value) or number.uint64(value)
end

local function named(node, text)
    return node.label and (node.label .. ": " .. text) or nil
end

function handlers.int(context, node, tree)
    local start = context.position
    local value = read_number(context, node)
    if tree then
        wf.show(context, tree, node.f, start, wf.as_value(node, value), named(node, number.text(value)))
    end
    return value
end

function handlers.float(context, node, tree)
    local start = context.position
    wf.need(context, node.n)
    context.position = start + node.n
    if tree then
        local range = context.tvb(start, node.n)
        wf.show(context, tree, node.f, start, node.l and range:le_float() or range:float())
    end
    return nil
end

-- A size or count: a number, an expression, or a number that stands here. nil is all that is left.
function wf.amount(context, given, limit, what, values, tree)
    local start, found = context.position, given
    if given == nil then
        return nil
    elseif type(given) == "table" and given.k then
        found = handlers.int(context, given, tree)
    else
        found = wf.evaluate(context, given, values)
    end
    if number.is_negative(found) or number.less(limit, found) then
        local detail = number.is_negative(found) and "%s %s is negative" or "%s %s exceeds " .. number.text(limit)
        local more = { oversize = what == "size" and type(found) == "number" and found > 0 and found or nil }
        more.behind = context.position
        wf.fail(context, "limit", string.format(detail, what, number.text(found)), start, more)
    end
    return found
end

-- Where text in UTF-8 or ASCII goes wrong, counted from 0; nil when it does not.
local function first_bad_byte(text, encoding)
    local place, size = 1, #text
    while place <= size do
        local lead = text:byte(place)
        local more, least = 0, 0
        if lead < 0x80 then
            more = 0
        elseif encoding ~= "utf-8" or lead < 0xC2 or lead > 0xF4 then
            return place - 1
        elseif lead < 0xE0 then
            more = 1
        elseif lead < 0xF0 then
            more, least = 2, lead == 0xE0 and 0xA0 or 0
        else
            more, least = 3, lead == 0xF0 and 0x90 or 0
        end
        for step = 1, more do
            local byte = text:byte(place + step)
            local top = step == 1 and ((lead == 0xED and 0x9F) or (lead == 0xF4 and 0x8F)) or 0xBF
            local bottom = step == 1 and math.max(least, 0x80) or 0x80
            if not byte or byte < bottom or byte > top then
                return place - 1
            end
        end
        place = place + 1 + more
    end
    return nil
end

-- Split text from what fills or ends it, and refuse what is no text.
local function text_of(context, node, data, begin)
    local text, filler = data, ""
    if node.nul == "pad" then
        text = data:match("^[^\0]*")
        filler = data:sub(#text + 1)
    elseif node.nul == "end" and data:sub(-1) == "\0" then
        text, filler = data:sub(1, -2), "\0"
    end
    local inner = (node.nul == "forbid" or node.nul == "end") and text:find("\0", 1, true)
    if inner then
        wf.fail(context, "text", "U+0000 inside text", begin + inner - 1)
    elseif node.nul == "end" and filler ~= "\0" then
        wf.fail(context, "text", "text does not end with NUL", begin + #text)
    elseif filler:find("[^\0]") then
        wf.fail(context, "padding", "text goes on behind NUL", begin + #text)
    end
    local known = node.enc == "utf-8" or node.enc == "ascii"
    local bad = known and first_bad_byte(text, node.enc)
    if bad then
        wf.fail(context, "text", "not " .. node.enc, begin + bad)
    end
    return text
end

local function skip_padding(context, node, size, tree)
    local start, padding = context.position, -size % node.pad
    context.padding = padding
    if padding > 0 then
        local found = wf.take(context, padding)
        wf.show(context, tree, node.f and node.f .. ".padding", start)
        if found:find("[^\0]") then
            wf.fail(context, "padding", "padding is not zero", start)
        end
    end
end

local function rest_size(context, node)
    local left = context.stop - context.position
    if number.less(node.max, left) then
        wf.fail(context, "limit", "more than " .. number.text(node.max) .. " bytes")
    end
    return left
end

function handlers.data(context, node, tree, values)
    local size = wf.amount(context, node.size, node.max, "size", values, tree) or rest_size(context, node)
    local begin = context.position
    wf.need(context, size)
    context.position = begin + size
    local data = (node.enc or node.keep) and size > 0 and context.tvb:raw(begin, size) or ""
    local text = node.enc and text_of(context, node, data, begin)
    wf.show(context, tree, node.f, begin, text or nil, node.label and (node.label .. ": " .. (text or size .. " bytes")))
    skip_padding(context, node, size, tree)
    return text or data
end
