-- Which bucket keeps a request's widget, and which function answers which type of request.
-- To change a route, put a routes.lua into a folder and name the folder with --scripts: take this
-- table by `require "tidegate.builtin.routes"`, replace a function, return the table.
local conflicts = require "conflicts"
local widget = require "widget"

local M = {}

-- The bucket of this request's widget; `default` is TO of the command line.
function M.store(_request, default)
  return default
end

-- Where the store is as `event` says, nothing is in the way and `decide` answers; else conflicts.
local function change(request, store, event, decide, opts)
  opts.request_id = request.requestId -- so that a write sent twice is no conflict with itself
  return store:change(widget.key(request), function(current, context)
    if context.event == event then return decide(current) end
    return conflicts[context.event](current, request, context)
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
