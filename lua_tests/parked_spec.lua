-- parked: what it lists, shows, sends again and drops, and that nothing stays hidden behind it.
local here = debug.getinfo(1, "S").source:match "^@(.*/)" or "./"
local tide = require "tidegate"
local memory_queue = dofile(here .. "support/memory_queue.lua")
local run = dofile(here .. "support/program.lua")

local ATTRIBUTES = { ["tidegate-reason"] = "type: is missing", ["tidegate-source"] = "sqs://q",
  ["tidegate-receive-count"] = "3", ["tidegate-sent-at"] = "1612306368338", trace = "t-1" }

describe("tidegate parked", function()
  local source, place, written

  before_each(function()
    source, place, written = memory_queue "sqs://q", memory_queue "sqs://q-dead", {}
    source.place = place
    place:add("m1", "{}", ATTRIBUTES):add("m2", "\0\xFF\n"):add("m3", '{"a":1}', ATTRIBUTES)
  end)

  local function parked(...)
    return run("tools/parked", { ... }, {
      exit_code = function() return 69 end,
      queue = function(url) return url == "sqs://q" and source or place end,
      stdout = function(bytes)
        written[#written + 1] = bytes
        return true
      end,
    })
  end

  local function check_nothing_is_held(...)
    assert.same({ ... }, place:ids())
  end

  it("lists what is there, and gives everything back", function()
    local code, printed = parked("ls", "sqs://q")
    assert.equal(0, code)
    assert.equal([[
ID  RECEIVED  SENT                  SOURCE   REASON
m1  3         2021-02-02T22:52:48Z  sqs://q  type: is missing
m2  -         2021-02-02T22:52:48Z  -        -
m3  3         2021-02-02T22:52:48Z  sqs://q  type: is missing]], printed)
    check_nothing_is_held("m1", "m2", "m3")
  end)

  it("says when nothing is parked", function()
    source.place = memory_queue "sqs://empty"
    local code, printed, said = parked("ls", "sqs://q")
    assert.same({ 0, "", "nothing is parked in sqs://empty\n" }, { code, printed, said })
  end)

  it("says when somebody else holds some, or died over them", function()
    place.entries[2].held = true
    local code, printed, said = parked("ls", "sqs://q")
    assert.equal(0, code)
    assert.matches("m3", printed, 1, true)
    assert.matches("^about 1 more are hidden: .* they come back within 120 s\n$", said)
    for _, entry in ipairs(place.entries) do entry.held = true end
    code, printed, said = parked("ls", "sqs://q")
    assert.same({ 0, "" }, { code, printed })
    assert.matches("^about 3 more are hidden", said)
    check_nothing_is_held("m1 held", "m2 held", "m3 held")
  end)

  it("looks at so many, and says how many more there are", function()
    local code, _, said = parked("ls", "sqs://q", "--max", "2")
    assert.equal(0, code)
    assert.equal("2 looked at; about 1 more were not: --max N looks further\n", said)
    check_nothing_is_held("m1", "m2", "m3")
  end)

  it("needs no source when it is told the place", function()
    assert.equal(0, (parked("ls", "--park", "sqs://q-dead")))
    assert.same({}, source.calls)
  end)

  it("shows one body byte for byte, and its attributes beside it", function()
    local code, printed, said = parked("show", "sqs://q", "m2")
    assert.same({ 0, "", "", { "\0\xFF\n" } }, { code, printed, said, written })
    code, printed, said = parked("show", "sqs://q", "m1")
    assert.same({ 0, "" }, { code, printed })
    assert.matches("tidegate-reason: type: is missing\n", said, 1, true)
    assert.matches("trace: t-1\n", said, 1, true)
    check_nothing_is_held("m1", "m2", "m3")
  end)

  it("says that there is no such request", function()
    for _, action in ipairs { "show", "replay", "drop" } do
      local code, _, said = parked(action, "sqs://q", "m9")
      assert.equal(1, code)
      assert.matches("no parked request m9 in sqs://q-dead\n", said, 1, true)
    end
    check_nothing_is_held("m1", "m2", "m3")
  end)

  it("sends one again as it was, and deletes the parked copy afterwards", function()
    local code, printed = parked("replay", "sqs://q", "m1")
    assert.same({ 0, "1 sent to sqs://q" }, { code, printed })
    assert.equal("{}", source.entries[1].body)
    assert.same({ ["tidegate-sent-at"] = "1612306368338", trace = "t-1" },
      source.entries[1].attributes)
    check_nothing_is_held("m2", "m3")
  end)

  it("sends all again, under their old names to a bucket", function()
    source.kind = "bucket"
    local code, printed = parked("replay", "--all", "sqs://q")
    assert.same({ 0, "3 sent to sqs://q" }, { code, printed })
    assert.same({ "m1", "m2", "m3" }, source:ids())
    check_nothing_is_held()
  end)

  it("sends elsewhere when it is told to", function()
    local code = parked("replay", "m3", "--park", "sqs://q-dead", "--to", "sqs://q")
    assert.equal(0, code)
    assert.equal('{"a":1}', source.entries[1].body)
    check_nothing_is_held("m1", "m2")
  end)

  it("sends nothing to a FIFO queue that would drop it as a duplicate", function()
    source.url = "sqs://q.fifo"
    place.entries[1].sent_at = tide.now() - 100
    local code, printed, _, logged = parked("replay", "sqs://q", "--all")
    assert.same({ 69, "2 sent to sqs://q.fifo" }, { code, printed })
    assert.matches("it can be sent in %d+ s", tostring(logged[1].fields.reason))
    check_nothing_is_held "m1"
  end)

  it("keeps the parked copy of what could not be sent", function()
    source.broken.send = { code = "SlowDown" }
    local code, printed, _, logged = parked("replay", "sqs://q", "--all")
    assert.same({ 69, "0 sent to sqs://q" }, { code, printed })
    assert.equal("parked request m1 stays", logged[1].text)
    assert.same({}, source.entries)
    check_nothing_is_held("m1", "m2", "m3")
  end)

  it("says when it was sent but is still parked", function()
    place.broken.delete = { code = "timeout" }
    local code, _, _, logged = parked("replay", "sqs://q", "m2")
    assert.equal(69, code)
    assert.equal("parked request m2 was sent, but is still parked as well", logged[1].text)
    check_nothing_is_held("m1", "m2", "m3")
  end)

  it("drops what it is told to drop", function()
    local code, printed = parked("drop", "sqs://q", "m2")
    assert.same({ 0, "1 dropped" }, { code, printed })
    check_nothing_is_held("m1", "m3")
    code, printed = parked("drop", "sqs://q", "--all")
    assert.same({ 0, "2 dropped" }, { code, printed })
    check_nothing_is_held()
  end)

  it("gives everything back when something breaks", function()
    local receive, times = place.receive, 0
    function place:receive()
      times = times + 1
      if times == 2 then error("broken", 0) end
      return receive(self, { max = 2 })
    end
    assert.has_error(function() parked("ls", "sqs://q") end, "broken")
    check_nothing_is_held("m1", "m2", "m3")
    place.broken.receive = { code = "connect" }
    place.receive = receive
    assert.equal(69, (parked("ls", "sqs://q")))
    check_nothing_is_held("m1", "m2", "m3")
  end)

  it("does not look where a look would move messages on", function()
    place.max_receives = 1
    local code, _, said = parked("ls", "sqs://q")
    assert.equal(1, code)
    assert.matches("puts a message aside after 1 receive", said, 1, true)
    assert.same({ "settings" }, place.calls)
  end)

  it("says when the source has no place", function()
    source.place = nil
    local code, _, _, logged = parked("ls", "sqs://q")
    assert.equal(69, code)
    assert.equal(1, #logged)
  end)

  local refused = {
    { "ls|show|replay|drop is missing" },
    { "expected ls, show, replay or drop, got 'list'", "list", "sqs://q" },
    { "FROM or --park is missing", "ls" },
    { "ls takes no ID", "ls", "sqs://q", "m1" },
    { "show takes one ID", "show", "sqs://q" },
    { "show takes one ID", "show", "sqs://q", "m1", "m2" },
    { "replay takes IDs, or --all", "replay", "sqs://q" },
    { "replay takes IDs, or --all", "replay", "sqs://q", "m1", "--all" },
    { "drop takes IDs, or --all", "drop", "sqs://q" },
    { "--to is missing", "replay", "--park=sqs://q-dead", "--all" },
    { "two sources: FROM sqs://q and -rq x", "ls", "sqs://q", "-rq", "x" },
  }

  for _, case in ipairs(refused) do
    it("refuses with “" .. case[1] .. "”", function()
      local code, _, said = parked(table.unpack(case, 2))
      assert.equal(64, code)
      assert.matches("tidegate parked: " .. case[1], said, 1, true)
      assert.matches("\nusage: tidegate parked [options] ls|show|replay|drop", said, 1, true)
    end)
  end
end)
