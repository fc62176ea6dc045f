-- change: what is sent to the store, what `decide` is told, and what comes of lost races.
local here = debug.getinfo(1, "S").source:match "^@(.*/)" or "./"
local tide = require "tidegate"
local change = require "tidegate.change"
local memory_store = dofile(here .. "support/memory_store.lua")

local KEY = "widgets/a/1"

local function stored(store)
  local object = store.objects[KEY]
  return object and tide.json.decode(object.body)
end

local function book(store)
  return tide.json.decode(store.objects[KEY].metadata["tidegate-book"])
end

-- A decide function that answers the given plans one after the other, and what it was told.
local function script(...)
  local plans, told = { ... }, {}
  return function(current, context)
    told[#told + 1] = context.event .. ":" .. (current and tostring(current.v) or "none")
    return plans[#told] or plans[#plans]
  end, told
end

describe("change", function()
  local store

  before_each(function() store = memory_store() end)

  local function put(n) store:put(KEY, ('{"v":%d}'):format(n)) end

  it("creates with one request when nothing is expected there", function()
    local decide, told = script { write = { v = 1 } }
    local verdict = assert(change(store, KEY, decide, { expect = "missing" }))
    assert.equal("done", verdict.verdict)
    assert.equal("created", verdict.outcome)
    assert.same({ "missing:none" }, told)
    assert.same({ "put" }, store.calls)
    assert.same({ v = 1 }, stored(store))
    assert.equal("application/json", store.objects[KEY].content_type)
  end)

  it("tells a create what it found, and replaces exactly that", function()
    put(1)
    local decide, told = script({ write = { v = 2 } }, { write = { v = 3 }, outcome = "replaced" })
    local verdict = assert(change(store, KEY, decide, { expect = "missing" }))
    assert.equal("replaced", verdict.outcome)
    assert.same({ "missing:none", "exists:1" }, told)
    assert.same({ v = 3 }, stored(store))
  end)

  it("reads first otherwise, and updates or deletes what it read", function()
    put(1)
    assert.equal("updated", assert(change(store, KEY, script { write = { v = 2 } })).outcome)
    assert.same({ v = 2 }, stored(store))
    assert.equal("deleted", assert(change(store, KEY, script { delete = true })).outcome)
    assert.is_nil(stored(store))
    assert.equal("created", assert(change(store, KEY, script { write = { v = 3 } })).outcome)
  end)

  it("returns a verdict as it is and writes nothing", function()
    local decide, told = script(tide.skip("no widget", "missing"))
    local verdict = assert(change(store, KEY, decide))
    assert.equal("skip", verdict.verdict)
    assert.equal("missing", verdict.outcome)
    assert.same({ "missing:none" }, told)
    assert.same({ "get" }, store.calls)
  end)

  it("decides again when someone wrote in between", function()
    put(1)
    store.interfere = function() put(7) end
    local decide, told = script({ write = { v = 2 } }, { write = { v = 8 } })
    assert.equal("updated", assert(change(store, KEY, decide)).outcome)
    assert.same({ "exists:1", "changed:7" }, told)
    assert.same({ v = 8 }, stored(store))
  end)

  it("decides again when someone deleted in between", function()
    put(1)
    store.interfere = function() store:delete(KEY) end
    local decide, told = script({ write = { v = 2 } }, tide.skip("gone", "missing"))
    assert.equal("missing", assert(change(store, KEY, decide)).outcome)
    assert.same({ "exists:1", "changed:none" }, told)
    assert.is_nil(stored(store))
  end)

  it("does not delete what someone wrote in between", function()
    put(1)
    store.interfere = function() put(7) end
    local decide, told = script({ delete = true }, tide.skip("keep it"))
    assert.equal("keep it", assert(change(store, KEY, decide)).reason)
    assert.same({ "exists:1", "changed:7" }, told)
    assert.same({ v = 7 }, stored(store))
  end)

  it("takes a conflict of two writes under way for a lost race", function()
    put(1)
    local real = store.put
    function store:put()
      self.put = real
      return nil, { code = "ConditionalRequestConflict", status = 409 }
    end
    local decide, told = script { write = { v = 2 } }
    assert.equal("updated", assert(change(store, KEY, decide)).outcome)
    assert.same({ "exists:1", "changed:1" }, told)
  end)

  it("gives up after so many lost races, with an error worth a retry", function()
    put(1)
    local n = 1
    local function again()
      n = n + 1
      put(n)
      store.interfere = again
    end
    store.interfere = again
    local asked = 0
    local verdict, err = change(store, KEY, function()
      asked = asked + 1
      store.interfere = again
      return { write = { v = 0 } }
    end, { attempts = 3 })
    assert.is_nil(verdict)
    assert.equal("Contended", err.code)
    assert.is_true(err.retryable)
    assert.matches("widgets/a/1", tostring(err), 1, true)
    assert.equal(3, asked)
  end)

  it("passes an error of the store on", function()
    local broken = { get = function() return nil, { code = "SlowDown", retryable = true } end }
    local verdict, err = change(broken, KEY, script { write = {} })
    assert.is_nil(verdict)
    assert.equal("SlowDown", err.code)
  end)

  it("does not take a missing bucket for a missing object", function()
    local broken = { get = function() return nil, { code = "NoSuchBucket", status = 404 } end }
    local _, err = change(broken, KEY, function() error("must not be asked") end)
    assert.equal("NoSuchBucket", err.code)
  end)

  it("leaves alone what it cannot read", function()
    store:put(KEY, "not JSON")
    local verdict, err = change(store, KEY, script { write = {} })
    assert.is_nil(verdict)
    assert.equal("BadValue", err.code)
    assert.equal("not JSON", store.objects[KEY].body)
  end)

  it("encodes and decodes as it is told", function()
    store:put(KEY, "1")
    local function encode(value) return tostring(value), "text/plain" end
    local opts = { encode = encode, decode = tonumber }
    assert(change(store, KEY, function(current) return { write = current + 1 } end, opts))
    assert.equal("2", store.objects[KEY].body)
    assert.equal("text/plain", store.objects[KEY].content_type)
  end)

  for _, answer in ipairs { {}, { write = 1, delete = true }, { delete = 1 }, "done", false } do
    it("refuses an answer that says nothing clear: " .. tostring(answer), function()
      put(1)
      assert.error_matches(function()
        change(store, KEY, function() return answer end)
      end, "decide must answer .* to 'exists' it answered ")
    end)
  end

  it("refuses to delete what is not there", function()
    local function delete() change(store, KEY, script { delete = true }) end
    assert.error_matches(delete, "for what exists")
  end)

  it("refuses options it does not know", function()
    for name, value in pairs { retries = 3, expect = "exists" } do
      local function misuse() change(store, KEY, script {}, { [name] = value }) end
      assert.error_matches(misuse, name)
    end
  end)
end)

describe("a write that is sent twice", function()
  local store

  before_each(function() store = memory_store() end)

  for _, opts in ipairs { { expect = "missing", request_id = "r1" }, { request_id = "r1" } } do
    it("is a success when it creates, " .. (opts.expect or "read first"), function()
      store.resend = true
      local decide, told = script({ write = { v = 1 } }, tide.park "must not be asked again")
      assert.equal("created", assert(change(store, KEY, decide, opts)).outcome)
      assert.equal(1, #told)
      assert.equal(1, store.writes)
    end)
  end

  it("is a success when it updates", function()
    store:put(KEY, '{"v":1}')
    store.resend = true
    local decide, told = script({ write = { v = 2 } }, tide.park "must not be asked again")
    assert.equal("updated", assert(change(store, KEY, decide, { request_id = "r1" })).outcome)
    assert.equal(1, #told)
    assert.same({ v = 2 }, stored(store))
  end)

  it("is a success when it deletes", function()
    store:put(KEY, '{"v":1}')
    store.resend = true
    local decide, told = script({ delete = true }, tide.park "must not be asked again")
    assert.equal("deleted", assert(change(store, KEY, decide, { request_id = "r1" })).outcome)
    assert.equal(1, #told)
  end)

  it("is a conflict when another request won", function()
    store:put(KEY, '{"v":1}')
    store.interfere = function()
      assert(change(store, KEY, script { write = { v = 5 } }, { request_id = "other" }))
    end
    local decide, told = script { write = { v = 2 } }
    assert(change(store, KEY, decide, { request_id = "r1" }))
    assert.same({ "exists:1", "changed:5" }, told)
  end)
end)

describe("a create that comes again", function()
  it("leaves what later requests made of it", function()
    local store = memory_store()
    local create = { expect = "missing", request_id = "r1" }
    assert(change(store, KEY, script { write = { v = 1 } }, create))
    assert(change(store, KEY, script { write = { v = 2 } }, { request_id = "r2" }))
    local again = assert(change(store, KEY, script { write = { v = 1 } }, create))
    assert.equal("created", again.outcome)
    assert.same({ v = 2 }, stored(store))
    create.request_id = "r3"
    local decide = script({ write = { v = 3 } }, { write = { v = 3 }, outcome = "replaced" })
    assert.equal("replaced", assert(change(store, KEY, decide, create)).outcome)
    assert.same({ v = 3 }, stored(store))
  end)
end)

describe("the book", function()
  local store

  before_each(function() store = memory_store() end)

  it("is empty at first and comes back as it was written", function()
    local seen = {}
    local function decide(_, context)
      seen[#seen + 1] = context.book
      return { write = { v = 1 }, book = { note = "Zoë 🌊", seen = 3 } }
    end
    assert(change(store, KEY, decide))
    assert(change(store, KEY, decide))
    assert.same({ {}, { note = "Zoë 🌊", seen = 3 } }, seen)
  end)

  it("is printable ASCII where it is stored", function()
    local text = "Zoë 🌊 \x7F \n"
    assert(change(store, KEY, script { write = {}, book = { text = text } }))
    assert.is_nil(store.objects[KEY].metadata["tidegate-book"]:find "[^ -~]")
    assert.equal(text, book(store).text)
  end)

  it("is kept by a write that says nothing of it", function()
    assert(change(store, KEY, script { write = {}, book = { version = 4 } }))
    assert(change(store, KEY, script { write = { v = 2 } }))
    assert.same({ version = 4 }, book(store))
  end)

  it("names the request that wrote last, and only that", function()
    assert(change(store, KEY, script { write = {} }, { request_id = "r1" }))
    assert.same({ request = tide.sha256 "r1" }, book(store))
    assert(change(store, KEY, script { write = {}, book = { v = 1 } }, { request_id = "r2" }))
    assert.same({ v = 1, request = tide.sha256 "r2" }, book(store))
    assert(change(store, KEY, script { write = {} }))
    assert.same({ v = 1 }, book(store))
  end)

  it("is not the table that decide handed out", function()
    local mine = { v = 1 }
    assert(change(store, KEY, script { write = {}, book = mine }, { request_id = "r1" }))
    assert.same({ v = 1 }, mine)
  end)

  it("counts as empty when someone else's metadata is no book", function()
    store:put(KEY, '{"v":1}', { metadata = { ["tidegate-book"] = "{" } })
    local decide = script { write = {} }
    assert.equal("updated", assert(change(store, KEY, decide)).outcome)
  end)
end)
