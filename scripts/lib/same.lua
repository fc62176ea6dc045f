-- Are two values the same, all the way down? Never true for values that a table would tell apart.
local tide = require "tidegate"

local function same(a, b)
  if a == b then return true end
  if type(a) ~= "table" or type(b) ~= "table" then return false end
  if getmetatable(a) ~= getmetatable(b) or tide.is_array(a) ~= tide.is_array(b) then
    return false
  end
  for name, value in pairs(a) do
    if not same(value, b[name]) then return false end
  end
  for name in pairs(b) do
    if a[name] == nil then return false end
  end
  return true
end

return same
