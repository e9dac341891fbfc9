-- Reading one direction of a channel: declared messages at the place where the reading stands, and bytes as they are.

local reader = {}
wf.handshake.reader = reader
local definition = wf.protocols.handshake
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
    return self.tvb(self.offset + at, size):uint()
end

function reader.advance(self, size)
    self.offset = self.offset + size
    self.state.position = self.state.position + size
end

local function note(self, text)
    if #self.summary < 8 then
        self.summary[#self.summary + 1] = text
    end
end

-- A branch of the tree with the place in its direction; nil without a tree.
local function branch(self, owner, size, text)
    note(self, text)
    if not self.tree then
        return nil
    end
    local item = self.tree:add(owner.proto, self.tvb(self.offset, size)):set_text(text)
    local place = wf.fields["wf.handshake.stream.position"]
    item:add(place, self.tvb(self.offset, 0), number.uint64(self.state.position)):set_generated()
    return item
end

-- Read a declared message of `size` bytes. Gives its fields; nil when it is malformed: then it was marked, and this
-- direction cannot be followed any more.
function reader.message(self, owner, name, size, text)
    local item = branch(self, owner, size, text)
    local context = wf.context(self.tvb, self.offset, self.offset + size, { protocol = owner, bounded = true })
    local ok, found = pcall(wf.record, context, owner.records[name], item)
    if ok and context.position < self.offset + size then
        local detail = (self.offset + size - context.position) .. " bytes too many"
        ok, found = false, { id = "trailing", detail = detail, offset = context.position }
    end
    if not ok then
        wf.mark(context, item, found)
        self.state.mode = "lost"
        found = nil
    end
    reader.advance(self, size)
    return found
end

-- Whether bytes are a declared message without a fault.
function reader.is_message(self, owner, name, at, size)
    local context = wf.context(self.tvb, self.offset + at, self.offset + at + size, { protocol = owner, bounded = true })
    return pcall(wf.record, context, owner.records[name], nil) and not context.fault
end

-- Show bytes that are not taken apart.
function reader.bytes(self, size, text)
    local item = branch(self, definition, size, text)
    if item then
        item:add(wf.fields["wf.handshake.stream.data"], self.tvb(self.offset, size))
    end
    reader.advance(self, size)
end
