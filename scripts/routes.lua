-- Which store keeps a request's widget, and which function answers which type of request.
-- To change a route, put a routes.lua into a folder and name the folder with --scripts: take this
-- table by `require "tidegate.builtin.routes"`, replace a function, return the table.
local tide = require "tidegate"
local conflicts = require "conflicts"
local widget = require "widget"

local M = {}

-- The bucket or table of this request's widget; `default` is TO of the command line.
function M.store(_request, default)
  return default
end

-- A bucket keeps a widget as JSON under its owner and id; a table as an item under its id alone.
local function key_of(request, store, opts)
  if store.kind ~= "table" then return widget.key(request) end
  function opts.encode(value) return widget.to_item(value, store.key) end
  function opts.decode(item) return widget.from_item(item, store.key) end
  return request.widgetId
end

-- What decides: `decide` when the store is as `event` says and nothing is in the way, else
-- conflicts. An update or a delete does not see the widget of another owner.
local function answer(request, event, decide, current, context)
  if current and request.type ~= "create" and widget.is_foreign(current, request) then
    current = nil
    if context.event == "exists" then context.event = "missing" end
  end
  if context.event == event then return decide(current) end
  return conflicts[context.event](current, request, context)
end

local function change(request, store, event, decide, opts)
  local key = key_of(request, store, opts)
  if conflicts.change then return conflicts.change(request, store, key) end
  opts.request_id = request.requestId -- so that a write sent twice is no conflict with itself
  return store:change(key, function(current, context)
    local plan = answer(request, event, decide, current, context)
    local problem = type(plan) == "table" and plan.write and widget.problem(plan.write)
    return problem and tide.park(problem, "rejected") or plan
  end, opts)
end

function M.create(request, store)
  return change(request, store, "missing", function()
    return { write = widget.create(request) }
  end, { expect = "missing" })
end

function M.update(request, store)
  return change(request, store, "exists", function(current)
    return { write = widget.update(current, request) }
  end, {})
end

function M.delete(request, store)
  return change(request, store, "exists", function()
    return { delete = true }
  end, {})
end

-- Answers one request with a verdict, or with nil and the error of a store that cannot.
function M.route(request, default)
  return M[request.type](request, M.store(request, default))
end

return M
