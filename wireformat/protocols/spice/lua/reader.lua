-- Reading one direction of a connection: declared records at the place where the reading stands, and bytes as they are.

local reader, talk = wf.reader.derive(), wf.spice.talk
wf.spice.reader = reader

-- A reader knows who speaks, and what both sides know.
function reader.new(call)
    local self = wf.reader.new(call)
    self.shared, self.state.sender = talk.of(self.pinfo)
    return self
end

function reader.uint(self, at, size)
    return self.tvb(self.offset + at, size):le_uint()
end

local function field(name)
    return wf.fields["wf.spice.stream." .. name]
end

-- A branch of the tree with what is known beside the bytes; nil without a tree.
function reader.branch(self, size, text, facts)
    local item = wf.reader.branch(self, size, text, nil, facts.message)
    if item then
        for name, value in pairs(facts) do
            item:add(field(name), self.tvb(self.offset, 0), value):set_generated()
        end
    end
    return item
end

-- Show bytes that are not taken apart.
function reader.data(self, start, stop, item)
    if item and stop > start then
        item:add(field("data"), self.tvb(self.offset + start, stop - start))
    end
end
