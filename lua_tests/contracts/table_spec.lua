-- The contract of tables (src/base/table.h), through the API, on every kind of table:
-- TIDEGATE_CONTRACT_TABLE names them, a number in place of %d; sqlite: without it.
-- Nothing that is asked here may differ between them.
local here = debug.getinfo(1, "S").source:match "^@(.*/)"
local tide = require "tidegate"
local contract = dofile(here .. "../support/contract.lua")
local refused = contract.refused

local PLACES = contract.places("TIDEGATE_CONTRACT_TABLE", "sqlite:FOLDER/%d")

local function with(item, more)
  local copy = {}
  for name, value in pairs(item) do copy[name] = value end
  for name, value in pairs(more) do copy[name] = value end
  return copy
end

for _, place in ipairs(PLACES) do
  describe("a table, " .. place.name, function()
    local items

    before_each(function() items = assert(tide.table(place.next())) end)
    teardown(place.clean)

    local function stored(key) return assert(items:get(key)) end

    describe("keeps", function()
      it("an item under its key, and says who it is", function()
        assert.is_true(assert(items:put { id = "k", label = "one" }))
        assert.same({ id = "k", label = "one" }, stored "k")
        assert.same({ "table", "id" }, { items.kind, items.key })
        assert.equal("table " .. items.url, tostring(items))
      end)

      it("what is absent as NoSuchItem", function()
        local err = refused("NoSuchItem", items:get "nothing")
        assert.same({ 404, false }, { err.status, err.retryable })
        assert.matches("get " .. items.url .. "/nothing: ", tostring(err), 1, true)
      end)

      it("nothing of an item that is put over", function()
        assert(items:put { id = "k", a = 1, b = 2 })
        assert(items:put { id = "k", b = 3 })
        assert.same({ id = "k", b = 3 }, stored "k")
      end)

      it("strings, also empty and with every character", function()
        local item = {
          id = "k", empty = "", text = "Zoë 🌊 \t\n\"\\/", nul = "a\0b", long = ("ü"):rep(50000),
          nfc = "caf\u{e9}", nfd = "cafe\u{301}",
        }
        assert(items:put(item))
        assert.same(item, stored "k")
      end)

      it("truth, null, lists and maps, empty ones too", function()
        local item = {
          id = "k", yes = true, no = false, null = tide.null, list = tide.array { 1, "a", false },
          map = { a = { b = tide.array { tide.null } } }, none = tide.array {}, blank = {},
        }
        assert(items:put(item))
        local found = stored "k"
        assert.same(item, found)
        assert.is_true(tide.is_array(found.none))
        assert.is_false(tide.is_array(found.blank))
        assert.is_true(tide.is_array(found.map.a.b))
      end)

      it("numbers to the last of 38 digits", function()
        local exact = tide.decimal "12345678901234567890.123456789012345678"
        local item = {
          id = "k", zero = 0, minus = -7, large = math.maxinteger, small = math.mininteger,
          tenth = 0.1, third = 1 / 3, whole = 1e20, tiny = 1e-100, exact = exact,
          edge = tide.decimal("9.9999999999999999999999999999999999999E+125"),
          least = -1e-130,
        }
        assert(items:put(item))
        local found = stored "k"
        for name, value in pairs(item) do assert.equal(value, found[name], name) end
        assert.equal("integer", math.type(found.large))
        assert.equal("float", math.type(found.tenth))
        assert.equal("12345678901234567890.123456789012345678", tostring(found.exact))
      end)

      it("equal numbers as one, however they were written", function()
        assert(items:put { id = "k", a = 1.0, b = tide.decimal "1.50", c = tide.decimal "100E-2" })
        assert.same({ id = "k", a = 1, b = 1.5, c = 1 }, stored "k")
        assert.is_true(assert(items:delete("k", { if_equal = { b = tide.decimal "15e-1" } })))
      end)

      it("bytes", function()
        local all = {}
        for i = 0, 255 do all[#all + 1] = string.char(i) end
        local item = { id = "k", all = tide.binary(table.concat(all)), none = tide.binary "" }
        assert(items:put(item))
        assert.same({ item.all, item.none }, { stored "k".all, stored "k".none })
        assert.equal(table.concat(all), tostring(stored "k".all))
      end)

      it("sets of each kind, in one order and each member once", function()
        assert(items:put {
          id = "k", words = tide.set { "b", "a", "b", "ö" }, numbers = tide.set { 10, 9, 9.0, 0.5 },
          blobs = tide.set { tide.binary "\xFF", tide.binary "\0" },
        })
        local found = stored "k"
        assert.same(tide.set { "a", "b", "ö" }, found.words)
        assert.same(tide.set { 0.5, 9, 10 }, found.numbers)
        assert.same(tide.set { tide.binary "\0", tide.binary "\xFF" }, found.blobs)
        local equal = { words = tide.set { "ö", "b", "a" } }
        assert.is_true(assert(items:put(found, { if_equal = equal })))
      end)

      it("names that mean something elsewhere", function()
        local item = { id = "k" }
        for _, name in ipairs { "size-unit", "#x", ":y", "a.b", "a[0]", "owner", "size", "length",
          "name", "value", "SELECT", "and", " ", "$", "\"", "'", "ü", "🌊", "_tidegate", "L",
          "1" } do
          item[name] = "of " .. name
        end
        assert(items:put(item))
        assert.same(item, stored "k")
        local changed = with(item, { ["a.b"] = 1, ["#x"] = 2, [":y"] = 3 })
        changed["size-unit"], changed.size = nil, nil
        assert(items:update("k", {
          set = { ["a.b"] = 1, ["#x"] = 2, [":y"] = 3 }, remove = { "size-unit", "size", "gone" },
        }, { if_equal = { ["a.b"] = "of a.b", ["\""] = "of \"", owner = "of owner" } }))
        assert.same(changed, stored "k")
      end)

      it("keys that look like something else, each its own", function()
        local keys = { "a", "A", "a ", " ", "a/b", "../a", "'", "%", "caf\u{e9}", "cafe\u{301}",
          "🌊", "1", "01", "nul\0", ("k"):rep(2048) }
        for i, key in ipairs(keys) do assert(items:put { id = key, n = i }) end
        for i, key in ipairs(keys) do assert.same({ id = key, n = i }, stored(key)) end
      end)

      it("lists and maps in one another, 32 deep", function()
        local function nest(depth)
          local value = "bottom"
          for i = 1, depth do value = i % 2 == 0 and { m = value } or tide.array { value } end
          return value
        end
        local item = { id = "k", deep = nest(32) }
        assert(items:put(item))
        assert.same(item, stored "k")
        assert.error_matches(function() items:put { id = "k", deep = nest(33) } end, "too deeply")
      end)
    end)

    describe("refuses", function()
      it("keys that are none", function()
        for _, key in ipairs { "", ("k"):rep(2049), "\xFF" } do
          refused("InvalidKey", items:get(key))
          refused("InvalidKey", items:update(key, { set = { a = 1 } }))
          refused("InvalidKey", items:delete(key))
        end
        refused("InvalidKey", items:put { id = "" })
        refused("InvalidKey", items:put { id = 7 })
        refused("InvalidKey", items:put { label = "no key" })
      end)

      -- the stand-in already stops at 405,000 bytes
      it("items over 400 KB, and takes those below", function()
        local room, taken = 400 * 1024 - #"id" - #"k" - #"body", 404000
        assert(items:put { id = "k", body = ("x"):rep(taken) })
        assert.equal(taken, #stored "k".body)
        refused("ItemTooLarge", items:put { id = "k", body = ("y"):rep(room + 1) })
        assert.equal("x", stored "k".body:sub(1, 1))
      end)

      it("an update that makes the item too large, and keeps what was there", function()
        assert(items:put { id = "k", a = ("x"):rep(300 * 1024) })
        refused("ItemTooLarge", items:update("k", { set = { b = ("y"):rep(200 * 1024) } }))
        assert.is_nil(stored "k".b)
      end)

      it("an update of the key", function()
        assert(items:put { id = "k" })
        refused("BadItem", items:update("k", { set = { id = "other" } }))
        refused("BadItem", items:update("k", { remove = { "id" } }))
        assert.same({ id = "k" }, stored "k")
      end)

      it("a name twice in one update, and names that are empty", function()
        refused("BadItem", items:update("k", { set = { a = 1 }, remove = { "a" } }))
        refused("BadItem", items:put { id = "k", [""] = 1 })
        refused("NoSuchItem", items:get "k")
      end)

      it("by raising, what no attribute can be, with the path to it", function()
        local cases = {
          { { tags = { "a", "\xFF" } },
            "items:put: tags%[2%]: the string is not UTF%-8: use tide.binary" },
          { { m = { f = print } }, "items:put: m.f: a function cannot be an attribute" },
          { { n = 0 / 0 }, "items:put: n: the number is not finite" },
          { { n = 1e300 }, "items:put: n: .*outside" },
          { { l = { 1, nil, 3 } }, "items:put: l: a table with holes" },
          { { m = { 1, a = 2 } }, "items:put: m: a table with both" },
          { { ["\xFF"] = 1 }, "the name of an attribute is not UTF%-8" },
          { { 1, 2 }, "items:put: " },
        }
        for _, case in ipairs(cases) do
          local item = with(case[1], { id = "k" })
          assert.error_matches(function() items:put(item) end, case[2])
        end
        refused("NoSuchItem", items:get "k")
      end)
    end)

    describe("updates", function()
      it("what is named and nothing else", function()
        assert(items:put { id = "k", a = 1, b = 2, c = 3 })
        assert.is_true(assert(items:update("k", { set = { a = "x", d = 4 }, remove = { "b" } })))
        assert.same({ id = "k", a = "x", c = 3, d = 4 }, stored "k")
      end)

      it("what is absent by making it", function()
        assert(items:update("new", { set = { a = 1 } }))
        assert.same({ id = "new", a = 1 }, stored "new")
        assert(items:update("bare", { remove = { "x" } }))
        assert.same({ id = "bare" }, stored "bare")
      end)

      it("one type into another", function()
        assert(items:put { id = "k", a = "text" })
        for _, value in ipairs { 1, true, tide.null, tide.array { 1 }, { x = 1 }, tide.binary "b",
          tide.set { "s" } } do
          assert(items:update("k", { set = { a = value } }))
          assert.same(value, stored "k".a)
        end
      end)
    end)

    it("deletes, and what is absent too", function()
      assert(items:put { id = "k" })
      assert.is_true(assert(items:delete "k"))
      assert.is_true(assert(items:delete "k"))
      refused("NoSuchItem", items:get "k")
    end)

    it("refuses options and changes that it does not know, by name", function()
      for _, misuse in ipairs {
        { function() items:put({ id = "k" }, { if_match = "x" }) end, "unknown option 'if_match'" },
        { function() items:delete("k", { if_absent = true }) end, "unknown option 'if_absent'" },
        { function() items:update("k", { add = {} }) end, "unknown option 'add'" },
        { function() items:update("k", { remove = { 1 } }) end, "list of names" },
        { function() items:put({ id = "k" }, { if_absent = true, if_exists = true }) end,
          "at most" },
        { function() items:put({ id = "k" }, { if_equal = {} }) end, "names no attribute" },
        { function() items:delete("k", { if_lacks = { "a" } }) end, "beside if_equal" },
        { function() items:put "k" end, "expected a table of attributes" },
      } do
        assert.error_matches(misuse[1], misuse[2])
      end
    end)
  end)
end

local KEYED = contract.places("TIDEGATE_CONTRACT_KEYED", "sqlite:FOLDER/%d?key=widget_id")

for _, place in ipairs(KEYED) do
  describe("a table with a key of another name, " .. place.name, function()
    teardown(place.clean)

    it("finds, changes and deletes by it", function()
      local items = assert(tide.table(place.next()))
      assert.equal("widget_id", items.key)
      assert(items:put({ widget_id = "k", id = "not the key" }, { if_absent = true }))
      assert(items:update("k", { set = { id = "still not" } }, { if_exists = true }))
      assert.same({ widget_id = "k", id = "still not" }, (items:get "k"))
      refused("InvalidKey", items:put { id = "k" })
      assert(items:delete "k")
      refused("NoSuchItem", items:get "k")
    end)
  end)
end
