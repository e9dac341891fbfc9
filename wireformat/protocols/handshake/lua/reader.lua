-- Reading one direction of a channel: declared messages at the place where the reading stands, and bytes as they are.

local reader = wf.reader.derive()
wf.handshake.reader = reader

function reader.uint(self, at, size)
    return self.tvb(self.offset + at, size):uint()
end

-- How long a header of `header` bytes is together with what follows it, whose size stands at 8; nil when not all of it is
-- there. A size beyond `longest` counts as none: the declared message says that it is too large.
function reader.whole(self, header, longest)
    if reader.left(self) < header then
        return nil
    end
    local size = reader.uint(self, 8, 4)
    local whole = size > longest and header or header + size
    return reader.left(self) >= whole and whole or nil
end

-- Read a declared message of `size` bytes, which is or carries `message`. Gives its fields; nil when it is malformed: then
-- it was marked, and this direction cannot be followed any more.
function reader.message(self, owner, name, size, text, message)
    local item = reader.branch(self, size, text, owner, message or name)
    local found = reader.record(self, owner, name, 0, size, item)
    if not found then
        self.state.mode = "lost"
    end
    reader.advance(self, size)
    return found
end

-- Show bytes that are not taken apart.
function reader.bytes(self, size, text)
    local item = reader.branch(self, size, text)
    if item then
        item:add(wf.fields["wf.handshake.stream.data"], self.tvb(self.offset, size))
    end
    reader.advance(self, size)
end
