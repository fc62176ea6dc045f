-- The contract of queues (src/base/queue.h), through the API, on every kind of queue:
-- TIDEGATE_CONTRACT_QUEUE names them, a number in place of %d; sqlite: and file: without it.
local here = debug.getinfo(1, "S").source:match "^@(.*/)"
local tide = require "tidegate"
local contract = dofile(here .. "../support/contract.lua")

local PLACES = contract.places("TIDEGATE_CONTRACT_QUEUE", "sqlite:FOLDER/%d file:FOLDER/%d")

-- All that may differ, by queue.kind.
local RULES = {
  -- a bucket keeps bodies of nothing
  empty_bodies = { bucket = true },
  -- whatever bytes, not only the characters that XML knows
  any_bytes = { bucket = true },
  -- attributes are metadata: names of a-z, 0-9 and -, printable ASCII
  plain_attributes = { bucket = true },
  -- comes back in the order of sending; a standard queue of SQS does not promise it
  ordered = { bucket = true, sqlite = true },
  -- the settings tell how many wait; a bucket is not counted
  counts = { sqs = true, sqlite = true },
  -- bytes of the largest body, attributes included
  largest = { sqs = 1024 * 1024, sqlite = 1024 * 1024, bucket = 2 * 1024 * 1024 },
  -- a body over that is refused when it is sent
  bounded = { sqs = true, sqlite = true },
}

