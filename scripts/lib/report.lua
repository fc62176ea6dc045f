-- How a consume run tells of itself: a live line while it lasts, then a table and a log line.
local tide = require "tidegate"
local summaries = require "tidegate.summary"
local terminal = require "tidegate.terminal"

local M = {}

local RATE_OVER = 5 -- s
local FORMAT = "%.0f/s  %d received: %d done, %d skipped, %d retried, %d parked; %d in flight"

local function live_line()
  local rate = terminal.rate(RATE_OVER)
  return function()
    local c = tide.counters()
    local settled = c.done + c.skipped + c.retried + c.parked + c.released
    return FORMAT:format(rate(settled, tide.now()), c.received, c.done, c.skipped, c.retried,
      c.parked, c.running + c.waiting)
  end
end

-- Returns the function to call with what tide.consume returned, or with nothing when there is
-- nothing to tell. The table is for a terminal, or for who asked for it; the log line "summary" is
-- written for all.
function M.start(meter, wanted)
  local started, stop = tide.now(), terminal.live(live_line())
  return function(summary)
    stop()
    if not summary then return end
    local seconds = math.max(0, tide.now() - started)
    tide.log.info("summary", summaries.fields(summary, meter, seconds))
    if wanted or tide.terminal "stdout" then
      print(summaries.text(summary, meter, seconds, terminal.painter "stdout"))
    end
  end
end

return M
