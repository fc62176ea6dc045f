-- peek: what it shows, what it leaves behind, and when it does not look.
local here = debug.getinfo(1, "S").source:match "^@(.*/)" or "./"
local memory_queue = dofile(here .. "support/memory_queue.lua")
local run = dofile(here .. "support/program.lua")

local function peek(queue, ...)
  local function open(url)
    queue.opened = url
    return queue
  end
  return run("tools/peek", { ... }, { queue = open, exit_code = function() return 69 end })
end

describe("tidegate peek", function()
  it("shows the next request of a queue and gives it back at once", function()
    local queue = memory_queue("sqs://q"):add("m1", '{"b":1,"a":[]}'):add("m2", "{}")
    local code, printed, said = peek(queue, "sqs://q")
    assert.equal(0, code)
    assert.equal('{\n  "b": 1,\n  "a": []\n}', printed)
    assert.equal("request m1 of sqs://q, sent 2021-02-02 22:52:48 UTC\n\n"
      .. "received 1 time, this look included\n", said)
    assert.same({ "settings", "receive", "release" }, queue.calls)
    assert.same({ max = 1, wait = 0, visibility = 30 }, queue.asked)
    assert.same({ "m1", "m2" }, queue:ids())
  end)

  it("waits when it is told to, and takes the course's flags", function()
    local queue = memory_queue("sqs://q"):add("m1", "{}")
    assert.equal(0, (peek(queue, "-rq", "q", "--wait", "5s")))
    assert.equal("sqs://q", queue.opened)
    assert.equal(5, queue.asked.wait)
  end)

  it("only reads a bucket", function()
    local queue = memory_queue("s3://b", "bucket"):add("1612", "{}")
    local code, printed, said = peek(queue, "s3://b")
    assert.same({ 0, "{}" }, { code, printed })
    assert.equal("request 1612 of s3://b, sent 2021-02-02 22:52:48 UTC\n", said)
    assert.same({ "receive", "release" }, queue.calls)
  end)

  it("says when there is nothing", function()
    local code, printed, said = peek(memory_queue "sqs://q", "sqs://q")
    assert.same({ 0, "", "sqs://q holds no request now\n" }, { code, printed, said })
  end)

  it("shows what is no JSON as it is, with escapes, and says so", function()
    local queue = memory_queue("s3://b", "bucket"):add("k\27", '{"a":\0\27[31m}')
    local code, printed, said = peek(queue, "s3://b")
    assert.same({ 0, '{"a":\\x00\\x1B[31m}' }, { code, printed })
    assert.matches("request k\\x1B of", said, 1, true)
    assert.matches("not JSON (byte", said, 1, true)
  end)

  it("does not look where a receive would put the request aside", function()
    local queue = memory_queue("sqs://q"):add("m1", "{}")
    queue.max_receives = 1
    local code, printed, said = peek(queue, "sqs://q")
    assert.same({ 1, "" }, { code, printed })
    assert.matches("sqs://q is not looked into: it puts a request aside after 1", said, 1, true)
    assert.same({ "settings" }, queue.calls)
  end)

  it("does not look where that is not known", function()
    local queue = memory_queue("sqs://q"):add("m1", "{}")
    queue.broken.settings = { code = "AccessDenied" }
    local code, _, said = peek(queue, "sqs://q")
    assert.equal(69, code)
    assert.matches("its limit of receives cannot be read", said, 1, true)
    assert.same({ "settings" }, queue.calls)
  end)

  it("warns when the look was the last one", function()
    local queue = memory_queue("sqs://q"):add("m1", "{}", nil, { receive_count = 2 })
    queue.max_receives = 3
    local code, _, said = peek(queue, "sqs://q")
    assert.equal(0, code)
    assert.matches("received 3 times, this look included", said, 1, true)
    assert.matches("warning: that is the limit", said, 1, true)
    queue.max_receives = 5
    _, _, said = peek(queue, "sqs://q")
    assert.not_matches("warning", said)
  end)

  it("says when the request could not be given back", function()
    local queue = memory_queue("sqs://q"):add("m1", "{}")
    queue.broken.release = { code = "timeout" }
    local code, printed, said = peek(queue, "sqs://q")
    assert.same({ 0, "{}" }, { code, printed })
    assert.matches("warning: it comes back in 30 s only", said, 1, true)
  end)

  it("ends with the code of an error", function()
    local queue = memory_queue "sqs://q"
    queue.broken.receive = { code = "connect" }
    assert.equal(69, (peek(queue, "sqs://q")))
  end)
end)
