-- A queue in memory that keeps the queue contract, for specs of programs that look into one. It has
-- leases by a clock of its own: what is received is hidden until released or deleted. `calls` lists
-- what was asked of it, `broken[name]` is the error that a call answers.
local Queue = {}
Queue.__index = Queue

local function ask(self, name)
  table.insert(self.calls, name)
  return self.broken[name]
end

function Queue:add(id, body, attributes, more)
  local entry = { id = id, body = body, attributes = attributes or {}, receive_count = 0,
    sent_at = 1612306368.338 }
  for name, value in pairs(more or {}) do entry[name] = value end
  table.insert(self.entries, entry)
  return self
end

function Queue:receive(opts)
  local err, messages = ask(self, "receive"), {}
  if err then return nil, err end
  self.asked = opts
  for _, entry in ipairs(self.entries) do
    if not entry.held and #messages < opts.max then
      entry.held = true
      entry.receive_count = entry.receive_count + 1
      messages[#messages + 1] = setmetatable({ entry = entry }, { __index = entry })
    end
  end
  return messages
end

function Queue:release(message, opts)
  local err = ask(self, "release")
  if err then return nil, err end
  assert(opts.delay == 0)
  message.entry.held = false
  return true
end

function Queue:delete(message)
  local err = ask(self, "delete")
  if err then return nil, err end
  for i, entry in ipairs(self.entries) do
    if entry == message.entry then table.remove(self.entries, i) end
  end
  return true
end

function Queue:send(body, opts)
  local err = ask(self, "send")
  if err then return nil, err end
  self:add(opts.id or "new", body, opts.attributes, { group_id = opts.group })
  return true
end

function Queue:settings()
  local err = ask(self, "settings")
  if err then return nil, err end
  local visible = 0
  for _, entry in ipairs(self.entries) do visible = visible + (entry.held and 0 or 1) end
  local in_flight = #self.entries - visible
  return { max_receives = self.max_receives, visible = visible, in_flight = in_flight }
end

function Queue:parked()
  if self.place then return self.place end
  return nil, { code = "NoParkingPlace", message = "no place" }
end

-- The ids of all that is there; " held" behind those that somebody holds.
function Queue:ids()
  local ids = {}
  for i, entry in ipairs(self.entries) do ids[i] = entry.id .. (entry.held and " held" or "") end
  return ids
end

return function(url, kind)
  return setmetatable({ url = url, kind = kind or "sqs", entries = {}, calls = {}, broken = {} },
    Queue)
end
