-- What a consume run did: as a text for people, and as the fields of one log line. Verdicts are
-- what handlers answered; outcomes and the ledger, which has to add up, are what was confirmed.
local terminal = require "tidegate.terminal"

local M = {}

-- The usual words come first and in this order, those of a user's own scripts by name.
local OUTCOMES = { "created", "replaced", "updated", "deleted", "unchanged", "missing",
  "rejected" }
local KINDS = { "create", "update", "delete" }
local VERDICTS = { "done", "skip", "retry", "park" }
local LEDGER = { "received", "done", "skipped", "retried", "parked", "released" }

local function ordered(counts, usual)
  local names, own, is_usual = {}, {}, {}
  for _, name in ipairs(usual) do
    is_usual[name] = true
    if counts[name] then names[#names + 1] = name end
  end
  for name in pairs(counts) do
    if not is_usual[name] then own[#own + 1] = name end
  end
  table.sort(own)
  return table.move(own, 1, #own, #names + 1, names)
end

-- Plain texts of a run's times, or nothing before the first answer.
local function times(summary, meter, seconds)
  local p50, p99 = meter:quantile(0.5), meter:quantile(0.99)
  local rate = seconds > 0 and summary.received / seconds or 0
  return ("%.1f"):format(rate), p50 and ("%.3g"):format(p50 * 1000), p99
    and ("%.3g"):format(p99 * 1000)
end

-- One row a type of request, one column a verdict; five columns in all, the first one of 10.
local function add_verdicts(lines, meter, paint, columns)
  local kinds = ordered(meter.rows, KINDS)
  if not kinds[1] then return end
  local width = columns and math.max(5, math.min(8, (columns - 10) // #VERDICTS - 1)) or 8
  local right = "%" .. width .. "s"
  local head = ("%-10s" .. (" " .. right):rep(#VERDICTS)):format("", table.unpack(VERDICTS))
  lines[#lines + 1] = paint(head, "bold")
  for _, kind in ipairs(kinds) do
    local cells = {}
    for i, verdict in ipairs(VERDICTS) do
      local count = meter.rows[kind][verdict]
      local cell = right:format(count or "-")
      local colour = count and (verdict == "park" and "red" or verdict ~= "done" and "yellow")
      cells[i] = colour and paint(cell, colour) or cell
    end
    lines[#lines + 1] = ("%-10s %s"):format(kind, table.concat(cells, " "))
  end
  lines[#lines + 1] = ""
end

local function add_troubles(add, summary, meter)
  if summary.unparkable > 0 then
    add("%7d of the retried were to be parked, but this queue has no place for that",
      summary.unparkable)
  end
  if meter:unanswered() > 0 then
    add("%7d handlers gave no verdict: they raised an error or were cut off", meter:unanswered())
  end
  if not summary.drained then
    add("The drain deadline passed: what was still in hand is back in its source.")
  end
  if not summary.balanced then add("The ledger does not add up: this is a bug.") end
end

-- `summary` is what tide.consume returns, `paint` colours a text (see terminal.lua), `columns` is
-- how many there are, nil for any number.
function M.text(summary, meter, seconds, paint, columns)
  local lines = {}
  local function add(format, ...)
    lines[#lines + 1] = terminal.wrapped(format:format(...), columns, 8)
  end
  add_verdicts(lines, meter, paint, columns)
  for _, name in ipairs(ordered(summary.outcomes, OUTCOMES)) do
    add("%7d %s", summary.outcomes[name], name)
  end
  add("%7d received = %d done + %d skipped + %d retried + %d parked + %d released",
    summary.received, summary.done, summary.skipped, summary.retried, summary.parked,
    summary.released)
  local rate, p50, p99 = times(summary, meter, seconds)
  local handling = p50 and (", p50 %s ms and p99 %s ms in a handler"):format(p50, p99) or ""
  add("%7s a second for %.2f s%s", rate, seconds, handling)
  add_troubles(add, summary, meter)
  return table.concat(lines, "\n")
end

-- All the numbers of the text: "created", "create_done", "received", "p50_ms" …
function M.fields(summary, meter, seconds)
  local rate, p50, p99 = times(summary, meter, seconds)
  local fields = { seconds = ("%.2f"):format(seconds), rate = rate, p50_ms = p50, p99_ms = p99,
    unparkable = summary.unparkable, unanswered = meter:unanswered(),
    balanced = summary.balanced and "yes" or "no", drained = summary.drained and "yes" or "no" }
  for _, name in ipairs(LEDGER) do fields[name] = summary[name] end
  for name, count in pairs(summary.outcomes) do fields["outcome_" .. name] = count end
  for kind, row in pairs(meter.rows) do
    local name = kind:gsub(" ", "_")
    for verdict, count in pairs(row) do fields[name .. "_" .. verdict] = count end
  end
  return fields
end

return M
