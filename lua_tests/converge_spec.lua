-- converge: several consumers at once, each of which may die at any call to the store, messages
-- twice and in any order; in the end the store holds what the model says.
local here = debug.getinfo(1, "S").source:match "^@(.*/)" or "./"
local tide = require "tidegate"
local converge = require "conflicts.converge"
local histories = dofile(here .. "support/histories.lua")
local memory_store = dofile(here .. "support/memory_store.lua")
local schedules = dofile(here .. "support/schedules.lua")

local KEY = "widgets/sue-smith/w1"
local SCHEDULES = 3000
local STORES = schedules.KINDS

local function count_wrong(kind, opts)
  local wrong, killed = 0, 0
  for seed = 1, SCHEDULES do
    local ended = schedules.run(kind, seed, opts)
    killed = killed + ended.killed
    if ended.wrong then wrong = wrong + 1 end
  end
  return wrong, killed
end

for name, kind in pairs(STORES) do
  describe("converge, several at once, " .. name, function()
    it("ends as the model says", function()
      assert.equal(0, (count_wrong(kind, {})))
    end)

    it("ends as the model says, whoever dies and where", function()
      local wrong, killed = count_wrong(kind, { kills = 4 })
      assert.equal(0, wrong)
      assert.is_true(killed > SCHEDULES)
    end)

    it("ends as the model says, over a widget without a ledger", function()
      assert.equal(0, (count_wrong(kind, { earlier = true })))
    end)
  end)
end

-- What the tests above would say if a step were left out: they can fail.
describe("without the second look at the ledger", function()
  for what, fenced in pairs { ["and with any version"] = false, ["but no older version"] = true } do
    it("schedules end wrong, " .. what, function()
      local settle = converge.settle
      finally(function() converge.settle = settle end)
      function converge.settle(store, key, ledger)
        return converge.project(store, key, ledger, fenced)
      end
      assert.is_true(count_wrong(STORES.bucket, { consumers = 2 }) > 0)
    end)
  end
end)

describe("converge", function()
  local request = histories.request

  for name, kind in pairs(STORES) do
    describe(name, function()
      local store

      before_each(function() store = kind.new() end)

      local function outcome(...)
        local verdict, err = converge.change(request(...), store, kind.key)
        assert.is_nil(err)
        return verdict.outcome, verdict.verdict
      end

      it("says what became of each request", function()
        assert.same({ "missing", "skip" }, { outcome("update", 2, { label = "b" }) })
        assert.same({ "created", "done" }, { outcome("create", 1, { label = "a" }) })
        assert.equal("b", kind.widget(store).label)
        assert.equal("unchanged", (outcome("create", 1, { label = "a" })))
        assert.equal("updated", (outcome("update", 3, { label = "c" })))
        assert.equal("replaced", (outcome("create", 4)))
        assert.equal("missing", (outcome("update", 5, { owner = "Henry Hops", label = "no" })))
        assert.equal("deleted", (outcome("delete", 6)))
        assert.is_nil(kind.widget(store))
        assert.equal("unchanged", (outcome("create", 4)))
        assert.equal("missing", (outcome("delete", 6)))
      end)

      it("parks what would make the ledger too large, and changes nothing", function()
        outcome("create", 1, { label = "a" })
        local verdict = assert(converge.change(request("update", 2,
          { description = ("x"):rep(250000) }), store, kind.key))
        assert.equal("park", verdict.verdict)
        assert.matches("with its ledger, the limit is 400000", verdict.reason, 1, true)
        assert.equal("updated", (outcome("update", 2, { label = "b" })))
      end)

      it("makes no ledger for what says nothing", function()
        assert.same({ "missing", "skip" }, { outcome("update", 1) })
        assert.is_nil(next(store.objects or store.items))
      end)
    end)
  end

  it("takes over a widget that has no ledger yet", function()
    local store = memory_store()
    store:put(KEY, [[{"id":"w1","owner":"Sue Smith","label":"a","description":null,
      "otherAttributes":[]}]])
    assert(converge.change(request("update", 1, { description = "d" }), store, KEY))
    local found = STORES.bucket.widget(store)
    assert.same({ "a", "d" }, { found.label, found.description })
    assert(converge.change(request("delete", 2), store, KEY))
    assert.is_nil(STORES.bucket.widget(store))
  end)

  it("takes over an item that has no ledger yet", function()
    local items = STORES.table.new()
    items:put { id = "w1", owner = "Sue Smith", label = "a", color = "red" }
    assert(converge.change(request("update", 1, { description = "d" }), items, "w1"))
    local item = items.items.w1
    assert.same({ "a", "d", "red" }, { item.label, item.description, item.color })
  end)

  it("goes on when somebody has removed the ledgers", function()
    local store = memory_store()
    for i, label in ipairs { "a", "b", "c" } do
      assert(converge.change(request("create", i, { label = label }), store, KEY))
    end
    store.objects["ledger/" .. KEY] = nil
    assert(converge.change(request("create", 4, { label = "d" }), store, KEY))
    assert.equal("d", STORES.bucket.widget(store).label)
  end)

  it("leaves of a deleted item its key, its ledger and how long that is needed", function()
    local items, names = STORES.table.new(), {}
    assert(converge.change(request("create", 1), items, "w1"))
    assert.is_nil(items.items.w1._tidegate_expires)
    assert(converge.change(request("delete", 2), items, "w1"))
    for name in pairs(items.items.w1) do names[#names + 1] = name end
    table.sort(names)
    assert.same({ "_tidegate", "_tidegate_expires", "id" }, names)
    local left = items.items.w1._tidegate_expires - tide.now()
    assert.is_true(math.abs(left - 14 * 86400) < 60)
    assert.equal("integer", math.type(items.items.w1._tidegate_expires))
  end)

  for _, ledger in ipairs { "{", 7 } do
    it("parks what it finds no ledger for in a book: " .. ledger, function()
      local items = STORES.table.new()
      items:put { id = "w1", owner = "Sue Smith", _tidegate = { ledger = ledger } }
      local verdict = assert(converge.change(request("update", 1, { label = "b" }), items, "w1"))
      assert.same({ "park", "the ledger in _tidegate cannot be read" },
        { verdict.verdict, verdict.reason })
    end)
  end

  it("answers that the ledger of a bucket cannot be read", function()
    local store = memory_store()
    store:put("ledger/" .. KEY, "{")
    local verdict, err = converge.change(request("update", 1, { label = "b" }), store, KEY)
    assert.same({ nil, "BadValue" }, { verdict, err.code })
  end)

  it("passes on what the store could not do", function()
    local broken = { change = function() return nil, { code = "SlowDown" } end }
    local verdict, err = converge.change(request("create", 1), broken, KEY)
    assert.same({ nil, "SlowDown" }, { verdict, err.code })
  end)
end)
