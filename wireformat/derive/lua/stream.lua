-- Dissectors of whole connections: how Wireshark finds them, and what happens in each call.
--
-- The bytes of a new call are read twice. The first reading shows nothing and finds out how far the bytes go, and whether
-- TCP will hand them out again; the second shows what was read. It is left out while nobody sees the tree and nothing is
-- wrong: that is what makes large captures load fast. A later call reads once, if only for the summary of its packet.

local MORE = wf.reader.MORE
local left = wf.reader.left

-- Read as far as the bytes go, or to where the first reading stopped; true when more are needed to go on from there.
local function read(self, step, stop)
    while left(self) > 0 and self.offset ~= stop do
        if step(self) == MORE then
            return true
        end
    end
    return self.offset == stop
end

-- Whether there is a tree to add to. Wireshark tells only in words.
local function is_shown(tree)
    return not tostring(tree):find("has item=false", 1, true)
end

local function ask_for_more(pinfo, offset)
    pinfo.desegment_offset = offset
    pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
end

-- The function that dissects one call.
local function dissector(definition, how)
    local column = "WF-" .. definition.name:upper()

    local function new_reader(connection, state, tvb, pinfo, is_first, tree)
        return how.reader.new({
            definition = definition,
            connection = connection,
            state = state,
            tvb = tvb,
            pinfo = pinfo,
            is_first = is_first,
            tree = tree,
        })
    end

    -- The first reading. nil when TCP will hand the bytes out again; the reader, and whether it needs more, otherwise.
    local function probe(connection, state, tvb, pinfo)
        local self = new_reader(connection, wf.conversation.copy(state), tvb, pinfo, true)
        local needs_more = read(self, how.step)
        local stop = needs_more and self.offset or nil
        if wf.conversation.commit(connection, tvb, self.state, stop, self.has_fault) then
            wf.replies.settle(self)
            return self, needs_more
        end
        return nil
    end

    return function(tvb, pinfo, tree)
        local connection = wf.conversation.of(pinfo, how.new_connection)
        local state, is_first = wf.conversation.begin(connection, pinfo, tvb)
        local self, needs_more
        pinfo.cols.protocol = column
        if is_first then
            self, needs_more = probe(connection, state, tvb, pinfo)
        end
        local stop, has_fault = wf.conversation.noted(pinfo, tvb)
        local shows = has_fault or is_shown(tree)
        if state and (not is_first or self and shows) then
            self = new_reader(connection, state, tvb, pinfo, is_first, shows and tree or nil)
            needs_more = read(self, how.step, stop)
        end
        if needs_more or (is_first and not self) then
            ask_for_more(pinfo, self and self.offset or 0)
        end
        if self and #self.summary > 0 then
            local title = how.title and how.title(self)
            pinfo.cols.info = (title and title .. ": " or "") .. table.concat(self.summary, ", ")
        end
        return tvb:len()
    end
end

-- Find connections by their first eight bytes.
local function register_heuristic(proto, is_ours)
    proto:register_heuristic("tcp", function(tvb, pinfo, tree)
        if tvb:len() < 8 or not is_ours(tvb) then
            return false
        end
        pinfo.conversation = proto
        proto.dissector(tvb, pinfo, tree)
        return true
    end)
end

-- Find connections by ports, which the preferences name.
local function register_ports(proto, where)
    local ports, tcp = "", DissectorTable.get("tcp.port")
    local text = "ports where " .. where .. ", beside those found by their first bytes"
    proto.prefs.ports = Pref.range("TCP ports", ports, text, 65535)

    function proto.prefs_changed()
        if ports ~= "" then
            tcp:remove(ports, proto)
        end
        ports = proto.prefs.ports
        if ports ~= "" then
            tcp:add(ports, proto)
        end
    end
    tcp:add_for_decode_as(proto)
end

-- Dissect connections of a protocol. What `how` says of it:
-- reader: the protocol's own functions of a reader;
-- new_connection: makes what lasts as long as the capture, with the state in which a direction begins;
-- step: reads one thing at the place where the reader stands, MORE when it is not all there;
-- title (or nil): what stands before the summary of a packet, nil for nothing;
-- is_ours (or nil): whether a connection begins with these bytes, eight at least;
-- ports: who is found at the ports in the preferences;
-- reset (or nil): forgets what was learned from another capture.
function wf.stream(definition, how)
    local proto = definition.proto
    proto.dissector = dissector(definition, how)
    if how.is_ours then
        register_heuristic(proto, how.is_ours)
    end
    register_ports(proto, how.ports)

    function proto.init()
        wf.conversation.reset()
        if how.reset then
            how.reset()
        end
    end
end
