-- Routes over a store in memory: which function answers which type, and what it leaves behind.
local here = debug.getinfo(1, "S").source:match "^@(.*/)" or "./"
local tide = require "tidegate"
local routes = require "routes"
local memory_store = dofile(here .. "support/memory_store.lua")

local KEY = "widgets/sue-smith/w1"
local serial = 0

local function request(kind, members)
  serial = serial + 1
  local made = { type = kind, requestId = "r" .. serial, widgetId = "w1", owner = "Sue Smith",
    otherAttributes = {}, ignored = {} }
  for name, value in pairs(members or {}) do made[name] = value end
  return made
end

describe("routes", function()
  local store

  before_each(function() store = memory_store() end)

  local function route(kind, members)
    return (assert(routes.route(request(kind, members), store)))
  end

  local function stored()
    local object = store.objects[KEY]
    return object and tide.json.decode(object.body)
  end

  it("create, update and delete one widget", function()
    assert.equal("created", route("create", { label = "a" }).outcome)
    assert.same({ id = "w1", owner = "Sue Smith", label = "a", description = tide.null,
      otherAttributes = tide.array {} }, stored())
    assert.equal("updated", route("update", { label = "b" }).outcome)
    assert.equal("b", stored().label)
    assert.equal("deleted", route("delete").outcome)
    assert.is_nil(stored())
  end)

  it("ask the store once for a create, twice for the others", function()
    route "create"
    assert.same({ "put" }, store.calls)
    route "update"
    assert.same({ "put", "get", "put" }, store.calls)
    route "delete"
    assert.same({ "put", "get", "put", "get", "delete" }, store.calls)
  end)

  it("warn of an update and a delete without a widget, and write nothing", function()
    for _, kind in ipairs { "update", "delete" } do
      local verdict = route(kind)
      assert.equal("skip", verdict.verdict)
      assert.equal("missing", verdict.outcome)
    end
    assert.same({ "get", "get" }, store.calls)
  end)

  it("replace a widget that is there already", function()
    route("create", { label = "a" })
    assert.equal("replaced", route("create", { label = "b" }).outcome)
    assert.equal("b", stored().label)
  end)

  it("keep both updates when two meet", function()
    route("create", { label = "a", description = "a" })
    store.interfere = function() route("update", { description = "theirs" }) end
    assert.equal("updated", route("update", { label = "ours" }).outcome)
    assert.equal("ours", stored().label)
    assert.equal("theirs", stored().description)
  end)

  for kind, outcome in pairs { create = "created", update = "updated", delete = "deleted" } do
    it("see no conflict in their own " .. kind .. ", sent twice", function()
      if kind ~= "create" then route "create" end
      store.resend = true
      assert.equal(outcome, route(kind).outcome)
    end)
  end

  it("take a create that came twice as the one it is", function()
    local create = request("create", { label = "a" })
    assert(routes.route(create, store))
    assert.equal("created", assert(routes.route(create, store)).outcome)
    assert.equal(1, store.writes)
  end)

  it("pass on what the store could not do", function()
    local broken = { change = function() return nil, { code = "SlowDown" } end }
    local verdict, err = routes.route(request "create", broken)
    assert.is_nil(verdict)
    assert.equal("SlowDown", err.code)
  end)
end)

describe("the built-in routes", function()
  it("can be changed one function at a time", function()
    local own = require "tidegate.builtin.routes"
    local keep = own.store
    finally(function() own.store = keep end)
    local default, other = memory_store(), memory_store()
    own.store = function(made, place) return made.owner == "Sue Smith" and other or place end
    assert(own.route(request "create", default))
    assert(own.route(request("create", { owner = "Henry Hops" }), default))
    assert.is_table(other.objects[KEY])
    assert.is_nil(default.objects[KEY])
    assert.is_table(default.objects["widgets/henry-hops/w1"])
  end)
end)
