-- What `change` makes of a store, on every kind of bucket and table: values, races, books.
-- TIDEGATE_CONTRACT_STORE names the stores, a number in place of %d; file: and sqlite: without it.
local here = debug.getinfo(1, "S").source:match "^@(.*/)"
local tide = require "tidegate"
local contract = dofile(here .. "../support/contract.lua")

local PLACES = contract.places("TIDEGATE_CONTRACT_STORE", "file:FOLDER/%d sqlite:FOLDER/%d")
local KEY = "widgets/a/1"

-- How a value is written and read by somebody who knows nothing of change.
local FOREIGN = {
  bucket = {
    write = function(store, value) assert(store:put(KEY, assert(tide.json.encode(value)))) end,
    read = function(store)
      local body = store:get(KEY)
      return body and assert(tide.json.decode(body))
    end,
  },
  table = {
    write = function(store, value) assert(store:put(value)) end,
    read = function(store)
      local item = store:get(KEY)
      if item then item._tidegate = nil end
      return item
    end,
  },
}

local function open(url)
  local scheme = url:match "^%a%w*:"
  return assert((scheme == "s3:" or scheme == "file:") and tide.bucket(url) or tide.table(url))
end

for _, place in ipairs(PLACES) do
  describe("change, " .. place.name, function()
    local store, foreign

    before_each(function()
      store = open(place.next())
      foreign = FOREIGN[store.kind]
    end)
    teardown(place.clean)

    local function value(v) return { id = KEY, v = v } end

    -- Answers the plans one after the other, and lists what it was told.
    local function script(...)
      local plans, told = { ... }, {}
      return function(current, context)
        told[#told + 1] = context.event .. ":" .. (current and tostring(current.v) or "none")
        local plan = plans[#told] or plans[#plans]
        if type(plan) == "function" then return plan(current, context) end
        return plan
      end, told
    end

    -- A plan that lets another one write before it answers.
    local function after(act, plan)
      return function()
        act()
        return plan
      end
    end

    it("creates, updates and deletes", function()
      local decide, told = script({ write = value(1) }, { write = value(2) }, { delete = true })
      assert.equal("created", assert(store:change(KEY, decide)).outcome)
      assert.same(value(1), foreign.read(store))
      assert.equal("updated", assert(store:change(KEY, decide)).outcome)
      assert.same(value(2), foreign.read(store))
      assert.equal("deleted", assert(store:change(KEY, decide)).outcome)
      assert.is_nil(foreign.read(store))
      assert.same({ "missing:none", "exists:1", "exists:2" }, told)
    end)

    it("returns a verdict as it is and writes nothing", function()
      local verdict = assert(store:change(KEY, script(tide.skip("no widget", "missing"))))
      assert.same({ "skip", "missing" }, { verdict.verdict, verdict.outcome })
      assert.is_nil(foreign.read(store))
    end)

    it("tells a create what it found", function()
      foreign.write(store, value(1))
      local decide, told = script({ write = value(2) }, { write = value(3), outcome = "replaced" })
      local verdict = assert(store:change(KEY, decide, { expect = "missing" }))
      assert.equal("replaced", verdict.outcome)
      assert.same({ "missing:none", "exists:1" }, told)
      assert.same(value(3), foreign.read(store))
    end)

    it("decides again when somebody wrote, deleted or created in between", function()
      foreign.write(store, value(1))
      local decide, told = script(
        after(function() foreign.write(store, value(7)) end, { write = value(2) }),
        after(function() assert(store:delete(KEY)) end, { write = value(3) }),
        after(function() foreign.write(store, value(8)) end, { write = value(4) }),
        { write = value(9) })
      assert.equal("updated", assert(store:change(KEY, decide)).outcome)
      assert.same({ "exists:1", "changed:7", "changed:none", "changed:8" }, told)
      assert.same(value(9), foreign.read(store))
    end)

    it("does not delete what somebody wrote in between", function()
      foreign.write(store, value(1))
      local decide, told = script(
        after(function() foreign.write(store, value(7)) end, { delete = true }),
        tide.skip "keep it")
      assert.equal("keep it", assert(store:change(KEY, decide)).reason)
      assert.same({ "exists:1", "changed:7" }, told)
      assert.same(value(7), foreign.read(store))
    end)

    it("keeps the book apart from the value, and hands it on", function()
      local books = {}
      local function decide(_, context)
        books[#books + 1] = context.book
        return { write = value(#books), book = { note = "Zoë 🌊", seen = #books, deep = { 1 } } }
      end
      assert(store:change(KEY, decide, { request_id = "r1", expect = "missing" }))
      assert(store:change(KEY, decide, { request_id = "r2" }))
      assert.same(value(2), foreign.read(store))
      assert(store:change(KEY, decide))
      local r1, r2 = tide.sha256 "r1", tide.sha256 "r2"
      assert.same({
        {},
        { note = "Zoë 🌊", seen = 1, deep = { 1 }, request = r1, created = r1 },
        { note = "Zoë 🌊", seen = 2, deep = { 1 }, request = r2, created = r1 },
      }, books)
    end)

    it("leaves what later requests made of it to a create that comes again", function()
      local create = { expect = "missing", request_id = "r1" }
      assert(store:change(KEY, script { write = value(1) }, create))
      assert(store:change(KEY, script { write = value(2) }, { request_id = "r2" }))
      local decide, told = script { write = value(1) }
      assert.equal("created", assert(store:change(KEY, decide, create)).outcome)
      assert.same({ "missing:none" }, told)
      assert.same(value(2), foreign.read(store))
    end)

    it("lets many count together and loses none", function()
      local ended = 0
      for _ = 1, 5 do
        tide.spawn(function()
          assert(store:change(KEY, function(current)
            return { write = value((current and current.v or 0) + 1) }
          end, { attempts = 100 }))
          ended = ended + 1
        end)
      end
      contract.wait_for(function() return ended == 5 end)
      assert.same(value(5), foreign.read(store))
    end)

    it("gives up after so many lost races", function()
      foreign.write(store, value(0))
      local n = 0
      local _, err = store:change(KEY, function()
        n = n + 1
        foreign.write(store, value(n))
        return { write = value(-1) }
      end, { attempts = 3 })
      assert.same({ "Contended", true, 3 }, { err.code, err.retryable, n })
    end)
  end)
end
