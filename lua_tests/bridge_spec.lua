-- The task bridge: where waiting works, where it is refused, and that nothing is left behind.
local tide = require "tidegate"
local inspect = require "tidegate.inspect"

local function scratch()
  local path = os.tmpname()
  os.remove(path)
  return path
end

local function open_files()
  local count = 0
  for _ in require "lfs".dir "/proc/self/fd" do count = count + 1 end
  return count
end

-- Runs a function as a task and waits for it; gives what pcall gives.
local function in_task(fn, ...)
  local result
  tide.spawn(function(...) result = table.pack(pcall(fn, ...)) end, ...)
  while not result do tide.sleep(0) end
  return table.unpack(result, 1, result.n)
end

-- Waits until only the runner's own task is left: a task that dies does not say so.
local function settle()
  while inspect.alive().tasks > 1 do tide.sleep(0) end
end

describe("the task bridge", function()
  local bucket, dir, files

  before_each(function()
    dir = scratch()
    bucket = tide.bucket("file:" .. dir)
    assert(bucket:put("k", "value"))
    inspect.alive()
    files = open_files()
  end)

  after_each(function()
    inspect.fail_allocation(0)
    inspect.set_memory_limit(0)
    settle()
    local alive = inspect.alive()
    assert.are.same({ 1, 0, 0 }, { alive.tasks, alive.transfers, alive.timers })
    assert.are.equal(files, open_files())
    os.execute("rm -rf " .. dir)
  end)

  describe("waits", function()
    it("inside pcall and xpcall, with the traceback of the error", function()
      local ok, body = pcall(bucket.get, bucket, "k")
      assert.are.same({ true, "value" }, { ok, body })
      local _, trace = xpcall(function()
        bucket:get("k")
        error "after the wait"
      end, debug.traceback)
      assert.matches("after the wait\nstack traceback:", trace)
    end)

    it("in a generic for, and in an __index function", function()
      assert(bucket:put("l", "other"))
      local seen = {}
      for entry in bucket:each() do seen[#seen + 1] = entry.key end
      assert.are.same({ "k", "l" }, seen)
      local lazy = setmetatable({}, { __index = function(_, key) return (bucket:get(key)) end })
      assert.are.equal("other", lazy.l)
    end)

    it("in a __close handler at the end of a block", function()
      local body
      do
        local guard <close> = setmetatable({}, { __close = function() body = bucket:get "k" end })
        assert(guard)
      end
      assert.are.equal("value", body)
    end)

    it("one task at a time, the others going on meanwhile", function()
      local order = {}
      tide.spawn(function()
        order[#order + 1] = "a waits"
        tide.sleep(0.02)
        order[#order + 1] = "a goes on"
      end)
      tide.spawn(function() order[#order + 1] = "b" end)
      assert.are.same({}, order)
      settle()
      assert.are.same({ "a waits", "b", "a goes on" }, order)
    end)
  end)

  describe("refuses to wait", function()
    it("in a callback of gsub and of sort", function()
      local ok, problem = pcall(string.gsub, "k", "k", function(key) return (bucket:get(key)) end)
      assert.is_false(ok)
      assert.matches("bucket:get: cannot wait here", problem)
      ok, problem = pcall(table.sort, { 1, 2 }, function() return tide.sleep(0) end)
      assert.is_false(ok)
      assert.matches("tide.sleep: cannot wait here", problem)
    end)

    it("in a coroutine of the script's own", function()
      local ok, problem = coroutine.resume(coroutine.create(function() return bucket:get "k" end))
      assert.is_false(ok)
      assert.matches("not from inside a coroutine of your own", problem)
    end)

    it("while a module loads", function()
      package.preload.waits_at_load = function() return bucket:get "k" end
      local ok, problem = pcall(require, "waits_at_load")
      package.preload.waits_at_load = nil
      assert.is_false(ok)
      assert.matches("not while a module loads", problem)
    end)
  end)

  it("takes an empty ETag for a mistake, never for no condition", function()
    local ok, problem = pcall(bucket.put, bucket, "k", "lost", { if_match = "" })
    assert.is_false(ok)
    assert.matches("if_match is empty", problem)
    assert.is_false(pcall(bucket.delete, bucket, "k", { if_match = "" }))
    assert.are.equal("value", (bucket:get "k"))
  end)

  it("ends a task that yields with nothing to wait for", function()
    local after = false
    tide.spawn(function()
      coroutine.yield()
      after = true
    end)
    settle()
    assert.is_false(after)
  end)

  it("hands a lock on in the order of asking, also when its holder dies", function()
    local order = {}
    for i = 1, 3 do
      tide.spawn(function()
        local lock <close> = tide.lock "widget"
        order[#order + 1] = i
        tide.sleep(0)
        assert(lock)
        if i == 1 then error "the first holder dies" end
      end)
    end
    settle()
    assert.are.same({ 1, 2, 3 }, order)
  end)

  it("keeps a lack of memory in the task that is greedy", function()
    inspect.set_memory_limit(inspect.alive().lua_bytes + 8 * 1024 * 1024)
    local neighbour
    tide.spawn(function()
      tide.sleep(0.01)
      neighbour = bucket:get "k"
    end)
    local ok, problem = in_task(function()
      local hoard = {}
      while true do hoard[#hoard + 1] = ("x"):rep(100000) .. #hoard end
    end)
    assert.is_false(ok)
    assert.matches("not enough memory", problem)
    settle()
    assert.are.equal("value", neighbour)
  end)

  it("survives the failure of every single allocation of a task", function()
    local runs, ok = 0, false
    repeat
      runs = runs + 1
      local body
      inspect.fail_allocation(runs)
      tide.spawn(function()
        local lock <close> = tide.lock "one"
        assert(lock and bucket:put("new", "body", { metadata = { a = "b" }, if_none_match = "*" }))
        for entry in bucket:each { prefix = "n" } do body = bucket:get(entry.key) end
        tide.sleep(0)
        assert(bucket:delete "new")
        ok = body == "body"
      end)
      settle()
      local failed = inspect.failed()
      inspect.fail_allocation(0)
      if not ok then assert(bucket:delete "new") end
      assert(failed or ok)
    until not failed
    assert.is_true(ok)
    assert.is_true(runs > 20)
  end)
end)

describe("a message", function()
  local dir

  before_each(function()
    dir = scratch()
    local bucket = tide.bucket("file:" .. dir)
    for i = 1, 3 do assert(bucket:put(tostring(i), "request " .. i)) end
  end)

  after_each(function()
    inspect.fail_allocation(0)
    settle()
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
