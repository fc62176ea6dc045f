-- tidegate produce TO: writes widget requests, in the mix and the shapes of real traffic.
local tide = require "tidegate"
local course = require "tidegate.course"
local options = require "tidegate.options"
local places = require "tidegate.places"
local requests = require "tidegate.requests"
local settings = require "tidegate.settings"
local terminal = require "tidegate.terminal"

local SPEC = course.requests({
  name = "produce",
  about = "Writes widget requests to TO (see: help places): creates, updates, deletes.",
  positionals = {
    { name = "to", help = "queue, bucket, directory" },
  },
  options = {
    { name = "max-widget-requests", short = "mwr", kind = "integer", default = "1000", min = 0,
      help = "how many" },
    { name = "inter-request-delay", short = "ird", kind = "duration", unit = "ms", default = "100",
      help = "ms between two; 0: by tens" },
    { name = "max-runtime", short = "mrt", kind = "duration", unit = "ms", default = "30000",
      help = "ms to go on, 0 for ever" },
    { name = "seed", kind = "integer", help = "the same seed writes the same requests" },
  },
  notes = "As in the course: -rb BUCKET or -rq QUEUE for TO, each a plain name or a URL.",
  example = "tidegate produce sqlite:requests.db -mwr 300 -ird 0",
}, "target", "to")

local BATCH = 10 -- what a queue takes in one call

-- A bucket gets one object a request, under the time in ms, or a later one where that is taken.
local function bucket_sender(bucket)
  local last = 0
  local function put(body)
    last = math.max(last + 1, math.floor(tide.now() * 1000))
    local key = ("%d"):format(last)
    local opts = { content_type = "application/json", if_none_match = "*" }
    local meta, err = bucket:put(key, body, opts)
    if meta then return true end
    if err.code ~= "PreconditionFailed" then return nil, err end
    return bucket:get(key) == body or put(body) -- our own object, when it was sent twice
  end
  return function(batch)
    for i, entry in ipairs(batch) do
      local done, err = put(entry.body)
      if not done then return i - 1, err end
    end
    return #batch
  end
end

-- A function that sends a batch and returns how many went, and an error when not all did.
local function open(url)
  if places.is_bucket(url) then
    local bucket, err = tide.bucket(url)
    return bucket and bucket_sender(bucket), err
  end
  local queue, err = tide.queue(url, { create = true })
  if not queue then return nil, err end
  return function(batch) return queue:send_batch(batch) end
end

local function fill(batch_size, generate, counts)
  local batch = {}
  for i = 1, batch_size do
    local request = generate()
    counts[request.type] = counts[request.type] + 1
    batch[i] = { body = assert(tide.json.encode(request)), id = tostring(i) }
  end
  return batch
end

-- The live line: how much is written, of as many as were asked for.
local function progress(state, most)
  local rate = terminal.rate(5)
  return function(columns)
    local fraction = most > 0 and state.written / most or 1
    local text = (" %3.0f %%  %d of %d  %.0f/s"):format(
      fraction * 100, state.written, most, rate(state.written, tide.now()))
    return terminal.bar(fraction, math.max(10, math.min(40, columns - #text - 3))) .. text
  end
end

-- Sends until all is written, the time is over or the place says no; answers that error.
local function send_all(send, generate, state, opts)
  local most, pause, runtime = opts.max_widget_requests, opts.inter_request_delay, opts.max_runtime
  local started = tide.now()
  while state.written < most do
    if state.written > 0 and pause > 0 then tide.sleep(pause) end
    if runtime > 0 and tide.now() - started >= runtime then return nil end
    local size = pause > 0 and 1 or math.min(BATCH, most - state.written)
    local sent, err = send(fill(size, generate, state))
    state.written = state.written + sent
    if sent < size then return err end
  end
end

local function produce(send, opts)
  local seed = opts.seed or tonumber(tide.sha256(tide.uuid()):sub(1, 8), 16)
  local state = { written = 0, create = 0, update = 0, delete = 0 }
  local stop = terminal.live(progress(state, opts.max_widget_requests))
  local err = send_all(send, requests.generator(seed), state, opts)
  stop()
  if err then
    tide.log.error(("stopped after %d requests"):format(state.written))
    return options.fail(SPEC, err)
  end
  print(("%d requests written: %d create, %d update, %d delete (seed %d)"):format(
    state.written, state.create, state.update, state.delete, seed))
  return 0
end

local function main(opts)
  settings.log(SPEC, opts)
  local send, err = open(opts.to)
  if not send then return options.fail(SPEC, err) end
  return produce(send, opts)
end

local opts, code = options.start(SPEC, ...)
return opts and main(opts) or code
