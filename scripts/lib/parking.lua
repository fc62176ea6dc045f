-- What lies in a parking place. A queue can be listed only by receiving: each message is held under
-- a lease for as long as it is looked at, and given back at the end, whatever happened.
local tide = require "tidegate"

local M = {}

local LEASE = 120 -- s: after that a message comes back by itself, should giving it back fail
M.lease = LEASE
local BATCH = 10
local DEDUPLICATION = 300 -- s

local OURS = "tidegate-"
local KEPT = { ["tidegate-sent-at"] = true } -- of ours, what outlives a replay

-- Where the messages of `from` are parked: the place that was named, or the source's own.
function M.open(from, park)
  if park then return tide.queue(park) end
  local source, err = tide.queue(from)
  if not source then return nil, err end
  return source:parked()
end

-- Would receiving move messages on to yet another place? Answers why, or nil.
function M.risk(queue)
  if queue.kind == "bucket" then return nil end
  local settings = queue:settings()
  local limit = settings and settings.max_receives
  if limit and limit <= 1 then
    return ("%s puts a message aside after 1 receive, and a look would be that one"):format(
      queue.url)
  end
end

-- How many messages others hold: another process, or one that was ended while it looked.
local function held_by_others(queue, held, gone)
  local settings = queue:settings()
  local count = settings and settings.in_flight or 0
  for _, message in ipairs(held) do
    if not gone[message] then count = count - 1 end
  end
  return math.max(0, count)
end

-- Receives and visits until it is told to stop; see each().
local function walk(queue, most, held, gone, visit)
  local seen, ids = 0, {}
  local wait = queue.kind == "sqs" and 1 or 0 -- without a wait SQS asks only some of its servers
  while seen < most do
    local messages, err = queue:receive {
      max = math.min(BATCH, most - seen), wait = wait, visibility = LEASE,
    }
    if not messages then return nil, err end
    if not messages[1] then return seen, 0, held_by_others(queue, held, gone) end
    table.move(messages, 1, #messages, #held + 1, held)
    for _, message in ipairs(messages) do
      local again = ids[message.id]
      ids[message.id] = true
      seen = again and seen or seen + 1
      if not again and visit(message) then return seen, 0 end
    end
  end
  local settings = queue:settings()
  return seen, settings and settings.visible or nil
end

-- Calls visit(message) for at most `most` messages, until it answers true; one that is delivered
-- twice is visited once. Whatever is not in the set `gone` afterwards is given back. Returns how
-- many were seen, how many were left out (nil: nobody knows) and how many others hold; or nil and
-- an error.
function M.each(queue, most, gone, visit)
  local held = {}
  local ok, seen, left, hidden = pcall(walk, queue, most, held, gone, visit)
  for _, message in ipairs(held) do
    local released, err = true, nil
    if not gone[message] then released, err = queue:release(message, { delay = 0 }) end
    if not released then
      tide.log.warn("parked request " .. message.id .. " comes back later", { reason = err })
    end
  end
  if not ok then error(seen, 0) end
  return seen, left, hidden
end

-- A FIFO queue confirms and drops what it got within five minutes before, and whatever it got was
-- sent there before the message was parked. Answers how many seconds are left.
local function too_early(message, to)
  if not to.url:find "%.fifo$" then return nil end
  local left = DEDUPLICATION - (tide.now() - (message.sent_at or 0))
  return left > 0 and math.ceil(left) or nil
end

-- Sends a parked message to `to` as it was sent first, and deletes the parked copy when that is
-- confirmed. Returns true, or nil and an error; then the parked copy stays.
function M.replay(queue, message, to)
  local left, attributes = too_early(message, to), {}
  if left then
    return nil, tide.error { code = "TooEarly", retryable = true, message =
      ("a FIFO queue would drop it as a duplicate; it can be sent in %d s"):format(left) }
  end
  for name, value in pairs(message.attributes) do
    if KEPT[name] or name:sub(1, #OURS) ~= OURS then attributes[name] = value end
  end
  local sent, err = to:send(message.body, {
    attributes = attributes, id = to.kind == "bucket" and message.id or nil,
    group = message.group_id,
  })
  if not sent then return nil, err end
  local deleted, problem = queue:delete(message)
  if deleted then return true end
  tide.log.warn("parked request " .. message.id .. " was sent, but is still parked as well")
  return nil, problem
end

-- When it was sent first, in seconds; nil when nobody knows.
function M.sent_at(message)
  local first = tonumber(message.attributes["tidegate-sent-at"])
  return first and first / 1000 or message.sent_at
end

return M
