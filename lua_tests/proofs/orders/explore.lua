-- luacheck: std lua54+busted
-- Runs many schedules (see support/schedules.lua) and writes what came of them to the file RESULT
-- as JSON: { ran, killed, wrong = [ { seed, mended, trace } … ] }. A seed that ends wrong is run
-- again to write down what everybody did. KIND is bucket or table, FIRST and LAST are the seeds,
-- KILLS how many consumers may die in each. To watch one that ends as it should, add ALL=yes:
--   KIND=table KILLS=4 FIRST=7 LAST=7 ALL=yes RESULT=/dev/stdout tidegate test explore.lua
local here = debug.getinfo(1, "S").source:match "^@(.*/)" or "./"
local tide = require "tidegate"
local schedules = dofile(here .. "../../support/schedules.lua")
local traces = dofile(here .. "../../support/trace.lua")

local TRACES = 20 -- of schedules that ended wrong; of the others only the seed is told

local function setting(name) return os.getenv(name) or error(name .. " is not set", 0) end

local NAME, KILLS = setting "KIND", tonumber(setting "KILLS")
local KIND, ALL = schedules.KINDS[NAME], os.getenv "ALL"

-- Which schedule a seed stands for, beside what its numbers draw.
local function plan(seed)
  return { kills = KILLS, consumers = 2 + seed % 3, earlier = seed % 4 == 1,
    resend = seed % 5 == 2 }
end

local function json(value) return value and assert(tide.json.encode(value)) or "nothing" end

local function traced(seed)
  local opts, trace, tell = plan(seed), traces.new()
  opts.tell = tell
  local ended = schedules.run(KIND, seed, opts)
  local first = ("seed %d, %s, %d consumers%s%s"):format(seed, NAME, opts.consumers,
    opts.earlier and ", a widget without a ledger is there" or "",
    opts.resend and ", each write is sent twice" or "")
  trace:say("      should be %s, is %s", json(ended.expected), json(ended.found))
  return first .. "\n" .. table.concat(trace, "\n"), ended.wrong
end

local function explore(first, last)
  local found = { ran = 0, killed = 0, wrong = tide.array {} }
  for seed = first, last do
    local ended = schedules.run(KIND, seed, plan(seed))
    found.ran, found.killed = found.ran + 1, found.killed + ended.killed
    if ended.wrong or ALL then
      local trace, again = "", ended.wrong
      if #found.wrong < TRACES then trace, again = traced(seed) end
      assert(again == ended.wrong, "the same seed ended in another way")
      table.insert(found.wrong, { seed = seed, mended = ended.mended, trace = trace })
    end
  end
  return found
end

it("runs the schedules", function()
  local found = explore(tonumber(setting "FIRST"), tonumber(setting "LAST"))
  local file <close> = assert(io.open(setting "RESULT", "w"))
  assert(file:write(json(found), "\n"))
end)
