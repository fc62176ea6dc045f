-- tidegate test [PATH...]: runs busted specs inside this program, so that they see the same
-- `tidegate` and the same scripts as everything else here.
-- busted's own runner ends the process; this one drives busted's parts and returns an exit code.
local tide = require "tidegate"
local options = require "tidegate.options"

local SPEC = {
  name = "test",
  about = "Runs the *_spec.lua files below each PATH with busted.",
  positionals = { { name = "path", rest = true, help = "a file or a folder (.)" } },
  example = "tidegate test specs --scripts scripts",
}

local function refuse(message)
  tide.stderr("tidegate test: " .. message .. "\n")
  return 1
end

-- The busted core with its words (describe, it, …); a function that loads the specs below some
-- paths, and one that only lists them.
local function set_up()
  local busted = require "busted.core" ()
  require "busted" (busted)
  local load, _, list = require "busted.modules.test_file_loader" (busted, { "lua" })
  local patterns, how = { "_spec%.lua$" }, { recursive = true, excludes = {} }
  return busted, function(paths) return load(paths, patterns, how) end,
    function(paths) return list(paths, patterns, how) end
end

local MARKS = { success = "+", failure = "-", error = "*", pending = "." }

local function describe(what, event)
  local trace = event.element.trace or event.trace or {}
  local at = trace.short_src and ("%s:%s: "):format(trace.short_src, trace.currentline) or ""
  io.write(("\n%s: %s%s\n"):format(what, at, event.name))
  if event.message then io.write(tostring(event.message), "\n") end
end

-- Prints a mark for each test as it ends. Returns a function that prints the rest and answers the
-- exit code.
local function listen(busted)
  local events = require "busted.outputHandlers.base" ()
  events:subscribe { language = "en" }
  busted.subscribe({ "test", "end" }, function(_, _, status)
    io.write(MARKS[status])
    io.flush()
    return nil, true
  end)
  return function()
    io.write "\n"
    for _, event in ipairs(events.pendings) do describe("pending", event) end
    for _, event in ipairs(events.failures) do describe("failure", event) end
    for _, event in ipairs(events.errors) do describe("error", event) end
    local good, pending = events.successesCount, events.pendingsCount
    local failures, errors = events.failuresCount, events.errorsCount
    io.write(("\n%d successes / %d failures / %d errors / %d pending\n"):format(
      good, failures, errors, pending))
    io.flush()
    if good + failures + errors + pending == 0 then return refuse "the specs hold no test" end
    return failures + errors == 0 and 0 or 1
  end
end

local function main(paths)
  local exists = require("pl.path").exists
  if not paths[1] then paths = { "." } end
  for _, path in ipairs(paths) do
    if not exists(path) then return refuse("no such file or folder: " .. path) end
  end
  local busted, load, list = set_up()
  if not list(paths)[1] then return refuse("no *_spec.lua in " .. table.concat(paths, ", ")) end
  local report = listen(busted)
  load(paths)
  require "busted.execute" (busted) (1, {})
  return report()
end

local opts, code = options.start(SPEC, ...)
return opts and main(opts.path) or code
