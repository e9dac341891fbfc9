-- The stream dissector: elements in order, section after section, and how Wireshark finds it.

local reader, section, ram = wf.vmstate.reader, wf.vmstate.section, wf.vmstate.ram
local description = wf.vmstate.description
local MORE = reader.MORE
local number = wf.number
local definition = wf.protocols.vmstate

local NAMES = { [1] = "START", [2] = "PART", [3] = "END", [4] = "FULL" }
local MESSAGES = { [1] = "SectionStart", [2] = "SectionPart", [3] = "SectionEnd", [4] = "SectionFull" }
local MAGIC = definition.records.Header.fields[1].of.value
local VERSION = tonumber(definition.versions[1])
local FOOTER = 126

wf.extend(definition, {
    { "stream.element", "uint8", "element", base.HEX },
    { "stream.position", "uint64", "position in the stream", base.DEC },
    { "stream.records", "uint32", "records", base.DEC },
    { "stream.bulk", "none", "bulk data" },
    { "stream.unread", "bytes", "not dissected", base.SPACE },
    { "device.body", "bytes", "device state", base.SPACE },
    { "device.data", "bytes", "data", base.SPACE },
    { "device.data.marker", "bytes", "subsection", base.SPACE },
    { "device.text", "string", "text" },
    { "device.struct", "none", "struct" },
    { "device.uint8", "uint8", "uint8", base.HEX },
    { "device.uint16", "uint16", "uint16", base.HEX },
    { "device.uint32", "uint32", "uint32", base.HEX },
    { "device.uint64", "uint64", "uint64", base.HEX },
    { "device.int8", "int8", "int8", base.DEC },
    { "device.int16", "int16", "int16", base.DEC },
    { "device.int32", "int32", "int32", base.DEC },
    { "device.int64", "int64", "int64", base.DEC },
})

local function header(self)
    if reader.left(self) < 8 then
        return MORE
    end
    local magic, version = self.tvb(self.offset, 4):uint(), self.tvb(self.offset + 4, 4):uint()
    if magic ~= MAGIC then
        return reader.fault(self, "vmstate/magic", "no VM-state stream")
    elseif version ~= VERSION then
        return reader.fault(self, "vmstate/version", "version " .. version .. " instead of " .. VERSION)
    end
    self.state.mode = "element"
    return reader.message(self, "Header", 0, "VM-state stream")
end

local function configuration(self)
    local found = reader.message(self, "Configuration", 1, "configuration", { open_end = self.is_first })
    if not found or found == MORE then
        return found
    end
    local state = self.state
    state.footers = true
    state.page_size = found.target_page_bits and 2 ^ (found.target_page_bits % 64) or state.page_size
    for _, name in ipairs(found.capabilities and found.capabilities.names or {}) do
        state.has_address = name == "x-ignore-shared" and 1 or state.has_address
        state.has_mapped = name == "mapped-ram" and 1 or state.has_mapped
    end
    return nil
end

-- How often a section of that name and instance came before.
local function repeats_of(connection, position, key)
    return wf.conversation.recall(connection, "repeats", position, function()
        local known = connection.counts[key] or 0
        connection.counts[key] = known + 1
        return known
    end)
end

local function open(self, kind)
    local state, connection, position = self.state, self.connection, self.state.position
    local found, branch = reader.message(self, MESSAGES[kind], 1, "section " .. NAMES[kind])
    if not found or found == MORE then
        return found
    end
    if found.idstr then
        connection.names[found.section_id] = { found.idstr, found.instance_id }
    end
    local name = connection.names[found.section_id]
    if not name or name[1] == "" then
        return reader.fault(self, "vmstate/section", "section " .. found.section_id .. " was never introduced")
    end
    state.kind, state.section_id, state.idstr, state.instance = kind, found.section_id, name[1], name[2]
    state.repeats = kind == 4 and repeats_of(connection, position, name[1] .. " " .. number.text(name[2])) or 0
    state.mode = section.mode(kind, name[1])
    if branch then
        branch:append_text(" " .. found.section_id .. ": " .. name[1])
    end
    return nil
end

local function command(self)
    local found = reader.message(self, "Command", 1, "command")
    if not found or found == MORE then
        return found
    end
    local state, body = self.state, found.body or {}
    if found.command == 7 and body.size then
        state.package_end = state.position + body.size
    end
    local sizes = body.page_sizes and body.page_sizes[1]
    if sizes then
        state.page_size = state.page_size or sizes.target_page_size
        local size = sizes.block_page_sizes
        state.maybe_page_size = number.equal(number.band(size, number.subtract(size, 1)), 0) == false
    end
    return nil
end

local function finish(self)
    reader.branch(self, 1, "end of the elements")
    reader.advance(self, 1)
    self.state.mode = "ended"
end

-- The VM description, or what stands in its place: zero fill, the next thing on the connection.
local function describe(self)
    if self.tvb(self.offset, 1):uint() ~= 6 then
        self.state.mode = "lost"
        return nil
    end
    local start = self.offset
    local found = reader.message(self, "VmDescription", 1, "VM description")
    if not found or found == MORE then
        return found
    end
    self.state.mode = "lost"
    if not self.connection.description and self.offset > start + 5 then
        local text = self.tvb:raw(start + 5, self.offset - start - 5)
        local known, problem = description.parse(text)
        self.connection.description = known
        if not known then
            reader.fault(self, "vmstate/description", problem)
        end
    end
    return nil
end

local function element(self)
    if self.state.package_end and self.state.position >= self.state.package_end then
        self.state.package_end = nil
    end
    local kind = self.tvb(self.offset, 1):uint()
    if MESSAGES[kind] then
        return open(self, kind)
    elseif kind == 8 then
        return command(self)
    elseif kind == 7 then
        return configuration(self)
    elseif kind == 0 and not self.state.package_end then
        return finish(self)
    end
    return reader.fault(self, "vmstate/element", string.format("type 0x%02x is unknown here", kind))
end

local function footer(self)
    local state = self.state
    if state.footers == nil then
        state.footers = self.tvb(self.offset, 1):uint() == FOOTER
    end
    if not state.footers then
        state.mode = "element"
        return nil
    elseif reader.left(self) < 5 then
        return MORE
    elseif self.tvb(self.offset, 1):uint() ~= FOOTER or self.tvb(self.offset + 1, 4):uint() ~= state.section_id then
        return reader.fault(self, "vmstate/footer", "the section does not end here", "device")
    end
    state.mode = "element"
    return reader.message(self, "SectionFooter", 1, "section footer")
end

local function unread(self)
    if self.tree then
        self.tree:add(wf.fields["wf.vmstate.stream.unread"], self.tvb(self.offset, reader.left(self)))
    end
    reader.advance(self, reader.left(self))
end

local STEPS = {
    start = header,
    element = element,
    footer = footer,
    ram = ram.step,
    blocks = ram.block,
    head = section.head,
    records = section.records,
    device = section.device,
    ended = describe,
    lost = unread,
}

local function new_connection()
    return {
        state = { mode = "start", position = 0, skip = 0, has_address = 0, has_mapped = 0 },
        names = {},
        counts = {},
    }
end

local function step(self)
    if self.state.skip > 0 then
        return reader.skip(self)
    end
    return STEPS[self.state.mode](self)
end

-- Magic and version are strict enough.
local function is_ours(tvb)
    return tvb(0, 4):uint() == MAGIC and tvb(4, 4):uint() == VERSION
end

wf.stream(definition, {
    reader = reader,
    new_connection = new_connection,
    step = step,
    is_ours = is_ours,
    ports = "streams arrive",
})
