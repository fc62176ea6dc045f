-- The course's spelling of places: -rb, -rq, -wb, -dwt, and SOURCE TARGET with -bucket, -table or
-- -queue. It turns them into the URLs that everything else here knows. Values may be plain names or
-- URLs. A place that is named by an argument hides those that the environment names; two places of
-- one purpose that are named in the same way are refused.
local M = {}

-- A scheme and a colon, or a path: what is no plain name of a bucket, queue or table.
local function is_plain(text)
  return not text:find "^%a[%w+.-]*:" and not text:find "^[./]"
end

local function named(scheme)
  return function(text) return is_plain(text) and scheme .. text or text end
end

-- The schemes that each word of the older form agrees with; the first one is that of plain names.
local WORDS = {
  bucket = { "s3://", "file:" },
  table = { "dynamodb://", "sqlite:" },
  queue = { "sqs://", "https://", "http://", "sqlite:" },
}

local function by_word(word, text, said)
  if is_plain(text) then return WORDS[word][1] .. text end
  for _, scheme in ipairs(WORDS[word]) do
    if text:sub(1, #scheme) == scheme then return text end
  end
  return nil, ("-%s is given, but %s is %s"):format(word, said, text)
end

local function no_url(said, text, schemes, words)
  local urls = {}
  for i, scheme in ipairs(schemes) do urls[i] = scheme .. text end
  return nil, ("%s '%s' is no URL: write %s or sqlite:%s, or add %s"):format(
    said, text, table.concat(urls, ", "), text, words)
end

local function source(text, said, opts)
  if opts.queue then return by_word("queue", text, said) end
  if not is_plain(text) then return text end
  if opts.bucket or opts.table then return "s3://" .. text end
  return no_url(said, text, { "s3://", "sqs://", "file:" }, "-queue, -bucket or -table")
end

local function target(text, said, opts)
  if opts.bucket and opts.table then return nil, "two targets: -bucket and -table" end
  if opts.bucket then return by_word("bucket", text, said) end
  if opts.table then return by_word("table", text, said) end
  if not is_plain(text) then return text end
  return no_url(said, text, { "s3://", "dynamodb://", "file:" }, "-bucket or -table")
end

-- The places among `candidates`, {name, url}, that were named in the strongest way.
local function strongest(candidates, origins)
  local found, rank = {}, math.huge
  for _, candidate in ipairs(candidates) do
    local origin = origins[candidate.name]
    if origin and origin.rank < rank then found, rank = {}, origin.rank end
    if origin and origin.rank == rank then found[#found + 1] = candidate end
  end
  return found
end

-- Sets opts[field] to the one place that was named; answers what is wrong, or nothing.
local function choose(what, field, candidates, opts, origins)
  local found = strongest(candidates, origins)
  if not found[1] then return nil end
  local parts = {}
  for i, candidate in ipairs(found) do
    parts[i] = origins[candidate.name].said .. " " .. opts[candidate.name]
  end
  if found[2] then return ("two %ss: %s"):format(what, table.concat(parts, " and ")) end
  local name = found[1].name
  local url, problem = found[1].url(opts[name], origins[name].said, opts)
  opts[field] = url
  return problem
end

local BUCKET = { name = "request_bucket", url = named "s3://" }
local QUEUE = { name = "request_queue", url = named "sqs://" }

local function add_requests(spec, what, field, url)
  spec.options = spec.options or {}
  table.insert(spec.options, { name = "request-bucket", short = "rb" })
  table.insert(spec.options, { name = "request-queue", short = "rq" })
  for _, positional in ipairs(spec.positionals) do
    if positional.name == field then positional.instead = "give -rb or -rq" end
  end
  local candidates = { { name = field, url = url }, BUCKET, QUEUE }
  spec.resolve = function(opts, origins) return choose(what, field, candidates, opts, origins) end
  return spec
end

-- Adds -rb and -rq to a program that takes requests from its positional `field`, or sends them to
-- it; `what` is what messages call that place.
function M.requests(spec, what, field)
  return add_requests(spec, what, field, function(text) return text end)
end

local WIDGETS = {
  { name = "widget-bucket", short = "wb" },
  { name = "dynamodb-widget-table", short = "dwt" },
  { name = "widget-key-prefix", short = "wkp", default = "widgets/" },
  { name = "use-owner-in-prefix", short = "uop", kind = "boolean", default = "yes" },
  { name = "bucket", short = "bucket", kind = "flag", env = false },
  { name = "table", short = "table", kind = "flag", env = false },
  { name = "queue", short = "queue", kind = "flag", env = false },
}

-- Adds all of the course's flags to a program with the positionals `from` and `to`.
function M.consumer(spec)
  add_requests(spec, "source", "from", source)
  table.move(WIDGETS, 1, #WIDGETS, #spec.options + 1, spec.options)
  spec.positionals[2].instead = "give -wb or -dwt"
  local from, to = spec.resolve, {
    { name = "to", url = target },
    { name = "widget_bucket", url = named "s3://" },
    { name = "dynamodb_widget_table", url = named "dynamodb://" },
  }
  spec.resolve = function(opts, origins)
    return from(opts, origins) or choose("target", "to", to, opts, origins)
  end
  return spec
end

return M
