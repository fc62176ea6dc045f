-- Which of some words a mistyped one was meant to be.
local M = {}

-- How many letters to put in, take out, replace, or swap with their neighbour, to make b from a.
local function distance(a, b)
  local before, last
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    before, last, row = last, row, { [0] = i }
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      row[j] = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same and 0 or 1))
      local swapped = i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j)
      if swapped then row[j] = math.min(row[j], before[j - 2] + 1) end
    end
  end
  return row[#b]
end

-- The nearest of the words, the first in the alphabet of several; nil when more than one letter in
-- four is different.
function M.of(word, words)
  local best, least
  local most = #word // 4
  for _, candidate in ipairs(words) do
    local d = math.abs(#candidate - #word) <= most and distance(word, candidate)
    local better = d and d <= most and (not least or d < least or d == least and candidate < best)
    if better then best, least = candidate, d end
  end
  return best
end

-- " (did you mean X?)", or nothing.
function M.hint(word, words)
  local best = #word <= 100 and M.of(word, words)
  return best and (" (did you mean %s?)"):format(best) or ""
end

return M
