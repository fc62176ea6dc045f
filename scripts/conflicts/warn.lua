-- The policy `warn`: a create replaces what it finds, an update or a delete without a widget is
-- skipped with a warning. What another policy leaves out is decided here, too.
-- Each decision gets the widget that was found (nil when there is none), the request, and the
-- context {event, attempt, book, key}; it answers {write = widget}, {delete = true} or a verdict.
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

-- Someone wrote between our reading and our writing: decide again on what stands there now, as
-- whoever decides in the end would.
function M.changed(current, request, context)
  local conflicts = require "conflicts"
  if request.type == "create" then return conflicts.exists(current, request, context) end
  if current == nil then return conflicts.missing(current, request, context) end
  if request.type == "delete" then return { delete = true } end
  return { write = widget.update(current, request) }
end

return M
