-- Histories of requests for one widget, made from a seed, and the model: what is left when they are
-- applied once each, one after the other in their order. The model is written from the rules of the
-- exercise alone: a widget is a flat table of texts.
local tide = require "tidegate"

local M = {}

local NAMES = { "color", "size", "note" }
local OWNERS = { "Sue Smith", "sue smith", "Henry Hops" }

-- A generator of whole numbers, 1 to n, that is the same on every machine.
function M.random(seed)
  local state = seed * 2654435761 % 4294967296
  return function(n)
    state = (state * 1103515245 + 12345) % 2147483648
    return state // 65536 % n + 1
  end
end

local function attributes(random, value)
  local list = {}
  for i, name in ipairs(NAMES) do
    if random(3) == 1 then
      list[#list + 1] = { name = name, value = random(4) == 1 and "" or value .. i }
    end
  end
  return list
end

local function text(random, value)
  local dice = random(4)
  return dice > 2 and (dice == 3 and "" or value) or nil
end

-- One request of that kind, sent at `ms`; `members` add to it or replace.
function M.request(kind, ms, members)
  local made = { type = kind, requestId = "r" .. ms, widgetId = "w1", owner = "Sue Smith",
    otherAttributes = {}, ignored = {}, order = { ("%013d"):format(ms), "r" .. ms } }
  for name, value in pairs(members or {}) do made[name] = value end
  return made
end

-- `count` requests; sent times are few, so that some are equal. With `owners` several take part.
function M.make(random, count, owners)
  local requests = {}
  for i = 1, count do
    local dice, value = random(10), "v" .. i
    local kind = dice <= 3 and "create" or dice <= 8 and "update" or "delete"
    requests[i] = {
      type = kind, requestId = ("r%d-%d"):format(random(9), i), widgetId = "w1", ignored = {},
      owner = owners and OWNERS[random(#OWNERS)] or OWNERS[random(2)],
      label = kind ~= "delete" and text(random, value) or nil,
      description = kind ~= "delete" and text(random, value) or nil,
      otherAttributes = kind ~= "delete" and attributes(random, value) or {},
      order = { ("%013d"):format(1612306368338 + random(count)), "" },
    }
    requests[i].order[2] = requests[i].requestId
  end
  return requests
end

-- The same requests in another order, about a third of them twice.
function M.deliveries(random, requests)
  local list = {}
  for _, request in ipairs(requests) do
    for _ = 1, random(3) == 1 and 2 or 1 do
      table.insert(list, random(#list + 1), request)
    end
  end
  return list
end

function M.in_order(requests)
  local list = table.move(requests, 1, #requests, 1, {})
  table.sort(list, function(a, b)
    if a.order[1] ~= b.order[1] then return a.order[1] < b.order[1] end
    return a.order[2] < b.order[2]
  end)
  return list
end

local function key_of(owner) return (owner:lower():gsub(" ", "-")) end

local function apply(current, request)
  if request.type == "create" then
    current = { owner = request.owner, label = request.label, description = request.description }
    for _, each in ipairs(request.otherAttributes) do current["+" .. each.name] = each.value end
    return current
  end
  if not current or key_of(current.owner) ~= key_of(request.owner) then return current end
  if request.type == "delete" then return nil end
  for _, name in ipairs { "label", "description" } do
    if request[name] then current[name] = request[name] ~= "" and request[name] or nil end
  end
  for _, each in ipairs(request.otherAttributes) do
    current["+" .. each.name] = each.value ~= "" and each.value or nil
  end
  return current
end

-- What the requests make, or nil; of nothing, or of the flat widget that stands there before.
function M.model(requests, current)
  for _, request in ipairs(M.in_order(requests)) do current = apply(current, request) end
  return current
end

-- A widget as the model writes it.
function M.flat(widget)
  if not widget then return nil end
  local flat = { owner = widget.owner }
  for _, name in ipairs { "label", "description" } do
    if widget[name] ~= tide.null then flat[name] = widget[name] end
  end
  for _, each in ipairs(widget.otherAttributes) do flat["+" .. each.name] = each.value end
  return flat
end

return M
