-- JSON, as far as a VM description needs it: objects keep their keys in order and repeated, as QEMU writes them.
--
-- An object is { pairs = { { key, value }, … } }, with `first` giving the value of a key; an array is a list. What is
-- no JSON gives nil and a sentence.

local MAX_DEPTH = 256
wf.vmstate = wf.vmstate or {}
local json = {}
wf.vmstate.json = json

local ESCAPES = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }
local WORDS = { { "true", true }, { "false", false }, { "null", nil } }
local value

local function skip(text, place)
    return text:find("[^ \t\r\n]", place) or #text + 1
end

local function refuse(place, what)
    error({ detail = "at byte " .. (place - 1) .. ": " .. what }, 0)
end

local function string_at(text, place)
    local finish = place + 1
    while true do
        local stop = text:find('["\\]', finish)
        if not stop then
            refuse(place, "text without end")
        elseif text:sub(stop, stop) == '"' then
            finish = stop
            break
        end
        finish = stop + 2
    end
    local inner = text:sub(place + 1, finish - 1):gsub("\\u%x%x%x%x", "?"):gsub("\\(.)", function(mark)
        return ESCAPES[mark] or mark
    end)
    return inner, finish + 1
end

local function array_at(text, place, depth)
    local items = {}
    place = skip(text, place + 1)
    while text:sub(place, place) ~= "]" do
        items[#items + 1], place = value(text, place, depth)
        place = skip(text, place)
        if text:sub(place, place) == "," then
            place = skip(text, place + 1)
        elseif text:sub(place, place) ~= "]" then
            refuse(place, "no list goes on so")
        end
    end
    return items, place + 1
end

local function object_at(text, place, depth)
    local pairs_found = {}
    place = skip(text, place + 1)
    while text:sub(place, place) ~= "}" do
        if text:sub(place, place) ~= '"' then
            refuse(place, "a name must stand here")
        end
        local key
        key, place = string_at(text, place)
        place = skip(text, place)
        if text:sub(place, place) ~= ":" then
            refuse(place, "a colon must stand here")
        end
        local found
        found, place = value(text, skip(text, place + 1), depth)
        pairs_found[#pairs_found + 1] = { key, found }
        place = skip(text, place)
        if text:sub(place, place) == "," then
            place = skip(text, place + 1)
        elseif text:sub(place, place) ~= "}" then
            refuse(place, "no object goes on so")
        end
    end
    return { pairs = pairs_found }, place + 1
end

function value(text, place, depth)
    if depth > MAX_DEPTH then
        refuse(place, "nested too deeply")
    end
    local first = text:sub(place, place)
    if first == "{" then
        return object_at(text, place, depth + 1)
    elseif first == "[" then
        return array_at(text, place, depth + 1)
    elseif first == '"' then
        return string_at(text, place)
    end
    for _, word in ipairs(WORDS) do
        if text:sub(place, place + #word[1] - 1) == word[1] then
            return word[2], place + #word[1]
        end
    end
    local digits = text:match("^-?%d+[%d.eE+-]*", place)
    if not digits or not tonumber(digits) then
        refuse(place, "no value")
    end
    return tonumber(digits), place + #digits
end

-- The value of a text, or nil and what is wrong with it.
function json.parse(text)
    local ok, found = pcall(value, text, skip(text, 1), 0)
    if ok then
        return found
    elseif type(found) == "table" then
        return nil, found.detail
    end
    error(found, 0)
end

-- The value of a key in an object; of repeated keys the last one.
function json.get(object, key)
    local found
    for _, pair in ipairs(type(object) == "table" and object.pairs or {}) do
        if pair[1] == key then
            found = pair[2]
        end
    end
    return found
end
