-- Where a section ends when nothing tells: at a footer with its id, or without footers where another section begins,
-- and in both cases only where a plausible element follows [qemu-stream 1.2, 1.4].
--
-- Places count from 1 in the text that is searched. The answers are true, false, and nil for "not seen yet".

wf.vmstate = wf.vmstate or {}
local border = {}
wf.vmstate.border = border

local MAX_VERSION, MAX_ID_STEP = 65536, 4096
local MAX_COMMAND_SIZE = { [2] = 4, [3] = 16, [6] = 4096, [7] = 4, [10] = 256 }
local LAST_COMMAND = 11

local function uint(text, place, size)
    local value = 0
    for index = place, place + size - 1 do
        value = value * 256 + text:byte(index)
    end
    return value
end
border.uint = uint

local function plausible_header(text, place, earlier)
    local size = text:byte(place + 5)
    if not size or #text < place + 13 + size then
        return nil
    end
    local name, id = text:sub(place + 6, place + 5 + size), uint(text, place + 1, 4)
    if not name:find("^[\33-\126][\32-\126]*$") or uint(text, place + 10 + size, 4) > MAX_VERSION then
        return false
    end
    return not earlier or (earlier < id and id <= earlier + MAX_ID_STEP)
end

local function plausible_command(text, place)
    if #text < place + 4 then
        return nil
    end
    local command, size = uint(text, place + 1, 2), uint(text, place + 3, 2)
    return command >= 1 and command <= LAST_COMMAND and size <= (MAX_COMMAND_SIZE[command] or 0)
end

-- EOF, and behind it the description; where a footer stands before it also nothing that was seen, or zero fill.
local function plausible_end(text, place, has_footers)
    local following = text:byte(place + 1)
    if not following then
        return has_footers or nil
    elseif following == 6 then
        local brace = text:byte(place + 6)
        return brace and brace == 123
    end
    return has_footers and not text:sub(place + 1, place + 9):find("[^\0]")
end

-- Whether an element may begin at a place.
local function plausible(text, place, about)
    if place == about.package_end then
        return true
    end
    local kind = text:byte(place)
    if not kind then
        return nil
    elseif kind == 1 or kind == 4 then
        return plausible_header(text, place, about.earlier)
    elseif kind == 2 or kind == 3 then
        if #text < place + 4 then
            return nil
        end
        return about.names[uint(text, place + 1, 4)] ~= nil
    elseif kind == 8 then
        return plausible_command(text, place)
    end
    return kind == 0 and plausible_end(text, place, about.footers)
end

local function with_footers(text, from, about)
    local mark = "\126" .. wf.vmstate.word(about.id)
    local place = text:find(mark, from, true)
    while place do
        local answer = plausible(text, place + #mark, about)
        if answer ~= false then
            return answer and place, place
        end
        place = text:find(mark, place + 1, true)
    end
    return nil, #text - #mark + 1
end

local function without_footers(text, from, about)
    local place = text:find("[\1\4\0]", from)
    while place do
        local answer = plausible(text, place, about)
        if answer ~= false then
            return answer and place, place
        end
        place = text:find("[\1\4\0]", place + 1)
    end
    return nil, #text
end

-- Bytes of a body that begins with the text; nil and from where to search again when its end is not seen yet.
-- `about`: the section's id, the ids introduced so far (names), whether there are footers, where a package ends.
function border.find(text, from, about)
    local search = about.footers and with_footers or without_footers
    local place, again = search(text, math.max(1, from or 1), about)
    return place and place - 1, math.max(1, again)
end
