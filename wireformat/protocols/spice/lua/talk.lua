-- What the two directions of a connection have to know of each other.
--
-- The client speaks first. Its link message says which channel this is and what it can, the link reply what the server
-- can; both decide whether a mechanism is chosen and which headers follow. What was learned stays: it is the same in
-- every later reading.

wf.spice = wf.spice or {}
local talk = {}
wf.spice.talk = talk

local AUTH_SELECTION, MINI_HEADER = 1, 8

-- What both directions of a connection share, and who speaks.
function talk.of(pinfo)
    local shared, is_first = wf.conversation.both(pinfo)
    return shared, is_first and "client" or "server"
end

local function has(words, bit)
    local word = words and words[1] or 0
    return math.floor(word / bit) % 2 == 1
end

local function both(shared, bit)
    return has(shared.client_words, bit) and has(shared.server_words, bit)
end

-- Whether the client chooses a mechanism.
function talk.chooses(shared)
    return both(shared, AUTH_SELECTION)
end

-- Whether headers are the short ones.
function talk.is_mini(shared)
    return both(shared, MINI_HEADER)
end
