-- The policy `patient`: an update or a delete without a widget may have come before its create, so
-- it goes back and waits, longer each time; after the last receive it is parked for a person.
local tide = require "tidegate"

local M = {}

function M.missing(_, request)
  return tide.retry { reason = ("there is no widget to %s: its create has not come, or has failed")
    :format(request.type) }
end

return M
