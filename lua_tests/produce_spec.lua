-- What the producer makes up, and how it sends that.
local here = debug.getinfo(1, "S").source:match "^@(.*/)" or "./"
local tide = require "tidegate"
local requests = require "tidegate.requests"
local widget = require "widget"
local memory_store = dofile(here .. "support/memory_store.lua")
local run = dofile(here .. "support/program.lua")

local ORDER = { "color", "size", "size-unit", "height", "height-unit", "width", "width-unit",
  "length", "length-unit", "rating", "price", "quantity", "vendor", "note" }
local RANK = {}
for i, name in ipairs(ORDER) do RANK[name] = i end

local function generate(seed, n)
  local list, next_request = {}, requests.generator(seed)
  for i = 1, n do list[i] = next_request() end
  return list
end

local function encoded(list)
  local texts = {}
  for i, request in ipairs(list) do texts[i] = assert(tide.json.encode(request)) end
  return texts
end

describe("the generator", function()
  local list = generate(42, 2000)

  it("says the same for the same seed, and something else for another", function()
    assert.same(encoded(generate(7, 200)), encoded(generate(7, 200)))
    assert.not_same(encoded(generate(7, 20)), encoded(generate(8, 20)))
  end)

  it("is not disturbed by others who draw random numbers", function()
    local next_request, mixed = requests.generator(7), {}
    for i = 1, 50 do
      mixed[i] = next_request()
      math.random()
    end
    assert.same(encoded(generate(7, 50)), encoded(mixed))
  end)

  it("begins with five creates", function()
    for seed = 1, 50 do
      for _, request in ipairs(generate(seed, 5)) do assert.equal("create", request.type) end
    end
  end)

  it("keeps the mix", function()
    local counts = { create = 0, update = 0, delete = 0 }
    for _, request in ipairs(list) do counts[request.type] = counts[request.type] + 1 end
    assert.near(0.54, counts.create / #list, 0.03)
    assert.near(0.37, counts.update / #list, 0.03)
    assert.near(0.09, counts.delete / #list, 0.02)
  end)

  it("aims each update and delete at a widget that is there", function()
    local owner_of = {}
    for _, request in ipairs(list) do
      local id = request.widgetId
      if request.type == "create" then
        assert.is_nil(owner_of[id])
        owner_of[id] = request.owner
      else
        assert.equal(owner_of[id], request.owner)
        if request.type == "delete" then owner_of[id] = nil end
      end
    end
  end)

  it("never says an id twice, and all are UUIDs", function()
    local seen = {}
    for _, request in ipairs(list) do
      assert.is_nil(seen[request.requestId])
      seen[request.requestId] = true
      for _, id in ipairs { request.requestId, request.widgetId } do
        assert.matches("^%x+%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x+$", id)
        assert.equal(36, #id)
      end
    end
  end)

  it("writes what the consumer takes as it is", function()
    for _, body in ipairs(encoded(list)) do
      local request, reason = widget.parse(body)
      assert(request, reason)
      assert.same({}, request.ignored)
    end
  end)

  it("has the sizes of real traffic", function()
    local sizes = {}
    for i, body in ipairs(encoded(list)) do sizes[i] = #body end
    table.sort(sizes)
    assert.is_true(sizes[1] >= 118)
    assert.is_true(sizes[#sizes] <= 1100)
    assert.near(460, sizes[#sizes // 2], 60)
  end)

  it("gives each type its members", function()
    local labels, updates = 0, 0
    for _, request in ipairs(list) do
      if request.type == "delete" then
        assert.is_nil(request.description or request.label or request.otherAttributes)
      else
        assert.is_string(request.description)
        assert.is_true(#request.otherAttributes >= 2 and #request.otherAttributes <= 11)
      end
      if request.type == "create" then assert.is_string(request.label) end
      if request.type == "update" then
        updates = updates + 1
        labels = labels + (request.label and 1 or 0)
      end
    end
    assert.near(0.5, labels / updates, 0.05)
  end)

  it("names attributes in their order, each value a text", function()
    for _, request in ipairs(list) do
      local last = 0
      for _, attribute in ipairs(request.otherAttributes or {}) do
        assert.is_true(RANK[attribute.name] > last)
        last = RANK[attribute.name]
        assert.is_string(attribute.value)
      end
    end
  end)
end)

describe("tidegate produce", function()
  local bad_place = { code = "BadPlace", message = "no such place" }

  local function no_place() return nil, bad_place end

  -- A queue that remembers its batches and takes `limit` messages in all.
  local function queue(limit)
    local sent = { batches = {}, slept = 0 }
    function sent.place()
      return { send_batch = function(_, batch)
        local n = math.min(#batch, limit)
        limit = limit - n
        table.insert(sent.batches, batch)
        return n, n < #batch and { code = "SlowDown" } or nil
      end }
    end
    sent.parts = { bucket = no_place, queue = sent.place, exit_code = function() return 69 end,
      sleep = function(s) sent.slept = sent.slept + s end }
    return sent
  end

  it("fills a queue in batches of ten when there is no delay", function()
    local sent = queue(100)
    local code, printed = run("produce", { "sqs://q", "-mwr", "25", "-ird", "0", "--seed", "1" },
      sent.parts)
    assert.equal(0, code)
    assert.same({ 10, 10, 5 }, { #sent.batches[1], #sent.batches[2], #sent.batches[3] })
    assert.matches("^25 requests written: %d+ create, %d+ update, %d+ delete %(seed 1%)$", printed)
    local bodies = {}
    for _, batch in ipairs(sent.batches) do
      for _, entry in ipairs(batch) do bodies[#bodies + 1] = entry.body end
    end
    assert.same(encoded(generate(1, 25)), bodies)
    assert.equal(0, sent.slept)
  end)

  it("waits between two otherwise, and not after the last", function()
    local sent = queue(100)
    assert.equal(0, (run("produce", { "sqs://q", "-mwr=3", "-ird=200" }, sent.parts)))
    assert.equal(3, #sent.batches)
    assert.near(0.4, sent.slept, 0.001)
  end)

  it("stops when its time is up", function()
    local sent, clock = queue(100), 0
    sent.parts.now = function() return clock end
    sent.parts.sleep = function(s) clock = clock + s end
    assert.equal(0, (run("produce", { "sqs://q", "-ird=100", "-mrt=1050" }, sent.parts)))
    assert.equal(11, #sent.batches)
  end)

  it("stops at the first error, and says how far it came", function()
    local code, _, _, logged = run("produce", { "sqs://q", "-ird=0" }, queue(15).parts)
    assert.equal(69, code)
    assert.equal("settings", logged[1].text)
    assert.equal("stopped after 15 requests", logged[2].text)
  end)

  it("writes objects under the time in ms, and never over one that is there", function()
    local store = memory_store()
    store.objects["5000"] = { body = "theirs", etag = '"0"' }
    local parts = { bucket = function() return store end, now = function() return 5 end }
    local args = { "file:x", "-mwr=3", "-ird=0", "-mrt=0", "--seed=1" }
    assert.equal(0, (run("produce", args, parts)))
    assert.equal("theirs", store.objects["5000"].body)
    local bodies = {}
    for i = 1, 3 do bodies[i] = store.objects[tostring(5000 + i)].body end
    assert.same(encoded(generate(1, 3)), bodies)
  end)

  it("knows its own object when a write was sent twice", function()
    local store = memory_store()
    store.resend = true
    local parts = { bucket = function() return store end }
    assert.equal(0, (run("produce", { "file:x", "-mwr=4", "-ird=0" }, parts)))
    assert.equal(4, store.writes)
  end)

  it("makes the queue in a file of its own, and takes the course's flags", function()
    local opened = {}
    local sent = queue(100)
    sent.parts.queue = function(url, opts)
      opened[#opened + 1] = { url, opts.create }
      return sent.place()
    end
    assert.equal(0, (run("produce", { "sqlite:q.db", "-mwr=1" }, sent.parts)))
    assert.equal(0, (run("produce", { "-rq", "q", "-mwr=1" }, sent.parts)))
    assert.same({ { "sqlite:q.db", true }, { "sqs://q", true } }, opened)
    local store = memory_store()
    local parts = { bucket = function(url)
      store.url = url
      return store
    end }
    assert.equal(0, (run("produce", { "-rb=b", "-mwr=1" }, parts)))
    assert.equal("s3://b", store.url)
    local code, _, said = run("produce", { "-rb=b", "-rq=q" }, parts)
    assert.equal(64, code)
    assert.matches("two targets: -rb b and -rq q", said, 1, true)
  end)

  it("shows a terminal how far it is", function()
    local lines, batches, picture = {}, 0, nil
    local parts = {
      terminal = function(stream) return stream == "stderr" and 60 or nil end,
      status = function(text) lines[#lines + 1] = text or "gone" end,
      spawn = function(show) picture = show end,
      sleep = function() error("one picture is enough", 0) end,
    }
    function parts.queue()
      return { send_batch = function(_, batch)
        batches = batches + 1
        if batches == 3 then pcall(picture) end
        return #batch
      end }
    end
    assert.equal(0, (run("produce", { "sqs://q", "-mwr=40", "-ird=0" }, parts)))
    assert.same({ "[##################..................]  50 %  20 of 40  0/s", "gone" }, lines)
  end)

  it("refuses what is no place", function()
    local code, _, said = run("produce", { "ftp:x" }, { bucket = no_place, queue = no_place })
    assert.equal(64, code)
    assert.matches("usage: tidegate produce", said, 1, true)
  end)
end)
