-- Command lines: options read from the arguments, else from the environment, else from defaults.
-- A program declares what it takes and calls `start` first; the help comes from the same table:
--
--   { name = "consume", about = "What it does.",
--     positionals = { { name = "from", help = "…", optional = true, rest = true } },
--     options = { { name = "drain-timeout", short = "dt", kind = "duration", default = "25s",
--                   min = 0, max = 600, help = "…" } } }
--
-- Kinds: string, integer, number, flag, and duration, in seconds (`unit` is what a bare number
-- counts: "s" or "ms"). Defaults are texts, as a user would write them. Everything that has a name
-- is also TIDEGATE_NAME in the environment, unless `env` names another variable, or is false. A
-- positional with `rest` takes all arguments that are left, as a list.
local tide = require "tidegate"

local M = {}

local USAGE = 64
local UNITS = { ms = 0.001, s = 1, m = 60, h = 3600 }
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
  return number and seconds and number * seconds
end

local function to_flag(text)
  if YES[text] then return true end
  return not NO[text] and nil
end

local KINDS = {
  string = { convert = to_string, label = "TEXT", expected = "a text" },
  number = { convert = to_number, label = "NUMBER", expected = "a number" },
  integer = { convert = to_integer, label = "N", expected = "an integer" },
  duration = { convert = to_duration, label = "TIME", expected = "a time like 250ms, 25s or 5m" },
  flag = { convert = to_flag, expected = "yes or no" },
}

local function kind_of(option)
  return KINDS[option.kind or "string"]
end

local function variable(option)
  if option.env ~= nil then return option.env end
  return "TIDEGATE_" .. option.name:upper():gsub("-", "_")
end

local function label(positional)
  return positional.name:upper() .. (positional.rest and "..." or "")
end

local function bounds(option)
  local unit = option.kind == "duration" and " s" or ""
  if option.min and option.max then
    return (" from %s to %s%s"):format(option.min, option.max, unit)
  end
  if option.min then return (" of at least %s%s"):format(option.min, unit) end
  return option.max and (" of at most %s%s"):format(option.max, unit) or ""
end

-- The value of a text; `said` is the option as its user wrote it.
local function convert(option, text, said)
  local kind = kind_of(option)
  local value = kind.convert(text, option)
  local low = value and option.min and value < option.min
  local high = value and option.max and value > option.max
  if value ~= nil and not low and not high then return value end
  return nil, ("%s: expected %s%s, got '%s'"):format(said, kind.expected, bounds(option), text)
end

local function by_argument(spec)
  local known = {}
  for _, option in ipairs(spec.options or {}) do
    known["--" .. option.name] = option
    if option.short then known["-" .. option.short] = option end
  end
  return known
end

local function is_option(arg)
  return arg:find("^%-.") and not to_number(arg)
end

-- Takes the option at args[i] and answers the index of its last argument, or nil and a message.
local function take(known, args, i, given)
  local said, text = args[i]:match("^(.-)=(.*)$")
  said = said or args[i]
  local option = known[said]
  if not option then return nil, "unknown option " .. said end
  if option.kind == "flag" then
    if text then return nil, said .. " takes no value" end
    text = "yes"
  elseif not text then
    i = i + 1
    text = args[i]
    if not text or is_option(text) then return nil, said .. " needs a value" end
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
      given[positional] = { text = texts[used], said = label(positional) }
    end
  end
  return texts[used + 1] and ("unexpected argument '%s'"):format(texts[used + 1])
end

-- The value from where it stands first: given, environment, default. Nil alone: nowhere.
local function settle(option, given, getenv)
  local name = variable(option)
  local set = name and getenv(name)
  if given[option] then return convert(option, given[option].text, given[option].said) end
  if set and set ~= "" then return convert(option, set, name) end
  if option.default then return convert(option, option.default, "--" .. option.name) end
  return nil
end

local function settle_all(list, given, getenv, opts)
  for _, option in ipairs(list or {}) do
    if not option.rest then
      local value, problem = settle(option, given, getenv)
      if problem then return problem end
      opts[option.name:gsub("-", "_")] = value
    end
  end
end

local function missing(spec, opts)
  for _, positional in ipairs(spec.positionals or {}) do
    if opts[positional.name] == nil and not positional.optional then
      local name = variable(positional)
      return label(positional) .. " is missing" .. (name and (" (or set %s)"):format(name) or "")
    end
  end
end

-- Values by name, '-' written as '_': { drain_timeout = 25, from = "…" }; flags are true, false or
-- absent. Otherwise nil, a text for people, and the exit code: 0 when the text is the help.
-- spec.getenv may stand in for the environment.
function M.parse(spec, ...)
  local given, texts, code = scan(spec, { ... })
  if not given then return nil, texts, code or USAGE end
  local getenv, opts = spec.getenv or tide.env, {}
  local problem = place(spec, texts, given, opts)
    or settle_all(spec.options, given, getenv, opts)
    or settle_all(spec.positionals, given, getenv, opts)
    or missing(spec, opts)
  if problem then return nil, problem, USAGE end
  return opts
end

function M.usage(spec)
  local words = { "usage: tidegate", spec.name }
  if spec.options and spec.options[1] then words[#words + 1] = "[options]" end
  for _, positional in ipairs(spec.positionals or {}) do
    local optional = positional.optional or positional.rest
    words[#words + 1] = optional and "[" .. label(positional) .. "]" or label(positional)
  end
  return table.concat(words, " ")
end

local function describe(option)
  local short = option.short and ("-%s, "):format(option.short) or ""
  local value = kind_of(option).label
  return short .. "--" .. option.name .. (value and " " .. value or "")
end

local function rows_of(spec)
  local rows = {}
  local function add(left, option)
    local default = option.default and (" (%s)"):format(option.default) or ""
    rows[#rows + 1] = { left, option.help .. default }
  end
  for _, positional in ipairs(spec.positionals or {}) do add(label(positional), positional) end
  for _, option in ipairs(spec.options or {}) do add(describe(option), option) end
  return rows
end

-- The help, without a final newline: usage, purpose, arguments and options in two columns.
function M.help(spec)
  local rows, width = rows_of(spec), 0
  for _, row in ipairs(rows) do width = math.max(width, #row[1]) end
  local lines = { M.usage(spec), "", spec.about }
  if rows[1] then lines[#lines + 1] = "" end
  for _, row in ipairs(rows) do
    lines[#lines + 1] = ("  %s%s  %s"):format(row[1], (" "):rep(width - #row[1]), row[2])
  end
  local example = (spec.options or {})[1]
  if example then
    lines[#lines + 1] = "\nVariables stand in for what is not given: " .. variable(example) .. " …"
  end
  return table.concat(lines, "\n")
end

-- Says on stderr what is wrong with the command line; answers the exit code for it.
function M.refuse(spec, message)
  tide.stderr(("tidegate %s: %s\n%s\n"):format(spec.name, message, M.usage(spec)))
  return USAGE
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
