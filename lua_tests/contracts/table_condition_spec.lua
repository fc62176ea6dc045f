-- What a table writes under a condition, and what not: the second half of the contract of tables,
-- on every kind of table. TIDEGATE_CONTRACT_TABLE names them, a number in place of %d; sqlite:
-- without it. Nothing that is asked here may differ between them.
local here = debug.getinfo(1, "S").source:match "^@(.*/)"
local tide = require "tidegate"
local contract = dofile(here .. "../support/contract.lua")
local refused = contract.refused

local PLACES = contract.places("TIDEGATE_CONTRACT_TABLE", "sqlite:FOLDER/%d")

for _, place in ipairs(PLACES) do
  describe("a table, " .. place.name .. " keeps a condition of", function()
    local items

    before_each(function() items = assert(tide.table(place.next())) end)
    teardown(place.clean)

    -- What each write makes of the item { id = "k", v = 1 }, by name.
    local writes = {
      put = function(opts) return items:put({ id = "k", v = 2 }, opts) end,
      update = function(opts) return items:update("k", { set = { v = 2 } }, opts) end,
      delete = function(opts) return items:delete("k", opts) end,
    }
    local OLD = { id = "k", v = 1 }
    local conditions = {
      if_absent = { value = true, present = false, absent = true, verbs = { "put", "update" } },
      if_exists = { value = true, present = true, absent = false,
        verbs = { "put", "update", "delete" } },
      if_equal = { value = { v = 1 }, present = true, absent = false,
        verbs = { "put", "update", "delete" } },
    }

    local function check(verb, opts, before, goes)
      if before then assert(items:put(before)) end
      local ok, err = writes[verb](opts)
      if goes then
        assert.is_true(ok)
        local now = items:get "k"
        assert.same(verb ~= "delete" and { id = "k", v = 2 } or nil, now)
      else
        refused("ConditionalCheckFailedException", ok, err)
        assert.same({ 400, false }, { err.status, err.retryable })
        assert.same(before, err.item)
        assert.same(before, (items:get "k"))
      end
    end

    for name, condition in pairs(conditions) do
      for _, verb in ipairs(condition.verbs) do
        local opts = { [name] = condition.value }
        it(verb .. ", " .. name .. ", where there is one", function()
          check(verb, opts, OLD, condition.present)
        end)
        it(verb .. ", " .. name .. ", where there is none", function()
          check(verb, opts, nil, condition.absent)
        end)
      end
    end

    for _, verb in ipairs { "put", "update", "delete" } do
      it(verb .. ", if_equal to something else", function()
        check(verb, { if_equal = { v = "1" } }, OLD, false)
      end)
      it(verb .. ", if_equal to what the item lacks", function()
        check(verb, { if_equal = { v = 1, w = 1 } }, OLD, false)
      end)
      it(verb .. ", if_lacks what it has", function()
        check(verb, { if_equal = { id = "k" }, if_lacks = { "w", "v" } }, OLD, false)
      end)
      it(verb .. ", if_lacks what it has not", function()
        check(verb, { if_equal = { v = 1 }, if_lacks = { "w", "V" } }, OLD, true)
      end)
    end

    it("if_equal, with values of every type", function()
      local item = {
        id = "k", s = "", n = tide.decimal "1.2345678901234567890123456789", t = false,
        null = tide.null, l = tide.array { 1, { a = tide.set { "x", "y" } } }, m = { a = {} },
        b = tide.binary "\xFF", set = tide.set { 1, 2 },
      }
      assert(items:put(item))
      for name, value in pairs(item) do
        assert.is_true(items:put(item, { if_equal = { [name] = value } }), name)
      end
      assert.is_true(assert(items:put(item, { if_equal = item })))
      for _, other in ipairs { { l = tide.array { 1, { a = tide.set { "x" } } } }, { t = true },
        { m = { a = tide.array {} } }, { b = tide.binary "\xFE" }, { null = "" } } do
        refused("ConditionalCheckFailedException", items:put(item, { if_equal = other }))
      end
    end)

    it("if_equal, with a hundred attributes", function()
      local item, equal = { id = "k" }, {}
      for i = 1, 100 do
        item["a" .. i] = i
        equal["a" .. i] = i
      end
      assert(items:put(item))
      assert(items:update("k", { set = { b = 1 } }, { if_equal = equal }))
      equal.a100 = 0
      refused("ConditionalCheckFailedException",
        items:update("k", { set = { b = 2 } }, { if_equal = equal }))
      equal.a101 = 1
      assert.error_matches(function() items:put(item, { if_equal = equal }) end, "more than 100")
    end)

    it("one of many who create at once", function()
      local won, ended = 0, 0
      for i = 1, 8 do
        tide.spawn(function()
          if items:put({ id = "race", n = i }, { if_absent = true }) then won = won + 1 end
          ended = ended + 1
        end)
      end
      contract.wait_for(function() return ended == 8 end)
      assert.equal(1, won)
    end)

    it("each of many who count together", function()
      assert(items:put { id = "count", n = 0 })
      local ended = 0
      for _ = 1, 5 do
        tide.spawn(function()
          repeat
            local n = assert(items:get "count").n
            local ok = items:update("count", { set = { n = n + 1 } }, { if_equal = { n = n } })
          until ok
          ended = ended + 1
        end)
      end
      contract.wait_for(function() return ended == 5 end)
      assert.same({ id = "count", n = 5 }, (items:get "count"))
    end)
  end)
end
