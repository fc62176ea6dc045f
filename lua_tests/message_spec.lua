-- A message on its way through Lua: every verdict, every way a handler can go wrong, and its lane.
local tide = require "tidegate"
local inspect = require "tidegate.inspect"

local function scratch()
  local path = os.tmpname()
  os.remove(path)
  return path
end

describe("a message", function()
  local dir

  before_each(function()
    dir = scratch()
    local bucket = tide.bucket("file:" .. dir)
    for i = 1, 3 do assert(bucket:put(tostring(i), "request " .. i)) end
  end)

  after_each(function()
    inspect.fail_allocation(0)
    while inspect.alive().tasks > 1 do tide.sleep(0) end
    local alive = inspect.alive()
    assert.are.same({ 0, 0 }, { alive.transfers, alive.timers })
    os.execute(("rm -rf %s %s-store"):format(dir, dir))
  end)

  local function consume(handler, opts)
    opts = opts or {}
    opts.until_empty = true
    opts.max_receives = opts.max_receives or 1
    return assert(tide.consume(assert(tide.queue("file:" .. dir)), handler, opts))
  end

  local function left()
    local keys = {}
    for entry in tide.bucket("file:" .. dir):each() do keys[#keys + 1] = entry.key end
    return keys
  end

  it("goes the way of its verdict", function()
    local verdicts = {
      ["1"] = tide.done "created", ["2"] = tide.skip("not now", "missing"), ["3"] = tide.park "bad",
    }
    local summary = consume(function(message)
      assert.are.equal("request " .. message.id, message.body)
      assert.is_true(message:lease_left() > 0)
      assert.are.equal(1, message.receive_count)
      return verdicts[message.id]
    end)
    assert.are.same({ 3, 1, 1, 1, true },
      { summary.received, summary.done, summary.skipped, summary.parked, summary.balanced })
    assert.are.same({ created = 1, missing = 1 }, summary.outcomes)
    assert.are.same({ "parked/3" }, left())
    local body, meta = tide.bucket("file:" .. dir):get "parked/3"
    assert.are.same({ "request 3", "bad" }, { body, meta.metadata["tidegate-reason"] })
  end)

  for name, handler in pairs {
    raises = function() error "no" end,
    ["raises nil"] = function() error() end,
    ["raises what cannot be printed"] = function()
      error(setmetatable({}, { __tostring = function() error "nor this" end }))
    end,
    ["returns nothing"] = function() end,
    ["returns no verdict"] = function() return true end,
    ["returns two"] = function() return tide.done(), tide.done() end,
    ["yields by itself"] = function() coroutine.yield() end,
  } do
    it("whose handler " .. name .. " is parked, and its neighbours are done", function()
      local summary = consume(function(message)
        if message.id == "2" then return handler() end
        return tide.done()
      end)
      assert.are.same({ 2, 1, true }, { summary.done, summary.parked, summary.balanced })
      assert.are.same({ "parked/2" }, left())
    end)
  end

  it("is retried with the error of a store that its handler handed on", function()
    local summary = consume(function() return tide.bucket("file:" .. dir):get "nothing" end)
    assert.are.equal(3, summary.parked)
    local _, meta = tide.bucket("file:" .. dir):get "parked/1"
    assert.matches("nil and an error %(get .*NoSuchKey", meta.metadata["tidegate-error"])
  end)

  it("is not handled when its lane function waits", function()
    local summary = consume(function() return tide.done() end, {
      lane = function() return tide.sleep(0) or "lane" end,
    })
    assert.are.equal(3, summary.parked)
  end)

  it("comes again after a retry, with its receive count", function()
    local counts = {}
    local summary = consume(function(message)
      counts[#counts + 1] = message.receive_count
      return message.receive_count < 2 and tide.retry { after = 0, reason = "later" } or tide.done()
    end, { max_receives = 5 })
    assert.are.same({ 6, 3, 3 }, { summary.received, summary.retried, summary.done })
    assert.are.same({ 1, 1, 1, 2, 2, 2 }, counts)
  end)

  it("never runs beside another of its lane, and keeps its order", function()
    local running, order = 0, {}
    local summary = consume(function(message)
      running = running + 1
      assert.are.equal(1, running)
      order[#order + 1] = message.id
      tide.sleep(0.005)
      running = running - 1
      return tide.done()
    end, { lane = function() return "the same" end })
    assert.are.equal(3, summary.done)
    assert.are.same({ "1", "2", "3" }, order)
  end)

  it("survives the failure of every single allocation of its task", function()
    local runs = 0
    repeat
      runs = runs + 1
      local source, store = tide.bucket("file:" .. dir), tide.bucket("file:" .. dir .. "-store")
      for i = 1, 3 do assert(source:put(tostring(i), "request " .. i)) end
      inspect.fail_allocation(runs)
      local summary = consume(function(message)
        assert(store:put(message.id, message.body))
        return tide.done "created"
      end, { lane = function(message) return message.body end })
      local failed = inspect.failed()
      inspect.fail_allocation(0)
      assert.is_true(summary.balanced)
      assert.are.equal(3, summary.done + summary.parked)
      assert.is_true(failed or summary.parked == 0)
    until not failed
    assert.is_true(runs > 20)
  end)
end)
