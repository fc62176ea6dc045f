-- Runs a program of scripts/ as the host would, with parts of `tidegate` replaced, and answers
-- its exit code, what it printed, what it said on stderr and what it logged.
local here = debug.getinfo(1, "S").source:match "^@(.*/)"
local tide = require "tidegate"

local function holds(name)
  return name:find "^tidegate" or name:find "^conflicts" or name == "routes" or name == "widget"
end

-- Modules that hold on to `tidegate` are loaded anew, so that they see the replaced one.
local function swap(replacement)
  local kept = {}
  for name, module in pairs(package.loaded) do
    if holds(name) then
      kept[name], package.loaded[name] = module, nil
    end
  end
  package.loaded.tidegate = replacement
  return kept
end

local function restore(kept)
  for name in pairs(package.loaded) do
    if holds(name) then package.loaded[name] = nil end
  end
  for name, module in pairs(kept) do package.loaded[name] = module end
end

-- No terminal, and no host options.
local QUIET = {
  terminal = function() end, status = function() end, host = function() return {} end,
}

local function join(lines) return table.concat(lines, "\n") end

return function(name, args, parts)
  local printed, said, logged, print_kept = {}, {}, {}, print
  local log = setmetatable({}, { __index = function(_, level)
    return function(text, fields)
      logged[#logged + 1] = { level = level, text = text, fields = fields or {} }
    end
  end })
  local fake = { log = log, stderr = function(text) said[#said + 1] = text end,
    env = function(variable) return parts.env and parts.env[variable] end }
  for key, value in pairs(parts) do fake[key] = fake[key] or value end
  for key, value in pairs(QUIET) do fake[key] = fake[key] or value end
  local kept = swap(setmetatable(fake, { __index = tide }))
  rawset(_G, "print", function(text) printed[#printed + 1] = text end)
  local program = assert(loadfile(here .. "../../scripts/" .. name .. ".lua"))
  local ok, code = pcall(program, table.unpack(args))
  rawset(_G, "print", print_kept)
  restore(kept)
  if not ok then error(code, 0) end
  return code, join(printed), join(said), logged
end
