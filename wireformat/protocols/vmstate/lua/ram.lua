-- The `ram` section: a word for each page, and what its flags call for [qemu-stream 2.1].

wf.vmstate = wf.vmstate or {}
local reader, border = wf.vmstate.reader, wf.vmstate.border
local number = wf.number
local MORE = reader.MORE
local ram = {}
wf.vmstate.ram = ram

local ZERO, MEM_SIZE, PAGE, EOS, CONTINUE = 2, 4, 8, 16, 32
local XBZRLE, COMPRESS_PAGE, MULTIFD_FLUSH = 64, 256, 512
local KINDS = {
    [ZERO] = "ZERO",
    [MEM_SIZE] = "MEM_SIZE",
    [PAGE] = "PAGE",
    [EOS] = "EOS",
    [XBZRLE] = "XBZRLE",
    [COMPRESS_PAGE] = "COMPRESS_PAGE",
    [MULTIFD_FLUSH] = "MULTIFD_FLUSH",
}
local BODY_HEAD = { [ZERO] = 1, [XBZRLE] = 3, [COMPRESS_PAGE] = 4 }
local MAX_PAYLOAD = 131072
local CANDIDATES = { 4096, 16384, 65536, 8192, 1024, 2048, 512, 256, 32768 }
local ENOUGH = 64
local CONVINCING = 131072
local RUNS = { 64, 8, 1 }
local definition = wf.protocols.vmstate
local FLAGS, OFFSET = definition.records.RamWord.fields[1].of, definition.records.RamWord.fields[2].of

local function split(low, page_size)
    local flags = low % page_size
    local continues = math.floor(flags / CONTINUE) % 2 == 1
    return flags, continues and flags - CONTINUE or flags, continues
end

-- How many page records make sense one after the other with a page size; and whether that is the end of the matter:
-- many did, or EOS follows.
local function plausible_records(text, page_size)
    local place, score, expected = 1, 0, -1
    for _ = 1, ENOUGH do
        if place + 8 > #text then
            return score, false
        end
        local low = border.uint(text, place + 4, 4)
        local _, kind, continues = split(low, page_size)
        local name = continues and 0 or 1 + text:byte(place + 8)
        if border.uint(text, place, 2) ~= 0 or (kind ~= ZERO and kind ~= PAGE) then
            return score, kind == EOS and low == EOS
        end
        local page_offset = number.of(border.uint(text, place, 4), low - low % page_size)
        score = score + (page_offset == expected and 2 or 1)
        expected = page_offset + page_size
        place = place + 8 + name + (kind == ZERO and 1 or page_size)
    end
    return score, true
end

-- The page size that explains the records best; nil when too few of them can be seen.
local function guess_page_size(self)
    local text = self.tvb:raw(self.offset, reader.left(self))
    local best, best_score, is_sure = 4096, 0, #text >= CONVINCING
    for _, size in ipairs(CANDIDATES) do
        local score, is_final = plausible_records(text, size)
        score = is_final and score + ENOUGH or score
        is_sure = is_sure or is_final
        if score > best_score then
            best, best_score = size, score
        end
    end
    return is_sure and best or nil
end

local function show(self, size, kind, name)
    if not self.tree then
        return nil
    end
    local params = { page_size = self.state.page_size or 4096 }
    local context = wf.context(self.tvb, self.offset, self.tvb:len(), { protocol = definition, params = params })
    local branch = reader.branch(self, size, "RAM " .. KINDS[kind])
    local low = self.tvb(self.offset + 4, 4):uint()
    local flags = low % params.page_size
    local page_offset = number.of(self.tvb(self.offset, 4):uint(), low - flags)
    context.position = self.offset + 8
    wf.show_named(context, branch, FLAGS, self.offset, flags)
    wf.show_named(context, branch, OFFSET, self.offset, page_offset)
    if name then
        context.position = self.offset + 9 + #name
        wf.show(context, branch, "wf.vmstate.ram_record.block", self.offset + 9, name)
    end
    branch:append_text(string.format(" %s+%s", self.state.block or "", number.hex(page_offset)))
    return branch
end

