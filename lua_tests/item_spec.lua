-- Items between Lua and a table: what tide.binary, tide.decimal and tide.set are, and that every
-- value comes back as it went, judged by a model of the rules in Lua.
local here = debug.getinfo(1, "S").source:match "^@(.*/)"
local tide = require "tidegate"
local inspect = require "tidegate.inspect"
local contract = dofile(here .. "support/contract.lua")

describe("tide.decimal", function()
  local texts = {
    { "0", "0" }, { "-0", "0" }, { "0.000", "0" }, { "1", "1" }, { "1.0", "1" }, { "1.50", "1.5" },
    { "-12e2", "-1200" }, { "1E-3", "0.001" }, { "0e999", "0" },
    { "12345678901234567890123456789012345678", "12345678901234567890123456789012345678" },
    { "0.10000000000000001", "0.10000000000000001" },
  }
  for _, case in ipairs(texts) do
    it("keeps " .. case[1] .. " as " .. case[2], function()
      assert.equal(case[2], tostring(tide.decimal(case[1])))
      assert.equal(tide.decimal(case[2]), tide.decimal(case[1]))
    end)
  end

  it("refuses what is no number, or no number of a table", function()
    for _, text in ipairs { "", " 1", "1 ", "0x10", "01", "1.", ".5", "+1", "1e", "NaN", "inf",
      "1e126", "1e-131", ("1"):rep(39), "1\0", "--1", "1,5" } do
      assert.error_matches(function() tide.decimal(text) end, "bad argument #1 to 'decimal'", 1)
    end
    assert.is_false(pcall(tide.decimal, 1))
    assert.is_false(pcall(tide.decimal))
  end)

  it("is equal to its like alone", function()
    local one = tide.decimal "1"
    assert.is_false(one == tide.decimal "2")
    assert.is_false(one == tide.binary "1")
    assert.is_false(one == 1)
    assert.is_false(one == "1")
    assert.is_false(one == io.stdout)
  end)
end)

