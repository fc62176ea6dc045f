-- The policy `converge`: whatever the order in which requests come, and however often, in the end
-- the store holds what each of them, done once in the order of (sent time, request id), would make.
-- All that is known of a widget stands in its ledger (see lib/history.lua), which is changed only
-- by compare-and-swap; the widget is what the ledger says.
--   A table keeps both in one item, the ledger in its book: one write changes both. A widget that
-- is gone, or has not come, leaves an item with the key, the ledger, and the time (epoch seconds)
-- after which nobody needs it: `_tidegate_expires`.
--   A bucket keeps the ledger beside it, under ledger/KEY. The widget is written after it; and when
-- the ledger, read again, is another one by then, the widget is written again. Only then a message
-- may be acked. The widget's book has the version of its ledger: a late writer does not put an
-- older one over it.
local tide = require "tidegate"
local history = require "tidegate.history"
local same = require "tidegate.same"
local widget = require "widget"

local M = {}

local LEDGERS = "ledger/"
local EXPIRES = "_tidegate_expires"
local KEEP = 14 * 86400 -- s: no queue keeps a message longer
local ROUNDS = 8
local CHANGED = { PreconditionFailed = true, NoSuchKey = true } -- by somebody since it was read

local function is_target(shown, request)
  return shown and not widget.is_foreign(shown, request)
end

-- What a request was that found the one widget and left the other.
local function answer_of(request, was, shown)
  if request.type ~= "create" and not is_target(was, request) then
    return tide.skip("there is no widget to " .. request.type, "missing")
  end
  if was and not shown then return tide.done "deleted" end
  if shown and not was then return tide.done "created" end
  if same(was, shown) then return tide.done "unchanged" end
  return tide.done(request.type == "create" and "replaced" or "updated")
end

