-- A schedule: one history for one widget, handled by several consumers at once in the interleaving
-- that a seed says, on a bucket or a table in memory. The same seed gives the same schedule, so one
-- that ends wrong can be run again and watched.
local here = debug.getinfo(1, "S").source:match "^@(.*/)"
local tide = require "tidegate"
local change = require "tidegate.change"
local converge = require "conflicts.converge"
local same = require "tidegate.same"
local widget = require "widget"
local consumers = dofile(here .. "consumers.lua")
local histories = dofile(here .. "histories.lua")
local memory_store = dofile(here .. "memory_store.lua")
local memory_table = dofile(here .. "memory_table.lua")

local M = {}

local KEY = "widgets/sue-smith/w1"

-- What stands there already, in a store that knows no ledgers.
local EARLIER = { id = "w1", owner = "Sue Smith", label = "old", description = tide.null,
  otherAttributes = tide.array { { name = "size", value = "old" } } }

-- Each kind of store: new(), put(store), widget(store), and the key of the one widget; a bucket can
-- be reconciled.
M.KINDS = {}

M.KINDS.bucket = {
  key = KEY,
  new = memory_store,
  put = function(store) store:put(KEY, assert(tide.json.encode(EARLIER))) end,
  widget = function(store)
    local object = store.objects[KEY]
    return object and tide.json.decode(object.body)
  end,
  reconcile = function(store)
    local calm = memory_store()          -- its calls do not stop
    calm.objects = store.objects
    assert(converge.reconcile(calm, { key = KEY, last_modified = 0 }, 0))
  end,
}

M.KINDS.table = {
  key = "w1",
  new = function()
    local items = memory_table()
    items.change = change
    return items
  end,
  put = function(items) items:put(widget.to_item(EARLIER, "id")) end,
  widget = function(items)
    local whole, flat = items.items.w1, {}
    for name, value in pairs(whole or {}) do
      if not name:find "^_tidegate" then flat[name] = value end
    end
    return flat.owner and widget.from_item(flat, "id") or nil
  end,
}

-- Does `tidegate reconcile` put it right?
local function is_mended(kind, store, expected)
  if not kind.reconcile then return false end
  kind.reconcile(store)
  return same(histories.flat(kind.widget(store)), expected)
end

-- Runs one. In every other one several owners take part, who meet in a table, and in a bucket whose
-- keys do not tell the owner. opts: consumers (3), kills (at most so many), earlier (a widget
-- stands there), resend (each write is sent twice, and the second answer counts), tell (see
-- consumers.lua; before all else it is told the requests). Answers {found, expected, killed, wrong,
-- mended}: of one that ended wrong, whether it can be reconciled.
function M.run(kind, seed, opts)
  local random = histories.random(seed)
  local requests = histories.make(random, random(6), seed % 2 == 0)
  local store, tell = kind.new(), opts.tell
  if opts.earlier then kind.put(store) end
  store.resend = opts.resend
  local run = {
    random = random, count = opts.consumers or 3, kills = opts.kills, tell = tell,
    messages = histories.deliveries(random, requests),
  }
  consumers.stopping(store, tell and function(...) tell(run.slot, ...) end)
  function run.handle(request) return (converge.change(request, store, kind.key)) end
  if tell then tell("requests", histories.in_order(requests)) end
  consumers.run(run)
  local ended = { killed = run.killed, found = histories.flat(kind.widget(store)),
    expected = histories.model(requests, opts.earlier and histories.flat(EARLIER) or nil) }
  ended.wrong = not same(ended.found, ended.expected)
  ended.mended = ended.wrong and is_mended(kind, store, ended.expected)
  return ended
end

return M
