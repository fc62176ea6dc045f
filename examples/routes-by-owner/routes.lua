-- One owner's widgets go to a bucket of their own; everything else stays as it is built in.
-- tidegate consume FROM TO --scripts examples/routes-by-owner
local tide = require "tidegate"
local routes = require "tidegate.builtin.routes"
local sues = assert(tide.bucket(tide.env "SUES_BUCKET" or "file:sues-widgets"))

function routes.store(request, default)
  return request.owner == "Sue Smith" and sues or default
end

return routes