for _, place in ipairs(PLACES) do
  describe("a queue, " .. place.name, function()
    local queue

    before_each(function() queue = assert(tide.queue(place.next(), { create = true })) end)
    teardown(place.clean)

    local function rule(name) return RULES[name][queue.kind] end

    -- Asks until a message comes: a receive may come back with nothing.
    local function take(opts)
      local q = opts and opts.queue or queue
      return contract.wait_for(function()
        return assert(q:receive { visibility = opts and opts.visibility or 30 })[1]
      end)
    end

    -- All that can be had now, deleted.
    local function drain(q)
      local bodies = {}
      repeat
        local messages = assert((q or queue):receive { max = 10, visibility = 30 })
        for _, message in ipairs(messages) do
          bodies[#bodies + 1] = message.body
          assert(queue:delete(message))
        end
      until not messages[1]
      table.sort(bodies)
      return bodies
    end

    it("gives what was sent, with all that a handler sees", function()
      local before = tide.now()
      assert.is_true(assert(queue:send("body", { attributes = { trace = "t-1", ["x-2"] = "b" } })))
      local message = take()
      assert.equal("body", message.body)
      assert.same({ trace = "t-1", ["x-2"] = "b" }, message.attributes)
      assert.equal(1, message.receive_count)
      assert.equal(queue.url, message.source)
      assert.is_true(message.id ~= "" and message.receipt ~= "")
      assert.is_true(math.abs(message.sent_at - before) < 60)
      local left = message:lease_left()
      assert.is_true(left > 20 and left <= 30)
      assert.equal("table", type(message.system))
      assert.is_nil(message.group_id)
    end)

    it("tells what it is", function()
      assert.equal("queue " .. queue.url, tostring(queue))
      assert.is_not_nil(rule "largest")
    end)

    it("gives nothing when there is nothing", function()
      assert.same({}, assert(queue:receive { max = 10 }))
      assert.same({}, assert(queue:receive()))
    end)

    it("keeps bodies byte for byte", function()
      local bodies = {
        '{"type":"create","note":"Zoë 🌊"}', " \t\n ", "\r\nlast", "caf\u{e9} cafe\u{301}",
        "<&>\"'%00\\u0000]]>", "\u{FFFD}\u{10FFFF}", "x",
      }
      if rule "any_bytes" then bodies[#bodies + 1] = "\0\xFF\x01" end
      for _, body in ipairs(bodies) do assert(queue:send(body)) end
      table.sort(bodies)
      assert.same(bodies, drain())
    end)

    it("keeps or refuses an empty body, and what is not text", function()
      local sent, err = queue:send ""
      assert.equal(rule "empty_bodies" or false, sent or false)
      assert.equal(rule "empty_bodies" and 1 or 0, #drain())
      if not sent then assert.is_false(err.retryable) end
      sent = queue:send "\0"
      assert.equal(rule "any_bytes" or false, sent or false)
    end)

    it("takes the largest body, and no larger one", function()
      local body = ("x"):rep(rule "largest")
      assert(queue:send(body))
      assert.equal(body, drain()[1])
      if rule "bounded" then
        local sent, err = queue:send(body .. "x")
        assert.is_nil(sent)
        assert.is_false(err.retryable)
        assert.same({}, drain())
      end
    end)

    it("keeps attributes as they are", function()
      local attributes = { a = "1", ["b-2"] = "spaces and \"quotes\"" }
      if not rule "plain_attributes" then
        attributes["Upper.case_x"] = "Zoë 🌊"
      end
      assert(queue:send("body", { attributes = attributes }))
      assert.same(attributes, take().attributes)
    end)

    it("keeps an order where it promises one, and loses nothing anywhere", function()
      local sent = {}
      for i = 1, 25 do
        sent[i] = ("%02d"):format(i)
        assert(queue:send(sent[i]))
      end
      local got = {}
      repeat
        local messages = assert(queue:receive { max = 10 })
        assert.is_true(#messages <= 10)
        for _, message in ipairs(messages) do got[#got + 1] = message.body end
      until not messages[1]
      if not rule "ordered" then table.sort(got) end
      assert.same(sent, got)
    end)

    it("hides what it gave, one message from everybody", function()
      assert(queue:send "one")
      local message = take()
      assert.same({}, assert(queue:receive { max = 10 }))
      assert(queue:release(message))
      assert.equal(message.id, take().id)
    end)

    it("forgets what was deleted, for good", function()
      assert(queue:send "one")
      local message = take { visibility = 1 }
      assert.is_true(assert(queue:delete(message)))
      assert.is_true(assert(queue:delete(message)))
      assert(queue:send("when that lease is over", { delay = 2 }))
      assert.equal("when that lease is over", take().body)
      assert.is_true(message:lease_left() < 0)
    end)

    it("gives a message again when its lease is over, and counts", function()
      assert(queue:send "one")
      local first = take { visibility = 1 }
      assert.is_true(first:lease_left() <= 1)
      local second = take { visibility = 1 }
      assert.is_true(first:lease_left() <= 0.05)
      assert.same({ first.id, 2 }, { second.id, second.receive_count })
      assert.is_true(second.receipt ~= first.receipt)
      assert.equal(3, take().receive_count)
    end)

    it("takes an old receipt for nothing done", function()
      assert(queue:send "one")
      local first = take { visibility = 1 }
      local second = take()
      assert.equal(2, second.receive_count)
      assert.is_true(assert(queue:delete(first)))
      assert(queue:release(second))
      assert.equal("one", take().body)
    end)

    it("gives back at once, or after a delay", function()
      assert(queue:send "one")
      local message = take()
      assert.is_true(assert(queue:release(message, { delay = 1 })))
      local from = tide.now()
      assert.same({}, assert(queue:receive()))
      message = take()
      assert.equal(2, message.receive_count)
      assert.is_true(tide.now() - from > 0.5)
      assert(queue:release(message, { delay = 0 }))
      assert.equal(3, take().receive_count)
    end)

    it("holds a message back that is sent with a delay", function()
      local from = tide.now()
      assert(queue:send("late", { delay = 1 }))
      assert(queue:send "now")
      assert.equal("now", take().body)
      assert.equal("late", take().body)
      assert.is_true(tide.now() - from > 0.5)
    end)

    describe("takes a batch", function()
      it("of ten, each as if it were sent alone", function()
        local entries, bodies = {}, {}
        for i = 1, 10 do
          bodies[i] = ("body %02d"):format(i)
          entries[i] = { body = bodies[i], attributes = { n = tostring(i) } }
        end
        assert.equal(10, assert(queue:send_batch(entries)))
        assert.same(bodies, drain())
      end)

      it("with a bad entry, and says how many went well", function()
        local bad = rule "empty_bodies" and { body = "bad", id = "../bad" } or { body = "" }
        local sent, err = queue:send_batch { { body = "a" }, bad, { body = "b" } }
        assert.is_not_nil(err)
        assert.is_false(err.retryable)
        assert.equal(sent, #drain())
        assert.is_true(sent == 2 or sent == 0)
      end)

      it("of one to ten entries with a body", function()
        for _, entries in ipairs { {}, { {} }, { "x" } } do
          assert.is_false(pcall(queue.send_batch, queue, entries))
        end
        local eleven = {}
        for i = 1, 11 do eleven[i] = { body = "x" } end
        assert.error_matches(function() queue:send_batch(eleven) end, "1 to 10")
      end)
    end)

    it("tells its settings", function()
      local settings = assert(queue:settings())
      assert.is_true(settings.visibility > 0)
      assert.is_false(settings.fifo)
      assert(queue:send "a")
      assert(queue:send "b")
      assert(queue:send("c", { delay = 60 }))
      take()
      settings = assert(queue:settings())
      if rule "counts" then
        assert.same({ 1, 1, 1 }, { settings.visible, settings.in_flight, settings.delayed })
      end
      assert.is_true(settings.visible >= 1)
    end)

    it("leases for as long as its settings say, unless it is told", function()
      assert(queue:send "a")
      local visibility = assert(queue:settings()).visibility
      local message = contract.wait_for(function() return assert(queue:receive())[1] end)
      local left = message:lease_left()
      assert.is_true(left <= visibility and left > visibility - 10)
    end)

    it("gives nothing away that a slow handler still works on", function()
      assert(queue:send "slow")
      local begun, left = 0, nil
      local summary = assert(tide.consume(queue, function(message)
        begun = begun + 1
        tide.sleep(3.5)
        left = message:lease_left()
        return tide.done()
      end, { visibility = 2, until_empty = true, wait = 0 }))
      assert.same({ 1, 1, true }, { begun, summary.done, left > 0 })
    end)

    it("has a place where parked messages lie, a queue like it", function()
      local parked = assert(queue:parked())
      assert.equal(queue.kind, parked.kind)
      assert.is_true(parked.url ~= queue.url)
      assert.same({}, assert(parked:receive { max = 10 }))
      assert(parked:send("aside", { id = "p", attributes = { ["tidegate-reason"] = "bad" } }))
      assert.same({}, assert(queue:receive()))
      local message = take { queue = parked }
      assert.equal("aside", message.body)
      assert.equal("bad", message.attributes["tidegate-reason"])
      assert.equal(parked.url, message.source)
      assert(parked:release(message))
      message = take { queue = parked }
      assert.equal(2, message.receive_count)
      assert(parked:delete(message))
      assert.same({}, assert(parked:receive()))
      local none, err = parked:parked()
      assert.is_nil(none)
      assert.equal("NoParkingPlace", err.code)
    end)

    it("refuses what it does not know", function()
      local misuses = {
        { function() queue:receive { count = 1 } end, "unknown option 'count'" },
        { function() queue:receive { max = 11 } end, "between 1 and 10" },
        { function() queue:delete {} end, "a message of queue:receive expected" },
        { function() queue:release({ receipt = "r" }, { delay = -1 }) end, "between 0 and 43200" },
        { function() queue:send("x", { delay = 901 }) end, "between 0 and 900" },
        { function() tide.queue(queue.url, { make = true }) end, "unknown option 'make'" },
      }
      for _, case in ipairs(misuses) do assert.error_matches(case[1], case[2]) end
    end)
  end)
end
