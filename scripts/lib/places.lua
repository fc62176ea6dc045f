-- Places are URLs: which kind of store one names, whether it is there, and whether two of them are
-- one. Nothing is opened to compare them; of paths it counts where they lead to.
local tide = require "tidegate"

local M = {}

local TABLES = { dynamodb = true, sqlite = true }
local BUCKETS = { s3 = true, file = true }
local QUEUES = { sqs = true, http = true, https = true }

local function scheme_of(url)
  return url:match "^(%a%w*):"
end

function M.is_bucket(url) return BUCKETS[scheme_of(url)] or false end

function M.is_table(url) return TABLES[scheme_of(url)] or false end

function M.is_queue(url)
  local scheme = scheme_of(url)
  return QUEUES[scheme] or scheme == "sqlite" or M.is_bucket(url)
end

-- The bucket or the table of that URL, or nil and an error.
function M.store(url)
  if M.is_table(url) then return tide.table(url) end
  if M.is_bucket(url) then return tide.bucket(url) end
  return nil, tide.error { code = "BadPlace", message = ("\"%s\" is no store: write "
    .. "s3://BUCKET[/PREFIX], file:DIR, dynamodb://TABLE[?key=NAME] or sqlite:FILE[#NAME]")
    :format(url) }
end

local ABSENT = { NoSuchKey = true, NoSuchItem = true }

-- Is the store there, and may it be read? AccessDenied says nothing yet about a bucket: S3 answers
-- so for a missing object in a bucket that may not be listed. Keys will begin with `prefix`.
function M.probe(store, prefix)
  local found, err = store:get((store.kind == "table" and "" or prefix) .. "tidegate-probe")
  if found or ABSENT[err.code] then return true end
  if err.code == "AccessDenied" and store.kind ~= "table" then return true end
  if err.code == "InvalidKey" then
    local message = ("no key can begin with '%s': %s"):format(prefix, err.message)
    return nil, tide.error { code = "BadPlace", message = message }
  end
  return nil, err
end

local function parts_of(path)
  local parts = {}
  for part in path:gmatch("[^/]+") do parts[#parts + 1] = part end
  return parts
end

local DEFAULT_NAMES = { queue = "requests", table = "widgets" }

-- "s3://b/in" → "s3", {"b", "in"}, and of sqlite: the name of the queue or table too.
local function split(url, use)
  local scheme, rest = url:match("^(%w+):([^?]*)")
  if not scheme then return nil, {} end
  local path, name = rest, nil
  if scheme == "sqlite" then path, name = rest:match "^([^#]*)#?(.*)$" end
  if scheme == "file" or scheme == "sqlite" then path = tide.real_path(path) or path end
  name = name ~= "" and name or DEFAULT_NAMES[use]
  return scheme, parts_of(path), name and name:lower() -- SQLite knows no case in names
end

-- Does one list begin with the other?
local function nested(a, b)
  for i = 1, math.min(#a, #b) do
    if a[i] ~= b[i] then return false end
  end
  return true
end

-- Is one of the places the other, or inside of it? Prefixes of one bucket may lie side by side, and
-- so may queues and tables in one file. A file of SQLite in a directory of requests would be read
-- as a request. `use` is what becomes of `to`: "table", the default, or "queue".
function M.overlap(from, to, use)
  local from_scheme, from_parts, from_name = split(from, "queue")
  local to_scheme, to_parts, to_name = split(to, use or "table")
  if from_scheme == "file" and to_scheme == "sqlite" then
    return #from_parts <= #to_parts and nested(from_parts, to_parts)
  end
  if from_scheme ~= to_scheme or not from_scheme then return false end
  if from_scheme == "sqlite" then
    return #from_parts == #to_parts and nested(from_parts, to_parts) and from_name == to_name
  end
  return nested(from_parts, to_parts)
end

-- The name of a queue of SQS, whichever way it is written.
local function queue_name(url)
  return QUEUES[scheme_of(url)] and url:match "([^/]+)/*$"
end

-- Are they one place, whichever way it is written? Two queues of one name are taken for one.
function M.same(a, b)
  local name = queue_name(a)
  if name then return name == queue_name(b) end
  local a_scheme, a_parts, a_name = split(a, "queue")
  local b_scheme, b_parts, b_name = split(b, "queue")
  return a_scheme == b_scheme and #a_parts == #b_parts and nested(a_parts, b_parts)
    and a_name == b_name
end

-- Would what is parked there be taken as a request again? Two queues of one name are taken for one:
-- a queue URL and sqs://NAME cannot be told apart without asking. A bucket's own place is fine.
function M.parks_into(from, park)
  local name = queue_name(from)
  if name then return name == queue_name(park) end
  if not M.is_queue(park) or park:match "^(.-)/*$" == from:match "^(.-)/*$" .. "/parked" then
    return false
  end
  return M.overlap(from, park, "queue")
end

return M
