-- Widget requests as the course's producer writes them: 54 % creates, 37 % updates, 9 % deletes,
-- the first five all creates. Every update and delete has a widget that was created earlier and not
-- deleted since. The same seed always gives the same requests.
local tide = require "tidegate"

local M = {}

local OWNERS = { "Henry Hops", "John Jones", "Mary Matthews", "Sue Smith" }
local COLORS = { "blue", "green", "orange", "pink", "red", "yellow" }

-- SplitMix64, a generator of our own: draws that others make do not change the sequence.
local Random = {}
Random.__index = Random

function Random:bits()
  self.state = self.state + 0x9E3779B97F4A7C15
  local z = self.state
  z = (z ~ (z >> 30)) * 0xBF58476D1CE4E5B9
  z = (z ~ (z >> 27)) * 0x94D049BB133111EB
  return z ~ (z >> 31)
end

-- An integer from 1 to n.
function Random:upto(n)
  return (self:bits() >> 1) % n + 1
end

function Random:one_of(list)
  return list[self:upto(#list)]
end

function Random:uuid()
  local a, b = self:bits(), self:bits()
  return ("%08x-%04x-4%03x-%04x-%012x"):format(
    a & 0xFFFFFFFF, (a >> 32) & 0xFFFF, (a >> 48) & 0xFFF, (b & 0x3FFF) | 0x8000, b >> 16)
end

-- Capital letters, at most `longest`; one text in fifty is empty, as in real traffic.
function Random:text(longest)
  if self:upto(50) == 1 then return "" end
  local letters = {}
  for i = 1, self:upto(longest) do letters[i] = string.char(64 + self:upto(26)) end
  return table.concat(letters)
end

local function count(random) return tostring(random:upto(999)) end
local function unit() return "cm" end
local function color(random) return random:one_of(COLORS) end
local function vendor(random) return random:text(15) end
local function note(random) return random:text(350) end

local function rating(random)
  return ("%d.%07d"):format(random:upto(5) - 1, random:upto(10000000) - 1)
end

local function price(random)
  return ("%d.%02d"):format(random:upto(100) - 1, random:upto(100) - 1)
end

-- The fourteen other attributes in the order they appear; every value is a text.
local ATTRIBUTES = {
  { "color", color },
  { "size", count }, { "size-unit", unit },
  { "height", count }, { "height-unit", unit },
  { "width", count }, { "width-unit", unit },
  { "length", count }, { "length-unit", unit },
  { "rating", rating }, { "price", price }, { "quantity", count },
  { "vendor", vendor }, { "note", note },
}

-- Two to eleven of them.
local function attributes(random)
  local list, wanted = {}, random:upto(5) + random:upto(6)
  for i, attribute in ipairs(ATTRIBUTES) do
    if random:upto(#ATTRIBUTES - i + 1) <= wanted - #list then
      list[#list + 1] = { name = attribute[1], value = attribute[2](random) }
    end
  end
  return tide.array(list)
end

-- Each maker answers the widget it is about and the request's own members.
local MAKERS = {}

function MAKERS.create(random, alive)
  local widget = { id = random:uuid(), owner = random:one_of(OWNERS) }
  alive[#alive + 1] = widget
  return widget, {
    label = random:text(10), description = random:text(100), otherAttributes = attributes(random),
  }
end

function MAKERS.update(random, alive)
  return random:one_of(alive), {
    label = random:upto(2) == 1 and random:text(10) or nil,
    description = random:text(100), otherAttributes = attributes(random),
  }
end

function MAKERS.delete(random, alive)
  local at = random:upto(#alive)
  local widget = alive[at]
  alive[at] = alive[#alive]
  alive[#alive] = nil
  return widget, {}
end

-- Returns a function that gives the next request, a table to be written as JSON.
function M.generator(seed)
  local random, alive, made = setmetatable({ state = seed }, Random), {}, 0
  return function()
    local roll, kind = random:upto(100), "create"
    if made >= 5 and alive[1] and roll > 54 then kind = roll > 91 and "delete" or "update" end
    made = made + 1
    local widget, request = MAKERS[kind](random, alive)
    request.type, request.requestId = kind, random:uuid()
    request.widgetId, request.owner = widget.id, widget.owner
    return request
  end
end

return M
