-- What is shown to a person at a terminal, and to nobody else: colours, and one live line.
local tide = require "tidegate"

local M = {}

local INTERVAL = 0.5 -- s, between two pictures of the live line
local CODES = { bold = 1, red = 31, yellow = 33 }

-- A function that colours a text for that stream, or leaves it as it is.
function M.painter(stream)
  if not tide.terminal(stream) or tide.env "NO_COLOR" then
    return function(text) return text end
  end
  return function(text, colour) return ("\27[%dm%s\27[0m"):format(CODES[colour], text) end
end

-- Keeps `text_of(columns)` as the live line until the function that it returns is called. No
-- terminal: nothing is ever asked.
function M.live(text_of)
  local columns, over = tide.terminal "stderr", false
  if not columns then return function() end end
  tide.spawn(function()
    while not over do
      columns = tide.terminal "stderr" or columns -- the window may have been resized
      tide.status(text_of(columns):sub(1, columns - 1))
      tide.sleep(INTERVAL)
    end
  end)
  return function()
    over = true
    tide.status(nil)
  end
end

-- A function of a growing count: how much it grew a second, over the last few seconds.
function M.rate(seconds)
  local samples = {}
  return function(count, now)
    samples[#samples + 1] = { count = count, at = now }
    while #samples > 2 and now - samples[1].at > seconds do table.remove(samples, 1) end
    local first = samples[1]
    return now > first.at and (count - first.count) / (now - first.at) or 0
  end
end

-- The text in lines of less than `columns`, broken at blanks, all but the first one indented.
function M.wrapped(text, columns, indent)
  if not columns or #text < columns then return text end
  local lines, line = {}, ""
  for blanks, word in text:gmatch "( *)(%S+)" do
    if #line > indent and #line + #blanks + #word >= columns then
      lines[#lines + 1], line, blanks = line, (" "):rep(indent), ""
    end
    line = line .. blanks .. word
  end
  return table.concat(lines, "\n") .. "\n" .. line
end

-- A whole bar of that many columns.
function M.bar(fraction, columns)
  local full = math.floor(fraction * columns + 0.5)
  return "[" .. ("#"):rep(full) .. ("."):rep(columns - full) .. "]"
end

return M
