-- docs/scripting.md is the manual: every name of the API stands in it, and it names nothing else.
local tide = require "tidegate"

local here = debug.getinfo(1, "S").source:match "^@(.*/)"

local function manual()
  local file <close> = assert(io.open(here .. "../docs/scripting.md"))
  return file:read "a"
end

-- tide.NAME and tide.log.NAME, as the manual writes them.
local function names_of(api, prefix, found)
  for name, value in pairs(api) do
    if type(value) == "table" and prefix == "tide." and (name == "log" or name == "json") then
      names_of(value, prefix .. name .. ".", found)
    else
      found[prefix .. name] = true
    end
  end
  return found
end

local function methods(object, names)
  local missing = {}
  for _, name in ipairs(names) do
    if not object[name] then missing[#missing + 1] = name end
  end
  return missing
end

describe("docs/scripting.md", function()
  local text = manual()

  it("names every function of the API", function()
    local unknown = {}
    for name in pairs(names_of(tide, "tide.", {})) do
      local short = name:gsub("^tide%.log", "")
      if not text:find(name, 1, true) and not text:find("`" .. short .. "`", 1, true) then
        unknown[#unknown + 1] = name
      end
    end
    assert.are.same({}, unknown)
  end)

  it("names no function that is not there", function()
    local there, wrong = names_of(tide, "tide.", { ["tide.log"] = true, ["tide.json"] = true }), {}
    for name in text:gmatch "tide%.[%w_.]*[%w_]" do
      if not there[name] then wrong[#wrong + 1] = name end
    end
    assert.are.same({}, wrong)
  end)

  it("names methods that are there", function()
    local path = os.tmpname()
    os.remove(path)
    local bucket = assert(tide.bucket("file:" .. path))
    local queue = assert(tide.queue("file:" .. path))
    local items = assert(tide.table("sqlite:" .. path .. "/db"))
    local said = { bucket = {}, items = {}, queue = {} }
    for object, name in text:gmatch "(%l+):([%l_]+)%(" do
      if said[object] then table.insert(said[object], name) end
    end
    assert.are.same({ {}, {}, {} }, { methods(bucket, said.bucket), methods(items, said.items),
      methods(queue, said.queue) })
    os.execute("rm -rf " .. path)
  end)

  it("shows Lua that can be compiled", function()
    local count = 0
    for block in text:gmatch "\n```lua\n(.-)```" do
      count = count + 1
      assert(load(block, "=docs/scripting.md"))
    end
    assert.is_true(count >= 5)
  end)

  -- Its own example of a spec is one.
  for block in text:gmatch "\n```lua\n(.-)```" do
    if block:find "\ndescribe%(" then assert(load(block, "=docs/scripting.md", "t", _ENV))() end
  end
end)