describe("tide.binary", function()
  it("holds bytes, and nothing else", function()
    local all = {}
    for i = 0, 255 do all[#all + 1] = string.char(i) end
    local bytes = table.concat(all)
    assert.same({ bytes, 256 }, { tostring(tide.binary(bytes)), #tide.binary(bytes) })
    assert.equal(tide.binary "", tide.binary "")
    assert.is_false(tide.binary "a" == tide.binary "b")
    assert.is_false(pcall(tide.binary, 7))
    assert.is_false(getmetatable(tide.binary ""))
  end)
end)

describe("tide.set", function()
  it("sorts its members and keeps each once, in a table of its own", function()
    local list = { "b", "a", "b", "", "A" }
    assert.same({ "", "A", "a", "b" }, { table.unpack(tide.set(list)) })
    assert.same({ "b", "a", "b", "", "A" }, list)
    assert.same({ 1, 2, 3 }, { table.unpack(tide.set { 3, 2.0, 1, 2, tide.decimal "3.0" }) })
    assert.equal(2, #tide.set { tide.binary "x", tide.binary "y", tide.binary "x" })
    assert.same(tide.set { 1, 2 }, tide.set(tide.set { 2, 1 }))
  end)

  it("refuses what is no set", function()
    for _, case in ipairs {
      { {}, "tide.set: a set cannot be empty" },
      { tide.array {}, "a set cannot be empty" },
      { { "a", 1 }, "%[2%]: a set holds strings, or numbers, or binaries, all of one kind" },
      { { true }, "all of one kind" },
      { { {} }, "all of one kind" },
      { { "a", nil, "c" }, "a set is an array" },
      { { a = 1 }, "a set" },
      { { "\xFF" }, "%[1%]: the string is not UTF%-8: use tide.binary" },
      { { 0 / 0 }, "%[1%]: the number is not finite" },
    } do
      assert.error_matches(function() tide.set(case[1]) end, case[2])
    end
    assert.is_false(pcall(tide.set, "a"))
  end)

  it("takes thousands of members", function()
    local list = {}
    for i = 1, 5000 do list[i] = 5001 - i end
    assert.equal(5000, #tide.set(list))
  end)
end)

-- What the table must give back for what it was given: the model.
local function model(value)
  if math.type(value) == "float" and math.tointeger(value) then return math.tointeger(value) end
  if type(value) ~= "table" then return value end
  local back = setmetatable({}, getmetatable(value))
  for name, inner in pairs(value) do back[name] = model(inner) end
  return back
end

-- Equal, and of the same types: 1 is not 1.0, an array is no map.
local function identical(a, b)
  if math.type(a) ~= math.type(b) or type(a) ~= type(b) then return false end
  if type(a) ~= "table" then return a == b end
  local set = getmetatable(tide.set { 1 })
  if (getmetatable(a) == set) ~= (getmetatable(b) == set) then return false end
  if tide.is_array(a) ~= tide.is_array(b) then return false end
  for name, value in pairs(a) do
    if not identical(value, b[name]) then return false end
  end
  for name in pairs(b) do
    if a[name] == nil then return false end
  end
  return true
end

describe("an item", function()
  local items, clean

  setup(function()
    local folder
    folder, clean = contract.folder()
    items = assert(tide.table("sqlite:" .. folder .. "/db"))
  end)
  teardown(function() clean() end)

  local function back(value)
    assert(items:put { id = "k", value = value })
    return assert(items:get "k").value
  end

  it("gives integers for whole numbers, floats for decimals, and decimals for the rest", function()
    local cases = {
      { 1, 1 }, { 1.0, 1 }, { -0.0, 0 }, { 2 ^ 53, 9007199254740992 }, { 1e18, 10 ^ 18 // 1 | 0 },
      { 0.1, 0.1 }, { 1e19, 1e19 }, { -2.5, -2.5 }, { 1e100, 1e100 }, { 5e-100, 5e-100 },
      { 1.2345678901234567e17, 123456789012345664 },
      { math.mininteger, math.mininteger }, { 0.1 + 0.2, 0.1 + 0.2 },
      { tide.decimal "9223372036854775807", math.maxinteger },
      { tide.decimal "9223372036854775808", tide.decimal "9223372036854775808" },
      { tide.decimal "0.10000000000000001", tide.decimal "0.10000000000000001" },
      { tide.decimal "0.5", 0.5 },
    }
    for _, case in ipairs(cases) do
      local found = back(case[1])
      assert.is_true(identical(case[2], found), ("%s: %s"):format(case[1], found))
    end
  end)

  it("tells the path to what cannot be kept, short when it is long", function()
    local deep = { ["odd name"] = { { ok = 1 }, { [("n"):rep(60)] = { { "\xFF" } } } } }
    local ok, problem = pcall(items.put, items, { id = "k", deep = deep })
    assert.is_false(ok)
    assert.matches('^items:put: deep%["odd name"%]%[2%]%["n+"…%]%[1%]%[1%]: the string', problem)
    local set = setmetatable({ "a", "a", "\xFF" }, getmetatable(tide.set { "a" }))
    assert.error_matches(function() back { set } end, "items:put: value%[1%]%[3%]: the string")
  end)

  it("refuses a set that was emptied, and a value that contains itself", function()
    local set, loop = tide.set { "a" }, {}
    set[1] = nil
    loop.me = loop
    assert.error_matches(function() back(set) end, "value: a set cannot be empty")
    assert.error_matches(function() back(loop) end, "nested too deeply, or it contains itself")
  end)

  it("sorts a set again that was changed by hand", function()
    local set = tide.set { "b", "c" }
    table.insert(set, "a")
    table.insert(set, "b")
    assert.same(tide.set { "a", "b", "c" }, back(set))
  end)

  it("runs no metamethod of a value", function()
    local value = setmetatable({ x = 1 }, { __index = error, __pairs = error, __len = error })
    assert.same({ x = 1 }, back(value))
  end)

  it("gives every random value back, twice the same", function()
    math.randomseed(20261122)
    local random = math.random
    local scalars = {
      function() return random(math.mininteger, math.maxinteger) >> random(0, 63) end,
      function() return (random() - 0.5) * 10.0 ^ random(-100, 100) end,
      function() return tide.decimal(("%d.%d"):format(random(0, 1 << 60), random(1, 1 << 60))) end,
      function() return random() < 0.5 end,
      function() return tide.null end,
      function()
        local chars = {}
        for i = 1, random(0, 12) do chars[i] = utf8.char(random(0, 3) == 0 and random(0x1F300,
          0x1F5FF) or random(0, 0xFF)) end
        return table.concat(chars)
      end,
      function() return tide.binary(string.pack("j", random(0)):rep(random(0, 3))) end,
    }
    local function list_of(make)
      local list = {}
      for i = 1, random(1, 6) do list[i] = make() end
      return list
    end
    local function any(depth)
      local pick = random(1, depth > 0 and 10 or 8)
      if pick == 8 then return tide.set(list_of(scalars[({ 1, 2, 3, 6, 7 })[random(1, 5)]])) end
      if pick == 9 then return tide.array(random() < 0.2 and {} or list_of(function()
        return any(depth - 1)
      end)) end
      if pick < 8 then return scalars[pick]() end
      local map = {}
      for _ = 1, random(0, 5) do map[scalars[6]()] = any(depth - 1) end
      return map
    end
    for _ = 1, 300 do
      local value = any(5)
      local once = back(value)
      assert.is_true(identical(model(value), once))
      local again = { id = "k", value = once }
      assert.is_true(assert(items:put(again, { if_equal = { value = value } })))
    end
  end)

  it("survives the failure of every single allocation on its way", function()
    local runs, ok = 0
    local item = {
      id = "torn", set = tide.set { tide.decimal "1.5", 2 }, list = tide.array { "a\n", tide.null },
      map = { blob = tide.binary "bytes" },
    }
    repeat
      runs = runs + 1
      ok = false
      inspect.fail_allocation(runs)
      tide.spawn(function()
        assert(items:put(item))
        local found = assert(items:get "torn")
        assert(items:update("torn", { set = { set = tide.set { "x" } }, remove = { "map" } },
          { if_equal = found }))
        local _, err = items:put(item, { if_absent = true })
        ok = err.item.set[1] == "x"
      end)
      while inspect.alive().tasks > 1 do tide.sleep(0) end
      local failed = inspect.failed()
      inspect.fail_allocation(0)
      assert.is_true(failed or ok)
    until not failed
    assert.is_true(runs > 20)
  end)
end)

describe("a handle to a table", function()
  it("is closed when it was collected, and lives while somebody waits on it", function()
    local folder, clean = contract.folder()
    local items = assert(tide.table("sqlite:" .. folder .. "/db"))
    assert.is_false(getmetatable(items))
    local found
    do
      local other = assert(tide.table("sqlite:" .. folder .. "/db"))
      assert(other:put { id = "k" })
      tide.spawn(function() found = tide.table("sqlite:" .. folder .. "/db"):get "k" end)
      tide.spawn(function()
        for _ = 1, 3 do
          collectgarbage()
          tide.sleep(0)
        end
      end)
    end
    contract.wait_for(function() return found end)
    assert.same({ id = "k" }, found)
    debug.getmetatable(items).__gc(items)
    assert.error_matches(function() return items.url end, "the table is closed")
    assert.error_matches(function() return items.get end, "the table is closed")
    assert.equal("table (closed)", tostring(items))
    clean()
  end)

  it("is refused for a URL that is none, by name", function()
    for url, problem in pairs {
      ["s3://b"] = "is no table", ["file:x"] = "is no table", ["dynamodb://"] = "names nothing",
      ["sqlite:"] = "names nothing", ["dynamodb://t?k=1"] = 'unknown parameter "k"',
      ["sqlite:f?key="] = 'no value for the parameter "key"',
      ["sqlite:f?key=a&key=b"] = 'twice the parameter "key"',
      ["sqlite:f?key=a&x"] = 'unknown parameter "x"', ["sqlite:f?"] = 'unknown parameter ""',
    } do
      local items, err = tide.table(url)
      assert.is_nil(items)
      assert.equal("BadPlace", err.code)
      assert.matches(problem, err.message, 1, true)
    end
    for _, open in ipairs { tide.queue, tide.bucket } do
      local _, err = open "file:x?key=a"
      assert.matches('unknown parameter "key"', err.message, 1, true)
    end
    local _, err = tide.queue "sqlite:x?key=a"
    assert.matches('unknown parameter "key"', err.message, 1, true)
  end)
end)
