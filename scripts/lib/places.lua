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

-- Reading from a table says that too when it has a sort key, or a key that is no string.
local function other_key(store)
  return tide.error { code = "BadPlace", message = ("the key of %s is not '%s', a string: "
    .. "name it, as in %s?key=widget_id"):format(store.url, store.key, store.url:match "^[^?]*") }
end

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
  if store.kind == "table" and err.code == "ValidationException" then
    return nil, other_key(store)
  end
  err.what = store.url -- nobody asked for the probe
  return nil, err
end

local function parts_of(path)
  local parts = {}
  for part in path:gmatch("[^/]+") do parts[#parts + 1] = part end
  return parts
end

-- "s3://b/in" → "s3", {"b", "in"}, and of sqlite: the name of the queue or table too, which is
-- `usual` when none is given. Upper and lower case of it are the same.
local function split(url, usual)
  local scheme, rest = url:match("^(%w+):([^?]*)")
  if not scheme then return nil, {} end
  local path, name = rest, nil
  if scheme == "sqlite" then path, name = rest:match "^([^#]*)#?(.*)$" end
  if scheme == "file" or scheme == "sqlite" then path = tide.real_path(path) or path end
  return scheme, parts_of(path), (name and name ~= "" and name or usual):lower()
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
-- as a request. (Whether what is parked comes back is another question: tide.feeds.)
function M.overlap(from, to)
  local from_scheme, from_parts, from_name = split(from, "requests")
  local to_scheme, to_parts, to_name = split(to, "widgets")
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
  local a_scheme, a_parts, a_name = split(a, "requests")
  local b_scheme, b_parts, b_name = split(b, "requests")
  return a_scheme == b_scheme and #a_parts == #b_parts and nested(a_parts, b_parts)
    and a_name == b_name
end

return M
