-- tidegate parked ls|show|replay|drop FROM [ID...]: what was put aside, and what becomes of it.
local tide = require "tidegate"
local course = require "tidegate.course"
local options = require "tidegate.options"
local parking = require "tidegate.parking"
local places = require "tidegate.places"
local pretty = require "tidegate.pretty"
local terminal = require "tidegate.terminal"

local SPEC = course.requests({
  name = "parked",
  about = "Shows what could not be handled, sends it again, or drops it. To list a queue is\n"
    .. "to receive from it; everything is given back at the end.",
  positionals = {
    { name = "action", label = "ls|show|replay|drop", env = false, help = "what to do" },
    { name = "from", optional = true, help = "the source whose parked requests are meant" },
    { name = "id", rest = true, help = "which of them; one for show" },
  },
  options = {
    { name = "park", label = "URL", help = "where they are parked (the source's own place)" },
    { name = "to", label = "URL", env = false, help = "where replay sends them (FROM)" },
    { name = "all", kind = "flag", env = false, help = "replay or drop all of them" },
    { name = "max", kind = "integer", default = "100", min = 1, max = 100000, env = false,
      help = "how many to look at" },
  },
  notes = "With --park FROM may be left out; replay then needs --to.",
  example = "tidegate parked replay sqs://widget-requests --all",
}, "source", "from")

local choose = SPEC.resolve

local function which_problem(opts)
  local some = opts.id[1] ~= nil
  if opts.action == "ls" then return some and "ls takes no ID" or nil end
  if opts.action == "show" then return #opts.id ~= 1 and "show takes one ID" or nil end
  if some == (opts.all or false) then
    return opts.action .. " takes IDs, or --all"
  end
end

-- The first text behind the action may be an ID, when something else says where to look.
function SPEC.resolve(opts, origins)
  local from = origins.from
  if from and from.rank == 1 and not places.is_queue(opts.from) then
    table.insert(opts.id, 1, opts.from)
    opts.from, origins.from = tide.env "TIDEGATE_FROM", nil
    if opts.from then origins.from = { said = "TIDEGATE_FROM", rank = 2 } end
  end
  local actions = { ls = true, show = true, replay = true, drop = true }
  if not opts.action then return nil end
  if not actions[opts.action] then
    return ("expected ls, show, replay or drop, got '%s'"):format(opts.action)
  end
  local problem = choose(opts, origins) or which_problem(opts)
  if problem then return problem end
  if not opts.from and not opts.park then return "FROM or --park is missing" end
  if opts.action == "replay" and not opts.from and not opts.to then return "--to is missing" end
end

local function say(text, ...) tide.stderr(text:format(...) .. "\n") end

local function sent(message)
  local at = parking.sent_at(message)
  return at and os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(at)) or "-"
end

local function attribute(message, name)
  return message.attributes["tidegate-" .. name] or "-"
end

-- ---- the table of ls ----

local HEADS = { "ID", "RECEIVED", "SENT", "SOURCE", "REASON" }

local function row_of(message)
  local row = { message.id, attribute(message, "receive-count"), sent(message),
    attribute(message, "source"), attribute(message, "reason") }
  for i, cell in ipairs(row) do row[i] = pretty.line(cell) end
  return row
end

