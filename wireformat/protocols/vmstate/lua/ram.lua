-- The `ram` section: a word for each page, and what its flags call for [qemu-stream 2.1].

wf.vmstate = wf.vmstate or {}
local reader, border = wf.vmstate.reader, wf.vmstate.border
local number = wf.number
local MORE = wf.vmstate.MORE
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
local definition = wf.protocols.vmstate

local function split(low, page_size)
    local flags = low % page_size
    local continues = math.floor(flags / CONTINUE) % 2 == 1
    return flags, continues and flags - CONTINUE or flags, continues
end

-- How many page records make sense one after the other with a page size.
local function plausible_records(text, page_size)
    local place, score = 1, 0
    while score < ENOUGH and place + 8 <= #text do
        local low = border.uint(text, place + 4, 4)
        local _, kind, continues = split(low, page_size)
        local name = continues and 0 or 1 + text:byte(place + 8)
        if border.uint(text, place, 2) ~= 0 or (kind ~= ZERO and kind ~= PAGE) then
            return (kind == EOS and low == EOS) and score + ENOUGH or score
        end
        score = score + 1
        place = place + 8 + name + (kind == ZERO and 1 or page_size)
    end
    return score
end

-- The page size that explains most of the records that can be seen; 4096 when none does.
local function guess_page_size(self)
    local text = self.tvb:raw(self.offset, reader.left(self))
    local best, best_score = 4096, 0
    for _, size in ipairs(CANDIDATES) do
        local score = plausible_records(text, size)
        if score > best_score then
            best, best_score = size, score
        end
    end
    return best
end

local function show(self, size, kind, name)
    if not self.tree then
        return
    end
    local params = { page_size = self.state.page_size or 4096 }
    local context = wf.context(self.tvb, self.offset, self.tvb:len(), { protocol = definition, params = params })
    local branch = reader.branch(self, size, "RAM " .. KINDS[kind])
    local word = wf.record(context, definition.records.RamWord, branch)
    if name then
        context.position = self.offset + 9 + #name
        wf.show(context, branch, "wf.vmstate.ram_record.block", self.offset + 9, name)
    end
    branch:append_text(string.format(" %s+%s", self.state.block or "", number.hex(word.offset)))
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
        state.page_size = guess_page_size(self)
    end
    local flags, kind, continues = split(low, state.page_size or 4096)
    if kind == ZERO or kind == PAGE or kind == XBZRLE or kind == COMPRESS_PAGE then
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
    return is_page_size(self.tvb(at, 4):uint(), self.tvb(at + 4, 4):uint()) and 1 or 0
end

-- Read one block of the list behind MEM_SIZE, which ends when the lengths reach the announced sum.
function ram.block(self)
    local state = self.state
    if number.equal(state.rest, 0) then
        state.mode = "ram"
        return nil
    elseif reader.left(self) < 1 or reader.left(self) < 1 + self.tvb(self.offset, 1):uint() + 16 then
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
