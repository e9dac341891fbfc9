-- Reading one direction of a connection: declared records at the place where the reading stands, and bytes as they are.

local reader = {}
wf.spice.reader = reader
local definition = wf.protocols.spice
local number = wf.number

reader.MORE = {}

-- A reader of one call; without a tree nothing is shown.
function reader.new(tvb, pinfo, tree, state)
    return { tvb = tvb, pinfo = pinfo, offset = 0, tree = tree, state = state, summary = {} }
end

function reader.left(self)
    return self.tvb:len() - self.offset
end

function reader.uint(self, at, size)
    return self.tvb(self.offset + at, size):le_uint()
end

function reader.advance(self, size)
    self.offset = self.offset + size
    self.state.position = self.state.position + size
end

local function field(name)
    return wf.fields["wf.spice.stream." .. name]
end

-- A branch of the tree with the place in its direction, and what is known beside the bytes; nil without a tree.
function reader.branch(self, size, text, facts)
    if #self.summary < 8 then
        self.summary[#self.summary + 1] = text
    end
    if not self.tree then
        return nil
    end
    local item = self.tree:add(definition.proto, self.tvb(self.offset, size)):set_text(text)
    item:add(field("position"), self.tvb(self.offset, 0), number.uint64(self.state.position)):set_generated()
    for name, value in pairs(facts or {}) do
        item:add(field(name), self.tvb(self.offset, 0), value):set_generated()
    end
    return item
end

-- Read a record between two places, counted from where the reading stands, into a branch. Its fields, and whether it is
-- sound; what is wrong is marked.
function reader.record(self, name, start, stop, item)
    local options = { protocol = definition, bounded = true }
    local context = wf.context(self.tvb, self.offset + start, self.offset + stop, options)
    local ok, found = pcall(wf.record, context, definition.records[name], item)
    if ok and context.position < self.offset + stop then
        local detail = (self.offset + stop - context.position) .. " bytes too many"
        ok, found = false, { id = "trailing", detail = detail, offset = context.position }
    end
    if not ok then
        wf.mark(context, item, found)
    end
    return ok and found or nil, ok and not context.fault
end

-- Show bytes that are not taken apart.
function reader.data(self, start, stop, item)
    if item and stop > start then
        item:add(field("data"), self.tvb(self.offset + start, stop - start))
    end
end