-- Columns as wide as what stands in them; a terminal gets no line longer than itself.
local function print_table(rows)
  local widths, columns = {}, tide.terminal "stdout"
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do
      widths[i] = math.max(widths[i] or 0, utf8.len(cell) or #cell)
    end
  end
  local paint = terminal.painter "stdout"
  for n, row in ipairs(rows) do
    local cells = {}
    for i, cell in ipairs(row) do
      local pad = i < #row and widths[i] - (utf8.len(cell) or #cell) or 0
      cells[i] = cell .. (" "):rep(pad)
    end
    local line = table.concat(cells, "  ")
    local cut = columns and utf8.offset(line, columns + 1)
    line = cut and line:sub(1, cut - 1) or line
    print(n == 1 and paint(line, "bold") or line)
  end
end

-- ---- the actions: each answers the exit code ----

local ACTIONS = {}

local function tell_rest(seen, left, most, hidden)
  if hidden and hidden > 0 then
    say("about %d more are hidden: they are looked at elsewhere, or were when a program was ended; "
      .. "they come back within %d s", hidden, parking.lease)
  end
  if left == 0 or seen < most then return end
  say("%d looked at; %s more were not: --max N looks further", seen,
    left and "about " .. left or "maybe")
end

function ACTIONS.ls(queue, opts)
  local rows = { HEADS }
  local seen, left, hidden = parking.each(queue, opts.max, {}, function(message)
    rows[#rows + 1] = row_of(message)
  end)
  if not seen then return options.fail(SPEC, left) end
  if rows[2] then print_table(rows) end
  if seen == 0 and hidden == 0 then say("nothing is parked in %s", queue.url) end
  tell_rest(seen, left, opts.max, hidden)
  return 0
end

-- The attributes go to stderr, so that the body alone, byte for byte, is on stdout.
local function show(message)
  local names = {}
  for name in pairs(message.attributes) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    say("%s: %s", pretty.line(name), pretty.line(message.attributes[name]))
  end
  return tide.stdout(message.body)
end

function ACTIONS.show(queue, opts)
  local found, written, problem = false, nil, nil
  local seen, left, hidden = parking.each(queue, opts.max, {}, function(message)
    if message.id ~= opts.id[1] then return false end
    found = true
    written, problem = show(message)
    return true
  end)
  if not seen then return options.fail(SPEC, left) end
  if found and written then return 0 end
  if found then return options.fail(SPEC, problem) end
  say("no parked request %s in %s", pretty.line(opts.id[1]), queue.url)
  tell_rest(seen, left, opts.max, hidden)
  return 1
end

-- Does `act` to the requests that were named, or to all; answers how many, the first error, and
-- the names that were not found.
local function each_named(queue, opts, act)
  local wanted, count, failed, gone = {}, 0, nil, {}
  for _, id in ipairs(opts.id) do wanted[id] = true end
  local seen, left, hidden = parking.each(queue, opts.max, gone, function(message)
    if not opts.all and not wanted[message.id] then return false end
    wanted[message.id] = nil
    local done, err = act(message)
    if done then
      count, gone[message] = count + 1, true
    else
      failed = failed or err
      tide.log.error("parked request " .. message.id .. " stays", { reason = err })
    end
    return not opts.all and next(wanted) == nil
  end)
  if not seen then return count, left, wanted end
  if opts.all or next(wanted) then tell_rest(seen, left, opts.max, hidden) end
  return count, failed, wanted
end

local function finish(text, queue, count, failed, wanted)
  print(text:format(count))
  for id in pairs(wanted) do
    say("no parked request %s in %s", pretty.line(id), queue.url)
  end
  if failed then return options.fail(SPEC, failed) end
  return next(wanted) and 1 or 0
end

function ACTIONS.replay(queue, opts)
  local to, err = tide.queue(opts.to or opts.from)
  if not to then return options.fail(SPEC, err) end
  if places.same(to.url, queue.url) then -- what is sent there would be deleted there
    return options.refuse(SPEC, "they are parked in " .. to.url .. ": replay them to another place")
  end
  local text = "%d sent to " .. to.url:gsub("%%", "%%%%")
  return finish(text, queue, each_named(queue, opts, function(message)
    return parking.replay(queue, message, to)
  end))
end

function ACTIONS.drop(queue, opts)
  return finish("%d dropped", queue, each_named(queue, opts, function(message)
    return queue:delete(message)
  end))
end

local function main(opts)
  local queue, err = parking.open(opts.from, opts.park)
  if not queue and err.code == "NoParkingPlace" then
    err.message = err.message .. "; --park URL names another place"
  end
  if not queue then return options.fail(SPEC, err) end
  local reason = parking.risk(queue)
  if reason then
    say("tidegate parked: %s", reason)
    return 1
  end
  return ACTIONS[opts.action](queue, opts)
end

local opts, code = options.start(SPEC, ...)
return opts and main(opts) or code
