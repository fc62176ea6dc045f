-- tide.json: what it keeps, what it refuses, and in which words.
local tide = require "tidegate"
local decode, encode = tide.json.decode, tide.json.encode

local function kept(text)
  local value, problem = decode(text)
  assert.is_nil(problem)
  return value
end

local function refused(text)
  local value, problem = decode(text)
  assert.is_nil(value, text)
  return problem
end

-- Kind, value and the sign of zero are the same.
local function same_number(expected, actual)
  assert.equal(math.type(expected), math.type(actual))
  assert.equal(expected, actual)
  assert.equal(1 / expected, 1 / actual)
end

describe("tide.json.decode", function()
  it("keeps every kind of value", function()
    local value = kept ' {"s":"a\\u00e9\\n","i":7,"f":1.50,"t":true,"n":null,"a":[1,[]],"o":{}} '
    assert.equal("aé\n", value.s)
    same_number(7, value.i)
    same_number(1.5, value.f)
    assert.is_true(value.t)
    assert.equal(tide.null, value.n)
    assert.same({ 1, {} }, value.a)
    assert.is_nil(next(value.o))
    assert.equal(tide.null, kept "null")
    assert.is_false(kept "false")
  end)

  it("tells arrays from objects, empty ones too", function()
    assert.is_true(tide.is_array(kept "[]"))
    assert.is_true(tide.is_array(kept '{"a":[]}'.a))
    assert.is_false(tide.is_array(kept "{}"))
    assert.is_false(tide.is_array(kept '{"1":1}'))
    assert.equal("[[],{},[{}]]", encode(kept "[[],{},[{}]]"))
  end)

  local numbers = {
    { "0", 0 }, { "-0", -0.0 }, { "-0.0", -0.0 }, { "0e9", 0.0 }, { "42", 42 }, { "-7", -7 },
    { "9007199254740993", 9007199254740993 }, { "12345678901234567", 12345678901234567 },
    { "9223372036854775807", math.maxinteger }, { "-9223372036854775808", math.mininteger },
    { "0.1", 0.1 }, { "1E5", 1e5 }, { "1.50", 1.5 }, { "1.0", 1.0 }, { "1e22", 1e22 },
    { "10000000000000000000", 1e19 }, { "5e-324", 5e-324 }, { "0.30000000000000004", 0.1 + 0.2 },
    { "1.7976931348623157e308", 0x1.fffffffffffffp1023 },
  }
  for _, case in ipairs(numbers) do
    it("keeps the number " .. case[1], function()
      same_number(case[2], kept(case[1]))
      same_number(case[2], kept(encode(kept(case[1]))))
    end)
  end

  local inexact = {
    "1e400", "-1e309", "1e-400", "3e-324", "12345678901234567890", "9223372036854775808",
    "-9223372036854775809", "1234567890123456789012345678901234567890", "9007199254740993.0",
    "0.1234567890123456789012", "0.10000000000000001",
  }
  it("names the path of a number that it refuses", function()
    assert.equal("a[1].b c?[1]: byte 21: number 1e999 cannot be kept exactly",
      refused '{"a":[1,{"b c\\n":[0,1e999]}]}')
    local deep = refused('{"' .. ("n"):rep(500) .. '":1e999}')
    assert.equal("n", deep:sub(1, 1))
    assert.is_true(#deep < 200)
  end)

  for _, text in ipairs(inexact) do
    it("refuses the number " .. text, function()
      assert.equal(("[1]: byte 5: number %s cannot be kept exactly"):format(text),
        refused("[0, " .. text .. "]"))
    end)
  end

  it("shows the beginning of a long number", function()
    assert.equal("byte 1: number " .. ("7"):rep(40) .. "… cannot be kept exactly",
      refused(("7"):rep(100000)))
  end)
end)

describe("tide.json.decode refuses", function()
  local bad = {
    { "an empty text", "", "byte 1: the text ends too early" },
    { "what is no number", "NaN", "byte 1: a value was expected" },
    { "an infinity", "-Infinity", "byte 2: a digit was expected" },
    { "a leading zero", "[01]", "byte 2: a number may not begin with 0" },
    { "hexadecimal", "0x10", "byte 2: something follows the value" },
    { "trailing garbage", '{"type":"create"} x', "byte 19: something follows the value" },
    { "two documents", '{}\n{}', "byte 4: something follows the value" },
    { "a NUL behind", "{}\0", "byte 3: something follows the value" },
    { "a comma too many", "[1,]", "byte 4: a value was expected" },
    { "a raw newline", '"a\nb"', "byte 3: control character in a string" },
    { "a raw NUL", '"\0"', "byte 2: control character in a string" },
    { "an unknown escape", [["\x"]], "byte 2: unknown escape" },
    { "a duplicate member", '{"a":1,"b":2,"a":1}', 'byte 14: duplicate member "a"' },
    { "a duplicate by escape", [[{"a":1,"\u0061":2}]], [[byte 8: duplicate member "\u0061"]] },
    { "a duplicate null", '{"a":null,"a":null}', 'byte 11: duplicate member "a"' },
    { "a duplicate inside", '[{"x":{"":1,"":1}}]', '[0].x: byte 13: duplicate member ""' },
    { "a byte order mark", "\xEF\xBB\xBF{}", "byte 1: a value was expected" },
    { "a lone high surrogate", [["\ud800"]], "byte 2: half of a surrogate pair" },
    { "a lone low surrogate", [["\udc00\ud800"]], "byte 2: half of a surrogate pair" },
    { "a raw surrogate", '"\xED\xA0\x80"', "byte 2: not UTF-8" },
    { "an overlong form", '"\xC0\x80"', "byte 2: not UTF-8" },
    { "Latin-1", '{"gr\xF6\xDFe":1}', "byte 5: not UTF-8" },
    { "beyond Unicode", '"\xF4\x90\x80\x80"', "byte 2: not UTF-8" },
    { "a cut sequence", '"\xE2\x82"', "byte 2: not UTF-8" },
  }
  for _, case in ipairs(bad) do
    it(case[1], function() assert.equal(case[3], refused(case[2])) end)
  end

  it("a name twice, showing its beginning in whole characters", function()
    local name = ("é"):rep(30)
    local problem = refused(('{"%s":1,"%s":2}'):format(name, name))
    assert.equal(('byte 67: duplicate member "%s…"'):format(("é"):rep(20)), problem)
  end)

  it("nesting beyond 64 levels, however deep", function()
    local function nest(open, close, depth) return open:rep(depth) .. "1" .. close:rep(depth) end
    for open, close in pairs { ["["] = "]", ['{"a":'] = "}" } do
      assert.is_table(decode(nest(open, close, 64)))
      assert.matches("nested too deeply$", refused(nest(open, close, 65)))
      assert.matches("nested too deeply$", refused(nest(open, close, 100000)))
    end
  end)

  it("by raising, what is not a string", function()
    for _, value in ipairs { 1, true, {}, print } do
      assert.error_matches(function() decode(value) end, "string expected")
    end
    assert.error_matches(function() decode() end, "string expected")
  end)
end)

describe("tide.json keeps data data:", function()
  it("names that look like something else", function()
    local text = '{"":1,"#x":2,":y":3,"%s%n":4,"\\u0000":5,"__proto__":6,"a.b":7,"id":8,"1":9}'
    local value = kept(text)
    assert.equal(1, value[""])
    assert.equal(5, value["\0"])
    assert.equal(6, value.__proto__)
    assert.equal(9, value["1"])
    assert.same(value, kept(encode(value)))
  end)

  it("a NUL inside a string", function()
    assert.equal("a\0b", kept [["a\u0000b"]])
    assert.equal([["a\u0000b"]], encode "a\0b")
  end)

  it("a megabyte of body, of name, of members", function()
    local long = ("ü\n"):rep(350000)
    assert.equal(long, kept(encode(long)))
    assert.equal(1, kept(encode { [long] = 1 })[long])
    local wide = {}
    for i = 1, 50000 do wide["name" .. i] = i end
    assert.same(wide, kept(encode(wide)))
  end)
end)

describe("tide.json.encode", function()
  local texts = {
    { '{"a":1,"b":{"c":[true,null]},"z":"x"}',
      { z = "x", b = { c = { true, tide.null } }, a = 1 } },
    { "[]", tide.array {} }, { "{}", {} }, { "[1,2.0,-0.0,0.1]", { 1, 2.0, -0.0, 0.1 } },
    { "9223372036854775807", math.maxinteger }, { "1e300", 1e300 }, { "100000.0", 1e5 },
    { [["\"\\/\b\f\n\r\t\u001f]] .. "\x7Fé\u{1F600}" .. '"', "\"\\/\b\f\n\r\t\x1F\x7Fé\u{1F600}" },
    { "null", tide.null }, { "false", false }, { '""', "" },
    { '{"":0,"A":1,"a":2,"aa":3,"b":4,"é":5}',
      { b = 4, ["é"] = 5, aa = 3, a = 2, A = 1, [""] = 0 } },
  }
  for _, case in ipairs(texts) do
    it("writes " .. case[1], function() assert.equal(case[1], encode(case[2])) end)
  end

  local holes = "a: a table with holes cannot be JSON"
  local mixed = "a: a table with both names and numbers as keys cannot be JSON"
  local circle = {}
  circle.next = circle
  local refusals = {
    { "otherAttributes[2].value: a function cannot be JSON",
      { otherAttributes = { { value = "x" }, { value = print } } } },
    { "a nil cannot be JSON", nil },
    { "a thread cannot be JSON", coroutine.create(print) },
    { "[1][2]: a userdata cannot be JSON", { { 1, io.stdout } } },
    { "x: the number is not finite", { x = 0 / 0 } },
    { "x: the number is not finite", { x = -math.huge } },
    { 'a["b c"].d: the string is not UTF-8', { a = { ["b c"] = { d = "\xFF" } } } },
    { "a: the name of a member is not UTF-8", { a = { ["\xED\xA0\x80"] = 1 } } },
    { "a: the name of a member must be a string", { a = { [true] = 1 } } },
    { holes, { a = { 1, 2, nil, 4 } } },
    { holes, { a = { 1, nil, 3, 4, [100] = 5 } } },
    { holes, { a = { [3] = 1 } } },
    { holes, { a = { [1.5] = 1 } } },
    { holes, { a = tide.array { nil, 2 } } },
    { mixed, { a = { 1, b = 2 } } },
    { mixed, { a = tide.array { b = 2 } } },
    { ("next."):rep(20) .. "next…: nested too deeply, or it contains itself", circle },
  }
  for _, case in ipairs(refusals) do
    it("refuses: " .. case[1], function()
      local text, problem = encode(case[2])
      assert.is_nil(text)
      assert.equal(case[1], problem)
    end)
  end

  it("orders any number of names", function()
    local names, object = {}, {}
    for i = 1, 200 do names[i] = ("%03d"):format(i * 7 % 1000) end
    for _, name in ipairs(names) do object[name] = 0 end
    table.sort(names)
    assert.equal('{"' .. table.concat(names, '":0,"') .. '":0}', encode(object))
  end)

  it("goes 64 levels deep", function()
    local deep = 1
    for _ = 1, 64 do deep = { deep } end
    assert.equal(("["):rep(64) .. "1" .. ("]"):rep(64), encode(deep))
    assert.matches("nested too deeply", select(2, encode { deep }))
    assert.matches("nested too deeply", select(2, encode { a = deep }))
  end)

  it("goes on after a refusal", function()
    assert.is_nil((encode { a = { b = { c = print } } }))
    assert.equal('{"a":1}', encode { a = 1 })
  end)

  it("takes no part in metatables", function()
    local trap = { __index = error, __pairs = error, __len = error, __tostring = error }
    assert.equal('{"a":1}', encode(setmetatable({ a = 1 }, trap)))
  end)

  it("raises when there is nothing to encode", function()
    assert.error_matches(function() encode() end, "value expected")
  end)
end)

describe("tide.array", function()
  it("marks the table it is given", function()
    local list = {}
    assert.equal(list, tide.array(list))
    assert.equal(list, tide.array(list))
    assert.is_true(tide.is_array(list))
  end)

  it("raises for what cannot be one", function()
    assert.error_matches(function() tide.array(nil) end, "table expected")
    assert.error_matches(function() tide.array "a" end, "table expected")
    assert.error_matches(function() tide.array(setmetatable({}, {})) end, "metatable of its own")
  end)

  it("is told from other values as encode tells it", function()
    for _, list in ipairs { { 1 }, { { 1 }, { 2 } }, tide.array {} } do
      assert.is_true(tide.is_array(list))
    end
    for _, other in ipairs { {}, { a = 1 }, { 1, a = 1 }, { [2] = 1 }, "[]", 1, tide.null } do
      assert.is_false(tide.is_array(other))
    end
    assert.is_false(tide.is_array(nil))
  end)
end)
