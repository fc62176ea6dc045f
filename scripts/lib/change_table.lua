-- change on a table: the value is the item without its one reserved attribute, which is the book.
-- What was read is the condition of what is written: the book first, or that there is none, then
-- the attributes, a hundred in all. An update names only what differs, so that attributes which
-- somebody else added since stay. An item that names the reserved attribute, or another key, is
-- misuse.
local same = require "tidegate.same"

local M = {}

local BOOK = "_tidegate"
local EQUAL_MAX = 100  -- of a condition
local CHANGES_MAX = 300  -- of an update; what changes more is written whole

-- Its own all the way down: `decide` may change what it was given.
local function copy(value)
  if type(value) ~= "table" then return value end
  local mine = setmetatable({}, getmetatable(value))
  for name, inner in pairs(value) do mine[name] = copy(inner) end
  return mine
end

local function sorted_names(item)
  local names = {}
  for name in pairs(item) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- What stands there: {value, item, book}; of nothing only an empty book.
local function found_of(item, opts)
  if not item then return { book = {} } end
  local book, value, problem = item[BOOK], {}, nil
  for name, attribute in pairs(item) do
    if name ~= BOOK then value[name] = copy(attribute) end
  end
  if opts.decode then value, problem = opts.decode(value) end
  if value == nil then return { problem = problem or "it cannot be decoded" } end
  return { value = value, item = item, book = type(book) == "table" and copy(book) or {} }
end

function M.read(store, key, opts)
  local item, err = store:get(key)
  if item or err.code == "NoSuchItem" then return found_of(item, opts) end
  return nil, err
end

-- After a lost race the refusal carries what stands there; when it does not, we look.
function M.again(store, key, refusal, opts)
  if refusal.item then return found_of(refusal.item, opts) end
  return M.read(store, key, opts)
end

-- The item to write, all but the book.
local function encode(store, key, value, opts)
  local item, problem = value, nil
  if opts.encode then item, problem = opts.encode(value) end
  if type(item) ~= "table" then
    error(("change %s: cannot encode the value: %s"):format(key, problem or type(item)))
  end
  if item[BOOK] ~= nil then
    error(("change %s: the attribute %s is reserved"):format(key, BOOK))
  end
  local named = item[store.key]
  if named ~= nil and named ~= key then
    error(("change %s: the value names another key, %s = %s"):format(key, store.key,
      tostring(named)))
  end
  local whole = { [store.key] = key }
  for name, attribute in pairs(item) do whole[name] = attribute end
  return whole
end

local function unchanged(item)
  local equal, count = { [BOOK] = item[BOOK] }, 1
  for _, name in ipairs(sorted_names(item)) do
    if count == EQUAL_MAX then break end
    if equal[name] == nil then equal[name], count = item[name], count + 1 end
  end
  return { if_equal = equal, if_lacks = item[BOOK] == nil and { BOOK } or nil }
end

-- What makes `after` of `before`, and how many attributes that names.
local function difference(before, after)
  local set, remove, count = {}, {}, 0
  for name, attribute in pairs(after) do
    if not same(attribute, before[name]) then set[name], count = attribute, count + 1 end
  end
  for _, name in ipairs(sorted_names(before)) do
    if after[name] == nil then remove[#remove + 1] = name end
  end
  return { set = set, remove = remove }, count + #remove
end

function M.write(store, key, found, value, book, opts)
  local item = encode(store, key, value, opts)
  item[BOOK] = next(book) and book or nil
  if not found.item then return store:put(item, { if_absent = true }) end
  local changes, count = difference(found.item, item)
  if count == 0 then return true end
  if count > CHANGES_MAX then return store:put(item, unchanged(found.item)) end
  return store:update(key, changes, unchanged(found.item))
end

function M.delete(store, key, found)
  return store:delete(key, unchanged(found.item))
end

return M
