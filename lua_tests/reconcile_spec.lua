-- reconcile: whatever became of widgets and ledgers, the widgets are what the ledgers say again.
local here = debug.getinfo(1, "S").source:match "^@(.*/)" or "./"
local tide = require "tidegate"
local converge = require "conflicts.converge"
local histories = dofile(here .. "support/histories.lua")
local memory_store = dofile(here .. "support/memory_store.lua")
local run = dofile(here .. "support/program.lua")

local KEY = "widgets/sue-smith/w1"
local LEDGER = "ledger/" .. KEY
local DAY = 86400

local request = histories.request

describe("tidegate reconcile", function()
  local store, now

  before_each(function()
    store, now = memory_store(), 1700000000
    store.url, store.kind = "s3://widgets", "bucket"
    function store.each(_, opts)
      local keys = {}
      for key in pairs(store.objects) do
        if key:sub(1, #opts.prefix) == opts.prefix then keys[#keys + 1] = key end
      end
      table.sort(keys)
      return coroutine.wrap(function()
        for _, key in ipairs(keys) do
          coroutine.yield { key = key, last_modified = now - (store.ages[key] or 0) }
        end
      end)
    end
    store.ages = {}
  end)

  local function change(...)
    assert(converge.change(request(...), store, KEY))
  end

  local function reconcile(...)
    local code, printed, said, logged = run("tools/reconcile", { "s3://widgets", ... }, {
      bucket = function() return store end, queue = function() return {} end,
      now = function() return now end, exit_code = function() return 69 end,
    })
    return code, printed .. said, logged
  end

  local function label()
    local object = store.objects[KEY]
    return object and tide.json.decode(object.body).label
  end

  it("leaves alone what is right", function()
    change("create", 1, { label = "a" })
    store.calls = {}
    local code, said = reconcile()
    assert.same({ 0, "1 ledgers: 0 widgets written, 0 removed; 0 ledgers dropped" }, { code, said })
    for _, call in ipairs(store.calls) do assert.equal("get", call) end
  end)

  for what, spoil in pairs {
    ["that is gone"] = function() store.objects[KEY] = nil end,
    ["that somebody changed"] = function() store:put(KEY, '{"id":"w1"}') end,
    ["of a ledger that is no more"] = function()
      change("update", 2, { label = "b" })
      local book = store.objects[KEY].metadata
      store.objects[LEDGER] = nil
      change("create", 3, { label = "a" })
      store:put(KEY, '{"id":"w1"}', { metadata = book })
    end,
  } do
    it("writes again a widget " .. what, function()
      change("create", 1, { label = "a" })
      spoil()
      local code, said = reconcile()
      assert.equal(0, code)
      assert.matches("1 widgets written, 0 removed", said, 1, true)
      assert.equal("a", label())
    end)
  end

  it("removes what a late writer has put there, and keeps the ledger", function()
    change("create", 1, { label = "a" })
    local late = store.objects[KEY]
    change("delete", 2)
    assert.is_nil(label())
    store.objects[KEY] = late
    local _, said, logged = reconcile()
    assert.matches("0 widgets written, 1 removed; 0 ledgers dropped", said, 1, true)
    assert.is_nil(store.objects[KEY])
    assert.truthy(store.objects[LEDGER])
    assert.equal("removed " .. KEY, logged[1].text)
  end)

  it("drops the ledger of what is gone for long, and no other", function()
    change("create", 1)
    store.ages[LEDGER] = 15 * DAY
    reconcile()
    assert.truthy(store.objects[LEDGER])
    change("delete", 2)
    store.ages[LEDGER] = 13 * DAY
    reconcile()
    assert.truthy(store.objects[LEDGER])
    local _, said = reconcile("--keep-deleted", "12d")
    assert.matches("1 ledgers dropped", said, 1, true)
    assert.is_nil(next(store.objects))
  end)

  it("keeps a ledger that somebody has taught meanwhile", function()
    change("create", 1)
    change("delete", 2)
    store.ages[LEDGER] = 15 * DAY
    store.interfere = function() change("create", 3, { label = "c" }) end
    local code, said = reconcile()
    assert.equal(0, code)
    assert.matches("0 ledgers dropped", said, 1, true)
    assert.equal("c", label())
  end)

  it("goes on behind a ledger that cannot be read, and says so in the end", function()
    change("create", 1, { label = "a" })
    store.objects[KEY] = nil
    store:put("ledger/a", "{")
    local code, said, logged = reconcile()
    assert.equal(69, code)
    assert.matches("2 ledgers: 1 widgets written", said, 1, true)
    assert.matches("ledger/a", logged[1].text, 1, true)
    assert.equal("a", label())
  end)

  it("refuses what keeps no ledgers of their own", function()
    local code, _, said = run("tools/reconcile", { "dynamodb://widgets" }, {})
    assert.equal(64, code)
    assert.matches("only buckets keep ledger and widget apart: dynamodb://widgets", said, 1, true)
  end)
end)
