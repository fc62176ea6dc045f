-- The three decisions about conflicts: the store does not hold what the request expected.
-- Each gets the widget that was found (nil when there is none), the request, and the context
-- {event, attempt, book, key}; it answers {write = widget}, {delete = true} or a verdict.
-- They are pure: a lost race asks again, so nothing but the answer may come out of them.
local tide = require "tidegate"
local widget = require "widget"

local M = {}

-- A create found a widget of that id: the new one takes its place.
function M.exists(_, request)
  return { write = widget.create(request), outcome = "replaced" }
end

-- An update or a delete found no widget: a warning, not an error.
function M.missing(_, request)
  return tide.skip("there is no widget to " .. request.type, "missing")
end

-- Someone wrote between our reading and our writing: decide again on what stands there now.
function M.changed(current, request, context)
  if request.type == "create" then return M.exists(current, request, context) end
  if current == nil then return M.missing(current, request, context) end
  if request.type == "delete" then return { delete = true } end
  return { write = widget.update(current, request) }
end

return M
