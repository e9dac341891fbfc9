-- Relations between fields, evaluated over the record that is being dissected.
--
-- An expression is a number or a table: {"get", name, ...} reads a value by path, where a first name "_params" reads a
-- parameter; {operator, left, right} combines two. What cannot be read is error `expression`.

local number = wf.number

local function truth(value)
    return value and 1 or 0
end

local function holds(value)
    return not number.equal(value, 0)
end

local OPERATIONS = {
    ["+"] = number.add,
    ["-"] = number.subtract,
    ["*"] = number.multiply,
    ["//"] = number.divide,
    ["%"] = number.modulo,
    ["&"] = number.band,
    ["|"] = number.bor,
    ["^"] = number.bxor,
    ["<<"] = number.left,
    [">>"] = number.right,
    ["=="] = function(one, other)
        return truth(number.equal(one, other))
    end,
    ["!="] = function(one, other)
        return truth(not number.equal(one, other))
    end,
    ["<"] = function(one, other)
        return truth(number.less(one, other))
    end,
    ["<="] = function(one, other)
        return truth(not number.less(other, one))
    end,
    [">"] = function(one, other)
        return truth(number.less(other, one))
    end,
    [">="] = function(one, other)
        return truth(not number.less(one, other))
    end,
    ["not"] = function(one)
        return truth(not holds(one))
    end,
    ["~"] = function(one)
        return number.subtract(-1, one)
    end,
}

local function read(context, expr, values)
    local found, first = values, 2
    if expr[2] == "_params" then
        found, first = context.params, 3
    end
    for index = first, #expr do
        found = type(found) == "table" and found[expr[index]]
        if found == nil or found == false then
            wf.fail(context, "expression", table.concat(expr, ".", 2) .. " has no value")
        end
    end
    return found
end

-- The value of an expression; `values` are the fields read so far.
function wf.evaluate(context, expr, values)
    if type(expr) ~= "table" then
        return expr
    end
    local operator = expr[1]
    if operator == "get" then
        return read(context, expr, values)
    end
    local left = wf.evaluate(context, expr[2], values)
    if operator == "and" or operator == "or" then
        if holds(left) == (operator == "and") then
            return wf.evaluate(context, expr[3], values)
        end
        return left
    end
    local right = expr[3] ~= nil and wf.evaluate(context, expr[3], values) or nil
    if (operator == "//" or operator == "%") and number.equal(right, 0) then
        wf.fail(context, "expression", "division by zero")
    end
    return OPERATIONS[operator](left, right)
end

function wf.is_true(context, expr, values)
    return holds(wf.evaluate(context, expr, values))
end
