-- S3 event notifications: which objects a message says were made, and one verdict for all of them.
-- `parse` is pure. An object is handled as a bucket's request is: read, handled, and deleted when
-- that was done. One that is gone was handled before, or is nobody's business any more.
local tide = require "tidegate"

local M = {}

-- What a bucket read as a queue leaves alone too: what lies parked, and the folders of a console.
local function is_request(key)
  return key:sub(1, 7) ~= "parked/" and key:sub(-1) ~= "/"
end

local function is_object(value)
  return type(value) == "table" and not tide.is_array(value)
end

-- The text at that path of members, or nil.
local function text_at(value, ...)
  for _, name in ipairs { ... } do
    if not is_object(value) then return nil end
    value = value[name]
  end
  return type(value) == "string" and value or nil
end

local function decode(text, what)
  local json, problem = tide.json.decode(text)
  if is_object(json) then return json end
  return nil, ("no %s: %s"):format(what, json == nil and "not JSON: " .. problem or "no object")
end

-- Keys are written as a form's values are: '+' is a space, %XX a byte.
local function decode_key(text)
  if text == "" or text:gsub("%%%x%x", ""):find("%", 1, true) then return nil end
  return (text:gsub("%+", " "):gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

-- What the topic was given to tell, out of its envelope.
local function unwrap(body, topic)
  local envelope, problem = decode(body, "SNS envelope")
  if not envelope then return nil, problem end
  local kind, from = text_at(envelope, "Type"), text_at(envelope, "TopicArn")
  if kind ~= "Notification" then
    return nil, "no SNS envelope: Type is " .. (kind and "'" .. kind .. "'" or "missing")
  end
  if from ~= topic then
    return nil, ("the SNS topic is %s, not that of --sns"):format(from or "missing")
  end
  local message = text_at(envelope, "Message")
  if not message then return nil, "no SNS envelope: Message is missing" end
  return message
end

-- { bucket, key, url, event } of a record, or nil and what is wrong with it.
local function read_record(record)
  local event = text_at(record, "eventName")
  local bucket = text_at(record, "s3", "bucket", "name")
  local key = text_at(record, "s3", "object", "key")
  if not event then return nil, "eventName is missing" end
  if not bucket then return nil, "s3.bucket.name is missing" end
  if not bucket:find "^%w[%w._-]*$" then return nil, "s3.bucket.name is no name of a bucket" end
  if not key then return nil, "s3.object.key is missing" end
  key = decode_key(key)
  if not key then return nil, "s3.object.key is not form-encoded" end
  return { bucket = bucket, key = key, url = ("s3://%s/%s"):format(bucket, key),
    event = event:gsub("^s3:", "") }
end

-- The objects that the message says were made, in its order, and the names of what else it tells;
-- or nil and the reason why it is no notification. `topic`: it must come in an envelope of that
-- topic of SNS; else it must come without one.
function M.parse(body, topic)
  local problem
  if topic then body, problem = unwrap(body, topic) end
  if not body then return nil, problem end
  local json
  json, problem = decode(body, "S3 event notification")
  if not json then return nil, problem end
  if json.Event == "s3:TestEvent" then return {}, { "s3:TestEvent" } end
  if json.Records == nil and json.TopicArn and json.Message then
    return nil, "an SNS envelope: name its topic with --sns"
  end
  if not tide.is_array(json.Records) then
    return nil, "no S3 event notification: Records is no array"
  end
  local objects, others = {}, {}
  for i, record in ipairs(json.Records) do
    local object
    object, problem = read_record(record)
    if not object then return nil, ("Records[%d]: %s"):format(i - 1, problem) end
    local made = object.event:find "^ObjectCreated:" and is_request(object.key)
    table.insert(made and objects or others, made and object or object.event)
  end
  return objects, others
end

local RANK = { done = 1, skip = 2, park = 3, retry = 4 }

-- The verdict of a message: the worst one of its objects, of equals the first. What is retried is
-- not parked yet, and nothing is deleted before all is done.
function M.worst(verdicts)
  local worst = verdicts[1]
  for _, verdict in ipairs(verdicts) do
    if RANK[verdict.verdict] > RANK[worst.verdict] then worst = verdict end
  end
  return worst
end

local GONE = { NoSuchKey = true, PreconditionFailed = true } -- or another one, with its own event
local HOPELESS = { InvalidKey = true, too_large = true, BadBucket = true, BadPlace = true }

local function failed(object, err)
  local said = tostring(err)
  tide.log.warn("cannot take object " .. object.url, { reason = said })
  if HOPELESS[err.code] then return tide.park { reason = said, error = said } end
  return tide.retry { reason = said, error = err }
end

local function take(object, handle)
  local bucket, err = tide.bucket("s3://" .. object.bucket)
  if not bucket then return failed(object, err) end
  local body, meta = bucket:get(object.key)
  if not body and meta.code == "NoSuchKey" then
    tide.log.info("object is gone " .. object.url)
    return tide.skip("the object is gone", "vanished")
  end
  if not body then return failed(object, meta) end
  local verdict = handle { id = object.url, key = object.key, body = body }
  if RANK[verdict.verdict] > RANK.skip then return verdict end
  local deleted
  deleted, err = bucket:delete(object.key, { if_match = meta.etag })
  return (deleted or GONE[err.code]) and verdict or failed(object, err)
end

-- Handles each object of a message with handle { id = url, key = …, body = … }, which answers a
-- verdict; an object that needs no repetition is deleted, unless another one stands there by then.
function M.handle(message, topic, handle)
  local objects, more = M.parse(message.body, topic)
  if not objects then
    tide.log.error("rejected notification " .. message.id, { reason = more })
    return tide.park(more, "rejected")
  end
  if not objects[1] then
    local reason = "no object was made: " .. (more[1] or "no records")
    tide.log.info("ignored notification " .. message.id, { reason = reason })
    return tide.skip(reason, "ignored")
  end
  local verdicts = {}
  for i, object in ipairs(objects) do verdicts[i] = take(object, handle) end
  return M.worst(verdicts)
end

return M
