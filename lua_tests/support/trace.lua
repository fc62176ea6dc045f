-- What everybody did in a schedule, a line each, for whoever looks for the step that went wrong.
-- Requests have letters, A being the first in the order of sending; a ledger is shown as its
-- version and the letters that it holds.
local tide = require "tidegate"

local M = {}

local ORIGIN = { ["\0"] = "what was there" }

local function json(value) return assert(tide.json.encode(value)) end

local function is_ledger(value) return type(value) == "table" and value.version and value.later end

local Trace = {}
Trace.__index = Trace

function Trace:say(text, ...) self[#self + 1] = text:format(...) end

function Trace:letter(at) return self.letters[at[1] .. "\0" .. at[2]] or "?" end

function Trace:ledger(ledger)
  local parts = { "ledger " .. ledger.version .. ":" }
  parts[2] = ledger.create and "create " .. self:letter(ledger.create.at) or "no create"
  for _, entry in ipairs(ledger.later) do parts[#parts + 1] = self:letter(entry.at) end
  return "(" .. table.concat(parts, " ") .. ")"
end

-- Attributes as JSON in the order of their names, the ledger of an item in front of them.
function Trace:attributes(attributes)
  local plain, ledger = {}, nil
  for name, value in pairs(attributes) do
    if name == "_tidegate" then
      ledger = value.ledger and self:ledger(assert(tide.json.decode(value.ledger)))
    elseif name ~= "_tidegate_expires" and name ~= "id" then
      plain[name] = value
    end
  end
  local rest = next(plain) and json(plain) or ledger and "" or "{}"
  return (ledger or "") .. (ledger and rest ~= "" and " " or "") .. rest
end

-- A widget or a ledger of a bucket as its JSON, an item of a table, or the changes of an update.
function Trace:value(value)
  if type(value) == "string" then value = assert(tide.json.decode(value)) end
  if is_ledger(value) then return self:ledger(value) end
  if value.otherAttributes then
    local flat = { label = value.label, description = value.description }
    for _, each in ipairs(value.otherAttributes) do flat["+" .. each.name] = each.value end
    return json(flat)
  end
  if not value.set then return self:attributes(value) end
  local removed = table.concat(value.remove or {}, " ")
  return "set " .. self:attributes(value.set) .. (removed ~= "" and " remove " .. removed or "")
end

local function condition(self, opts)
  if opts.if_match then return " if_match " .. opts.if_match end
  if opts.if_equal then return " if_equal " .. self:value(opts.if_equal) end
  return (opts.if_none_match or opts.if_absent) and " if there is none" or ""
end

local function came(self, name, answer, err)
  if not answer then return err.code end
  if name ~= "get" then return type(answer) == "table" and answer.etag or "ok" end
  return self:value(answer) .. (err and err.etag and " " .. err.etag or "")
end

-- As consumers.stopping() tells it: what was asked stands behind what came of it.
function Trace:call(name, answer, err, key, what, opts)
  if type(key) == "table" then key, what, opts = key.id, key, what end
  if name == "delete" then what, opts = nil, what end
  local asked = what and name ~= "get" and " " .. self:value(what) or ""
  return name .. " " .. key:gsub("widgets/.*", "widget") .. asked .. condition(self, opts or {})
    .. " → " .. came(self, name, answer, err)
end

function Trace:requests(requests)
  self.letters = setmetatable({}, { __index = ORIGIN })
  for i, request in ipairs(requests) do
    local letter, said = string.char(64 + i), {}
    self.letters[table.concat(request.order, "\0")], self.letters[request] = letter, letter
    for _, name in ipairs { "label", "description" } do said[name] = request[name] end
    for _, each in ipairs(request.otherAttributes) do said["+" .. each.name] = each.value end
    self:say("   %s  %s by %s%s", letter, request.type, request.owner,
      next(said) and ": " .. json(said) or "")
  end
end

-- The `tell` of a schedule.
function Trace:tell(slot, what, ...)
  if slot == "requests" then
    self.first = #what
    return self:requests(what)
  end
  local number, message = #self - self.first + 1, self.letters[...]
  if message then
    self.in_hand[slot] = message
    self:say("%4d  consumer %d %s %s", number, slot, what, message)
  else
    self:say("%4d  consumer %d (%s): %s", number, slot, self.in_hand[slot], self:call(what, ...))
  end
end

function M.new()
  local trace = setmetatable({ in_hand = {} }, Trace)
  return trace, function(...) trace:tell(...) end
end

return M
