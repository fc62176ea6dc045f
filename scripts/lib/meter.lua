-- What the handlers of one run answered, by type of request and verdict, and how long they took.
-- Times go into buckets that grow by 8 %, so that a percentile is at most 4 % off, however many.
local Meter = {}
Meter.__index = Meter

local GROWTH = math.log(1.08)
local LEAST = 1e-6 -- s

-- A handler has begun.
function Meter:begin()
  self.begun = self.begun + 1
end

-- It answered: `kind` of request, word of the verdict, seconds.
function Meter:finish(kind, verdict, seconds)
  local row = self.rows[kind] or {}
  self.rows[kind] = row
  row[verdict] = (row[verdict] or 0) + 1
  self.finished = self.finished + 1
  local bucket = seconds > LEAST and math.floor(math.log(seconds / LEAST) / GROWTH) or 0
  self.buckets[bucket] = (self.buckets[bucket] or 0) + 1
  self.last = math.max(self.last, bucket)
end

-- The time in seconds that the fraction q of all handlers needed at most; nil before the first one.
function Meter:quantile(q)
  local wanted, seen = math.max(1, math.ceil(q * self.finished)), 0
  for bucket = 0, self.last do
    seen = seen + (self.buckets[bucket] or 0)
    if seen >= wanted then return LEAST * math.exp((bucket + 0.5) * GROWTH) end
  end
end

-- Handlers that answered nothing: they raised, or the drain deadline cut them off.
function Meter:unanswered()
  return self.begun - self.finished
end

return function()
  return setmetatable({ begun = 0, finished = 0, rows = {}, buckets = {}, last = 0 }, Meter)
end
