-- luacheck: std lua54+busted
-- Delivers histories in many orders to stores in memory, and writes what is left to the file RESULT
-- as JSON: { messages = { bucket, table }, bucket = [ widgets … ], table = [ widgets … ] }, the
-- widgets of each history as { key, widget }. They must be the same after each order, down to the
-- ledgers, and what the model of support/histories.lua says. HISTORIES is a file of JSON:
-- { orders, histories = [ [ { ms, body } … ] … ] }.
local here = debug.getinfo(1, "S").source:match "^@(.*/)" or "./"
local tide = require "tidegate"
local converge = require "conflicts.converge"
local history = require "tidegate.history"
local same = require "tidegate.same"
local widget = require "widget"
local histories = dofile(here .. "../../support/histories.lua")
local schedules = dofile(here .. "../../support/schedules.lua")

local KINDS = schedules.KINDS

local function json(value) return assert(tide.json.encode(value)) end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return assert(tide.json.decode(file:read "a"))
end

-- The requests of a history, each at its place; what is no request is left out, as it is parked.
local function requests_of(sent)
  local list = {}
  for _, each in ipairs(sent) do
    local request = widget.parse(each.body)
    if request then
      request.order = history.order({ id = "m", sent_at = each.ms / 1000 }, "sqlite", request)
      list[#list + 1] = request
    end
  end
  return list
end

local KEYS = {
  bucket = widget.key,
  table = function(request) return request.widgetId end,
}

local CONTENTS = {}

function CONTENTS.bucket(store)
  local widgets, ledgers = {}, {}
  for key, object in pairs(store.objects) do
    local value = assert(tide.json.decode(object.body))
    if key:find "^ledger/" then ledgers[key] = value else widgets[key] = value end
  end
  return widgets, ledgers
end

function CONTENTS.table(items)
  local widgets, ledgers = {}, {}
  for key, item in pairs(items.items) do
    ledgers[key] = assert(tide.json.decode(item._tidegate.ledger))
    item._tidegate, item._tidegate_expires = nil, nil
    widgets[key] = item.owner and widget.from_item(item, "id") or nil
  end
  return widgets, ledgers
end

-- What is left after one order: widgets, and ledgers without the number of their changes.
local function left_by(kind, delivered)
  local store = KINDS[kind].new()
  for _, request in ipairs(delivered) do
    local verdict = assert(converge.change(request, store, KEYS[kind](request)))
    assert(verdict.verdict == "done" or verdict.verdict == "skip", verdict.reason)
  end
  local widgets, ledgers = CONTENTS[kind](store)
  for _, ledger in pairs(ledgers) do ledger.version = nil end
  return { widgets = widgets, ledgers = ledgers }
end

local function by_key(kind, requests)
  local groups = {}
  for _, request in ipairs(requests) do
    local key = KEYS[kind](request)
    groups[key] = groups[key] or {}
    table.insert(groups[key], request)
  end
  return groups
end

local function check_model(kind, requests, widgets)
  for key, group in pairs(by_key(kind, requests)) do
    local found, expected = histories.flat(widgets[key]), histories.model(group)
    if not same(found, expected) then assert.same(expected, found, json(group)) end
  end
end

-- As judge.py writes a widget.
local function plain(each)
  local found = { id = each.id }
  for name, value in pairs(histories.flat(each)) do found[(name:gsub("^%+", ""))] = value end
  return found
end

local function with_keys(widgets)
  local list = tide.array {}
  for _, each in pairs(widgets) do
    local key = widget.key { owner = each.owner, widgetId = each.id }
    list[#list + 1] = { key = key, widget = plain(each) }
  end
  return list
end

local function permute(kind, requests, random, orders)
  local first, messages
  messages = 0
  for _ = 1, orders do
    local delivered = histories.deliveries(random, requests)
    local left = left_by(kind, delivered)
    first, messages = first or left, messages + #delivered
    if not same(first, left) then assert.same(first, left, json(delivered)) end
  end
  check_model(kind, requests, first.widgets)
  return with_keys(first.widgets), messages
end

it("leaves the same in every order", function()
  local input = read(os.getenv "HISTORIES")
  local found = { messages = { bucket = 0, table = 0 } }
  found.bucket, found.table = tide.array {}, tide.array {}
  for i, sent in ipairs(input.histories) do
    local requests, random = requests_of(sent), histories.random(i)
    for _, kind in ipairs { "bucket", "table" } do
      local widgets, messages = permute(kind, requests, random, input.orders)
      found.messages[kind] = found.messages[kind] + messages
      table.insert(found[kind], widgets)
    end
  end
  local file <close> = assert(io.open(os.getenv "RESULT", "w"))
  assert(file:write(json(found), "\n"))
end)
