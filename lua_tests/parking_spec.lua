-- Where messages go that are put aside, what they carry, and how a consumption ends by itself.
local tide = require "tidegate"

local function scratch()
  local path = os.tmpname()
  os.remove(path)
  return path
end

describe("a parked message", function()
  local dir, bucket

  before_each(function()
    dir = scratch()
    bucket = tide.bucket("file:" .. dir .. "/in")
    assert(bucket:put("1", "request"))
  end)

  after_each(function() os.execute("rm -rf " .. dir) end)

  local function consume(handler, opts)
    opts = opts or {}
    opts.until_empty = true
    opts.max_receives = opts.max_receives or 1
    return assert(tide.consume(assert(tide.queue("file:" .. dir .. "/in")), handler, opts))
  end

  local function parked(key)
    local body, meta = bucket:get("parked/" .. (key or "1"))
    return meta and meta.metadata, body
  end

  it("tells its reason, and where it comes from", function()
    consume(function() return tide.park("no owner", "rejected") end)
    local told, body = parked()
    assert.are.equal("request", body)
    assert.are.same({ "no owner", "file:" .. dir .. "/in", "1", nil }, {
      told["tidegate-reason"], told["tidegate-source"], told["tidegate-receive-count"],
      told["tidegate-error"],
    })
    assert.matches("^%d+$", told["tidegate-sent-at"])
  end)

  for name, verdict in pairs {
    ["a park"] = function() return tide.park { reason = "no", error = "why", outcome = "bad" } end,
    ["a retry that is the last"] = function()
      return tide.retry { reason = "no", error = tide.error { code = "why" }, outcome = "bad" }
    end,
  } do
    it("tells the error of " .. name, function()
      local summary = consume(verdict)
      assert.are.same({ bad = 1 }, summary.outcomes)
      assert.matches("no$", parked()["tidegate-reason"])
      assert.are.equal("why", parked()["tidegate-error"])
    end)
  end

  it("tells what its handler raised, one line of it", function()
    consume(function() error("first\nsecond", 0) end)
    assert.are.equal("gave up after 1 receive: the handler failed", parked()["tidegate-reason"])
    assert.are.equal("first", parked()["tidegate-error"])
  end)

  it("goes where `park` says, which is kept alive meanwhile", function()
    tide.bucket("file:" .. dir .. "/aside")
    consume(function()
      collectgarbage()
      collectgarbage()
      return tide.park "no"
    end, { park = assert(tide.queue("file:" .. dir .. "/aside")) })
    assert.is_nil(parked())
    assert.are.equal("request", (tide.bucket("file:" .. dir .. "/aside"):get "1"))
  end)

  it("must not come back to where it was", function()
    tide.bucket("file:" .. dir .. "/in/below")
    tide.bucket("file:" .. dir .. "/in/parked")
    local source = assert(tide.queue("file:" .. dir .. "/in"))
    local never = function() return tide.done() end
    for _, place in ipairs { "/in", "/in/below", "/./in/" } do
      local park = assert(tide.queue("file:" .. dir .. place))
      assert.error_matches(function() tide.consume(source, never, { park = park }) end,
        "would come back")
    end
    local summary = assert(tide.consume(source, never, {
      until_empty = true, park = assert(tide.queue("file:" .. dir .. "/in/parked")),
    }))
    assert.are.equal(1, summary.done)
    assert.has_error(function() tide.consume(source, never, { park = "file:x" }) end)
  end)

  it("that is sent again remembers when it was sent first", function()
    local first = tide.now() - 86400
    local sent = ("%d"):format(first * 1000 // 1)
    local queue = assert(tide.queue("file:" .. dir .. "/in"))
    assert(queue:send("again", { id = "2", attributes = { ["tidegate-sent-at"] = sent } }))
    local seen = {}
    consume(function(message)
      seen[message.id] = message.sent_at
      return tide.park "still bad"
    end)
    assert.is_true(math.abs(seen["2"] - first) < 0.01)
    assert.is_true(seen["1"] > first + 80000)
    assert.are.equal(sent, parked("2")["tidegate-sent-at"])
  end)

  it("is not overwritten by another one of its name", function()
    consume(function() return tide.park "one" end)
    assert(bucket:put("1", "another"))
    consume(function() return tide.park "two" end)
    assert.are.equal("request", select(2, parked()))
    assert.are.equal("another", select(2, parked "1~1"))
    assert.are.equal("two", parked("1~1")["tidegate-reason"])
  end)
end)

describe("a verdict", function()
  it("has the parts it was given", function()
    local verdict = tide.park { reason = "r", error = "e", outcome = "o" }
    assert.are.same({ "park", "r", "e", "o" },
      { verdict.verdict, verdict.reason, verdict.error, verdict.outcome })
    verdict = tide.retry { reason = "r", error = "e", after = 2 }
    assert.are.same({ "retry", "r", "e", 2 },
      { verdict.verdict, verdict.reason, verdict.error, verdict.after })
    assert.are.equal("why", tide.park(tide.error { code = "why" }).reason)
  end)

  it("is refused when it is misspelt", function()
    assert.error_matches(function() tide.park { why = "x" } end, "unknown option 'why'")
    assert.error_matches(function() tide.park { error = "x" } end, "say why")
    assert.error_matches(function() tide.park() end, "say why")
    assert.error_matches(function() tide.park { reason = "x", after = 1 } end, "unknown option")
    assert.error_matches(function() tide.retry { after = -1 } end, "0 to 43200")
    assert.error_matches(function() tide.retry { after = "1" } end, "0 to 43200")
    assert.error_matches(function() tide.retry { reason = "x", outcome = {} } end, "a string")
    assert.error_matches(function() tide.retry "later" end, "table expected")
  end)
end)

describe("a consumption", function()
  local dir, queue
  local function done() return tide.done() end

  before_each(function()
    dir = scratch()
    local bucket = tide.bucket("file:" .. dir)
    for i = 1, 30 do assert(bucket:put(("%02d"):format(i), "x")) end
    queue = assert(tide.queue("file:" .. dir))
  end)

  after_each(function() os.execute("rm -rf " .. dir) end)

  it("ends after max_messages", function()
    local summary = assert(tide.consume(queue, done, { max_messages = 13 }))
    assert.are.same({ 13, 13, true, "max_messages" },
      { summary.received, summary.done, summary.drained, summary.ended })
  end)

  it("drains after max_runtime", function()
    local started = 0
    local summary = assert(tide.consume(queue, function()
      started = started + 1
      tide.sleep(0.05)
      return tide.done()
    end, { max_runtime = 0.02, concurrency = 4 }))
    assert.are.same({ started, true, "max_runtime", true },
      { summary.done, summary.drained, summary.ended, summary.balanced })
    assert.is_true(started < 30)
  end)

  it("is counted while it runs", function()
    local none = tide.counters()
    local seen
    tide.consume(queue, function()
      seen = tide.counters()
      return tide.done()
    end, { until_empty = true, concurrency = 1 })
    assert.are.same({ 0, 0 }, { none.received, none.running })
    assert.are.equal(1, seen.running)
    assert.is_true(seen.received > 20 and seen.done + seen.waiting <= seen.received)
    assert.are.same(none, tide.counters())
  end)

  it("refuses limits that are none", function()
    for _, opts in ipairs { { max_messages = 0 }, { max_messages = 1.5 }, { max_runtime = -1 } } do
      assert.has_error(function() tide.consume(queue, done, opts) end)
    end
  end)
end)

describe("tide.host", function()
  it("tells the host options in force, without secrets", function()
    local host = tide.host()
    assert.are.equal("256", host.memory_limit)
    assert.are.equal("text", host.log_format)
    for name, value in pairs(host) do
      assert.are.equal("string", type(value), name)
    end
  end)
end)
