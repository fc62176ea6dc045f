-- A table in memory that keeps the contract of tables: what specs give to change.
-- `calls` lists what was asked of it, `asked` the last write with its options. `interfere(store)`
-- runs once, before the next write, to play another writer; with `resend` every write is sent twice
-- and the second answer counts. With `mute` a refusal does not carry the item, as some servers do.
local Store = {}
Store.__index = Store

local function copy(value)
  if type(value) ~= "table" then return value end
  local mine = setmetatable({}, getmetatable(value))
  for name, inner in pairs(value) do mine[name] = copy(inner) end
  return mine
end

local function equal(a, b)
  if a == b then return true end
  if type(a) ~= "table" or type(b) ~= "table" then return false end
  for name, value in pairs(a) do
    if not equal(value, b[name]) then return false end
  end
  for name in pairs(b) do
    if a[name] == nil then return false end
  end
  return true
end

function Store:get(key)
  table.insert(self.calls, "get")
  local item = self.items[key]
  if item then return copy(item) end
  return nil, { code = "NoSuchItem", status = 404, retryable = false }
end

local function holds(item, opts)
  if opts.if_absent then return item == nil end
  if opts.if_exists or opts.if_equal then
    for name, value in pairs(item and opts.if_equal or {}) do
      if not equal(item[name], value) then return false end
    end
    for _, name in ipairs(item and opts.if_lacks or {}) do
      if item[name] ~= nil then return false end
    end
    return item ~= nil
  end
  return true
end

local function write(self, verb, key, what, opts, act)
  local interfere = self.interfere
  self.interfere = nil
  table.insert(self.calls, verb)
  self.asked = { what = copy(what), opts = copy(opts or {}) }
  if interfere then interfere(self) end
  local function send()
    local item = self.items[key]
    if holds(item, opts or {}) then
      self.items[key] = act(item)
      return true
    end
    local stands = not self.mute and copy(item) or nil
    return nil, { code = "ConditionalCheckFailedException", status = 400, item = stands }
  end
  local ok, err = send()
  if self.resend then ok, err = send() end
  return ok, err
end

function Store:put(item, opts)
  local mine = copy(item)
  return write(self, "put", item[self.key], item, opts, function() return mine end)
end

function Store:update(key, changes, opts)
  local mine = copy(changes)
  return write(self, "update", key, changes, opts, function(item)
    local new = copy(item or { [self.key] = key })
    for name, value in pairs(mine.set or {}) do new[name] = value end
    for _, name in ipairs(mine.remove or {}) do new[name] = nil end
    return new
  end)
end

function Store:delete(key, opts)
  return write(self, "delete", key, nil, opts, function() return nil end)
end

return function()
  return setmetatable({ items = {}, calls = {}, kind = "table", key = "id" }, Store)
end
