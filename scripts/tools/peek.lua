-- tidegate peek FROM: shows the request that would be taken next, and leaves it there.
-- A bucket is only read. A queue can be looked into only by receiving: the request is given back at
-- once, but its receive count has risen.
local tide = require "tidegate"
local course = require "tidegate.course"
local options = require "tidegate.options"
local pretty = require "tidegate.pretty"

local SPEC = course.requests({
  name = "peek",
  about = "Shows the next request of FROM as indented JSON and leaves it there. On a queue\n"
    .. "its receive count rises by one; where that could park it, nothing is done.",
  positionals = { { name = "from", help = "a queue, a bucket or a directory (see: help places)" } },
  options = {
    { name = "wait", kind = "duration", default = "0", max = 20, help = "long poll of a queue" },
  },
  example = "tidegate peek sqs://widget-requests --wait 5s",
}, "source", "from")

local LEASE = 30 -- s: the request comes back after so long, should giving it back fail

local function say(text, ...) tide.stderr(text:format(...) .. "\n") end

local function sent(at)
  return at and at > 0 and os.date("!%Y-%m-%d %H:%M:%S UTC", math.floor(at)) or "at an unknown time"
end

local function show(body)
  local json, problem = pretty.json(body)
  if not json then say("not JSON (%s): shown as it is, with escapes", problem) end
  print(json or pretty.lines(body))
end

-- After how many receives the queue puts a message aside, or false; nil and why it cannot be looked
-- into, and the exit code for that.
local function limit_of(queue)
  if queue.kind == "bucket" then return false end
  local settings, err = queue:settings()
  if not settings then
    return nil, "its limit of receives cannot be read: " .. tostring(err), tide.exit_code(err)
  end
  if settings.max_receives and settings.max_receives <= 1 then
    return nil, "it puts a request aside after 1 receive, and a look would be that one", 1
  end
  return settings.max_receives or false
end

local function tell(queue, message, limit)
  local count = message.receive_count
  say("request %s of %s, sent %s", pretty.line(message.id), queue.url, sent(message.sent_at))
  if queue.kind == "bucket" then return end
  say("received %d %s, this look included", count, count == 1 and "time" or "times")
  if limit and count >= limit then
    say("warning: that is the limit of this queue; the next receive puts the request aside")
  end
end

local function main(opts)
  local queue, err = tide.queue(opts.from)
  if not queue then return options.fail(SPEC, err) end
  local limit, reason, code = limit_of(queue)
  if limit == nil then
    say("tidegate peek: %s is not looked into: %s", queue.url, reason)
    return code
  end
  local messages
  messages, err = queue:receive { max = 1, wait = opts.wait, visibility = LEASE }
  if not messages then return options.fail(SPEC, err) end
  local message = messages[1]
  if not message then
    say("%s holds no request now", queue.url)
    return 0
  end
  local released
  released, err = queue:release(message, { delay = 0 })
  tell(queue, message, limit)
  if not released then say("warning: it comes back in %d s only: %s", LEASE, tostring(err)) end
  show(message.body)
  return 0
end

local opts, code = options.start(SPEC, ...)
return opts and main(opts) or code
