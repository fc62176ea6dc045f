-- A widget as the item of a table: flat, all strings, and back again; and how large it may be.
local tide = require "tidegate"
local widget = require "widget"

local function parse(members)
  local request = { type = "create", requestId = "r1", widgetId = "w1", owner = "Sue Smith" }
  for name, value in pairs(members) do request[name] = value end
  return assert(widget.parse(assert(tide.json.encode(request))))
end

local function made(members) return widget.create(parse(members)) end

local function others(...)
  local list = {}
  for i, pair in ipairs { ... } do list[i] = { name = pair[1], value = pair[2] } end
  return tide.array(list)
end

describe("widget.to_item", function()
  it("keeps each member and each other attribute side by side", function()
    local item = widget.to_item(made { label = "a", description = "",
      otherAttributes = others({ "size-unit", "cm" }, { "size", "9" }, { "note", "" }) }, "id")
    assert.same({ id = "w1", owner = "Sue Smith", label = "a", description = "",
      ["size-unit"] = "cm", size = "9", note = "" }, item)
  end)

  it("leaves out what is null", function()
    assert.same({ id = "w1", owner = "Sue Smith" }, widget.to_item(made {}, "id"))
  end)

  it("keeps the id under the name of the key alone", function()
    assert.same({ widget_id = "w1", owner = "Sue Smith" }, widget.to_item(made {}, "widget_id"))
  end)

  it("overwrites neither key nor member by another attribute", function()
    local stored = made { label = "a" }
    stored.otherAttributes = others({ "widget_id", "x" }, { "owner", "x" }, { "label", "x" })
    assert.same({ widget_id = "w1", owner = "Sue Smith", label = "a" },
      widget.to_item(stored, "widget_id"))
  end)

  it("takes ids and names byte for byte", function()
    for _, text in ipairs { "é", "e\u{301}", "🌊", "__index", "size.unit", "#a :b" } do
      local stored = made { widgetId = text, otherAttributes = others { text, text } }
      local item = widget.to_item(stored, "id")
      assert.same({ id = text, owner = "Sue Smith", [text] = text }, item)
      assert.same(stored, widget.from_item(item, "id"))
    end
  end)
end)

describe("widget.from_item", function()
  it("gives back what to_item took, other attributes by name", function()
    for _, key in ipairs { "id", "widget_id" } do
      local stored = made { label = "", otherAttributes = others({ "b", "2" }, { "a", "1" }) }
      local back = widget.from_item(widget.to_item(stored, key), key)
      stored.otherAttributes = others({ "a", "1" }, { "b", "2" })
      assert.same(stored, back)
      assert.is_true(tide.is_array(back.otherAttributes))
    end
  end)

  it("takes absent texts and NULL for null, and no attributes for none", function()
    local back = widget.from_item({ id = "w1", owner = "Sue Smith", label = tide.null }, "id")
    assert.equal('{"description":null,"id":"w1","label":null,"otherAttributes":[],'
      .. '"owner":"Sue Smith"}', tide.json.encode(back))
  end)

  it("keeps what somebody else wrote", function()
    local item = { widget_id = "w1", id = "theirs", owner = "Sue Smith", price = 12, hot = true,
      tags = tide.array { "x" }, otherAttributes = "a text", last_modified_on = "2026-01-01" }
    assert.same(item, widget.to_item(widget.from_item(item, "widget_id"), "widget_id"))
    item = { id = "w1", otherAttributes = tide.array { 1 } }
    assert.same(item, widget.to_item(widget.from_item(item, "id"), "id"))
  end)

  it("gives what an update can change", function()
    local item = { id = "w1", owner = "Sue Smith", label = "a", size = "9", color = "red", n = 1 }
    local request = parse { type = "update", label = "", otherAttributes =
      others({ "size", "10" }, { "color", "" }, { "new", "x" }) }
    local after = widget.update(widget.from_item(item, "id"), request)
    assert.same({ id = "w1", owner = "Sue Smith", size = "10", new = "x", n = 1 },
      widget.to_item(after, "id"))
  end)
end)

describe("widget.problem", function()
  -- id, w1, owner, Sue Smith, note: 22 bytes
  local function sized(bytes)
    local stored = made {}
    stored.otherAttributes = others { "note", ("x"):rep(bytes - 22) }
    return stored
  end

  it("lets 400,000 bytes pass, names and values, and not one more", function()
    assert.is_nil(widget.problem(sized(400000)))
    assert.equal("the widget would have 400001 bytes, the limit is 400000",
      widget.problem(sized(400001)))
  end)

  it("counts bytes, not characters", function()
    local stored = made {}
    stored.otherAttributes = others { "note", ("é"):rep(200000) }
    assert.matches("400022 bytes", widget.problem(stored), 1, true)
  end)

  it("counts all that an item can hold", function()
    local stored = made {}
    stored.extra = tide.array { 1, true, tide.null, { deep = tide.set { "x" } } }
    stored.n, stored.b = tide.decimal "1.2345678901234567890123", tide.binary "\xFF"
    stored.ns, stored.bs = tide.set { 1, 2.5 }, tide.set { tide.binary "\0" }
    assert.is_nil(widget.problem(stored))
    stored.b = tide.binary(("\xFF"):rep(400000))
    assert.matches("the limit is 400000", widget.problem(stored), 1, true)
    stored.b = nil
    stored.otherAttributes = tide.null
    assert.is_nil(widget.problem(stored))
  end)
end)

describe("a name that a table's key has", function()
  it("is reserved like the others", function()
    finally(function() widget.reserved.widget_id = nil end)
    local text = [[{"type":"create","requestId":"r","widgetId":"w","owner":"a",
      "otherAttributes":[{"name":"widget_id","value":"x"},{"name":"size","value":"9"}]}]]
    assert.same({}, assert(widget.parse(text)).ignored)
    widget.reserved.widget_id = true
    local request = assert(widget.parse(text))
    assert.same({ "widget_id" }, request.ignored)
    assert.same({ { name = "size", value = "9" } }, request.otherAttributes)
  end)
end)

describe("the key of a bucket", function()
  local request = { owner = "Sue Smith", widgetId = "e\u{301} 1" }
  local prefix, use_owner = widget.prefix, widget.use_owner

  after_each(function() widget.prefix, widget.use_owner = prefix, use_owner end)

  it("has the prefix as it is, and the owner or not", function()
    assert.equal("widgets/sue-smith/e\u{301} 1", widget.key(request))
    widget.prefix = "team"
    assert.equal("teamsue-smith/e\u{301} 1", widget.key(request))
    widget.use_owner = false
    assert.equal("teame\u{301} 1", widget.key(request))
  end)

  it("tells other owners from those that fold to the same key", function()
    assert.is_false(widget.is_foreign({ owner = "sue smith" }, request))
    assert.is_true(widget.is_foreign({ owner = "Sue  Smith" }, request))
    assert.is_false(widget.is_foreign({}, request))
    assert.is_false(widget.is_foreign({ owner = tide.null }, request))
  end)
end)
