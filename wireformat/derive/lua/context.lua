-- Where a dissection stands: the bytes, the position, the end, and how far the end can be trusted.
--
-- A context is used twice for each message: first without a tree, to learn whether all bytes are there and where the
-- message ends, then with one. Too few bytes are `truncated` (more may come) outside bounded parts, `overrun` inside.

local number = wf.number

-- Begin at `position` of `tvb`; `stop` is the end of what may be read.
function wf.context(tvb, position, stop, options)
    return {
        tvb = tvb,
        position = position,
        stop = stop,
        bounded = options and options.bounded or false,
        params = options and options.params or {},
        version = options and options.version,
        protocol = options and options.protocol,
        depth = 0,
    }
end

-- Leave with an error: one of the ids of the catalogue, a sentence, and the first byte concerned.
function wf.fail(context, id, detail, offset, more)
    local fault = { id = id, detail = detail, offset = offset or context.position }
    for name, value in pairs(more or {}) do
        fault[name] = value
    end
    error(fault, 0)
end

-- Make sure of `size` more bytes.
function wf.need(context, size)
    local left = context.stop - context.position
    if size > left then
        local id = context.bounded and "overrun" or "truncated"
        local detail = string.format("%s bytes needed, %d left", number.text(size), left)
        wf.fail(context, id, detail, context.position, { missing = size - left })
    end
end

-- Up to `size` bytes from the position on, as a string.
function wf.peek(context, size)
    local left = math.min(size, context.stop - context.position)
    if left <= 0 then
        return ""
    end
    return context.tvb:raw(context.position, left)
end

-- `size` bytes as a string, consumed.
function wf.take(context, size)
    wf.need(context, size)
    local found = wf.peek(context, size)
    context.position = context.position + size
    return found
end

-- The fault of a context that was not used up; nil when it was.
function wf.excess(context)
    if context.position >= context.stop then
        return nil
    end
    local detail = string.format("%d bytes too many", context.stop - context.position)
    return { id = "trailing", detail = detail, offset = context.position }
end

-- Call `work` inside the next `size` bytes, which it must use up; what goes wrong inside ends there and is marked.
function wf.inside(context, tree, size, work)
    wf.need(context, size)
    local stop, bounded, depth, pointers = context.stop, context.bounded, context.depth, context.pointers
    local finish = context.position + size
    context.stop, context.bounded = finish, true
    local ok, result = pcall(work)
    local excess = ok and wf.excess(context)
    if excess then
        ok, result = false, excess
    end
    context.stop, context.bounded, context.depth, context.pointers = stop, bounded, depth, pointers
    if not ok then
        wf.mark(context, tree, result)
    end
    context.position = finish
    return ok and result or nil
end

-- Show a fault in the tree; anything but a fault is an error of this script and goes on.
function wf.mark(context, tree, fault)
    if type(fault) ~= "table" then
        error(fault, 0)
    end
    context.fault = context.fault or fault
    if tree then
        local expert = wf.experts[fault.id] or wf.experts["malformed"]
        local at = math.min(fault.offset, context.tvb:len())
        local size = math.max(0, math.min(context.stop, context.tvb:len()) - at)
        local text = fault.id .. ": " .. fault.detail
        tree:add(context.tvb(at, size), "[" .. text .. "]"):add_proto_expert_info(expert, text)
    end
end

-- Add a field to the tree; its bytes go from `start` to the position. Nothing is shown without a tree or a field.
function wf.show(context, tree, name, start, value, text)
    local field = tree and name and wf.fields[name]
    if not field then
        return nil
    end
    local range = context.tvb(start, context.position - start)
    local item
    if value == nil then
        item = tree:add(field, range)
    else
        item = tree:add(field, range, value)
    end
    if text then
        item:set_text(text)
    end
    return item
end

-- Call `work` with a branch of the tree that grows to what `work` reads.
function wf.branch(context, tree, name, text, work)
    if not tree or not name then
        return work(tree)
    end
    local start = context.position
    local item = tree:add(wf.fields[name], context.tvb(start, 0))
    item:set_text(text)
    local ok, result = pcall(work, item)
    item:set_len(context.position - start)
    if not ok then
        error(result, 0)
    end
    return result
end
