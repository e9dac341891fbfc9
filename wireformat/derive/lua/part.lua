-- Parts of a message that hold other parts: names and constants, lists, regions, choices.

local number = wf.number
local handlers = wf.handlers

local function decode(context, node, tree, values)
    return handlers[node.k](context, node, tree, values)
end
wf.decode = decode

handlers["const"] = function(context, node, tree, values)
    local start = context.position
    local found = decode(context, node.of, tree, values)
    local expected = node.value
    local same = found == expected
    if type(expected) ~= "string" and type(found) ~= "string" and found ~= nil then
        same = number.equal(found, expected)
    end
    if not same then
        wf.fail(context, "constant", "not the value that always stands here", start)
    end
    return found
end

function handlers.reserved(context, node, tree, values)
    local start = context.position
    local found = decode(context, node.of, tree, values)
    local used = type(found) == "string" and found:find("[^\0]") or type(found) ~= "string" and not number.equal(found, 0)
    if used and node.policy == "reject" then
        wf.fail(context, "reserved", "reserved, but not zero", start)
    end
    return nil
end

-- Refuse a number that a closed enumeration lacks; shared with records of bits.
function wf.check_member(context, node, value, start)
    if node.k == "enum" and not node.open and not node.names[number.text(value)] then
        wf.fail(context, "member", number.text(value) .. " is not in " .. node.name, start)
    elseif node.k == "flags" and not node.open then
        local rest = number.without(value, node.all)
        if not number.equal(rest, 0) then
            wf.fail(context, "member", "bits " .. number.hex(rest) .. " are not in " .. node.name, start)
        end
    end
end

-- The names of the flags in a number, with a field in the tree for each that is set.
local function show_flags(context, tree, node, start, value)
    local item = wf.show(context, tree, node.f, start, wf.as_value(node.of, value))
    local names = {}
    for _, member in ipairs(node.members) do
        if number.equal(number.band(value, member.value), member.value) then
            wf.show(context, item, node.f .. "." .. member.f, start, true)
            names[#names + 1] = member.name
        end
    end
    item:append_text(" (" .. table.concat(names, "|") .. ")")
end

-- Show a number by its name; shared with records of bits.
function wf.show_named(context, tree, node, start, value)
    if not tree then
        return
    elseif node.k == "flags" then
        show_flags(context, tree, node, start, value)
        return
    end
    local plain = node.of or node
    local item = wf.show(context, tree, node.f, start, wf.as_value(plain, value))
    if node.k == "enum" and plain.n > 4 then
        item:append_text(" (" .. (node.names[number.text(value)] or "unknown") .. ")")
    end
end

function handlers.enum(context, node, tree)
    local start = context.position
    local value = handlers.int(context, node.of, nil)
    wf.show_named(context, tree, node, start, value)
    wf.check_member(context, node, value, start)
    return value
end

handlers.flags = handlers.enum

local function items_of(context, node, tree, count)
    local items = {}
    while #items < (count or math.huge) do
        local start = context.position
        if not count and start >= context.stop then
            break
        elseif not count and #items == node.max then
            wf.fail(context, "limit", "more than " .. node.max .. " items", start)
        end
        items[#items + 1] = decode(context, node.of, tree, {}) or false
        if not count and context.position == start then
            wf.fail(context, "trailing", "bytes that no item takes", start)
        end
    end
    return items
end

function handlers.list(context, node, tree, values)
    return wf.branch(context, tree, node.f, node.label, function(branch)
        local count = wf.amount(context, node.count, node.max, "count", values, branch)
        local items = items_of(context, node, branch, count)
        if branch and node.f then
            branch:append_text(": " .. #items .. (#items == 1 and " item" or " items"))
        end
        return items
    end)
end

local function mark_of(context, node, tree, mark)
    local start = context.position
    if wf.peek(context, #mark) == mark then
        context.position = start + #mark
        wf.show(context, tree, node.f and node.f .. ".mark", start)
        return true
    end
    return false
end

function handlers.chain(context, node, tree)
    return wf.branch(context, tree, node.f, node.label, function(branch)
        local items = {}
        while mark_of(context, node, branch, node.more) do
            if #items == node.max then
                wf.fail(context, "limit", "more than " .. node.max .. " items")
            end
            items[#items + 1] = decode(context, node.of, branch, {}) or false
        end
        wf.need(context, #node["end"])
        if not mark_of(context, node, branch, node["end"]) then
            wf.fail(context, "constant", "neither another item nor the end of the list")
        end
        return items
    end)
end

function handlers.region(context, node, tree, values)
    local size = wf.amount(context, node.size, node.max, "size", values, tree)
    return wf.inside(context, tree, size, function()
        return decode(context, node.of, tree, values)
    end)
end

function handlers.maybe(context, node, tree, values)
    local start = context.position
    local flag = handlers.int(context, node.flag, tree)
    if not number.equal(flag, 0) and not number.equal(flag, 1) then
        wf.fail(context, "constant", number.text(flag) .. " instead of 0 or 1", start)
    end
    return number.equal(flag, 1) and decode(context, node.of, tree, values) or nil
end

function handlers.when(context, node, tree, values)
    return wf.is_true(context, node.cond, values) and decode(context, node.of, tree, values) or nil
end

function handlers.announced(context, node, tree, values)
    local start, found = context.position, wf.peek(context, #node.marker)
    if found == node.marker then
        context.position = start + #found
        wf.show(context, tree, node.f and node.f .. ".marker", start)
        return decode(context, node.of, tree, values)
    end
    local is_cut = #found < #node.marker and node.marker:sub(1, #found) == found
    if is_cut and not context.bounded and (#found > 0 or context.open_end) then
        wf.need(context, #node.marker)
    end
    return nil
end

-- Whether the version at hand, or the newest, has a field or record.
function wf.present(context, part)
    local version = context.version or math.huge
    return version >= (part.since or 0) and version <= (part["until"] or math.huge)
end

-- Whether the version at hand has the records in a node.
local function lives(context, node)
    local record = node.k == "ref" and (node.records or context.protocol.records)[node.name]
    return (not record or wf.present(context, record)) and (not node.of or lives(context, node.of))
end

function handlers.union(context, node, tree, values)
    local tag = wf.evaluate(context, node.on, values)
    local arm = node.arms[number.text(tag)]
    arm = arm and lives(context, arm) and arm
    context.arm = arm and node.first[number.text(tag)] or nil
    if arm then
        return decode(context, arm, tree, values)
    elseif not node.unknown then
        wf.fail(context, "tag", number.text(tag) .. " names no member")
    end
    local start = context.position
    context.position = context.stop
    wf.show(context, tree, node.f and node.f .. ".unknown", start)
    return nil
end

function handlers.pointed(context, node, tree)
    local start = context.position
    local size = handlers.int(context, node.size_int, tree)
    local offset = handlers.int(context, node.offset_int, tree)
    context.pointers[#context.pointers + 1] = { node = node, size = size, offset = offset, start = start }
    return nil
end

function handlers.computed(context, node, tree)
    return handlers.int(context, node.of, tree)
end

handlers.checksum = handlers.computed

function handlers.opaque(context, node)
    wf.fail(context, "opaque", node.cls .. " is not understood: " .. node.reason)
end

function handlers.ref(context, node, tree)
    local record = (node.records or context.protocol.records)[node.name]
    return wf.branch(context, tree, node.f, node.label or node.title, function(branch)
        return wf.record(context, record, branch or (not node.f and tree) or nil)
    end)
end
