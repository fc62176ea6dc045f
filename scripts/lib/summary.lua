-- What a consume run did, as a text for people: the outcomes, then the ledger that has to add up.
local M = {}

-- The usual outcomes come first and in this order, those of a user's own scripts by name.
local USUAL = { "created", "replaced", "updated", "deleted", "missing", "rejected" }

local function names_of(outcomes)
  local names, own, usual = {}, {}, {}
  for _, name in ipairs(USUAL) do
    usual[name] = true
    if outcomes[name] then names[#names + 1] = name end
  end
  for name in pairs(outcomes) do
    if not usual[name] then own[#own + 1] = name end
  end
  table.sort(own)
  return table.move(own, 1, #own, #names + 1, names)
end

-- `summary` is what tide.consume returns.
function M.text(summary)
  local lines = {}
  local function add(format, ...) lines[#lines + 1] = format:format(...) end
  for _, name in ipairs(names_of(summary.outcomes)) do
    add("%7d %s", summary.outcomes[name], name)
  end
  add("%7d received = %d done + %d skipped + %d retried + %d parked + %d released",
    summary.received, summary.done, summary.skipped, summary.retried, summary.parked,
    summary.released)
  if summary.unparkable > 0 then
    add("%7d of the retried were to be parked, but this queue has no place for that",
      summary.unparkable)
  end
  if not summary.drained then
    add("The drain deadline passed: what was still in hand is back in its source.")
  end
  if not summary.balanced then add("The ledger does not add up: this is a bug.") end
  return table.concat(lines, "\n")
end

return M
