-- How a consume run tells of itself: a live line while it lasts, then a table and a log line.
local tide = require "tidegate"
local summaries = require "tidegate.summary"
local terminal = require "tidegate.terminal"

local M = {}

local RATE_OVER = 5 -- s

-- "120/s  412 received: 400 done, 1 parked; 11 in flight"; a narrow terminal is not told how many
-- were received.
local function live_line()
  local rate = terminal.rate(RATE_OVER)
  return function(columns)
    local c = tide.counters()
    local settled = c.done + c.skipped + c.retried + c.parked + c.released
    local counts = { ("%d done"):format(c.done) }
    for _, word in ipairs { "skipped", "retried", "parked", "released" } do
      if c[word] > 0 then counts[#counts + 1] = ("%d %s"):format(c[word], word) end
    end
    local speed = ("%.0f/s  "):format(rate(settled, tide.now()))
    local text = ("%s; %d in flight"):format(table.concat(counts, ", "), c.running + c.waiting)
    local whole = ("%s%d received: %s"):format(speed, c.received, text)
    return #whole < columns and whole or speed .. text
  end
end

-- Returns the function to call with what tide.consume returned, or with nothing when there is
-- nothing to tell. The table is for a terminal, or for who asked for it; the log line "summary" is
-- written for all.
function M.start(meter, wanted)
  local started, stop = tide.now(), terminal.live(live_line())
  return function(summary)
    local seconds = math.max(0, tide.now() - started)
    if summary then tide.log.info("summary", summaries.fields(summary, meter, seconds)) end
    stop()
    if summary and (wanted or tide.terminal "stdout") then
      print(summaries.text(summary, meter, seconds, terminal.painter "stdout",
        tide.terminal "stdout"))
    end
  end
end

return M
