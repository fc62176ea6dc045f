-- The ledger: whatever the order in which requests are merged, it is the same, and its widget is
-- what the model makes of them in theirs.
local here = debug.getinfo(1, "S").source:match "^@(.*/)" or "./"
local tide = require "tidegate"
local history = require "tidegate.history"
local same = require "tidegate.same"
local histories = dofile(here .. "support/histories.lua")

local HISTORIES = 3000
local ORDERS = 6

local function merged(requests, ledger)
  ledger = ledger or history.adopt()
  for _, request in ipairs(requests) do
    ledger = history.merge(ledger, request, request.order)
  end
  return ledger
end

-- Without the number of its changes, which tells how it came to be.
local function content(ledger) return { create = ledger.create, later = ledger.later } end

local function described(requests)
  return assert(tide.json.encode(requests))
end

-- Calls check(requests, random) for many histories; every third has several owners.
local function for_each_history(check)
  for seed = 1, HISTORIES do
    local random = histories.random(seed)
    check(histories.make(random, random(9), seed % 3 == 0), random)
  end
end

describe("a ledger", function()
  it("has the widget of the model, whatever the order and the repetitions", function()
    local alive, dead = 0, 0
    for_each_history(function(requests, random)
      local expected = histories.model(requests)
      if expected then alive = alive + 1 else dead = dead + 1 end
      for _ = 1, ORDERS do
        local delivered = histories.deliveries(random, requests)
        local found = histories.flat(history.widget(merged(delivered)))
        if not same(expected, found) then
          assert.same(expected, found, described(delivered))
        end
      end
    end)
    assert.is_true(alive > HISTORIES // 4 and dead > HISTORIES // 4)
  end)

  it("is the same in every order, also on the way", function()
    for_each_history(function(requests, random)
      local half = {}
      for i = 1, random(#requests) do half[i] = requests[i] end
      local one = merged(histories.deliveries(random, half))
      local other = merged(histories.deliveries(random, half))
      if not same(content(one), content(other)) then
        assert.same(content(one), content(other), described(half))
      end
      assert.is_true(same(content(merged(requests, one)), content(merged(requests))))
    end)
  end)

  it("is the very same after what it knows already", function()
    for_each_history(function(requests, random)
      local ledger = merged(requests)
      assert.equal(ledger, merged(histories.deliveries(random, requests), ledger))
    end)
  end)

  it("is the same when it was written down and read again", function()
    for_each_history(function(requests)
      local ledger = history.adopt()
      for _, request in ipairs(requests) do
        ledger = history.merge(ledger, request, request.order)
        ledger = assert(tide.json.decode(assert(tide.json.encode(ledger))))
      end
      assert.is_true(same(ledger, merged(requests)))
    end)
  end)

  for what, kinds in pairs {
    updates = { "update" },
    ["updates and deletes"] = { "update", "update", "delete" },
    ["requests of all kinds"] = { "create", "update", "delete" },
  } do
    it("does not grow with the number of " .. what, function()
      local random, bytes = histories.random(1), {}
      for _, count in ipairs { 100, 2000 } do
        local requests = histories.make(random, count)
        for i, request in ipairs(requests) do request.type = kinds[i % #kinds + 1] end
        bytes[#bytes + 1] = #assert(tide.json.encode(merged(requests)))
      end
      assert.is_true(bytes[1] < 1500 and bytes[2] < 1500)
    end)
  end
end)

local request = histories.request

describe("what comes too early or too late", function()
  it("an update waits for its create", function()
    local ledger = merged { request("update", 2, { label = "b" }) }
    assert.is_nil(history.widget(ledger))
    ledger = merged({ request("create", 1, { label = "a", description = "d" }) }, ledger)
    assert.same({ owner = "Sue Smith", label = "b", description = "d" },
      histories.flat(history.widget(ledger)))
  end)

  it("an update that is older than the create says nothing", function()
    local ledger = merged { request("create", 2, { label = "a" }) }
    assert.equal(ledger, merged({ request("update", 1, { label = "b" }) }, ledger))
  end)

  it("a create does not come back after its delete", function()
    local ledger = merged { request("create", 1), request("delete", 2), request("create", 1) }
    assert.is_nil(history.widget(ledger))
    ledger = merged({ request("create", 3) }, ledger)
    assert.is_table(history.widget(ledger))
    assert.same(tide.array {}, ledger.later)
  end)

  it("equal times are ordered by the bytes of the request's id", function()
    local a = request("update", 2, { label = "a", order = { "2", "a" } })
    local b = request("update", 2, { label = "b", order = { "2", "B" } })
    local create = request("create", 1, { order = { "1", "" } })
    assert.equal("a", history.widget(merged { a, b, create }).label)
    assert.equal("a", history.widget(merged { b, create, a }).label)
  end)
end)

describe("a widget from before", function()
  local current = { id = "w1", owner = "Sue Smith", label = "old", description = tide.null,
    otherAttributes = tide.array {}, weight = 7 }

  it("is as if it had been created before all else", function()
    local ledger = merged({ request("update", 1, { label = "new" }) }, history.adopt(current))
    assert.equal("new", history.widget(ledger).label)
    assert.equal(7, history.widget(ledger).weight)
    assert.is_nil(history.widget(merged({ request("delete", 1) }, history.adopt(current))))
  end)
end)

describe("the order of a message", function()
  it("is the time of its sending, in milliseconds", function()
    local message = { id = "m", sent_at = 1612306368.338 }
    assert.same({ "1612306368338", "r1" }, history.order(message, "sqs", request("create", 1)))
    message.sent_at = 1.0009
    assert.same({ "0000000001001", "r1" }, history.order(message, "sqlite", request("create", 1)))
  end)

  it("is its key, when it comes from a bucket", function()
    local message = { id = "in/10", sent_at = 1612306368.338 }
    assert.same({ "in/10", "r1" }, history.order(message, "bucket", request("create", 1)))
  end)
end)
