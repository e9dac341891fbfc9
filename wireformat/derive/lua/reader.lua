-- Reading one direction of a connection step by step: each step consumes what it understands, or says that it needs
-- more bytes.
--
-- A reader lives as long as one call of the dissector. Its `state` is what lasts from call to call: the mode (which
-- step comes next), the position in this direction, and what the bytes so far have said.

local reader = {}
wf.reader = reader
local number = wf.number

local LONGEST_SUMMARY = 8

-- What a step gives that needs more bytes.
reader.MORE = {}

-- The functions for readers of one protocol, which may add to them and replace them.
function reader.derive()
    return wf.conversation.copy(reader)
end

-- Make a reader of one call: its definition, tvb, pinfo, connection, state, tree, and whether it is the first time that
-- these bytes are read. Without a tree nothing is shown.
function reader.new(call)
    call.offset, call.summary, call.heard = 0, {}, {}
    return call
end

function reader.left(self)
    return self.tvb:len() - self.offset
end

function reader.advance(self, size)
    self.offset = self.offset + size
    self.state.position = self.state.position + size
end

-- A branch of the tree for `size` bytes, or those of them that are here, with their place in this direction; nil without
-- a tree. `owner` is the protocol whose message it is, where that is another one, and `name` its message, where that may
-- answer another or be answered.
function reader.branch(self, size, text, owner, name)
    owner = owner or self.definition
    wf.replies.hear(self, owner, name)
    if #self.summary < LONGEST_SUMMARY then
        self.summary[#self.summary + 1] = text
    end
    if not self.tree then
        return nil
    end
    local range = self.tvb(self.offset, math.min(size, reader.left(self)))
    local item = self.tree:add(owner.proto, range):set_text(text)
    local place = wf.fields[self.definition.filter .. ".stream.position"]
    item:add(place, self.tvb(self.offset, 0), number.uint64(self.state.position)):set_generated()
    wf.replies.show(self, owner, item)
    return item
end

-- Read a record between two places, counted from where the reading stands, into a branch. Its fields, nil when it is
-- malformed, and whether it is sound; what is wrong is marked.
function reader.record(self, owner, name, start, stop, item)
    local options = { protocol = owner, bounded = true }
    local context = wf.context(self.tvb, self.offset + start, self.offset + stop, options)
    local ok, found = pcall(wf.record, context, owner.records[name], item)
    local fault
    if ok then
        fault = wf.excess(context)
    else
        fault = found
    end
    if fault then
        wf.mark(context, item, fault)
    end
    self.has_fault = self.has_fault or context.fault ~= nil
    return not fault and found or nil, not context.fault
end
