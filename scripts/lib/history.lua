-- What all requests for one widget make of it, in whatever order they come: pure functions on a
-- ledger, which is their history without everything that cannot matter any more.
--
--   { version = 3,                          counts the changes of the ledger
--     create = { at = {…}, widget = {…} },  the last create, if one has come
--     later = { { at = {…}, owner = "sue-smith", delete = true },
--               { at = {…}, owner = …, label = …, description = …, otherAttributes = {…} }, … } }
--
-- `at` is a request's place in the order: {text, request id}, compared as bytes, the text first.
-- `later` is what comes after the create in that order, or waits for one: of each owner the last
-- delete, and of the updates after it only those members that no later one says again. So a
-- request that is merged twice, or when it is out of date, changes nothing; the order of merging
-- does not matter; and a ledger does not grow with the number of updates, only with that of names.
local tide = require "tidegate"
local widget = require "widget"

local M = {}

local TEXTS = { "label", "description" }

-- Where a request stands: by the key of its object when a bucket is the source (of one that a
-- notification names, the whole key), else by the time when it was sent first, in milliseconds of
-- 13 digits.
function M.order(message, kind, request)
  local text = message.key or message.id
  if kind ~= "bucket" then
    text = ("%013d"):format(math.floor((message.sent_at or 0) * 1000 + 0.5))
  end
  return { text, request.requestId }
end

local function is_before(a, b)
  if a[1] ~= b[1] then return a[1] < b[1] end
  return a[2] < b[2]
end

-- The ledger of a widget that has none so far: it was made before all requests. Without a widget,
-- the ledger of nothing.
function M.adopt(current)
  return {
    version = 0, later = tide.array {},
    create = current and { at = tide.array { "", "" }, widget = current },
  }
end

-- Of an update what `said` does not have yet, and adds that to it; nil when nothing is left.
local function news(entry, said)
  local left, any = { at = entry.at, owner = entry.owner }, false
  local function is_new(name)
    local new = not said[name]
    said[name], any = true, any or new
    return new
  end
  for _, name in ipairs(TEXTS) do
    if entry[name] and is_new(name) then left[name] = entry[name] end
  end
  local list = {}
  for _, attribute in ipairs(entry.otherAttributes) do
    if is_new(attribute.name) then list[#list + 1] = attribute end
  end
  left.otherAttributes = tide.array(list)
  return any and left or nil
end

-- What can still matter of entries in their order: the newest is looked at first.
local function pruned(create, entries)
  local kept, said_by, is_deleted = {}, {}, {}
  for i = #entries, 1, -1 do
    local entry = entries[i]
    local owner = entry.owner
    if create and not is_before(create.at, entry.at) then break end
    if not is_deleted[owner] then
      said_by[owner] = said_by[owner] or {}
      is_deleted[owner] = entry.delete
      kept[#kept + 1] = entry.delete and entry or news(entry, said_by[owner])
    end
  end
  local later = {}
  for i = #kept, 1, -1 do later[#later + 1] = kept[i] end
  return tide.array(later)
end

local function entry_of(request, at)
  local entry = { at = at, owner = widget.folded(request.owner) }
  if request.type == "delete" then
    entry.delete = true
  else
    entry.label, entry.description = request.label, request.description
    entry.otherAttributes = tide.array(request.otherAttributes)
  end
  return entry
end

-- The entries with one more in its place; nil when it is there already.
local function inserted(entries, new)
  local list, place = {}, #entries + 1
  for i, entry in ipairs(entries) do
    if not is_before(entry.at, new.at) then place = math.min(place, i) end
    list[i] = entry
  end
  local found = entries[place]
  if found and not is_before(new.at, found.at) then return nil end
  table.insert(list, place, new)
  return list
end

local function survives(entries, at)
  for _, entry in ipairs(entries) do
    if entry.at == at then return true end
  end
  return false
end

-- The ledger after a request that stands at `order`; the same ledger when that changes nothing.
function M.merge(ledger, request, order)
  local at, create, later = tide.array { order[1], order[2] }, ledger.create, ledger.later
  if request.type == "create" then
    if create and not is_before(create.at, at) then return ledger end
    create = { at = at, widget = widget.create(request) }
    later = pruned(create, later)
  else
    local entries = inserted(later, entry_of(request, at))
    if not entries then return ledger end
    later = pruned(create, entries)
    if not survives(later, at) then return ledger end
  end
  return { version = ledger.version + 1, create = create, later = later }
end

-- The widget that the requests make, done one after the other in their order; nil when there is
-- none in the end. An update and a delete do not see the widget of another owner.
function M.widget(ledger)
  if not ledger.create then return nil end
  local current = ledger.create.widget
  for _, entry in ipairs(ledger.later) do
    if not widget.is_foreign(current, entry) then
      if entry.delete then return nil end
      current = widget.update(current, entry)
    end
  end
  return current
end

return M
