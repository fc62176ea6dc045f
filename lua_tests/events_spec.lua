-- Notifications of S3: what is read from them, and what becomes of a message with several objects.
local here = debug.getinfo(1, "S").source:match "^@(.*/)" or "./"
local memory_store = dofile(here .. "support/memory_store.lua")
local tide = require "tidegate"

local TOPIC = "arn:aws:sns:us-east-1:123456789012:requests"

local function record(key, changes)
  local whole = {
    eventVersion = "2.1", eventSource = "aws:s3", awsRegion = "us-east-1",
    eventTime = "2026-11-25T03:00:00.000Z", eventName = "ObjectCreated:Put",
    userIdentity = { principalId = "AWS:EXAMPLE" },
    requestParameters = { sourceIPAddress = "127.0.0.1" },
    responseElements = { ["x-amz-request-id"] = "C3D13FE58DE4C810", ["x-amz-id-2"] = "FMyUVU" },
    s3 = {
      s3SchemaVersion = "1.0", configurationId = "requests",
      bucket = { name = "in", ownerIdentity = { principalId = "A3" }, arn = "arn:aws:s3:::in" },
      object = { key = key, size = 1024, eTag = "d41d8cd98f00b204e9800998ecf8427e",
        sequencer = "0055AED6DCD90281E5" },
    },
  }
  for name, value in pairs(changes or {}) do whole[name] = value end
  return whole
end

local function encode(value) return assert(tide.json.encode(value)) end

local function notification(...) return encode { Records = tide.array { ... } } end

local function envelope(message, changes)
  local whole = { Type = "Notification", MessageId = "22b80b92", TopicArn = TOPIC,
    Subject = "Amazon S3 Notification", Message = message, Timestamp = "2026-11-25T03:00:00.000Z" }
  for name, value in pairs(changes or {}) do whole[name] = value end
  return encode(whole)
end

local TEST = [[{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-11-25T03:00:00.000Z",
  "Bucket":"in","RequestId":"5582815E1AEA5ADF","HostId":"8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKx"}]]

