-- tidegate produce TO: writes widget requests, in the mix and the shapes of real traffic.
local tide = require "tidegate"
local options = require "tidegate.options"
local requests = require "tidegate.requests"

local SPEC = {
  name = "produce",
  about = "Writes widget requests to TO: 54 % creates, 37 % updates, 9 % deletes.",
  positionals = {
    { name = "to", help = "sqs://NAME, a queue URL, s3://BUCKET[/PREFIX] or file:DIR" },
  },
  options = {
    { name = "max-widget-requests", short = "mwr", kind = "integer", default = "1000", min = 0,
      help = "how many" },
    { name = "inter-request-delay", short = "ird", kind = "duration", unit = "ms", default = "100",
      help = "ms between two; 0 sends to a queue in batches of ten" },
    { name = "max-runtime", short = "mrt", kind = "duration", unit = "ms", default = "30000",
      help = "ms after which to stop, 0 for never" },
    { name = "seed", kind = "integer", help = "the same seed writes the same requests" },
  },
}

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
  local bucket = tide.bucket(url)
  if bucket then return bucket_sender(bucket) end
  local queue, err = tide.queue(url)
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

local function fail(err)
  if err.code == "BadPlace" then return options.refuse(SPEC, err.message) end
  tide.log.error(tostring(err))
  return tide.exit_code(err)
end

local function produce(send, opts)
  local seed = opts.seed or tonumber(tide.sha256(tide.uuid()):sub(1, 8), 16)
  local generate, counts = requests.generator(seed), { create = 0, update = 0, delete = 0 }
  local most, pause, runtime = opts.max_widget_requests, opts.inter_request_delay, opts.max_runtime
  local started, written = tide.now(), 0
  while written < most do
    if written > 0 and pause > 0 then tide.sleep(pause) end
    if runtime > 0 and tide.now() - started >= runtime then break end
    local size = pause > 0 and 1 or math.min(BATCH, most - written)
    local sent, err = send(fill(size, generate, counts))
    written = written + sent
    if sent < size then
      tide.log.error(("stopped after %d requests"):format(written))
      return fail(err)
    end
  end
  print(("%d requests written: %d create, %d update, %d delete (seed %d)"):format(
    written, counts.create, counts.update, counts.delete, seed))
  return 0
end

local function main(opts)
  local send, err = open(opts.to)
  if not send then return fail(err) end
  return produce(send, opts)
end

local opts, code = options.start(SPEC, ...)
return opts and main(opts) or code
