-- The texts about a command line, made from the table that declares it (see options.lua): one line
-- of usage, and a help that fits a screen of 24 lines and 80 columns.
local M = {}

local LABELS = { string = "TEXT", number = "NUMBER", integer = "N", duration = "TIME",
  boolean = "yes|no", shard = "I/N" }

-- How a positional is called in texts.
function M.label(positional)
  return (positional.label or positional.name:upper()) .. (positional.rest and "..." or "")
end

-- The variables that stand in for an option, the first one before the others.
function M.variables(option)
  if option.env ~= nil then return { option.env or nil } end
  local list = {}
  for _, name in ipairs { option.name, option.also } do
    list[#list + 1] = "TIDEGATE_" .. name:upper():gsub("-", "_")
  end
  return list
end

function M.line(spec)
  local words = { "usage: tidegate", spec.name }
  if spec.options and spec.options[1] then words[#words + 1] = "[options]" end
  for _, positional in ipairs(spec.positionals or {}) do
    local optional = positional.optional or positional.rest
    words[#words + 1] = optional and "[" .. M.label(positional) .. "]" or M.label(positional)
  end
  return table.concat(words, " ")
end

local function describe(option)
  local short = option.short and ("-%s, "):format(option.short) or ""
  local value = option.label or LABELS[option.kind or "string"]
  return short .. "--" .. option.name .. (value and " " .. value or "")
end

-- Options without a `help` of their own are told in the notes.
local function rows_of(spec)
  local rows = {}
  local function add(left, option)
    local default = option.default and (" (%s)"):format(option.default) or ""
    rows[#rows + 1] = { left, option.help .. default }
  end
  for _, positional in ipairs(spec.positionals or {}) do
    if positional.help then add(M.label(positional), positional) end
  end
  for _, option in ipairs(spec.options or {}) do
    if option.help then add(describe(option), option) end
  end
  return rows
end

local function first_variable(spec)
  for _, option in ipairs(spec.options or {}) do
    local name = M.variables(option)[1]
    if name then return name end
  end
end

-- The help, without a final newline.
function M.help(spec)
  local rows, width = rows_of(spec), 0
  for _, row in ipairs(rows) do width = math.max(width, #row[1]) end
  local lines = { M.line(spec), "", spec.about }
  if rows[1] then lines[#lines + 1] = "" end
  for _, row in ipairs(rows) do
    lines[#lines + 1] = ("  %s%s  %s"):format(row[1], (" "):rep(width - #row[1]), row[2])
  end
  if spec.notes then lines[#lines + 1] = "\n" .. spec.notes end
  local name = first_variable(spec)
  if name then
    local rule = "Of two the last counts. Each has a variable too: %s …"
    lines[#lines + 1] = (spec.notes and "" or "\n") .. rule:format(name)
  end
  if spec.example then lines[#lines + 1] = "\nExample: " .. spec.example end
  return table.concat(lines, "\n")
end

return M