-- The ledger after a request, the widget that it tells of, the verdict, and the ledger as JSON.
local function learn(before, request)
  local after = history.merge(before, request, request.order)
  local was, shown = history.widget(before), history.widget(after)
  local text, problem = tide.json.encode(after)
  problem = problem or after ~= before and widget.problem(shown or {}, #text)
  if problem then return before, was, tide.park(problem, "rejected"), text end
  return after, shown, answer_of(request, was, shown), text
end

-- ---- a table: one item ----

local function codec(key_name)
  local opts = {}
  function opts.decode(item)
    local value = { expires = item[EXPIRES] }
    item[EXPIRES] = nil
    if next(item, next(item)) then value.widget = widget.from_item(item, key_name) end
    return value
  end
  function opts.encode(value)
    local item = value.widget and widget.to_item(value.widget, key_name) or {}
    item[EXPIRES] = value.expires
    return item
  end
  return opts
end

-- The ledger in a book, or that of an item without one; nil when it cannot be read.
local function ledger_of(written, current)
  if written == nil then return history.adopt(current.widget) end
  return type(written) == "string" and tide.json.decode(written) or nil
end

local function in_item(request, store, key)
  local answer
  local expires = math.ceil(tide.now() + (require "conflicts".keep_deleted or KEEP))
  local changed, err = store:change(key, function(current, context)
    local written = context.book.ledger
    current = current or {}
    local before = ledger_of(written, current)
    answer = not before and tide.park "the ledger in _tidegate cannot be read" or nil
    if answer then return answer end
    local after, shown, verdict, text = learn(before, request)
    answer = verdict
    if answer.verdict == "park" or after == before and not written then return answer end
    local until_when = expires
    if after == before then until_when, text = current.expires, written end
    return { write = { widget = shown, expires = not shown and until_when or nil },
      book = { ledger = text } }
  end, codec(store.key))
  return changed and answer, err
end

-- ---- a bucket: two objects ----

-- Teaches the ledger; answers it, and the verdict. Without a ledger there may yet be a widget, from
-- before there were any: `base` is that one, or false; nil when nobody has looked, and then an
-- update or a delete answers false.
local function teach(request, store, key, base)
  local after, answer, unknown, _
  local changed, err = store:change(LEDGERS .. key, function(before)
    unknown = not before and base == nil and request.type ~= "create"
    if unknown then return tide.skip "it has no ledger" end
    before = before or history.adopt(base or nil)
    after, _, answer = learn(before, request)
    if answer.verdict == "park" or after == before then return answer end
    return { write = after }
  end, { expect = request.type == "create" and "missing" or nil })
  if not changed then return nil, err end
  return not unknown and after, answer
end

-- What stands there, nil, and its ETag; `absent` when nothing does; or nil and an error.
local function read(store, key, absent)
  local body, meta = store:get(key)
  if body then
    local value, problem = tide.json.decode(body)
    if value ~= nil then return value, nil, meta.etag end
    return nil, tide.error { code = "BadValue", message = problem, what = "read " .. key }
  end
  if absent ~= nil and meta.code == "NoSuchKey" then return absent end
  return nil, meta
end

local LATE = tide.skip "a later ledger has written it"

-- Makes the widget what the ledger says. `fenced`: not when a later ledger did so already. `new`:
-- probably there is no widget yet, so that it need not be read first.
function M.project(store, key, ledger, fenced, new)
  local shown = history.widget(ledger)
  return store:change(key, function(current, context)
    if fenced and (context.book.ledger or 0) > ledger.version then return LATE end
    if not current and not shown or same(current, shown) then return tide.done() end
    if not shown then return { delete = true } end
    return { write = shown, book = { ledger = ledger.version } }
  end, { expect = new and shown and "missing" or nil })
end

-- Projects until the ledger is read again unchanged; answers what that did to the widget, if
-- anything ("created", "updated" or "deleted", the last one counts). A widget of a later ledger
-- than there is (somebody has removed that one) stops us once.
function M.settle(store, key, ledger, new)
  local fenced, outcome = true, nil
  for round = 1, ROUNDS do
    local done, err = M.project(store, key, ledger, fenced, new and round == 1)
    if not done then return nil, err end
    outcome = done.outcome or outcome
    local now
    now, err = read(store, LEDGERS .. key)
    if not now then return nil, err end
    local unchanged = now.version == ledger.version
    if unchanged and done ~= LATE then return true, outcome end
    ledger, fenced = now, not unchanged
  end
  return nil, tide.error { code = "Contended", retryable = true, what = "project " .. key,
    message = ("the ledger changed each time, %d times in a row"):format(ROUNDS) }
end

-- The ledgers of a bucket: an iterator of { key, last_modified }, the keys those of the widgets.
function M.each_ledger(store)
  local next_entry = store:each { prefix = LEDGERS }
  return function()
    local entry = next_entry()
    return entry and { key = entry.key:sub(#LEDGERS + 1), last_modified = entry.last_modified }
  end
end

-- Makes a widget what its ledger says, and drops the ledger when the widget is gone and was so
-- before `oldest` (epoch seconds). `entry` is one of each_ledger. Answers what it did: "written" or
-- "removed" (the widget), "dropped" (the ledger).
function M.reconcile(store, entry, oldest)
  local key, did = entry.key, {}
  local ledger, err, etag = read(store, LEDGERS .. key, false)
  if ledger == nil then return nil, err end
  if not ledger then return did end
  local settled, outcome = M.settle(store, key, ledger)
  if not settled then return nil, outcome end
  if outcome then did[1] = outcome == "deleted" and "removed" or "written" end
  if not history.widget(ledger) and entry.last_modified < oldest then
    local dropped, problem = store:delete(LEDGERS .. key, { if_match = etag })
    if dropped then did[#did + 1] = "dropped" end
    if problem and not CHANGED[problem.code] then return nil, problem end
  end
  return did
end

local function in_objects(request, store, key)
  local ledger, answer = teach(request, store, key)
  if ledger == false then
    local base, err = read(store, key, false)
    if base == nil then return nil, err end
    ledger, answer = teach(request, store, key, base)
  end
  if not ledger then return nil, answer end
  -- What says nothing of a widget without a ledger makes none.
  if answer.verdict == "park" or ledger.version == 0 then return answer end
  local settled, err = M.settle(store, key, ledger, ledger.version == 1)
  if not settled then return nil, err end
  return answer
end

-- Does all that a request asks for, at its place request.order. Answers a verdict, or nil and an
-- error of the store.
function M.change(request, store, key)
  return (store.kind == "table" and in_item or in_objects)(request, store, key)
end

return M
