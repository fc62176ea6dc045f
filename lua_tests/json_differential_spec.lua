-- tide.json against lua-cjson: where cjson loses nothing both agree, and what cjson cannot read is
-- never taken. Documents and mutations come from seeded generators, so that a failure comes back.
local cjson = require "cjson"
local tide = require "tidegate"
local decode, encode = tide.json.decode, tide.json.encode

-- Park and Miller's generator: the tests do not share the state of math.random.
local function generator(seed)
  local state = seed % 2147483646 + 1
  return function(low, high)
    state = state * 48271 % 2147483647
    return low + state % (high - low + 1)
  end
end

local function pick(random, list) return list[random(1, #list)] end

local PIECES = {
  "a", "Z", "0", " ", "name", "otherAttributes", "/", "é", "ß", "日本", "\u{1F600}", "\x7F",
  "\\n", "\\t", '\\"', "\\\\", "\\/", "\\b", "\\f", "\\r", "\\u0041", "\\u00e9", "\\uFFFF",
  "\\u20ac", "\\ud83d\\ude00", "\\u0000", "plain text of some length, to cross eight bytes",
}

local function make_string(random)
  local parts = {}
  for i = 1, random(0, 6) do parts[i] = pick(random, PIECES) end
  return '"' .. table.concat(parts) .. '"'
end

-- Numbers that a double holds: cjson reads every number as one.
local function make_number(random)
  local text = (random(0, 1) == 0 and "-" or "") .. random(0, 2147483646)
  if random(0, 2) == 0 then text = text .. "." .. random(0, 9999) end
  if random(0, 3) > 0 then return text end
  return text .. pick(random, { "e", "E", "e+", "e-" }) .. random(0, 20)
end

local SPACES = { "", "", "", " ", "\n", "\t\r\n " }

local make_value

local function make_list(random, depth, open, close, make_item)
  local items = {}
  for i = 1, random(0, 5) do items[i] = pick(random, SPACES) .. make_item(i, depth + 1) end
  return open .. table.concat(items, pick(random, SPACES) .. ",") .. pick(random, SPACES) .. close
end

local function make_member(random, i, depth)
  local name = make_string(random):gsub('^"', '"' .. i .. ".") -- no name twice
  return name .. pick(random, SPACES) .. ":" .. make_value(random, depth)
end

function make_value(random, depth)
  local kind = random(1, depth > 5 and 4 or 7)
  if kind == 1 then return pick(random, { "true", "false", "null" }) end
  if kind == 2 then return make_number(random) end
  if kind <= 4 then return make_string(random) end
  if kind == 5 then
    return make_list(random, depth, "[", "]", function(_, d) return make_value(random, d) end)
  end
  return make_list(random, depth, "{", "}", function(i, d) return make_member(random, i, d) end)
end

-- Equal up to the mark of arrays and to integers that cjson reads as floats.
local function agree(ours, theirs)
  if type(ours) ~= "table" or type(theirs) ~= "table" then return ours == theirs end
  for name, value in pairs(ours) do
    if not agree(value, theirs[name]) then return false end
  end
  for name in pairs(theirs) do
    if ours[name] == nil then return false end
  end
  return true
end

describe("a generated document", function()
  local random = generator(2026)
  local documents = {}
  for i = 1, 1500 do documents[i] = make_value(random, 0) end

  it("is read as cjson reads it", function()
    for _, text in ipairs(documents) do
      local ours, problem = decode(text)
      assert.is_nil(problem, text)
      if not agree(ours, cjson.decode(text)) then error("read differently: " .. text) end
    end
  end)

  it("comes back byte for byte, once it was written", function()
    for _, text in ipairs(documents) do
      local written = encode((decode(text)))
      assert.equal(written, encode((decode(written))))
      if not agree(decode(text), (decode(written))) then error("changed: " .. text) end
    end
  end)

  it("is read by cjson when we wrote it, and by us when cjson did", function()
    for _, text in ipairs(documents) do
      local ours = decode(text)
      local back = cjson.decode((assert(encode(ours))))
      if not agree(ours, back) then error("cjson reads ours differently: " .. text) end
      local theirs = cjson.encode(back)
      if not agree((decode(theirs)), cjson.decode(theirs)) then error("cjson wrote " .. theirs) end
    end
  end)
end)

-- ---- requests with something wrong ----

local REQUESTS = {
  '{"type":"create","requestId":"e80fab52-71a5-4a76-8c4d-11b66b83ca2a","widgetId":"8123f304-f23f-'
    .. '440b-a6d3-80e979fa4cd6","owner":"Mary Matthews","label":"JWJYY","description":"THBRNVNQ",'
    .. '"otherAttributes":[{"name":"width-unit","value":"cm"},{"name":"rating","value":"2.58"}]}',
  '{"type":"update","requestId":"38d51e39","widgetId":"ad0bb9e1","owner":"John Jones","label":"",'
    .. '"description":null,"otherAttributes":[{"name":"price","value":"71.11"}]}',
  '{"type":"delete","requestId":"r","widgetId":"w","owner":"Sue Smith"}',
  '{"type" : "create", "n": [0, -1.5e3, true, false, null, {}, []], "text": "gr\xC3\xB6\xC3\x9Fer '
    .. '\\u00e9\\ud83d\\ude00\\n\\"", "deep": [[[{"x": [{"y": [1]}]}]]]}',
}

-- What cjson refuses we refuse; what we take is what cjson reads. Says whether we took it.
local function judged(text)
  local ours, problem = decode(text)
  if ours == nil then
    assert.matches("^byte %d+: .", problem)
    return false
  end
  local readable, theirs = pcall(cjson.decode, text)
  if not readable then error(("taken, but cjson says %s: %s"):format(theirs, text)) end
  if not agree(ours, theirs) then error("read differently: " .. text) end
  return true
end

local ODD = { "{", "}", "[", "]", ",", ":", '"', "\\", "u", "0", "-", ".", "e", " ", "\n", "\0",
  "\x1F", "\x80", "\xC0", "\xED\xA0\x80", "\xF0\x9F", "\xFF", "null", "\\ud800", "/", "x" }

local function splice(text, from, to, between)
  return text:sub(1, from - 1) .. between .. text:sub(to + 1)
end

local MUTATIONS = {
  function(random, text, at) return splice(text, at, at + random(0, 7), "") end,
  function(random, text, at) return splice(text, at, at, pick(random, ODD)) end,
  function(random, text, at) return splice(text, at, at - 1, pick(random, ODD)) end,
  function(random, text, at) return splice(text, at, at, string.char(random(0, 255))) end,
  function(random, text, at) return text .. text:sub(at, at + random(0, 20)) end,
  function(random, text, at)
    local other = random(1, #text)
    return splice(text, at, at, text:sub(other, other))
  end,
}

describe("a request", function()
  it("that was cut anywhere is refused", function()
    for _, text in ipairs(REQUESTS) do
      assert.is_true(judged(text))
      for len = 0, #text - 1 do assert.is_false(judged(text:sub(1, len))) end
      for from = 2, #text do judged(text:sub(from)) end
    end
  end)

  it("that was changed anywhere is read as cjson reads it, or refused", function()
    local random = generator(76)
    local taken, count = 0, 6000
    for _ = 1, count do
      local text = pick(random, REQUESTS)
      for _ = 1, random(1, 3) do text = pick(random, MUTATIONS)(random, text, random(1, #text)) end
      if judged(text) then taken = taken + 1 end
    end
    assert.is_true(taken > count / 50 and taken < count / 2, taken .. " taken")
  end)
end)
