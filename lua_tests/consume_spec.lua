-- The wiring of the main program: options, places, handler, log lines, summary and exit code.
local here = debug.getinfo(1, "S").source:match "^@(.*/)" or "./"
local memory_store = dofile(here .. "support/memory_store.lua")
local run = dofile(here .. "support/program.lua")

local CREATE = [[{"type":"create","requestId":"r1","widgetId":"w1","owner":"Sue Smith",
  "otherAttributes":[{"name":"id","value":"x"}]}]]
local UPDATE = '{"type":"update","requestId":"r2","widgetId":"w2","owner":"Sue Smith"}'

local SUMMARY = { received = 3, done = 1, skipped = 1, retried = 0, parked = 1, released = 0,
  unparkable = 0, balanced = true, drained = true,
  outcomes = { created = 1, missing = 1, rejected = 1, audited = 4 } }

-- The parts of `tidegate` that consume needs; `seen` collects what it was asked for.
local function parts(changes)
  local seen, store = { verdicts = {}, lanes = {} }, memory_store()
  local fake = { env = { PWD = "/here" }, exit_code = function() return 69 end }
  function fake.queue(url, opts)
    if opts then seen.created = url end
    return { url = url, kind = "sqs" }
  end
  function fake.bucket(url)
    store.url = url
    return store
  end
  function fake.now()
    seen.clock = (seen.clock or 0) + 0.25
    return seen.clock
  end
  function fake.consume(_, handler, opts)
    seen.opts = opts
    for i, body in ipairs { CREATE, UPDATE, "{}" } do
      local message = { id = "m" .. i, body = body }
      seen.lanes[i] = opts.lane(message) or "none"
      seen.verdicts[i] = handler(message)
    end
    return setmetatable(changes and changes.summary or {}, { __index = SUMMARY })
  end
  for name, value in pairs(changes or {}) do fake[name] = value end
  return fake, seen, store
end

-- A bucket that is there and empty, whose change() is as the test wants it.
local function bucket_with(change)
  return function(url)
    return { url = url, change = change, get = function() return nil, { code = "NoSuchKey" } end }
  end
end

local ARGS = { "sqs://in", "s3://out" }
local SUMMED = { "sqs://in", "s3://out", "--summary" }

