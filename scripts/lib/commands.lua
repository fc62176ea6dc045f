-- The built-in commands, and what is said about a word that is none.
local tide = require "tidegate"
local nearest = require "tidegate.nearest"
local pretty = require "tidegate.pretty"

local M = {}

M.USAGE = "usage: tidegate [HOST OPTIONS] NAME [ARGUMENTS]"

M.names = { "consume", "produce", "peek", "parked", "reconcile", "test", "version", "help" }

-- Says so; answers the exit code. `more` are other words that would have been good.
function M.refuse(name, more)
  local words = table.move(M.names, 1, #M.names, #(more or {}) + 1, more or {})
  tide.stderr(("tidegate: unknown command '%s'%s\n%s\nMore: tidegate help\n"):format(
    pretty.line(name), nearest.hint(name, words), M.USAGE))
  return 64
end

return M
