-- Several consumers at once, in one thread: each is a coroutine that stops before and after each
-- call to the store, and a seeded scheduler says whose turn it is. So every interleaving of calls
-- can happen, and a consumer can die between an effect and its answer.
local TURNS_MAX = 100000

local Consumers = {}
Consumers.__index = Consumers

-- A store whose calls stop: before they are done, and after that, before the answer is there.
-- tell(name, answer, err, ...), if given, is told of each call when it is done, with what it was
-- given.
function Consumers.stopping(store, tell)
  local real = getmetatable(store).__index
  for _, name in ipairs { "get", "put", "update", "delete" } do
    store[name] = real[name] and function(self, ...)
      coroutine.yield()
      local answer, err = real[name](self, ...)
      if tell then tell(name, answer, err, ...) end
      coroutine.yield()
      return answer, err
    end
  end
  return store
end

-- `handle(message)` answers true for an ack, anything else gives the message back. Messages are
-- handed out in an order of the scheduler's: also one that somebody has in hand (a lease that is
-- over, a duplicate), as long as nobody has acked it.
function Consumers:free_slot()
  for i = 1, self.count do
    if not self.running[i] then return i end
  end
end

function Consumers:begin(slot)
  local message = self.messages[self.random(#self.messages)]
  self.running[slot] = { message = message, task = coroutine.create(self.handle) }
  self.tell(slot, "begins", message)
end

function Consumers:ack(message)
  for i, each in ipairs(self.messages) do
    if each == message then return table.remove(self.messages, i) end
  end
end

function Consumers:step(slot)
  local run = self.running[slot]
  self.slot = slot
  local ok, acked = coroutine.resume(run.task, run.message)
  if not ok then error(acked, 0) end
  if coroutine.status(run.task) == "suspended" then return end
  self.running[slot] = nil
  self.tell(slot, acked and "acks" or "gives back", run.message)
  if acked then self:ack(run.message) end
end

-- One turn of one consumer: it begins, dies, or goes on to its next stop.
function Consumers:turn()
  local slot = self.random(self.count)
  if not self.running[slot] then
    if self.messages[1] then self:begin(slot) end
  elseif self.kills > 0 and self.random(self.kill_one_in) == 1 then
    self.tell(slot, "dies", self.running[slot].message)
    self.kills, self.running[slot] = self.kills - 1, nil
    self.killed = self.killed + 1
  else
    self:step(slot)
  end
end

-- Runs until every message is acked and nobody has one in hand.
function Consumers:run()
  local turns = 0
  while self.messages[1] or next(self.running) do
    turns = turns + 1
    if turns > TURNS_MAX then error(("not over after %d turns"):format(turns)) end
    self:turn()
  end
  return self
end

-- opts: random, count (of consumers), messages, handle, kills (at most so many), kill_one_in, and
-- tell(slot, what, message), which is told who begins, acks, gives back or dies. While one runs its
-- number is opts.slot.
return {
  stopping = Consumers.stopping,
  run = function(opts)
    opts.running, opts.killed, opts.kills = {}, 0, opts.kills or 0
    opts.kill_one_in = opts.kill_one_in or 12
    opts.tell = opts.tell or function() end
    return setmetatable(opts, Consumers):run()
  end,
}