describe("events.parse", function()
  local events = require "tidegate.events"

  local function urls(body, topic)
    local objects, reason = events.parse(body, topic)
    assert(objects, reason)
    local list = {}
    for i, object in ipairs(objects) do list[i] = object.url end
    return list
  end

  local keys = {
    { "a", "a" }, { "in/1612306368338", "in/1612306368338" }, { "a+b", "a b" },
    { "a%2Bb", "a+b" }, { "100%25", "100%" }, { "%C3%A9%c3%a9", "éé" }, { "a%2Fb", "a/b" },
    { "a%252F", "a%2F" }, { "+", " " },
  }
  for _, case in ipairs(keys) do
    it("decodes the key " .. case[1], function()
      local objects = assert(events.parse(notification(record(case[1]))))
      assert.same({ { bucket = "in", key = case[2], url = "s3://in/" .. case[2],
        event = "ObjectCreated:Put" } }, objects)
    end)
  end

  it("reads all records, in their order", function()
    assert.same({ "s3://in/b", "s3://in/a", "s3://in/b" },
      urls(notification(record "b", record "a", record "b")))
  end)

  it("takes whatever made an object, and nothing else", function()
    local made = {}
    for _, name in ipairs { "ObjectCreated:Put", "ObjectCreated:CompleteMultipartUpload",
      "s3:ObjectCreated:Copy", "ObjectRemoved:Delete", "ObjectRestore:Completed",
      "ObjectTagging:Put", "NotObjectCreated:Put" } do
      made[#made + 1] = record(name, { eventName = name })
    end
    local objects, others = events.parse(encode { Records = made })
    assert.same({ "ObjectCreated:Put", "ObjectCreated:CompleteMultipartUpload",
      "ObjectCreated:Copy" }, { objects[1].event, objects[2].event, objects[3].event })
    assert.same({ 3, "ObjectRemoved:Delete", "ObjectRestore:Completed", "ObjectTagging:Put",
      "NotObjectCreated:Put" }, { #objects, table.unpack(others) })
  end)

  it("leaves alone what lies parked, and folders", function()
    assert.same({ "s3://in/parked" },
      urls(notification(record "parked/a", record "folder/", record "parked")))
  end)

  it("knows the test event, and a message of nothing", function()
    assert.same({ {}, { "s3:TestEvent" } }, { events.parse(TEST) })
    assert.same({ {}, {} }, { events.parse(notification()) })
    assert.same({ {}, { "s3:TestEvent" } }, { events.parse(envelope(TEST), TOPIC) })
  end)

  it("opens the envelope of its topic", function()
    assert.same({ "s3://in/a b" }, urls(envelope(notification(record "a+b")), TOPIC))
  end)

  local function without(...)
    local whole = record "a"
    local at, path = whole, { ... }
    for i = 1, #path - 1 do at = at[path[i]] end
    at[path[#path]] = nil
    return notification(record "fine", whole)
  end

  local refused = {
    { "no S3 event notification: not JSON: ", "" },
    { "no S3 event notification: not JSON: ", "{" },
    { "no S3 event notification: no object", "[]" },
    { "no S3 event notification: no object", "null" },
    { "no S3 event notification: Records is no array", "{}" },
    { "no S3 event notification: Records is no array", '{"Records":{}}' },
    { "no S3 event notification: Records is no array", '{"Records":null}' },
    { "Records[0]: eventName is missing", '{"Records":["a"]}' },
    { "Records[1]: eventName is missing", without "eventName" },
    { "Records[1]: s3.bucket.name is missing", without "s3" },
    { "Records[1]: s3.bucket.name is missing", without("s3", "bucket", "name") },
    { "Records[1]: s3.object.key is missing", without("s3", "object") },
    { "Records[0]: s3.object.key is missing", notification(record(7)) },
    { "Records[0]: s3.object.key is not form-encoded", notification(record "") },
    { "Records[0]: s3.object.key is not form-encoded", notification(record "a%2") },
    { "Records[0]: s3.object.key is not form-encoded", notification(record "100%") },
    { "Records[0]: s3.bucket.name is no name of a bucket",
      notification(record("a", { s3 = { bucket = { name = "b/c" }, object = { key = "a" } } })) },
    { "an SNS envelope: name its topic with --sns", envelope(notification(record "a")) },
    { "no SNS envelope: Type is missing", notification(record "a"), TOPIC },
    { "no SNS envelope: not JSON", "{", TOPIC },
    { "no SNS envelope: Type is 'SubscriptionConfirmation'",
      envelope("You have chosen", { Type = "SubscriptionConfirmation" }), TOPIC },
    { "the SNS topic is arn:other, not that of --sns",
      envelope(notification(record "a"), { TopicArn = "arn:other" }), TOPIC },
    { "no SNS envelope: Message is missing", envelope({}), TOPIC },
    { "no S3 event notification: not JSON", envelope "hello", TOPIC },
  }
  for i, case in ipairs(refused) do
    it(("refuses (%d) with “%s”"):format(i, case[1]), function()
      local objects, reason = events.parse(case[2], case[3])
      assert.is_nil(objects)
      assert.equal(case[1], reason:sub(1, #case[1]))
    end)
  end
end)

describe("events.worst", function()
  local events = require "tidegate.events"
  local done, skip, park = tide.done "created", tide.skip("no", "missing"), tide.park "bad"
  local retry = tide.retry { reason = "slow" }

  for _, case in ipairs {
    { done, done }, { done, done, tide.done "updated" }, { skip, done, skip }, { park, skip, park },
    { retry, park, retry, done }, { retry, retry, tide.retry {}, park },
  } do
    it(("is %s of %d"):format(case[1].verdict, #case - 1), function()
      assert.equal(case[1], events.worst { table.unpack(case, 2) })
    end)
  end
end)

describe("events.handle", function()
  local events, store, logged, kept

  before_each(function()
    store, logged = memory_store(), {}
    for _, key in ipairs { "a", "b", "c" } do store:put(key, "request " .. key) end
    local log = setmetatable({}, { __index = function(_, level)
      return function(text) logged[#logged + 1] = level .. " " .. text end
    end })
    kept = { package.loaded.tidegate, package.loaded["tidegate.events"] }
    package.loaded["tidegate.events"] = nil
    package.loaded.tidegate = setmetatable({ log = log, bucket = function(url)
      if url == "s3://in" then return store end
      return nil, { code = "BadBucket", message = url }
    end }, { __index = tide })
    events = require "tidegate.events"
  end)

  after_each(function()
    package.loaded.tidegate, package.loaded["tidegate.events"] = table.unpack(kept)
  end)

  local function left()
    local names = {}
    for name in pairs(store.objects) do names[#names + 1] = name end
    table.sort(names)
    return table.concat(names, " ")
  end

  -- Handles a message; `answers` are verdicts by key.
  local function handle(body, answers)
    local seen = {}
    local verdict = events.handle({ id = "m1", body = body }, nil, function(object)
      seen[#seen + 1] = object.id .. "=" .. object.body
      return answers and answers[object.id:match "[^/]+$"] or tide.done "created"
    end)
    return verdict, table.concat(seen, ", ")
  end

  it("reads each object, hands it on, and deletes what is done", function()
    local verdict, seen = handle(notification(record "b", record "a"))
    assert.same({ "done", "created" }, { verdict.verdict, verdict.outcome })
    assert.equal("s3://in/b=request b, s3://in/a=request a", seen)
    assert.equal("c", left())
  end)

  it("keeps what is not done, and does the rest", function()
    local answers = { a = tide.park "bad", b = tide.retry { reason = "slow" },
      c = tide.skip("no", "missing") }
    local verdict = handle(notification(record "a", record "b", record "c"), answers)
    assert.same({ "retry", "slow" }, { verdict.verdict, verdict.reason })
    assert.equal("a b", left())
    answers.b = nil
    verdict = handle(notification(record "a", record "b", record "c"), answers)
    assert.same({ "park", "bad" }, { verdict.verdict, verdict.reason })
    assert.equal("a", left())
  end)

  it("takes an object that is gone for nothing", function()
    local verdict, seen = handle(notification(record "gone", record "a"))
    assert.same({ "skip", "vanished", "s3://in/a=request a" },
      { verdict.verdict, verdict.outcome, seen })
    assert.same({ "info object is gone s3://in/gone" }, logged)
  end)

  it("does not delete what was put there meanwhile", function()
    function store.interfere() store:put("a", "another") end
    assert.equal("done", handle(notification(record "a")).verdict)
    assert.equal("another", store.objects.a.body)
  end)

  it("tries again what cannot be read or deleted", function()
    function store.get() return nil, { code = "AccessDenied" } end
    assert.equal("retry", handle(notification(record "a")).verdict)
    store.get = nil
    function store.delete() return nil, { code = "SlowDown" } end
    assert.equal("retry", handle(notification(record "a")).verdict)
    assert.same({ "warn cannot take object s3://in/a", "warn cannot take object s3://in/a" },
      logged)
  end)

  it("parks what nobody can ever take", function()
    local other = record("a", { s3 = { bucket = { name = "x" }, object = { key = "a" } } })
    assert.equal("park", handle(notification(other)).verdict)
    for _, code in ipairs { "InvalidKey", "too_large" } do
      function store.get() return nil, { code = code } end
      assert.equal("park", handle(notification(record "a")).verdict)
    end
    assert.equal("a b c", left())
  end)

  it("parks what is no notification before anything is done", function()
    local verdict, seen = handle(notification(record "a", { eventName = "x" }))
    assert.same({ "park", "Records[1]: s3.bucket.name is missing", "rejected", "" },
      { verdict.verdict, verdict.reason, verdict.outcome, seen })
    assert.equal("a b c", left())
    assert.same({ "error rejected notification m1" }, logged)
  end)

  it("skips a message that made no object", function()
    local verdict = handle(TEST)
    assert.same({ "skip", "ignored", "no object was made: s3:TestEvent" },
      { verdict.verdict, verdict.outcome, verdict.reason })
    verdict = handle(notification(record("a", { eventName = "ObjectRemoved:Delete" })))
    assert.equal("no object was made: ObjectRemoved:Delete", verdict.reason)
    assert.equal("no object was made: no records", handle(notification()).reason)
    assert.equal("a b c", left())
  end)
end)
