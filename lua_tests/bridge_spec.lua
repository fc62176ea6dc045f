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

    it("to a script that resumes or closes somebody else's task", function()
      local thread
      tide.spawn(function()
        thread = coroutine.running()
        tide.sleep(0.02)
      end)
      tide.sleep(0)
      for _, meddle in ipairs { coroutine.resume, coroutine.close } do
        local ok, problem = pcall(meddle, thread)
        assert.is_false(ok)
        assert.matches("this coroutine is a task", problem)
      end
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

  it("gives nothing of a place that was collected", function()
    assert.is_false(getmetatable(bucket))
    debug.getmetatable(bucket).__gc(bucket)
    local ok, problem = pcall(function() return bucket.url end)
    assert.is_false(ok)
    assert.matches("the bucket is closed", problem)
    assert.are.equal("bucket (closed)", tostring(bucket))
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
