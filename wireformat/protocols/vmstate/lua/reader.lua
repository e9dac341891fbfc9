-- Reading a stream step by step: each step consumes what it understands, or says that it needs more bytes.
--
-- A reader lives as long as one call of the dissector. Its `state` is what lasts from call to call: the mode (which
-- step comes next), the position in the stream, bytes still to skip, and what the stream has said about itself. Pages
-- and disk contents are skipped, never collected, so that a stream of any size costs only its headers.

wf.vmstate = wf.vmstate or {}
local reader = {}
wf.vmstate.reader = reader
local definition = wf.protocols.vmstate
local number = wf.number

wf.vmstate.MORE = {}

-- Whether there is a tree to add to. Wireshark tells only in words.
function reader.is_shown(tree)
    return not tostring(tree):find("has item=false", 1, true)
end

-- A reader of one call; without a tree nothing is shown.
function reader.new(tvb, tree, state, connection)
    return { tvb = tvb, offset = 0, tree = tree, state = state, connection = connection, summary = {} }
end

function reader.left(self)
    return self.tvb:len() - self.offset
end

-- Consume bytes of this call; the rest of `size` is skipped as it comes.
function reader.advance(self, size)
    local here = math.min(size, reader.left(self))
    self.offset = self.offset + here
    self.state.position = self.state.position + here
    self.state.skip = size - here
end

-- A branch of the tree for what stands at the offset; nil without a tree.
function reader.branch(self, size, text)
    if #self.summary < 8 then
        self.summary[#self.summary + 1] = text
    end
    if not self.tree then
        return nil
    end
    local range = self.tvb(self.offset, math.min(size, reader.left(self)))
    local branch = self.tree:add(definition.proto, range):set_text(text)
    local position = wf.fields["wf.vmstate.stream.position"]
    branch:add(position, self.tvb(self.offset, 0), number.uint64(self.state.position)):set_generated()
    return branch
end

-- Mark a fault at the offset and give up on the stream, or go on in another mode.
function reader.fault(self, id, detail, mode)
    local context = wf.context(self.tvb, self.offset, self.tvb:len())
    wf.mark(context, self.tree, { id = id, detail = detail, offset = self.offset })
    self.state.mode = mode or "lost"
end

local function show(self, record, behind, context, text, problem)
    local branch = reader.branch(self, behind - self.offset, text)
    if branch then
        if context.position > self.offset then
            branch:add(wf.fields["wf.vmstate.stream.element"], self.tvb(self.offset, 1))
        end
        local ok, fault = pcall(wf.record, context, record, branch)
        if problem or not ok then
            wf.mark(context, branch, problem or fault)
        end
    end
    return branch
end

-- Read a declared message behind `skip` bytes (the type byte of an element). Gives its fields and its branch; MORE when
-- bytes are missing; nil when it is malformed: then it was marked, and an announced size that is too large is swallowed.
function reader.message(self, name, skip, text, options)
    options = options or {}
    options.protocol = definition
    local record, start = definition.records[name], self.offset + skip
    local function context()
        local fresh = wf.context(self.tvb, start, self.tvb:len(), options)
        fresh.open_end = options.open_end
        return fresh
    end
    local probe = context()
    local ok, found = pcall(wf.record, probe, record, nil)
    if not ok and type(found) ~= "table" then
        error(found, 0)
    elseif not ok and found.id == "truncated" then
        return wf.vmstate.MORE
    elseif not ok then
        show(self, record, probe.position, context(), text, found)
        if found.oversize then
            reader.advance(self, found.behind + found.oversize - self.offset)
        else
            self.state.mode = "lost"
        end
        return nil
    end
    local branch = show(self, record, probe.position, context(), text)
    reader.advance(self, probe.position - self.offset)
    return found, branch
end

-- Skip what is left of a page or of other bulk data.
function reader.skip(self)
    local size = math.min(self.state.skip, reader.left(self))
    if self.tree then
        local text = string.format("%s: %d bytes here, %.0f to come", self.state.bulk or "data", size, self.state.skip - size)
        local range = self.tvb(self.offset, size)
        self.tree:add(wf.fields["wf.vmstate.stream.bulk"], range):set_text(text)
    end
    local rest = self.state.skip - size
    reader.advance(self, size)
    self.state.skip = rest
end
