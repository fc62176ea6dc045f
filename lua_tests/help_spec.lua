-- Every help fits a screen of 24 lines and 80 columns, and ends with an example that is one.
local here = debug.getinfo(1, "S").source:match "^@(.*/)" or "./"
local run = dofile(here .. "support/program.lua")

local function help(...) return run("tools/help", { ... }, {}) end

local PAGES = { {}, { "consume" }, { "produce" }, { "peek" }, { "parked" }, { "test" },
  { "version" }, { "help" }, { "places" }, { "conflicts" }, { "host-options" } }

describe("tidegate help", function()
  for _, page in ipairs(PAGES) do
    it("fits a screen: help " .. (page[1] or ""), function()
      local code, printed = help(table.unpack(page))
      assert.equal(0, code)
      local lines = 0
      for line in (printed .. "\n"):gmatch "(.-)\n" do
        lines = lines + 1
        assert.is_true((utf8.len(line)) <= 80, line)
      end
      assert.is_true(lines <= 24, "it has " .. lines .. " lines")
      local _, examples = printed:gsub("Example: tidegate ", "")
      assert.equal(1, examples)
    end)
  end

  it("lists every command there is", function()
    local _, printed = help()
    for _, page in ipairs(PAGES) do
      if page[1] then assert.matches(page[1], printed, 1, true) end
    end
    for _, name in ipairs(require "tidegate.commands".names) do
      assert.matches("\n  " .. name, printed, 1, true)
    end
  end)

  it("refuses what it does not know, and names what is near", function()
    local code, printed, said = help "consmue"
    assert.same({ 64, "" }, { code, printed })
    assert.matches("unknown command 'consmue' (did you mean consume?)", said, 1, true)
  end)
end)
