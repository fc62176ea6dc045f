-- tidegate consume FROM TO: takes widget requests from a queue or a bucket and applies them.
-- This is the wiring; what a request does is in routes.lua, widget.lua and conflicts.lua.
local tide = require "tidegate"
local course = require "tidegate.course"
local events = require "tidegate.events"
local history = require "tidegate.history"
local meters = require "tidegate.meter"
local options = require "tidegate.options"
local places = require "tidegate.places"
local report = require "tidegate.report"
local settings = require "tidegate.settings"
local conflicts = require "conflicts"
local routes = require "routes"
local widget = require "widget"

local SPEC = course.consumer {
  name = "consume",
  about = "Applies the widget requests of FROM to the widgets in TO (see: help places).",
  positionals = {
    { name = "from" },
    { name = "to" },
  },
  options = {
    { name = "concurrency", kind = "integer", default = "32", min = 1, max = 10000,
      help = "handlers at once" },
    { name = "until-empty", kind = "flag", help = "exit when nothing is left" },
    { name = "max-messages", kind = "integer", min = 1, max = 1000000000,
      help = "take so many, then exit" },
    { name = "max-runtime", short = "mrt", kind = "duration", unit = "ms", default = "0",
      help = "ms after which to finish, 0 for never" },
    { name = "drain-timeout", kind = "duration", default = "25s", max = 86400,
      help = "to finish what is in hand when told to stop" },
    { name = "wait", short = "qwt", also = "queue-wait-timeout", kind = "duration",
      default = "20s", max = 20, help = "long poll of a queue" },
    { name = "visibility", short = "qvt", also = "queue-visibility-timeout", kind = "duration",
      min = 1, max = 43200, help = "lease of a message, extended while in hand" },
    { name = "deadline", kind = "duration", min = 0.1, max = 86400,
      help = "stop a handler after that, retry its message (never)" },
    { name = "max-receives", kind = "integer", min = 1, max = 1000,
      help = "park what failed so often (5, or the queue's less 1)" },
    { name = "conflicts", label = "POLICY", default = "warn",
      help = "warn, patient or converge; see help conflicts" },
    { name = "keep-deleted", kind = "duration", default = "14d", min = 0 },
    { name = "park", label = "URL", help = "where to park (the source's own place)" },
    { name = "shard", kind = "shard", help = "share of this one of N consumers of a bucket" },
    { name = "s3-events", kind = "flag",
      help = "FROM holds notifications of S3 (SNS: man tidegate)" },
    { name = "sns", label = "ARN" },
    { name = "summary", kind = "flag", help = "print the summary where no terminal is, too" },
  },
  notes = [[
As in the course: -rb BUCKET, -rq QUEUE, -wb BUCKET, -dwt TABLE, -wkp PREFIX
(widgets/), -uop yes|no (yes); or SOURCE TARGET -bucket|-table [-queue].]],
  example = "tidegate consume sqs://widget-requests dynamodb://widgets",
}

local LEVELS = { done = "info", skip = "warn", retry = "warn", park = "error" }

-- What no repetition can change about a write: the message is put aside at once.
local HOPELESS = { InvalidKey = true, BadItem = true, ItemTooLarge = true, BadValue = true }

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

-- Applies one request. What the store could not do is tried again later.
local function apply(request, to)
  for _, name in ipairs(request.ignored) do
    tide.log.warn("ignored attribute " .. name .. " of widget " .. request.widgetId)
  end
  local verdict, err = routes.route(request, to)
  local said = err and tostring(err)
  if err and HOPELESS[err.code] then return tide.park { reason = said, error = said } end
  if err then return tide.retry { reason = said, error = err } end
  if not tide.is_verdict(verdict) then error("no verdict from the route of " .. request.type) end
  return verdict
end

-- One line a request: "create widget w1", or that it was no request.
local function log_verdict(message, request, verdict, seconds)
  local fields = {
    message = message.id, verdict = verdict.verdict, outcome = verdict.outcome,
    reason = verdict.reason, ms = ("%.2f"):format(seconds * 1000),
  }
  local text = "rejected request " .. message.id
  if request then
    text = request.type .. " widget " .. request.widgetId
    fields.request, fields.widget, fields.type = request.requestId, request.widgetId, request.type
  end
  tide.log[LEVELS[verdict.verdict]](text, fields)
end

-- The handler: one message in, one verdict out. `kind` is that of its source.
local function handle(message, kind, to, meter)
  meter:begin()
  local started = tide.now()
  local request, reason = parse(message)
  if request then request.order = history.order(message, kind, request) end
  local verdict = request and apply(request, to) or tide.park(reason, "rejected")
  local seconds = math.max(0, tide.now() - started)
  meter:finish(request and request.type or "no request", verdict.verdict, seconds)
  log_verdict(message, request, verdict, seconds)
  return verdict
