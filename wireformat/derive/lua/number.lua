-- Whole numbers of up to 64 bits.
--
-- Lua's own numbers are exact up to 2^53 only (they are doubles in Lua 5.2), so a number is kept as a plain Lua number
-- where that is exact, as UInt64 above and as Int64 below. Every number has this one form, which makes two of them
-- comparable by `equal`; bit operations go through UInt64, since the bit libraries of Lua 5.2 and 5.4 differ.

local EXACT = 9007199254740992
local HALF = 4294967296
local number = {}
wf.number = number

-- The number of a high and a low half of 32 bits each.
function number.of(high, low)
    if high < 2097152 then
        return high * HALF + low
    end
    return UInt64.new(low, high)
end

-- The same in two's complement.
function number.signed(high, low)
    if high < 2147483648 then
        return number.of(high, low)
    end
    local near = (high - HALF) * HALF + low
    if near > -EXACT then
        return near
    end
    return Int64.new(low, high)
end

-- The halves of a number, in two's complement.
function number.halves(value)
    if type(value) ~= "number" then
        local a, b, c, d, e, f, g, h = value:encode(false):byte(1, 8)
        return ((a * 256 + b) * 256 + c) * 256 + d, ((e * 256 + f) * 256 + g) * 256 + h
    end
    local low = value % HALF
    return math.floor((value - low) / HALF) % HALF, low
end

function number.is_negative(value)
    if type(value) == "number" then
        return value < 0
    end
    return tostring(value):sub(1, 1) == "-"
end

function number.uint64(value)
    local high, low = number.halves(value)
    return UInt64.new(low, high)
end

function number.int64(value)
    local high, low = number.halves(value)
    return Int64.new(low, high)
end

-- Decimal digits; also the key of a number in tables.
function number.text(value)
    if type(value) == "number" then
        return string.format("%.0f", value)
    end
    return tostring(value)
end

function number.hex(value)
    local high, low = number.halves(value)
    if high == 0 then
        return string.format("0x%x", low)
    end
    return string.format("0x%x%08x", high, low)
end

function number.equal(one, other)
    return number.text(one) == number.text(other)
end

function number.less(one, other)
    if type(one) == "number" and type(other) == "number" then
        return one < other
    end
    local one_negative, other_negative = number.is_negative(one), number.is_negative(other)
    if one_negative ~= other_negative then
        return one_negative
    end
    local high_one, low_one = number.halves(one)
    local high_other, low_other = number.halves(other)
    return high_one < high_other or (high_one == high_other and low_one < low_other)
end

local function unsigned(value)
    return number.of(value:higher(), value:lower())
end

local function signed(value)
    return number.signed(number.halves(value))
end

-- Arithmetic on numbers that plain Lua cannot do exactly.
local function wide(operation, one, other)
    if number.is_negative(one) or number.is_negative(other) then
        return signed(operation(number.int64(one), number.int64(other)))
    end
    return unsigned(operation(number.uint64(one), number.uint64(other)))
end

local function arithmetic(plain, operation)
    return function(one, other)
        if type(one) == "number" and type(other) == "number" then
            local result = plain(one, other)
            if result > -EXACT and result < EXACT then
                return result
            end
        end
        return wide(operation, one, other)
    end
end

local function bitwise(method)
    return function(one, other)
        local left = number.uint64(one)
        return unsigned(left[method](left, number.uint64(other)))
    end
end

local function shift(method)
    return function(one, other)
        local left = number.uint64(one)
        return unsigned(left[method](left, other))
    end
end

local function divided(one, other)
    local rest = one % other
    return (one - rest) / other
end

local function add(one, other)
    return one + other
end

local function subtract(one, other)
    return one - other
end

number.add = arithmetic(add, add)
number.multiply = arithmetic(function(one, other)
    return one * other
end, function(one, other)
    return one * other
end)
number.divide = arithmetic(divided, function(one, other)
    return one / other
end)
number.modulo = arithmetic(function(one, other)
    return one % other
end, function(one, other)
    return one % other
end)
local slow_band = bitwise("band")
local quick_band = (bit or bit32 or {}).band

-- Bits that two numbers share; the library that Wireshark brings is the quick way for small ones.
function number.band(one, other)
    if quick_band and type(one) == "number" and type(other) == "number" and one >= 0 and other >= 0 then
        if one < 2147483648 and other < 2147483648 then
            return quick_band(one, other)
        end
    end
    return slow_band(one, other)
end

number.bor = bitwise("bor")
number.bxor = bitwise("bxor")
number.left = shift("lshift")
number.right = shift("rshift")

function number.subtract(one, other)
    if type(one) == "number" and type(other) == "number" then
        return one - other
    end
    if number.less(one, other) then
        return signed(subtract(number.int64(one), number.int64(other)))
    end
    return wide(subtract, one, other)
end

-- The bits of one number that another lacks.
function number.without(value, mask)
    local left = number.uint64(value)
    return unsigned(left:band(number.uint64(mask):bnot()))
end
