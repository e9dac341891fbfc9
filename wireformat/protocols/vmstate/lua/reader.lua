-- Reading a stream: declared messages whose bytes do not tell their size, and bulk data.
--
-- Pages and disk contents are skipped, never collected, so that a stream of any size costs only its headers. How many
-- bytes are still to skip is part of the state.

wf.vmstate = wf.vmstate or {}
local reader = wf.reader.derive()
wf.vmstate.reader = reader
local definition = wf.protocols.vmstate

-- Consume bytes of this call; the rest of `size` is skipped as it comes.
function reader.advance(self, size)
    local here = math.min(size, reader.left(self))
    self.offset = self.offset + here
    self.state.position = self.state.position + here
    self.state.skip = size - here
end

-- Mark a fault at the offset and give up on the stream, or go on in another mode.
function reader.fault(self, id, detail, mode)
    local context = wf.context(self.tvb, self.offset, self.tvb:len())
    wf.mark(context, self.tree, { id = id, detail = detail, offset = self.offset })
    self.state.mode, self.has_fault = mode or "lost", true
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
    self.has_fault = self.has_fault or probe.fault ~= nil
    if not ok and type(found) ~= "table" then
        error(found, 0)
    elseif not ok and found.id == "truncated" then
        return reader.MORE
    elseif not ok then
        self.has_fault = true
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
