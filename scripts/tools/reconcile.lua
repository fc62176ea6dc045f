-- tidegate reconcile TO: makes each widget of a bucket what its ledger says, and drops the ledgers
-- that nobody needs any more. Consumers may be at work meanwhile.
local tide = require "tidegate"
local converge = require "conflicts.converge"
local options = require "tidegate.options"
local places = require "tidegate.places"

local SPEC = {
  name = "reconcile",
  about = "Makes each widget in TO what its ledger says, and drops the ledgers of widgets\n"
    .. "that are gone for long. For buckets that the policy converge has written to;\n"
    .. "consumers may go on meanwhile.",
  positionals = { { name = "to", help = "a bucket or a directory" } },
  options = {
    { name = "keep-deleted", kind = "duration", default = "14d", min = 0,
      help = "how long an older request may still come" },
  },
  example = "tidegate reconcile s3://widgets",
}

local AT_ONCE = 16
local LEVELS = { written = "info", removed = "info", dropped = "debug" }

-- Calls act(entry) for each entry, several at a time; answers when all are over.
local function side_by_side(entries, act)
  local turns = 0
  local function next_turn()
    turns = turns % AT_ONCE + 1
    return tide.lock("reconcile " .. turns)
  end
  for entry in entries do
    local turn = next_turn()
    tide.spawn(function()
      local _ <close> = turn
      act(entry)
    end)
  end
  for _ = 1, AT_ONCE do
    local _ <close> = next_turn()
  end
end

-- How many there were and what was done, and the last error. After one that may be over later, all
-- that is left is left alone: it would fail too.
local function reconcile(store, keep)
  local counts, failed = { ledgers = 0, written = 0, removed = 0, dropped = 0 }, nil
  local function fail(err)
    failed = err
    tide.log.error(tostring(err))
  end
  local ok, raised = pcall(side_by_side, converge.each_ledger(store), function(entry)
    if failed and failed.retryable then return end
    counts.ledgers = counts.ledgers + 1
    local found, err = converge.reconcile(store, entry, tide.now() - keep)
    if not found then return fail(err) end
    for _, outcome in ipairs(found) do
      counts[outcome] = counts[outcome] + 1
      tide.log[LEVELS[outcome]](outcome .. " " .. entry.key)
    end
  end)
  if not ok then
    if type(raised) ~= "table" then error(raised, 0) end
    fail(raised) -- a page of the listing
  end
  return counts, failed
end

-- The bucket, or nil and an error. A directory that is not there is not made, as a store would be.
local function open(url)
  local there, err = tide.queue(url)
  if not there then return nil, err end
  local store = tide.bucket(url)
  there, err = places.probe(store, "")
  return there and store, err
end

local function main(opts)
  if not places.is_bucket(opts.to) then
    return options.refuse(SPEC, "only buckets keep ledger and widget apart: " .. opts.to)
  end
  local store, err = open(opts.to)
  if not store then return options.fail(SPEC, err) end
  local counts, failed = reconcile(store, opts.keep_deleted)
  print(("%d ledgers: %d widgets written, %d removed; %d ledgers dropped"):format(
    counts.ledgers, counts.written, counts.removed, counts.dropped))
  return failed and tide.exit_code(failed) or 0
end

local opts, code = options.start(SPEC, ...)
return opts and main(opts) or code