describe("tidegate consume", function()
  it("hands its options on", function()
    local fake, seen = parts()
    local args = { "sqs://in", "s3://out", "--concurrency", "7", "--until-empty", "--wait=1s",
      "--drain-timeout=500ms", "--visibility=2m", "--max-receives=3", "--max-messages=9",
      "-mrt", "1500", "--deadline=5m", "--park", "sqs://aside" }
    assert.equal(0, (run("consume", args, fake)))
    seen.opts.lane = nil
    assert.same({ concurrency = 7, until_empty = true, drain_timeout = 0.5, wait = 1,
      visibility = 120, max_receives = 3, max_messages = 9, max_runtime = 1.5, deadline = 300,
      park = { url = "sqs://aside", kind = "sqs" } }, seen.opts)
    assert.equal("sqs://aside", seen.created)
  end)

  it("has defaults", function()
    local fake, seen = parts()
    assert.equal(0, (run("consume", ARGS, fake)))
    seen.opts.lane = nil
    assert.same({ concurrency = 32, drain_timeout = 25, wait = 20 }, seen.opts)
  end)

  it("answers each message with its verdict, in the lane of its widget", function()
    local fake, seen, store = parts()
    run("consume", ARGS, fake)
    local verdicts = {}
    for i, verdict in ipairs(seen.verdicts) do
      verdicts[i] = verdict.verdict .. " " .. verdict.outcome
    end
    assert.same({ "done created", "skip missing", "park rejected" }, verdicts)
    assert.equal("type: is missing", seen.verdicts[3].reason)
    assert.same({ "w1", "w2", "none" }, seen.lanes)
    assert.is_table(store.objects["widgets/sue-smith/w1"])
  end)

  it("logs its settings first, then each request", function()
    local fake = parts()
    local _, _, _, logged = run("consume", ARGS, fake)
    local lines = {}
    for i, line in ipairs(logged) do lines[i] = line.level .. " " .. line.text end
    assert.same({ "info settings", "warn ignored attribute id of widget w1",
      "info create widget w1", "warn update widget w2", "error rejected request m3",
      "info summary" }, lines)
    assert.same({ message = "m1", request = "r1", widget = "w1", type = "create", verdict = "done",
      outcome = "created", ms = "250.00" }, logged[3].fields)
    assert.same({ message = "m2", request = "r2", widget = "w2", type = "update", verdict = "skip",
      outcome = "missing", ms = "250.00", reason = "there is no widget to update" },
      logged[4].fields)
    assert.same({ message = "m3", verdict = "park", outcome = "rejected", ms = "250.00",
      reason = "type: is missing" }, logged[5].fields)
  end)

  it("echoes every setting, and no password", function()
    local fake = parts { host = function() return { log_level = "info", region = "x" } end }
    local _, _, _, logged = run("consume", { "https://me:secret@h/1/q", "s3://out" }, fake)
    assert.same({ from = "https://***@h/1/q", to = "s3://out", concurrency = "32", wait = "20",
      until_empty = "no", max_messages = "unset", max_runtime = "0", drain_timeout = "25",
      visibility = "unset", max_receives = "unset", park = "unset", shard = "unset", summary = "no",
      deadline = "unset", conflicts = "warn", keep_deleted = "1209600", s3_events = "no",
      sns = "unset",
      request_bucket = "unset", request_queue = "unset", widget_bucket = "unset",
      dynamodb_widget_table = "unset", widget_key_prefix = "widgets/",
      use_owner_in_prefix = "yes", bucket = "no", table = "no", queue = "no",
      log_level = "info", region = "x" }, logged[1].fields)
  end)

  it("tries again what the store could not do", function()
    local err = setmetatable({ code = "SlowDown" }, { __tostring = function() return "slow" end })
    local fake, seen = parts { bucket = bucket_with(function() return nil, err end) }
    run("consume", ARGS, fake)
    assert.equal("retry", seen.verdicts[1].verdict)
    assert.equal("slow", seen.verdicts[1].reason)
  end)

  it("puts aside at once what no repetition can change", function()
    local class = { __tostring = function() return "big" end }
    local err = setmetatable({ code = "ItemTooLarge" }, class)
    local fake, seen = parts { bucket = bucket_with(function() return nil, err end) }
    local _, _, _, logged = run("consume", ARGS, fake)
    assert.same({ "park", "big" }, { seen.verdicts[1].verdict, seen.verdicts[1].reason })
    assert.equal("error create widget w1", logged[3].level .. " " .. logged[3].text)
  end)

  it("keeps widgets under the prefix it is told, without the owner", function()
    local fake, _, store = parts()
    run("consume", { "sqs://in", "s3://out", "-wkp", "team/", "-uop=no" }, fake)
    assert.is_table(store.objects["team/w1"])
  end)

  it("raises when a route answers nothing", function()
    local fake = parts { bucket = bucket_with(function() end) }
    local function consume() run("consume", ARGS, fake) end
    assert.error_matches(consume, "no verdict from the route of create")
  end)

  it("prints nothing but the log when nobody looks", function()
    local _, printed, said, logged = run("consume", ARGS, (parts()))
    assert.same({ "", "" }, { printed, said })
    assert.same({ received = 3, done = 1, skipped = 1, retried = 0, parked = 1, released = 0,
      unparkable = 0, unanswered = 0, balanced = "yes", drained = "yes", create_done = 1,
      update_skip = 1, no_request_park = 1, outcome_created = 1, outcome_missing = 1,
      outcome_rejected = 1, outcome_audited = 4, seconds = "1.75", rate = "1.7",
      p50_ms = "250", p99_ms = "250" }, logged[#logged].fields)
  end)

  it("prints the summary to a terminal, or to who asks for it", function()
    local args = { "sqs://in", "s3://out", "--summary" }
    local _, printed = run("consume", args, (parts()))
    assert.equal([[
               done     skip    retry     park
create            1        -        -        -
update            -        1        -        -
no request        -        -        -        1

      1 created
      1 missing
      1 rejected
      4 audited
      3 received = 1 done + 1 skipped + 0 retried + 1 parked + 0 released
    1.7 a second for 1.75 s, p50 250 ms and p99 250 ms in a handler]], printed)
    local function terminal(stream) return stream == "stdout" and 80 or nil end
    local _, shown = run("consume", ARGS, (parts { terminal = terminal, env = { NO_COLOR = "1" } }))
    assert.equal(printed, shown)
    _, shown = run("consume", ARGS, (parts { terminal = terminal }))
    assert.not_equal(printed, shown)
    assert.equal(printed, (shown:gsub("\27%[%d+m", "")))
  end)

  local ends = {
    { 0, {}, "received" },
    { 0, { unparkable = 2 }, "2 of the retried were to be parked" },
    { 70, { balanced = false }, "does not add up" },
    { 75, { drained = false }, "drain deadline passed" },
    { 70, { balanced = false, drained = false }, "does not add up" },
  }

  for _, case in ipairs(ends) do
    it(("ends with %d and says “%s”"):format(case[1], case[3]), function()
      local code, printed = run("consume", SUMMED, (parts { summary = case[2] }))
      assert.equal(case[1], code)
      assert.matches(case[3], printed, 1, true)
    end)
  end

  it("ends with the code of an error when the source cannot be read", function()
    local err = { code = "connect" }
    local so_far = setmetatable({ received = 0 }, { __index = SUMMARY })
    local function consume() return nil, err, so_far end
    local code, printed = run("consume", SUMMED, (parts { consume = consume }))
    assert.same({ 69, "" }, { code, printed })
    so_far.received = 3
    code, printed = run("consume", SUMMED, (parts { consume = consume }))
    assert.equal(69, code)
    assert.matches("3 received = 1 done", printed, 1, true)
  end)

  it("takes nothing when the store is not there", function()
    local err = { code = "NoSuchBucket" }
    local fake, seen = parts { bucket = function(url)
      return { url = url, get = function() return nil, err end }
    end }
    assert.equal(69, (run("consume", ARGS, fake)))
    assert.is_nil(seen.opts)
  end)

  it("refuses a prefix that no key can have", function()
    local fake, seen = parts { bucket = function(url)
      return { url = url, get = function(_, key)
        return nil, { code = "InvalidKey", message = "not " .. key }
      end }
    end }
    local code, _, said = run("consume", { "sqs://in", "s3://out", "-wkp=../" }, fake)
    assert.equal(64, code)
    assert.matches("no key can begin with '../': not ../tidegate-probe", said, 1, true)
    assert.is_nil(seen.opts)
  end)

  it("ends with the code of an error when a place is not there", function()
    local function missing() return nil, { code = "NoSuchBucket" } end
    assert.equal(69, (run("consume", ARGS, (parts { queue = missing }))))
    assert.equal(69, (run("consume", ARGS, (parts { bucket = missing }))))
  end)

  local usage = {
    { {}, "FROM is missing" },
    { { "sqs://in" }, "TO is missing" },
    { { "sqs://in", "s3://out", "s3://more" }, "unexpected argument 's3://more'" },
    { { "sqs://in", "s3://out", "--max-mesages=3" },
      "unknown option --max-mesages (did you mean --max-messages?)" },
    { { "-rb", "in", "-rq", "in", "-wb", "out" }, "two sources: -rb in and -rq in" },
    { { "sqs://in", "ftp://out" }, '"ftp://out" is no store: write s3://BUCKET[/PREFIX]' },
    { { "sqs://q", "s3://out", "--park=sqs://q" }, "--park is read as FROM: sqs://q and sqs://q" },
    { { "sqs://in", "s3://out", "--concurrency=0" }, "--concurrency: expected an integer" },
    { { "s3://a/x", "s3://a/x" }, "FROM and TO overlap: s3://a/x and s3://a/x" },
  }

  for _, case in ipairs(usage) do
    it("refuses with “" .. case[2] .. "” and one line of usage", function()
      local code, _, said = run("consume", case[1], (parts()))
      assert.equal(64, code)
      assert.matches(case[2], said, 1, true)
      assert.matches("\nusage: tidegate consume [options] FROM TO\n", said, 1, true)
    end)
  end

  it("refuses what is no place", function()
    local function no_place() return nil, { code = "BadPlace", message = "no such place" } end
    assert.equal(64, (run("consume", ARGS, (parts { queue = no_place }))))
    assert.equal(64, (run("consume", ARGS, (parts { bucket = no_place }))))
  end)
end)
