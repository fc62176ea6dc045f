-- change: read a value, decide what becomes of it, write that only if nobody wrote in between.
-- How a value is kept differs: change_bucket and change_table read and write for one kind of store
-- each. A lost race is read and decided again, up to a bound, so `decide` must be pure. The book
-- that it may return travels with the value; this file adds book.request, the request that wrote
-- last, and book.created, the one that made it.
local tide = require "tidegate"

local ATTEMPTS = 8
local OPTIONS = { expect = true, request_id = true, encode = true, decode = true, attempts = true }
local KINDS = { bucket = require "tidegate.change_bucket", table = require "tidegate.change_table" }

-- What a store answers when the condition of a write does not hold any more.
local RACES = {
  PreconditionFailed = true, NoSuchKey = true, ConditionalRequestConflict = true,
  ConditionalCheckFailedException = true,
}

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

-- What `answer` hands over, {value, book, …}: without a value when nothing stands there, and with
-- a problem in its place when that cannot be decoded.
local function readable(key, found, problem)
  if not found then return nil, problem end
  if found.problem then return fail(key, "BadValue", false, found.problem) end
  return found
end

local function book_for(plan, found, request, opts)
  local book = {}
  for name, value in pairs(plan.book or found.book) do book[name] = value end
  book.request = request
  book.created = opts.expect == "missing" and request or found.book.created
  return book
end

local function shown(plan)
  if type(plan) ~= "table" then return tostring(plan) end
  local names = {}
  for name in pairs(plan) do names[#names + 1] = tostring(name) end
  table.sort(names)
  return "{" .. table.concat(names, ", ") .. "}"
end

local function check_plan(plan, found, context)
  local is_plan = type(plan) == "table" and (plan.write == nil) == (plan.delete == true)
  if is_plan and (plan.write ~= nil or found.value ~= nil) then return end
  error(("change %s: decide must answer {write = value}, a verdict, or {delete = true} for what "
    .. "exists; to '%s' it answered %s"):format(context.key, context.event, shown(plan)))
end

-- Does what `decide` answered, under the condition that what we found still stands.
local function apply(kind, store, key, found, plan, request, opts)
  if plan.delete then return kind.delete(store, key, found) end
  return kind.write(store, key, found, plan.write, book_for(plan, found, request, opts), opts)
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
-- encode and decode (of a bucket: value → body, content type, and body → value; of a table: value
-- → item and item → value; nil and the problem when that cannot be).
local function change(store, key, decide, opts)
  opts = opts or {}
  check(opts)
  local kind = KINDS[store.kind or "bucket"]
  local request = opts.request_id and tide.sha256(opts.request_id)
  local blind, raced, attempts = opts.expect == "missing", false, opts.attempts or ATTEMPTS
  local found, err = { book = {} }, nil
  if not blind then found, err = readable(key, kind.read(store, key, opts)) end
  if not found then return nil, err end
  for attempt = 1, attempts do
    local event = raced and "changed" or found.value == nil and "missing" or "exists"
    local context = { event = event, book = found.book, attempt = attempt, key = key }
    local plan = decide(found.value, context)
    if tide.is_verdict(plan) then return plan end
    check_plan(plan, found, context)
    local written, refusal = apply(kind, store, key, found, plan, request, opts)
    local outcome = outcome_of(plan, found)
    if written then return tide.done(outcome) end
    if not RACES[refusal.code] then return nil, refusal end
    raced, blind = not blind, false
    found, err = readable(key, kind.again(store, key, refusal, opts))
    if not found then return nil, err end
    if landed(plan, found, request) then return tide.done(outcome) end
  end
  return fail(key, "Contended", true, ("others wrote first, %d times in a row"):format(attempts))
end

return change
