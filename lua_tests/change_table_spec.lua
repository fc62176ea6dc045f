-- change on a table: what is sent, under which condition, and what of an item is never touched.
local here = debug.getinfo(1, "S").source:match "^@(.*/)" or "./"
local tide = require "tidegate"
local change = require "tidegate.change"
local memory_table = dofile(here .. "support/memory_table.lua")

local function always(plan) return function() return plan end end

describe("change on a table", function()
  local store

  before_each(function() store = memory_table() end)

  local function put(item)
    item.id = "k"
    store.items.k = item
  end

  it("creates with one request when nothing is expected there", function()
    local verdict = assert(change(store, "k", always { write = { v = 1 } },
      { expect = "missing", request_id = "r" }))
    local hash = tide.sha256 "r"
    assert.equal("created", verdict.outcome)
    assert.same({ "put" }, store.calls)
    assert.same({ if_absent = true }, store.asked.opts)
    assert.same({ id = "k", v = 1, _tidegate = { request = hash, created = hash } }, store.items.k)
  end)

  it("takes what stands there from the refusal, without another read", function()
    put { v = 1 }
    local seen
    assert(change(store, "k", function(current, context)
      seen = { current, context.event }
      return { write = { v = 2 } }
    end, { expect = "missing" }))
    assert.same({ { id = "k", v = 1 }, "exists" }, seen)
    assert.same({ "put", "update" }, store.calls)
  end)

  it("reads when the refusal does not say what stands there", function()
    put { v = 1 }
    store.mute = true
    assert(change(store, "k", always { write = { v = 2 } }, { expect = "missing" }))
    assert.same({ "put", "get", "update" }, store.calls)
    assert.equal(2, store.items.k.v)
  end)

  it("writes what differs and nothing else, under the condition of what it read", function()
    put { a = 1, b = { x = tide.array { 1 } }, c = "old", d = true, _tidegate = { request = "q" } }
    assert(change(store, "k", function(current)
      current.a, current.c, current.e = nil, "new", tide.null
      return { write = current }
    end))
    assert.same({ set = { c = "new", e = tide.null }, remove = { "_tidegate", "a" } },
      store.asked.what)
    assert.same({ id = "k", a = 1, b = { x = { 1 } }, c = "old", d = true,
      _tidegate = { request = "q" } }, store.asked.opts.if_equal)
  end)

  it("sees what decide did to a value inside of the one it was given", function()
    put { list = tide.array { 1 }, map = { x = 1 } }
    assert(change(store, "k", function(current)
      current.list[2] = 2
      current.map.x = nil
      return { write = current }
    end))
    assert.same({ id = "k", list = { 1, 2 }, map = {} }, store.items.k)
    assert.same({ 1 }, store.asked.opts.if_equal.list)
  end)

  it("tells values apart that Lua takes for alike", function()
    put { empty = tide.array {}, list = tide.array { "a" } }
    assert(change(store, "k", always { write = { empty = {}, list = tide.set { "a" } } }))
    assert.is_false(tide.is_array(store.asked.what.set.empty))
    assert.equal(getmetatable(tide.set { 1 }), getmetatable(store.asked.what.set.list))
  end)

  it("asks for nothing when nothing differs", function()
    put { v = 1, blob = tide.binary "b", exact = tide.decimal "1.2345678901234567890123" }
    local same = { v = 1.0, blob = tide.binary "b" }
    same.exact = tide.decimal "1.2345678901234567890123"
    assert.equal("updated", assert(change(store, "k", always { write = same })).outcome)
    assert.same({ "get" }, store.calls)
  end)

  it("leaves attributes alone that somebody added since it read", function()
    put { v = 1 }
    store.interfere = function() store.items.k.foreign = "stays" end
    assert(change(store, "k", always { write = { v = 2 } }))
    assert.same({ id = "k", v = 2, foreign = "stays" }, store.items.k)
  end)

  it("notices what somebody did to an attribute that it read", function()
    put { v = 1, w = 1 }
    store.interfere = function() store.items.k.w = 2 end
    local told = {}
    assert(change(store, "k", function(current, context)
      told[#told + 1] = context.event .. current.w
      return { write = { v = 2, w = current.w } }
    end))
    assert.same({ "exists1", "changed2" }, told)
    assert.same({ id = "k", v = 2, w = 2 }, store.items.k)
  end)

  it("deletes only what it read", function()
    put { v = 1 }
    store.interfere = function() store.items.k.v = 2 end
    local verdict = assert(change(store, "k", function(current)
      return current.v == 1 and { delete = true } or tide.skip "changed"
    end))
    assert.equal("skip", verdict.verdict)
    assert.same({ if_equal = { id = "k", v = 1 }, if_lacks = { "_tidegate" } }, store.asked.opts)
    assert.equal("deleted", assert(change(store, "k", always { delete = true })).outcome)
    assert.is_nil(store.items.k)
  end)

  it("sees that somebody wrote a first book, though no attribute has changed", function()
    put { v = 1 }
    store.interfere = function() store.items.k._tidegate = { n = 1 } end
    assert(change(store, "k", function(current, context)
      return { write = current, book = { n = (context.book.n or 0) + 1 } }
    end))
    assert.same({ id = "k", v = 1, _tidegate = { n = 2 } }, store.items.k)
  end)

  it("names a hundred attributes in a condition, the book first", function()
    local item = { _tidegate = { request = "q" } }
    for i = 1, 200 do item[("a%03d"):format(i)] = i end
    put(item)
    assert(change(store, "k", function(current)
      current.a150 = 0
      return { write = current }
    end))
    local equal, count = store.asked.opts.if_equal, 0
    for _ in pairs(equal) do count = count + 1 end
    assert.equal(100, count)
    assert.same({ request = "q" }, equal._tidegate)
    assert.same({ 99, nil }, { equal.a099, equal.a100 })
    assert.same({ a150 = 0 }, { a150 = store.asked.what.set.a150 })
  end)

  it("writes the item whole when more changes than an update may name", function()
    local new = {}
    for i = 1, 301 do new["a" .. i] = i end
    put { v = 1 }
    assert(change(store, "k", always { write = new }))
    assert.same({ "get", "put" }, store.calls)
    assert.same({ id = "k", v = 1 }, store.asked.opts.if_equal)
    assert.is_nil(store.items.k.v)
    assert.equal(301, store.items.k.a301)
  end)

  for outcome, before in pairs { created = false, updated = { v = 1 } } do
    it("takes a write that was sent twice for a success: " .. outcome, function()
      if before then put(before) end
      store.resend = true
      local asked = 0
      local verdict = assert(change(store, "k", function()
        asked = asked + 1
        return { write = { v = 2 } }
      end, { request_id = "r" }))
      assert.equal(outcome, verdict.outcome)
      assert.equal(1, asked)
    end)
  end

  it("takes a delete that was sent twice for a success", function()
    put { v = 1 }
    store.resend = true
    assert.equal("deleted", assert(change(store, "k", always { delete = true })).outcome)
  end)

  it("encodes and decodes as it is told, and never shows them the book", function()
    put { text = "1", _tidegate = { request = "q" } }
    local opts = {
      decode = function(item)
        assert.is_nil(item._tidegate)
        return math.tointeger(item.text)
      end,
      encode = function(value) return { text = tostring(value) } end,
    }
    assert(change(store, "k", function(n) return { write = n + 1 } end, opts))
    assert.same({ id = "k", text = "2" }, store.items.k)
  end)

  it("leaves alone what it cannot decode", function()
    put { text = "x" }
    local _, err = change(store, "k", always { write = {} },
      { decode = function() return nil, "text: not a number" end })
    assert.equal("BadValue", err.code)
    assert.matches("text: not a number", tostring(err), 1, true)
    assert.same({ "get" }, store.calls)
  end)

  it("takes the reserved attribute and another key for mistakes", function()
    for _, case in ipairs {
      { { _tidegate = {} }, "the attribute _tidegate is reserved" },
      { { id = "other" }, "names another key, id = other" },
      { "text", "cannot encode the value: string" },
    } do
      assert.error_matches(function() change(store, "k", always { write = case[1] }) end, case[2])
    end
    assert.is_nil(store.items.k)
    assert(change(store, "k", always { write = { id = "k" } }))
  end)

  it("counts a book that is none as empty, and replaces exactly that", function()
    put { _tidegate = "foreign" }
    local seen
    assert(change(store, "k", function(_, context)
      seen = context.book
      return { write = { v = 1 }, book = { n = 1 } }
    end))
    assert.same({}, seen)
    assert.equal("foreign", store.asked.opts.if_equal._tidegate)
    assert.same({ id = "k", v = 1, _tidegate = { n = 1 } }, store.items.k)
  end)

  it("passes an error of the store on", function()
    store.get = function() return nil, { code = "ThrottlingException", retryable = true } end
    local _, err = change(store, "k", always { write = {} })
    assert.equal("ThrottlingException", err.code)
  end)
end)
