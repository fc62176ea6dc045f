-- What makes a request, where its widget is kept, and what an update leaves of it.
local tide = require "tidegate"
local widget = require "widget"

local REQUEST = {
  type = '"create"', requestId = '"r1"', widgetId = '"w1"', owner = '"Sue Smith"',
  label = '"a"', description = '"b"', otherAttributes = '[{"name":"size","value":"9"}]',
}

-- A request as JSON text; `changes` has JSON texts by member, false for a member to leave out.
local function json(changes)
  local members = {}
  for name, text in pairs(REQUEST) do
    local value = changes[name]
    if value == nil then value = text end
    if value then members[#members + 1] = ('"%s":%s'):format(name, value) end
  end
  for name, text in pairs(changes) do
    if not REQUEST[name] then members[#members + 1] = ('"%s":%s'):format(name, text) end
  end
  return "{" .. table.concat(members, ",") .. "}"
end

local function parse(changes) return assert(widget.parse(json(changes))) end

local function quoted(text) return '"' .. text .. '"' end

describe("widget.parse", function()
  it("reads a whole request", function()
    assert.same({
      type = "create", requestId = "r1", widgetId = "w1", owner = "Sue Smith", label = "a",
      description = "b", otherAttributes = { { name = "size", value = "9" } }, ignored = {},
    }, parse {})
  end)

  it("takes the long words of the published schema for the short ones", function()
    for long, short in pairs { WidgetCreateRequest = "create", WidgetUpdateRequest = "update",
      WidgetDeleteRequest = "delete" } do
      assert.equal(short, parse({ type = quoted(long) }).type)
    end
  end)

  it("needs only type, ids and owner", function()
    local request = parse { label = false, description = false, otherAttributes = false }
    assert.is_nil(request.label)
    assert.is_nil(request.description)
    assert.same({}, request.otherAttributes)
  end)

  it("takes null as absent where an update gives it a meaning", function()
    local request = parse { label = "null", description = "null", otherAttributes = "null" }
    assert.is_nil(request.label)
    assert.is_nil(request.description)
    assert.same({}, request.otherAttributes)
    request = parse { otherAttributes = '[{"name":"a","value":null},{"name":"b","value":"1"}]' }
    assert.same({ { name = "b", value = "1" } }, request.otherAttributes)
  end)

  it("keeps empty texts", function()
    local request = parse { label = '""', otherAttributes = '[{"name":"a","value":""}]' }
    assert.equal("", request.label)
    assert.equal("", request.otherAttributes[1].value)
  end)

  it("ignores members it does not know", function()
    assert.is_nil(parse({ colour = '{"a":[1,2]}' }).colour)
  end)

  it("lets the last of two attributes with one name count, in the place of the first", function()
    local twice = '[{"name":"a","value":"1"},{"name":"b","value":"2"},{"name":"a","value":"3"}]'
    assert.same({ { name = "a", value = "3" }, { name = "b", value = "2" } },
      parse({ otherAttributes = twice }).otherAttributes)
  end)

  it("leaves out attributes with reserved names, and says which", function()
    local items = {}
    for i, name in ipairs { "id", "owner", "label", "description", "_tidegate", "size" } do
      items[i] = ('{"name":"%s","value":"x"}'):format(name)
    end
    local request = parse { otherAttributes = "[" .. table.concat(items, ",") .. "]" }
    assert.same({ { name = "size", value = "x" } }, request.otherAttributes)
    assert.same({ "id", "owner", "label", "description", "_tidegate" }, request.ignored)
  end)

  it("takes ids of any kind that are one part of a key", function()
    for _, id in ipairs { "bad", "...", ".hidden", "a b", "%2e%2e", "a\\\\b", "é", "e\u{301}",
      "🌊", ("x"):rep(255), "?#&=+", "__proto__", "%s%n" } do
      local expected = id:gsub("\\\\", "\\")
      assert.equal(expected, parse({ widgetId = quoted(id) }).widgetId)
    end
  end)

  local refused = {
    { "an empty body", "", "the request is empty" },
    { "white space", "  \n", "not JSON: " },
    { "text", "hello", "not JSON: " },
    { "a cut text", '{"type":"create"', "not JSON: " },
    { "two documents", "{}{}", "not JSON: " },
    { "invalid UTF-8", json { label = '"\xFF"' }, "not JSON: " },
    { "100,000 levels", ("["):rep(100000), "not JSON: " },
    { "a number too large", json { colour = "1e400" }, "not JSON: " },
    { "an array", "[]", "the request: expected an object, got an array" },
    { "a string", '"create"', "the request: expected an object, got a string" },
    { "null", "null", "the request: expected an object, got null" },
    { "10 MB", (" "):rep(10 * 1024 * 1024), "the request has 10485760 bytes, the limit is" },
  }

  for _, case in ipairs(refused) do
    it("refuses " .. case[1], function()
      local request, reason = widget.parse(case[2])
      assert.is_nil(request)
      assert.equal(case[3], reason:sub(1, #case[3]))
    end)
  end

  -- A second attribute, after one that is fine.
  local function second(item)
    return { otherAttributes = '[{"name":"a","value":"1"},' .. item .. "]" }
  end

  local member = {
    { { type = false }, "type: is missing" },
    { { type = '"bad"' }, "type: expected create, update or delete" },
    { { type = '"CREATE"' }, "type: expected create, update or delete" },
    { { type = "null" }, "type: expected a string, got null" },
    { { requestId = false }, "requestId: is missing" },
    { { requestId = "17" }, "requestId: expected a string, got a number" },
    { { requestId = '""' }, "requestId: must not be empty" },
    { { requestId = quoted(("x"):rep(256)) }, "requestId: has 256 bytes, the limit is 255" },
    { { requestId = '"a\\nb"' }, "requestId: has a control character" },
    { { widgetId = false }, "widgetId: is missing" },
    { { widgetId = '""' }, "widgetId: must not be empty" },
    { { widgetId = '"."' }, "widgetId: must not be . or .." },
    { { widgetId = '".."' }, "widgetId: must not be . or .." },
    { { widgetId = '"../../x"' }, "widgetId: must not have a slash" },
    { { widgetId = '"a/b"' }, "widgetId: must not have a slash" },
    { { widgetId = '"a\\u0000b"' }, "widgetId: has a control character" },
    { { widgetId = '"\\u0085"' }, "widgetId: has a control character" },
    { { widgetId = quoted(("🌊"):rep(64)) }, "widgetId: has 256 bytes, the limit is 255" },
    { { owner = false }, "owner: is missing" },
    { { owner = "null" }, "owner: expected a string, got null" },
    { { owner = '""' }, "owner: expected letters and spaces only" },
    { { owner = '"  "' }, "owner: expected at least one letter" },
    { { owner = '"../../x"' }, "owner: expected letters and spaces only" },
    { { owner = '"Zoë"' }, "owner: expected letters and spaces only" },
    { { owner = '"a\\n"' }, "owner: expected letters and spaces only" },
    { { owner = quoted(("x"):rep(2000)) }, "owner: has 2000 bytes, the limit is 255" },
    { { label = "7" }, "label: expected a string, got a number" },
    { { label = "{}" }, "label: expected a string, got an object" },
    { { description = "true" }, "description: expected a string, got a boolean" },
    { { description = "[]" }, "description: expected a string, got an array" },
    { { otherAttributes = "{}" }, "otherAttributes: expected an array, got an object" },
    { { otherAttributes = '"x"' }, "otherAttributes: expected an array, got a string" },
    { second "7", "otherAttributes[1]: expected an object, got a number" },
    { second '{"value":"1"}', "otherAttributes[1].name: is missing" },
    { second '{"name":"","value":"1"}', "otherAttributes[1].name: must not be empty" },
    { second '{"name":"a\\u0000","value":""}',
      "otherAttributes[1].name: has a control character" },
    { second '{"name":"a"}', "otherAttributes[1].value: is missing" },
    { second '{"name":"a","value":1.5}',
      "otherAttributes[1].value: expected a string, got a number" },
    { second '{"name":"id","value":[]}',
      "otherAttributes[1].value: expected a string, got an array" },
  }

  for _, case in ipairs(member) do
    it("refuses with “" .. case[2] .. "”", function()
      local request, reason = widget.parse(json(case[1]))
      assert.is_nil(request)
      assert.equal(case[2], reason)
    end)
  end
end)

describe("widget.key", function()
  local function key(owner, id) return widget.key { owner = owner, widgetId = id } end

  it("writes spaces as dashes and letters small, in the owner alone", function()
    assert.equal("widgets/mary-matthews/AB c", key("Mary Matthews", "AB c"))
    assert.equal("widgets/-a--b-/1", key(" A  B ", "1"))
  end)
end)

describe("widget.create", function()
  it("keeps everything, without type and request id", function()
    assert.same({ id = "w1", owner = "Sue Smith", label = "a", description = "b",
      otherAttributes = { { name = "size", value = "9" } } }, widget.create(parse {}))
  end)

  it("writes absent texts as null and absent attributes as an empty array", function()
    local request = parse { label = false, description = "null", otherAttributes = false }
    assert.equal('{"description":null,"id":"w1","label":null,"otherAttributes":[],'
      .. '"owner":"Sue Smith"}', tide.json.encode(widget.create(request)))
  end)

  it("keeps empty texts empty", function()
    assert.equal("", widget.create(parse { label = '""' }).label)
  end)
end)

describe("widget.update", function()
  local current

  before_each(function()
    current = widget.create(parse { otherAttributes =
      '[{"name":"size","value":"9"},{"name":"color","value":"red"},{"name":"vendor","value":""}]' })
  end)

  local function update(changes)
    changes.type = '"update"'
    for _, name in ipairs { "label", "description", "otherAttributes" } do
      if changes[name] == nil then changes[name] = false end
    end
    return widget.update(current, parse(changes))
  end

  it("leaves what is absent or null", function()
    assert.same(current, update {})
    assert.same(current, update { label = "null", description = "null", otherAttributes = "null" })
    assert.same(current, update { otherAttributes = '[{"name":"size","value":null}]' })
  end)

  it("sets texts, and makes them null by an empty one", function()
    local new = update { label = '"new"', description = '""' }
    assert.equal("new", new.label)
    assert.equal(tide.null, new.description)
  end)

  it("sets, removes and adds attributes, and keeps the places of the others", function()
    local new = update { otherAttributes = '[{"name":"note","value":"n"},'
      .. '{"name":"color","value":""},{"name":"size","value":"10"},{"name":"lacked","value":""}]' }
    assert.same({ { name = "size", value = "10" }, { name = "vendor", value = "" },
      { name = "note", value = "n" } }, new.otherAttributes)
    assert.is_true(tide.is_array(new.otherAttributes))
  end)

  it("can remove the last attribute", function()
    current.otherAttributes = tide.array { { name = "size", value = "9" } }
    local new = update { otherAttributes = '[{"name":"size","value":""}]' }
    assert.equal("[]", tide.json.encode(new.otherAttributes))
  end)

  it("never changes id and owner", function()
    local new = update { widgetId = '"w2"', owner = '"Henry Hops"' }
    assert.equal("w1", new.id)
    assert.equal("Sue Smith", new.owner)
  end)

  it("keeps members that others wrote, and lives without attributes", function()
    current.price, current.otherAttributes = 12, nil
    local new = update { otherAttributes = '[{"name":"size","value":"1"}]' }
    assert.equal(12, new.price)
    assert.same({ { name = "size", value = "1" } }, new.otherAttributes)
  end)

  it("leaves the widget it was given as it was", function()
    local before = tide.json.encode(current)
    update { label = '""', otherAttributes = '[{"name":"size","value":""}]' }
    assert.equal(before, tide.json.encode(current))
  end)
end)
