-- What connections have to know of each other: both directions of one, and the channels of one migration.
--
-- The id of a migration is told by the destination and the payload by the source, on two directions of the main channel;
-- a data channel only carries the id. What was learned stays: it is the same in every later reading.

wf.handshake = wf.handshake or {}
local talk = {}
wf.handshake.talk = talk
local payloads = {}

-- Forget everything: another capture is loaded.
function talk.reset()
    payloads = {}
end

local function join(shared)
    if shared.id and shared.payload then
        payloads[shared.id] = shared.payload
    end
end

-- The destination gave the migration an id: 16 bytes.
function talk.learn_id(pinfo, id)
    local shared = wf.conversation.both(pinfo)
    shared.id = id
    join(shared)
end

-- The source began a payload of that name.
function talk.learn_payload(pinfo, name)
    local shared = wf.conversation.both(pinfo)
    shared.payload = name
    join(shared)
end

-- The payload of a migration by its id; nil when nothing told it.
function talk.payload_of(id)
    return payloads[id]
end
