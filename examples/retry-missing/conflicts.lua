-- An update or a delete may arrive before its create: give it back for a while instead of warning.
-- tidegate consume FROM TO --scripts examples/retry-missing --max-receives 4
local tide = require "tidegate"
local conflicts = require "tidegate.builtin.conflicts"

-- Each time it comes back counts as a receive; after the last one it is parked for a person.
function conflicts.missing(_, request)
  return tide.retry { after = 2, reason = "there is no widget to " .. request.type .. " yet" }
end

return conflicts