end

-- The handler of notifications. They do not tell which widget an object is about, so there are no
-- lanes: a request waits for its turn when it has been read.
local function handle_events(message, to, meter, topic)
  return events.handle(message, topic, function(object)
    if places.overlap(object.id, to.url) then
      return tide.park("the object lies in TO: " .. object.id, "rejected")
    end
    local request = parse(object)
    if not request then return handle(object, "bucket", to, meter) end
    local turn <close> = tide.lock(request.widgetId)
    return turn and handle(object, "bucket", to, meter)
  end)
end

local function run(from, to, park, opts)
  local meter = meters()
  local finish = report.start(meter, opts.summary)
  local by_events, in_lane = opts.s3_events, not opts.s3_events and lane or nil
  local summary, err, so_far = tide.consume(from, function(message)
    if by_events then return handle_events(message, to, meter, opts.sns) end
    return handle(message, from.kind, to, meter)
  end, {
    concurrency = opts.concurrency, until_empty = opts.until_empty, wait = opts.wait,
    visibility = opts.visibility, deadline = opts.deadline, max_receives = opts.max_receives,
    park = park, max_messages = opts.max_messages, drain_timeout = opts.drain_timeout,
    max_runtime = opts.max_runtime > 0 and opts.max_runtime or nil, lane = in_lane,
  })
  finish(summary or so_far.received > 0 and so_far)
  if not summary then return options.fail(SPEC, err) end
  if not summary.balanced then return 70 end
  return summary.drained and 0 or 75
end

-- The source, the store and the parking place of the command line; or nil and what is wrong.
local function open(opts)
  local from, to, park, err
  from, err = tide.queue(opts.from, opts.shard and { shard = opts.shard })
  if from then to, err = places.store(opts.to) end
  if to and opts.park then park, err = tide.queue(opts.park, { create = true }) end
  if err then return nil, err end
  return from, to, park
end

local function events_refusal(opts)
  if opts.s3_events and places.is_bucket(opts.from) then
    return "--s3-events: the notifications lie in a queue, and FROM is " .. opts.from
  end
  if opts.sns and not opts.s3_events then return "--sns is given without --s3-events" end
  if opts.sns and not opts.sns:find "^arn:[%w-]+:sns:[%w-]+:%d+:[%w_.-]+$" then
    return ("--sns: expected the ARN of a topic, got '%s'"):format(opts.sns)
  end
end

-- What cannot be meant. It is told before anything is opened: opening makes what is missing.
local function refusal(opts)
  if places.overlap(opts.from, opts.to) then
    return ("FROM and TO overlap: %s and %s"):format(opts.from, opts.to)
  end
  if opts.park and tide.feeds(opts.park, opts.from) then
    return ("--park is read as FROM: %s and %s"):format(opts.park, opts.from)
  end
  return events_refusal(opts)
end

local function key_refusal(to)
  if to.kind == "table" and to.key ~= "id" and widget.reserved[to.key] then
    return ("TO: the key of a widget cannot be '%s'"):format(to.key)
  end
end

-- A conflicts.lua that is made from nothing knows no other policy.
local function choose_policy(name)
  if conflicts.use then
    local used, problem = conflicts.use(name)
    return not used and "--conflicts: " .. problem or nil
  end
  return name ~= "warn" and "--conflicts: your conflicts.lua decides, and knows no policies" or nil
end

local function main(opts)
  settings.log(SPEC, opts)
  local problem = refusal(opts) or choose_policy(opts.conflicts)
  if problem then return options.refuse(SPEC, problem) end
  local from, to, park = open(opts)
  if not from then return options.fail(SPEC, to) end
  problem = key_refusal(to)
  if problem then return options.refuse(SPEC, problem) end
  local there, err = places.probe(to, opts.widget_key_prefix) -- before anything is taken
  if not there then return options.fail(SPEC, err) end
  if to.kind == "table" then widget.reserved[to.key] = true end
  conflicts.keep_deleted = opts.keep_deleted
  widget.prefix, widget.use_owner = opts.widget_key_prefix, opts.use_owner_in_prefix
  return run(from, to, park, opts)
end

if type(routes) ~= "table" or type(routes.route) ~= "function" then
  tide.log.error "routes.lua must return its table of routes, with the function route in it"
  return 78
end

local opts, code = options.start(SPEC, ...)
return opts and main(opts) or code
