-- Command lines: options read from the arguments, else from the environment, else from defaults.
-- A program declares what it takes and calls `start` first; the help comes from the same table:
--
--   { name = "consume", about = "What it does.", notes = "…", example = "tidegate consume …",
--     positionals = { { name = "from", help = "…", optional = true, rest = true } },
--     options = { { name = "drain-timeout", short = "dt", also = "drain", kind = "duration",
--                   default = "25s", min = 0, max = 600, help = "…" } } }
--
-- Kinds: string, integer, number, flag, boolean (yes or no), shard ("2/4"), and duration, in
-- seconds (`unit` is what a bare number counts: "s" or "ms"; without `max` at most three years).
-- Defaults are texts, as a user would write them. What is given twice counts as it was given last.
-- Everything that has a name is also TIDEGATE_NAME in the environment, unless `env` names another
-- variable, or is false; `also` is a second long name. A positional with `rest` takes all arguments
-- that are left, as a list.
--
-- `resolve(opts, origins)` may settle what options say together, or answer what is wrong with them.
-- origins[name] tells where a value is from: { said = "-dt", rank = 1 }, where 1 is an argument, 2
-- the environment and 3 the default.
local tide = require "tidegate"
local nearest = require "tidegate.nearest"
local pretty = require "tidegate.pretty"
local usage = require "tidegate.usage"

local M = { usage = usage.line, help = usage.help }

local USAGE = 64
local HOST = { "--scripts", "--log-level", "--log-file", "--log-format", "--region", "--profile",
  "--endpoint-url", "--cpu-limit", "--memory-limit", "--help" }
local UNITS = { ms = 0.001, s = 1, m = 60, h = 3600, d = 86400 }
local DURATION_MAX = 100000000 -- s: what the program itself takes
local YES = { ["1"] = true, ["true"] = true, yes = true, on = true }
local NO = { ["0"] = true, ["false"] = true, no = true, off = true }

-- From a text to its value; nil when it is malformed.

local function to_string(text)
  return text ~= "" and text or nil
end

local function to_number(text)
  local number = text:find("^[+-]?[%d.]") and not text:find("[%sxX]") and tonumber(text)
  return number and math.abs(number) < math.huge and number or nil
end

local function to_integer(text)
  return text:find("^[+-]?%d+$") and math.tointeger(tonumber(text)) or nil
end

local function to_duration(text, option)
  local digits, unit = text:match("^([%d.]+)(%a*)$")
  if unit == "" then unit = option.unit or "s" end
  local number, seconds = digits and to_number(digits), UNITS[unit]
  return number and seconds and math.min(number, 1e15) * seconds
end

local function to_flag(text)
  if YES[text] then return true end
  return not NO[text] and nil
end

local SHARDS = 1000

local function to_shard(text)
  local index, count = text:match "^(%d+)/(%d+)$"
  index, count = math.tointeger(tonumber(index)), math.tointeger(tonumber(count))
  local fits = index and count and index >= 1 and index <= count and count <= SHARDS
  return fits and ("%d/%d"):format(index, count) or nil
end

local KINDS = {
  string = { convert = to_string, expected = "a text" },
  number = { convert = to_number, expected = "a number" },
  integer = { convert = to_integer, expected = "an integer" },
  duration = { convert = to_duration, expected = "a time like 250ms, 25s or 5m" },
  shard = { convert = to_shard, expected = ("I/N with 1 <= I <= N <= %d"):format(SHARDS) },
  flag = { convert = to_flag, expected = "yes or no" },
  boolean = { convert = to_flag, expected = "yes or no" },
}

local function bounds(option, max)
  local unit = option.kind == "duration" and " s" or ""
  if option.min and max then return (" from %s to %s%s"):format(option.min, max, unit) end
  if option.min then return (" of at least %s%s"):format(option.min, unit) end
  return max and (" of at most %s%s"):format(max, unit) or ""
end

-- The value of a text; `said` is the option as its user wrote it.
local function convert(option, text, said)
  local kind = KINDS[option.kind or "string"]
  local value = kind.convert(text, option)
  local low = value and option.min and value < option.min
  local most = option.max or option.kind == "duration" and DURATION_MAX
  local high = value and most and value > most
  if value ~= nil and not low and not high then return value end
  return nil, ("%s: expected %s%s, got '%s'"):format(said, kind.expected,
    bounds(option, high and most or option.max), text)
end

local function by_argument(spec)
  local known = {}
  for _, option in ipairs(spec.options or {}) do
    known["--" .. option.name] = option
    if option.also then known["--" .. option.also] = option end
    if option.short then known["-" .. option.short] = option end
  end
  return known
end

