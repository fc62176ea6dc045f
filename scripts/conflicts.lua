-- What decides when the store does not hold what a request expected: the policy that --conflicts
-- names, conflicts/NAME.lua. A policy is a table of decisions, as conflicts/warn.lua; one that
-- it leaves out is taken from there. One with a function `change` decides nothing: it does all that
-- a request asks for by itself (see routes.lua).
-- A conflicts.lua of your own may take this table by `require "tidegate.builtin.conflicts"`, set
-- decisions in it, and return it: they stand above those of any policy.
local warn = require "tidegate.builtin.conflicts.warn"

local M = setmetatable({}, { __index = warn })

local DECISIONS = { "exists", "missing", "changed" }

local function is_there(module)
  for _, search in ipairs(package.searchers) do
    if type(search(module)) == "function" then return true end
  end
end

-- Makes that policy the one that decides. Otherwise nil and what is wrong.
function M.use(name)
  local module = "conflicts." .. name
  if not name:find "^[%w_-]+$" or not is_there(module) then
    return nil, ("there is no policy '%s': expected warn, patient, converge, or a file "
      .. "conflicts/%s.lua in your scripts folder"):format(name, name)
  end
  local policy = require(module)
  if type(policy) ~= "table" then error(("conflicts/%s.lua must return a table"):format(name)) end
  for _, decision in ipairs(DECISIONS) do
    if policy.change and rawget(M, decision) then
      return nil, ("%s does not ask conflicts.%s of your conflicts.lua"):format(name, decision)
    end
  end
  setmetatable(M, { __index = function(_, key)
    local own = policy[key]
    if own == nil then return warn[key] end
    return own
  end })
  return true
end

return M
