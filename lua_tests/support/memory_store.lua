-- A bucket in memory that keeps the bucket contract: what specs give to routes and to change.
-- `calls` lists what was asked of it. `interfere(store)` runs once, before the next write, to play
-- another writer; with `resend` every write is sent twice and the second answer counts, which is
-- what a client sees when a connection dies after the server has read the request.
local change = require "tidegate.change"

local Store = {}
Store.__index = Store

local function refuse(code, status)
  return nil, { code = code, status = status, retryable = false, message = code }
end

function Store:get(key)
  table.insert(self.calls, "get")
  local object = self.objects[key]
  if not object then return refuse("NoSuchKey", 404) end
  return object.body, { etag = object.etag, metadata = object.metadata }
end

local function condition(self, key, opts)
  local object = self.objects[key]
  if opts.if_none_match and object then return refuse("PreconditionFailed", 412) end
  if opts.if_match and not object then return refuse("NoSuchKey", 404) end
  local stale = opts.if_match and object.etag ~= opts.if_match
  if stale then return refuse("PreconditionFailed", 412) end
  return true
end

local function write(self, key, opts, act)
  local interfere = self.interfere
  self.interfere = nil
  if interfere then interfere(self) end
  local function send()
    local ok, err = condition(self, key, opts)
    if not ok then return nil, err end
    return act()
  end
  local answer, err = send()
  if self.resend then answer, err = send() end
  return answer, err
end

function Store:put(key, body, opts)
  table.insert(self.calls, "put")
  opts = opts or {}
  return write(self, key, opts, function()
    self.writes = self.writes + 1
    local etag = ('"%d"'):format(self.writes)
    self.objects[key] = {
      body = body, etag = etag, metadata = opts.metadata or {}, content_type = opts.content_type,
    }
    return { etag = etag }
  end)
end

function Store:delete(key, opts)
  table.insert(self.calls, "delete")
  return write(self, key, opts or {}, function()
    self.objects[key] = nil
    return true
  end)
end

Store.change = change

return function()
  return setmetatable({ objects = {}, calls = {}, writes = 0 }, Store)
end
