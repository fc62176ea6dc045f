-- The settings that a program works with, as the fields of one log line: every option, and the host
-- options in force. What a URL says before its host may be a password, and is hidden.
local tide = require "tidegate"

local M = {}

local function text_of(value)
  if value == nil then return "unset" end
  if type(value) == "boolean" then return value and "yes" or "no" end
  if math.type(value) == "float" then return ("%.14g"):format(value) end
  return (tostring(value):gsub("^(%a[%w+.-]*://)[^/?#]*@", "%1***@"))
end

function M.fields(spec, opts)
  local fields = {}
  for _, list in ipairs { spec.positionals or {}, spec.options or {} } do
    for _, option in ipairs(list) do
      local name = option.name:gsub("-", "_")
      local value = opts[name]
      if option.kind == "flag" then value = value or false end
      if not option.rest then fields[name] = text_of(value) end
    end
  end
  for name, value in pairs(tide.host()) do fields[name] = text_of(value) end
  return fields
end

function M.log(spec, opts)
  tide.log.info("settings", M.fields(spec, opts))
end

return M