-- A pattern for `count` records of zero pages in a row that continue a block, whatever their offsets.
local patterns = {}
local function zero_pattern(page_size, count)
    local key = page_size .. " " .. count
    if not patterns[key] then
        local middle = {}
        for byte = 0, 255, page_size / 256 do
            middle[#middle + 1] = (byte > 32 and byte < 127 and "%" or "") .. string.char(byte)
        end
        local class = #middle == 256 and "." or "[" .. table.concat(middle) .. "]"
        local record = "......" .. class .. string.char(ZERO + CONTINUE) .. "\0"
        patterns[key] = "^" .. record:rep(count)
    end
    return patterns[key]
end

-- How many such records begin at the offset.
local function zero_run(self)
    self.text = self.text or self.tvb:raw()
    local page_size, place, found = self.state.page_size, self.offset + 1, 0
    for _, count in ipairs(RUNS) do
        local pattern = zero_pattern(page_size, count)
        while self.text:find(pattern, place) do
            place, found = place + 9 * count, found + count
        end
    end
    return found
end

-- Zero pages in a row, shown as one.
local function zero_pages(self)
    local count = zero_run(self)
    if count < 2 then
        return false
    end
    local branch = show(self, 9 * count, ZERO)
    if branch then
        branch:add(wf.fields["wf.vmstate.stream.records"], self.tvb(self.offset, 9 * count), count)
        branch:append_text(string.format(" and %d more", count - 1))
    end
    reader.advance(self, 9 * count)
    return true
end

-- What follows the word of a page: the block's name, and how long the body is.
local function page(self, kind, continues)
    local tvb, offset, left = self.tvb, self.offset, reader.left(self)
    local name = not continues and left > 8 and tvb(offset + 8, 1):uint() or 0
    local head = 8 + (continues and 0 or 1 + name)
    local size = head + (BODY_HEAD[kind] or 0)
    if left < size or (not continues and left < 9) then
        return MORE
    elseif continues and not self.state.block then
        return reader.fault(self, "vmstate/ram-continue", "continues, but no record precedes it", "device")
    end
    local block = not continues and name > 0 and tvb:raw(offset + 9, name) or nil
    self.state.block = continues and self.state.block or block or ""
    local body = kind == PAGE and self.state.page_size or 0
    if kind == XBZRLE then
        body = tvb(offset + head + 1, 2):uint()
    elseif kind == COMPRESS_PAGE then
        body = tvb(offset + head, 4):uint()
    end
    show(self, size, kind, block)
    if body > MAX_PAYLOAD then
        reader.fault(self, "limit", "size " .. body .. " exceeds " .. MAX_PAYLOAD, "ram")
    end
    reader.advance(self, size)
    self.state.bulk = "page"
    self.state.skip = body
end

-- Read one record.
function ram.step(self)
    if reader.left(self) < 8 then
        return MORE
    end
    local high, low = self.tvb(self.offset, 4):uint(), self.tvb(self.offset + 4, 4):uint()
    local state = self.state
    local _, probable = split(low, state.page_size or 256)
    if not state.page_size and (probable == ZERO or probable == PAGE or probable == XBZRLE) then
        state.page_size = wf.conversation.recall(self.connection, "page size", state.position, function()
            return guess_page_size(self)
        end)
        if not state.page_size then
            return MORE
        end
    end
    local flags, kind, continues = split(low, state.page_size or 4096)
    if kind == ZERO and continues and state.block and zero_pages(self) then
        return nil
    elseif kind == ZERO or kind == PAGE or kind == XBZRLE or kind == COMPRESS_PAGE then
        return page(self, kind, continues)
    elseif not KINDS[kind] or continues then
        return reader.fault(self, "vmstate/ram-flags", string.format("flags 0x%x", flags), "device")
    end
    show(self, 8, kind)
    reader.advance(self, 8)
    if kind == EOS then
        state.mode = "footer"
    elseif kind == MEM_SIZE then
        state.mode, state.rest = "blocks", number.of(high, low - flags)
    end
end

local function is_page_size(high, low)
    local size = number.of(high, low)
    if type(size) ~= "number" or size < 4096 or size > 1099511627776 then
        return false
    end
    while size % 2 == 0 do
        size = size / 2
    end
    return size == 1
end

-- Whether the next block says its page size: only blocks of huge pages do, when postcopy is possible.
local function has_page_size(self)
    if not self.state.maybe_page_size then
        return 0
    end
    local at = self.offset + 1 + self.tvb(self.offset, 1):uint() + 8
    return wf.conversation.recall(self.connection, "has page size", self.state.position, function()
        return is_page_size(self.tvb(at, 4):uint(), self.tvb(at + 4, 4):uint()) and 1 or 0
    end)
end

-- The bytes behind a block's name that must be seen: a page size can be told only where it would stand.
local function block_size(self)
    return self.is_first and self.state.maybe_page_size and 16 or 8
end

-- Read one block of the list behind MEM_SIZE, which ends when the lengths reach the announced sum.
function ram.block(self)
    local state = self.state
    if number.equal(state.rest, 0) then
        state.mode = "ram"
        return nil
    elseif reader.left(self) < 1 or reader.left(self) < 1 + self.tvb(self.offset, 1):uint() + block_size(self) then
        return MORE
    end
    local params = { has_page_size = has_page_size(self), has_address = state.has_address, has_mapped = state.has_mapped }
    local block = reader.message(self, "RamBlock", 0, "RAM block", { params = params })
    if block == MORE or not block then
        return block
    elseif number.less(state.rest, block.used_length) then
        return reader.fault(self, "vmstate/ram-total", "block lengths exceed their sum", "device")
    end
    state.rest = number.subtract(state.rest, block.used_length)
    if block.mapped and not number.equal(block.mapped.pages_offset, 0) then
        state.bulk = "bitmap and pages of " .. block.name
        state.skip = math.max(0, number.add(block.mapped.pages_offset, block.used_length) - state.position)
    end
    return nil
end
