-- change: read a value, decide what becomes of it, write that only if nobody wrote in between.
-- Works on any store with get, put and delete of the bucket contract. A lost race is read and
-- decided again, up to a bound, so `decide` must be pure. The book that it may return travels with
-- the value, in the object's metadata; this file adds book.request, the request that wrote last.
local tide = require "tidegate"

local BOOK = "tidegate-book"
local ATTEMPTS = 8
local OPTIONS = { expect = true, request_id = true, encode = true, decode = true, attempts = true }

-- What a store answers when the condition of a write does not hold any more.
local RACES = { PreconditionFailed = true, NoSuchKey = true, ConditionalRequestConflict = true }

local function fail(key, code, retryable, message)
  local what = "change " .. key
  return nil, tide.error { code = code, retryable = retryable, message = message, what = what }
end

local function check(opts)
  for name in pairs(opts) do
    if not OPTIONS[name] then error(("change: unknown option '%s'"):format(name), 3) end
  end
  if opts.expect ~= nil and opts.expect ~= "missing" then
    error("change: expect may only be 'missing'", 3)
  end
end

-- Metadata is ASCII. JSON is so outside of its strings, and in them \u says the same.
local function ascii(json)
  return (json:gsub("[\x7F\xC2-\xF4][\x80-\xBF]*", function(char)
    local code = utf8.codepoint(char)
    if code < 0x10000 then return ("\\u%04x"):format(code) end
    code = code - 0x10000
    return ("\\u%04x\\u%04x"):format(0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF))
  end))
end

local function book_of(meta)
  local text = meta.metadata and meta.metadata[BOOK]
  local book = text and tide.json.decode(text)
  return type(book) == "table" and book or {}
end

-- What stands under the key: {value, etag, book}; without value and etag when nothing does.
local function read(store, key, opts)
  local body, meta = store:get(key)
  if body then
    local value, problem = (opts.decode or tide.json.decode)(body)
    if value ~= nil then return { value = value, etag = meta.etag, book = book_of(meta) } end
    return fail(key, "BadValue", false, problem)
  end
  if meta.code == "NoSuchKey" then return { book = {} } end
  return nil, meta
end

local function encode_json(value)
  local body, problem = tide.json.encode(value)
  return body, body and "application/json" or problem
end

local function write(store, key, found, plan, request, opts)
  local body, content_type = (opts.encode or encode_json)(plan.write)
  if not body then error(("change %s: cannot encode the value: %s"):format(key, content_type)) end
  local book = {}
  for name, value in pairs(plan.book or found.book) do book[name] = value end
  book.request = request
  if opts.expect == "missing" then book.created = request end
  return store:put(key, body, {
    content_type = content_type,
    if_match = found.etag,
    if_none_match = not found.etag and "*" or nil,
    metadata = next(book) and { [BOOK] = ascii(assert(tide.json.encode(book))) } or nil,
  })
end

-- Does what `decide` answered, under the condition that what we found still stands.
local function apply(store, key, found, plan, request, opts)
  local is_plan = type(plan) == "table" and (plan.write == nil) == (plan.delete == true)
  if is_plan and plan.write ~= nil then return write(store, key, found, plan, request, opts) end
  if is_plan and found.value ~= nil then return store:delete(key, { if_match = found.etag }) end
  error(("change %s: decide must answer {write = value}, a verdict, "
    .. "or {delete = true} for what exists"):format(key))
end

local function outcome_of(plan, found)
  return plan.outcome or plan.delete and "deleted" or found.value == nil and "created" or "updated"
end

-- After a lost race: was it our own write that won, sent twice when a connection died? A delete
-- that finds nothing any more has what it wanted, whoever did it.
-- A create may come again after later writes to what it made: these must stay.
local function landed(plan, found, request)
  if plan.delete then return found.value == nil end
  local book = found.book
  return request ~= nil and (book.request == request or book.created == request)
end

-- Returns tide.done(outcome) after a write or a delete, or the verdict that `decide` answered;
-- nil and an error when the store cannot, or when others were faster all the time.
-- opts: expect = "missing" (a create, written without reading first), request_id, attempts,
-- encode (value → body, content type) and decode (body → value, or nil and the problem).
local function change(store, key, decide, opts)
  opts = opts or {}
  check(opts)
  local request = opts.request_id and tide.sha256(opts.request_id)
  local blind, raced, attempts = opts.expect == "missing", false, opts.attempts or ATTEMPTS
  local found, err = { book = {} }, nil
  if not blind then found, err = read(store, key, opts) end
  if not found then return nil, err end
  for attempt = 1, attempts do
    local event = raced and "changed" or found.value == nil and "missing" or "exists"
    local context = { event = event, book = found.book, attempt = attempt, key = key }
    local plan = decide(found.value, context)
    if tide.is_verdict(plan) then return plan end
    local written, refusal = apply(store, key, found, plan, request, opts)
    local outcome = outcome_of(plan, found)
    if written then return tide.done(outcome) end
    if not RACES[refusal.code] then return nil, refusal end
    raced, blind = not blind, false
    found, err = read(store, key, opts)
    if not found then return nil, err end
    if landed(plan, found, request) then return tide.done(outcome) end
  end
  return fail(key, "Contended", true, ("others wrote first, %d times in a row"):format(attempts))
end

return change
