-- Routes over a table: the same requests, kept as flat items under the id alone.
local here = debug.getinfo(1, "S").source:match "^@(.*/)" or "./"
local tide = require "tidegate"
local change = require "tidegate.change"
local routes = require "routes"
local widget = require "widget"
local memory_store = dofile(here .. "support/memory_store.lua")
local memory_table = dofile(here .. "support/memory_table.lua")

local serial = 0

local function request(kind, members)
  serial = serial + 1
  local made = { type = kind, requestId = "r" .. serial, widgetId = "w1", owner = "Sue Smith",
    otherAttributes = {}, ignored = {} }
  for name, value in pairs(members or {}) do made[name] = value end
  return made
end

describe("routes to a table", function()
  local items

  before_each(function()
    items = memory_table()
    items.change = change
  end)

  local function route(kind, members)
    return (assert(routes.route(request(kind, members), items)))
  end

  -- What stands there, without the book.
  local function stored(id)
    local item = items.items[id or "w1"]
    if item then item._tidegate = nil end
    return item
  end

  it("create, update and delete one flat item", function()
    assert.equal("created", route("create", { label = "a", otherAttributes =
      { { name = "size-unit", value = "cm" }, { name = "length", value = "9" } } }).outcome)
    assert.same({ id = "w1", owner = "Sue Smith", label = "a", ["size-unit"] = "cm",
      length = "9" }, stored())
    assert.equal("updated", route("update", { label = "", description = "d", otherAttributes =
      { { name = "length", value = "" }, { name = "note", value = "n" } } }).outcome)
    assert.same({ id = "w1", owner = "Sue Smith", description = "d", ["size-unit"] = "cm",
      note = "n" }, stored())
    assert.equal("deleted", route("delete").outcome)
    assert.is_nil(stored())
  end)

  it("keep the id under another name, and nothing named id", function()
    items.key = "widget_id"
    route "create"
    assert.same({ widget_id = "w1", owner = "Sue Smith" }, stored())
    assert.equal("updated", route("update", { label = "b" }).outcome)
    assert.same({ widget_id = "w1", owner = "Sue Smith", label = "b" }, stored())
  end)

  it("never overwrite the key, though nobody reserved its name", function()
    items.key = "widget_id"
    local mean = { { name = "widget_id", value = "x" }, { name = "size", value = "1" } }
    route("create", { otherAttributes = mean })
    route("update", { otherAttributes = mean })
    assert.same({ widget_id = "w1", owner = "Sue Smith", size = "1" }, stored())
  end)

  it("warn of an update and a delete without a widget", function()
    for _, kind in ipairs { "update", "delete" } do
      local verdict = route(kind)
      assert.same({ "skip", "missing" }, { verdict.verdict, verdict.outcome })
    end
    assert.same({}, items.items)
  end)

  it("do not let another owner update or delete, but replace", function()
    route("create", { label = "a" })
    for _, kind in ipairs { "update", "delete" } do
      local verdict = route(kind, { owner = "Henry Hops", label = "theirs" })
      assert.same({ "skip", "missing" }, { verdict.verdict, verdict.outcome })
    end
    assert.equal("a", stored().label)
    assert.equal("updated", route("update", { owner = "sue smith", label = "b" }).outcome)
    assert.equal("Sue Smith", stored().owner)
    assert.equal("replaced", route("create", { owner = "Henry Hops" }).outcome)
    assert.same({ id = "w1", owner = "Henry Hops" }, stored())
  end)

  it("do not update what became another owner's in between", function()
    route "create"
    items.interfere = function() route("create", { owner = "Henry Hops" }) end
    assert.equal("missing", route("update", { label = "ours" }).outcome)
    assert.same({ id = "w1", owner = "Henry Hops" }, stored())
  end)

  it("keep both updates when two meet", function()
    route("create", { label = "a" })
    items.interfere = function() route("update", { description = "theirs" }) end
    assert.equal("updated", route("update", { label = "ours" }).outcome)
    assert.same({ id = "w1", owner = "Sue Smith", label = "ours", description = "theirs" },
      stored())
  end)

  for kind, outcome in pairs { create = "created", update = "updated", delete = "deleted" } do
    it("see no conflict in their own " .. kind .. ", sent twice", function()
      if kind ~= "create" then route "create" end
      items.resend = true
      assert.equal(outcome, route(kind, { label = "x" }).outcome)
    end)
  end

  it("leave alone what others keep beside a widget", function()
    route("create", { label = "a" })
    items.items.w1.price, items.items.w1.tags = 12, tide.array { "x" }
    route("update", { label = "b" })
    assert.same({ id = "w1", owner = "Sue Smith", label = "b", price = 12,
      tags = tide.array { "x" } }, stored())
  end)
end)

describe("a widget that is too large", function()
  local function large(name)
    return { { name = name, value = ("x"):rep(200000) } }
  end

  for kind, open in pairs { bucket = memory_store, table = memory_table } do
    it("is parked by a create and by an update, on a " .. kind, function()
      local store = open()
      store.change = change
      local huge = request("create", { description = ("x"):rep(400000) })
      local verdict = assert(routes.route(huge, store))
      assert.same({ "park", "rejected" }, { verdict.verdict, verdict.outcome })
      assert.matches("the widget would have 400029 bytes, the limit is 400000", verdict.reason)
      assert.same({}, store.calls)
      assert(routes.route(request("create", { otherAttributes = large "a" }), store))
      local calls = #store.calls
      verdict = assert(routes.route(request("update", { otherAttributes = large "b" }), store))
      assert.equal("park", verdict.verdict)
      assert.equal(calls + 1, #store.calls)
      assert.equal("get", store.calls[#store.calls])
      assert.equal("updated",
        assert(routes.route(request("update", { label = "small" }), store)).outcome)
    end)
  end

  it("has one size on every store", function()
    local made = widget.create(request("create", { description = ("é"):rep(200000) }))
    assert.matches("400029 bytes", widget.problem(made), 1, true)
  end)
end)
