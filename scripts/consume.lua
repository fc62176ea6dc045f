-- tidegate consume FROM TO: takes widget requests from a queue or a bucket and applies them.
-- This is the wiring; what a request does is in routes.lua, widget.lua and conflicts.lua.
local tide = require "tidegate"
local options = require "tidegate.options"
local places = require "tidegate.places"
local summaries = require "tidegate.summary"
local routes = require "routes"
local widget = require "widget"

local SPEC = {
  name = "consume",
  about = "Applies the widget requests of FROM to the widgets in TO.",
  positionals = {
    { name = "from", help = "sqs://NAME, a queue URL, s3://BUCKET[/PREFIX] or file:DIR" },
    { name = "to", help = "s3://BUCKET[/PREFIX] or file:DIR" },
  },
  options = {
    { name = "concurrency", kind = "integer", default = "32", min = 1, max = 10000,
      help = "handlers at once" },
    { name = "until-empty", kind = "flag", help = "exit when nothing is left" },
    { name = "drain-timeout", kind = "duration", default = "25s",
      help = "time to finish what is in hand when told to stop" },
    { name = "wait", kind = "duration", default = "20s", max = 20, help = "long poll of a queue" },
    { name = "visibility", kind = "duration", max = 43200,
      help = "lease of a message (as the queue is set)" },
    { name = "max-receives", kind = "integer", min = 1,
      help = "park what failed so many times (5, or one below the queue's limit)" },
  },
}

local LEVELS = { done = "info", skip = "warn", retry = "warn", park = "error" }

-- A message is parsed once, though two ask: its lane, then its handler.
local parsed = setmetatable({}, { __mode = "k" })

local function parse(message)
  local found = parsed[message]
  if not found then
    found = table.pack(widget.parse(message.body))
    parsed[message] = found
  end
  return found[1], found[2]
end

-- Requests for one widget run one after the other, in the order they came.
local function lane(message)
  local request = parse(message)
  return request and request.widgetId
end

local function log_verdict(request, verdict)
  local word = verdict.outcome or verdict.verdict
  tide.log[LEVELS[verdict.verdict]](word .. " widget " .. request.widgetId, {
    request = request.requestId, widget = request.widgetId, type = request.type,
    outcome = word, reason = verdict.reason,
  })
end

local function reject(message, reason)
  tide.log.error("rejected request " .. message.id, { outcome = "rejected", reason = reason })
  return tide.park(reason, "rejected")
end

-- The handler: one message in, one verdict out. What the store could not do is tried again later.
local function handle(message, to)
  local request, reason = parse(message)
  if not request then return reject(message, reason) end
  for _, name in ipairs(request.ignored) do
    tide.log.warn("ignored attribute " .. name .. " of widget " .. request.widgetId)
  end
  local verdict, err = routes.route(request, to)
  if err then verdict = tide.retry { reason = tostring(err) } end
  if not tide.is_verdict(verdict) then error("no verdict from the route of " .. request.type) end
  log_verdict(request, verdict)
  return verdict
end

local function fail(err)
  if err.code == "BadPlace" then return options.refuse(SPEC, err.message) end
  tide.log.error(tostring(err))
  return tide.exit_code(err)
end

local function run(from, to, opts)
  local function handler(message) return handle(message, to) end
  local summary, err, so_far = tide.consume(from, handler, {
    concurrency = opts.concurrency, until_empty = opts.until_empty,
    drain_timeout = opts.drain_timeout, wait = opts.wait, visibility = opts.visibility,
    max_receives = opts.max_receives, lane = lane,
  })
  if not summary then
    if so_far.received > 0 then print(summaries.text(so_far)) end
    return fail(err)
  end
  print(summaries.text(summary))
  if not summary.balanced then return 70 end
  return summary.drained and 0 or 75
end

-- A store that is not there, or knows no such key, is told before anything is taken. AccessDenied
-- says nothing yet: S3 answers so for a missing object in a bucket that may not be listed.
local function probe(to)
  local body, err = to:get "tidegate-probe"
  if body or err.code == "NoSuchKey" or err.code == "AccessDenied" then return true end
  return nil, err
end

local function main(opts)
  local from, from_err = tide.queue(opts.from)
  if not from then return fail(from_err) end
  local to, to_err = tide.bucket(opts.to)
  if not to then return fail(to_err) end
  if places.overlap(from.url, to.url) then
    return options.refuse(SPEC, ("FROM and TO overlap: %s and %s"):format(from.url, to.url))
  end
  local there, probe_err = probe(to)
  if not there then return fail(probe_err) end
  tide.log.info("settings", {
    from = from.url, to = to.url, concurrency = opts.concurrency, wait = opts.wait,
    until_empty = opts.until_empty and "yes" or "no", drain_timeout = opts.drain_timeout,
    visibility = opts.visibility or "default", max_receives = opts.max_receives or "default",
  })
  return run(from, to, opts)
end

if type(routes) ~= "table" or type(routes.route) ~= "function" then
  tide.log.error "routes.lua must return its table of routes, with the function route in it"
  return 78
end

local opts, code = options.start(SPEC, ...)
return opts and main(opts) or code