local function unknown(said, known)
  local words = table.move(HOST, 1, #HOST, 1, {})
  for word in pairs(known) do words[#words + 1] = word end
  return nil, "unknown option " .. said .. nearest.hint(said, words)
end

local function is_option(arg)
  return arg:find("^%-.") and not to_number(arg)
end

-- Takes the option at args[i] and answers the index of its last argument, or nil and a message.
local function take(known, args, i, given)
  local said, text = args[i]:match("^(.-)=(.*)$")
  said = said or args[i]
  local option = known[said]
  if not option then return unknown(said, known) end
  if option.kind == "flag" then
    if text then return nil, said .. " takes no value" end
    text = "yes"
  elseif not text then
    i = i + 1
    text = args[i]
    if not text or is_option(text) then
      local kind = option.kind and KINDS[option.kind].expected
      return nil, said .. " needs a value" .. (kind and ": " .. kind or "")
    end
  end
  given[option] = { text = text, said = said }
  return i
end

-- Sorts the arguments: option → {text, said}, and the texts that are no options. Otherwise nil, a
-- message, and 0 when that is the help that was asked for.
local function scan(spec, args)
  local known, given, rest = by_argument(spec), {}, {}
  local i = 1
  while i <= #args do
    local arg = args[i]
    if arg == "--" then return given, table.move(args, i + 1, #args, #rest + 1, rest) end
    if arg == "--help" or arg == "-h" then return nil, M.help(spec), 0 end
    if is_option(arg) then
      local last, message = take(known, args, i, given)
      if not last then return nil, message end
      i = last
    else
      rest[#rest + 1] = arg
    end
    i = i + 1
  end
  return given, rest
end

-- Gives texts to the positionals in their order; answers a message when one is left over.
local function place(spec, texts, given, opts)
  local used = 0
  for _, positional in ipairs(spec.positionals or {}) do
    if positional.rest then
      opts[positional.name] = table.move(texts, used + 1, #texts, 1, {})
      return nil
    elseif texts[used + 1] then
      used = used + 1
      given[positional] = { text = texts[used], said = usage.label(positional) }
    end
  end
  return texts[used + 1] and ("unexpected argument '%s'"):format(texts[used + 1])
end

-- The text from where it stands first: given, environment, default; and where that is.
local function find(option, given, getenv)
  if given[option] then return given[option].text, given[option].said, 1 end
  for _, name in ipairs(usage.variables(option)) do
    local text = getenv(name)
    if text and text ~= "" then return text, name, 2 end
  end
  return option.default, "--" .. option.name, 3
end

local function settle_all(list, given, getenv, opts, origins)
  for _, option in ipairs(list or {}) do
    local text, said, rank = find(option, given, getenv)
    if text and not option.rest then
      local value, problem = convert(option, text, said)
      if problem then return problem end
      local name = option.name:gsub("-", "_")
      opts[name], origins[name] = value, { said = said, rank = rank }
    end
  end
end

local function missing(spec, opts)
  for _, positional in ipairs(spec.positionals or {}) do
    if opts[positional.name] == nil and not positional.optional then
      local ways = { positional.instead }
      local name = usage.variables(positional)[1]
      if name then ways[#ways + 1] = "set " .. name end
      local hint = ways[1] and (" (or %s)"):format(table.concat(ways, ", or ")) or ""
      return usage.label(positional) .. " is missing" .. hint
    end
  end
end

-- Values by name, '-' written as '_': { drain_timeout = 25, from = "…" }; flags are true, false or
-- absent. Otherwise nil, a text for people, and the exit code: 0 when the text is the help.
-- spec.getenv may stand in for the environment.
function M.parse(spec, ...)
  local given, texts, code = scan(spec, { ... })
  if not given then return nil, texts, code or USAGE end
  local getenv, opts, origins = spec.getenv or tide.env, {}, {}
  local problem = place(spec, texts, given, opts)
    or settle_all(spec.options, given, getenv, opts, origins)
    or settle_all(spec.positionals, given, getenv, opts, origins)
    or spec.resolve and spec.resolve(opts, origins)
    or missing(spec, opts)
  if problem then return nil, problem, USAGE end
  return opts
end

-- Says on stderr what is wrong with the command line; answers the exit code for it.
function M.refuse(spec, message)
  local line = pretty.line(message) -- it may quote a text from anywhere
  tide.stderr(("tidegate %s: %s\n%s\n"):format(spec.name, line, M.usage(spec)))
  return USAGE
end

-- The same for an error of the world, in the log unless the command line is to blame.
function M.fail(spec, err)
  if err.code == "BadPlace" or err.code == "BadBucket" then return M.refuse(spec, err.message) end
  tide.log.error(tostring(err))
  return tide.exit_code(err)
end

-- The options of a program; or nil and the exit code to return, when all is said already.
function M.start(spec, ...)
  local opts, text, code = M.parse(spec, ...)
  if opts then return opts end
  if code ~= 0 then return nil, M.refuse(spec, text) end
  print(text)
  return nil, 0
end

return M
