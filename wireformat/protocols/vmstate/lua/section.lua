-- The bodies of sections other than `ram`: declared records with bulk data between them, and devices [qemu-stream 2, 3].

wf.vmstate = wf.vmstate or {}
local reader, border, description = wf.vmstate.reader, wf.vmstate.border, wf.vmstate.description
local number = wf.number
local MORE = reader.MORE
local section = {}
wf.vmstate.section = section

local definition = wf.protocols.vmstate

local function bits(value, mask)
    return number.band(value, mask)
end

local function counted(record)
    return record.count or 0
end

local function store_ends(record)
    return bits(record.word, 4095) == 1
end

local function no_data()
    return 0
end

local HANDLERS = {
    ["block"] = {
        record = "BlockRecord",
        size = function(record)
            return bits(record.word.flags, 9) == 1 and 1048576 or 0
        end,
        ends = function(record)
            return bits(record.word.flags, 2) == 2
        end,
    },
    ["dirty-bitmap"] = {
        record = "BitmapChunk",
        size = no_data,
        ends = function(record)
            return bits(record.flags, 1) == 1
        end,
    },
    ["spapr/htab"] = {
        record = "HashTableChunk",
        head = "HashTableHeader",
        start_is_head = true,
        head_ends = function(head)
            return head.shift == -1
        end,
        size = function(record)
            return 16 * record.valid_count
        end,
        ends = function(record)
            return record.index == 0 and record.valid_count == 0 and record.invalid_count == 0
        end,
    },
    ["s390-storage_attributes"] = { record = "StorageAttributes", size = counted, ends = store_ends },
    ["s390-skeys"] = { record = "StorageKeys", size = counted, ends = store_ends },
    ["vfio"] = {
        record = "VfioRecord",
        size = function(record)
            return record.size or 0
        end,
        ends = function(record)
            return number.equal(record.mark, number.of(4294967295, 4010803201))
                or number.equal(record.mark, number.of(4294967295, 4010803205))
        end,
    },
}

local function handler_of(idstr)
    return HANDLERS[idstr] or HANDLERS[idstr:match("([^/]*)$")]
end

-- Which step reads the body of a section.
function section.mode(kind, idstr)
    if kind == 4 then
        return "device"
    elseif idstr == "ram" then
        return "ram"
    end
    local handler = handler_of(idstr)
    return handler and (handler.head and "head" or "records") or "device"
end

-- The record that opens a body.
function section.head(self)
    local handler = handler_of(self.state.idstr)
    local found = reader.message(self, handler.head, 0, handler.head)
    if found and found ~= MORE then
        local alone = handler.start_is_head and self.state.kind == 1 or handler.head_ends(found)
        self.state.mode = alone and "footer" or "records"
    end
    return found
end

-- One record of an iterative section, and the bulk data behind it.
function section.records(self)
    local handler = handler_of(self.state.idstr)
    local found = reader.message(self, handler.record, 0, handler.record)
    if not found or found == MORE then
        return found
    end
    self.state.bulk = "bulk data"
    self.state.skip = handler.size(found)
    if handler.ends(found) then
        self.state.mode = "footer"
    end
    return nil
end

-- The fields of a device, where its description is known; else its bytes.
local function show_device(self, size)
    local state = self.state
    local branch = reader.branch(self, size, "device state: " .. state.idstr)
    if not branch then
        return
    end
    local record = state.kind == 4
        and description.find(self.connection.description, state.idstr, state.instance, state.repeats or 0)
    if not record or size == 0 then
        branch:add(wf.fields["wf.vmstate.device.body"], self.tvb(self.offset, size))
        return
    end
    local context = wf.context(self.tvb, self.offset, self.offset + size, { protocol = definition, bounded = true })
    local ok, fault = pcall(wf.record, context, record, branch)
    if ok and context.position < self.offset + size then
        fault = { id = "trailing", detail = "bytes that the description does not tell of", offset = context.position }
        ok = false
    end
    if not ok then
        wf.mark(context, branch, fault)
    end
end

-- How long the body of a device is; nil when its end is not seen yet.
local function find_size(self)
    local state, connection = self.state, self.connection
    local from = connection.searched == state.position and connection.search_from or 1
    local about = {
        id = state.section_id,
        earlier = state.footers == false and state.section_id or nil,
        names = connection.names,
        footers = state.footers ~= false,
        package_end = state.package_end and state.package_end - state.position + 1,
    }
    local size, again = border.find(self.tvb:raw(self.offset, reader.left(self)), from, about)
    connection.searched, connection.search_from = state.position, again
    return size
end

-- The body of a device: up to where the section must end.
function section.device(self)
    local size = wf.conversation.recall(self.connection, "size", self.state.position, function()
        return find_size(self)
    end)
    if not size or size > reader.left(self) then
        return MORE
    end
    show_device(self, size)
    reader.advance(self, size)
    self.state.mode = "footer"
    return nil
end
