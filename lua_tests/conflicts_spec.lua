-- The three decisions, as tables of what is found and what is decided. No store is needed.
local tide = require "tidegate"
local conflicts = require "conflicts"
local widget = require "widget"

local function request(kind, label)
  return { type = kind, requestId = "r1", widgetId = "w1", owner = "Sue Smith", label = label,
    otherAttributes = {}, ignored = {} }
end

local CURRENT = widget.create(request("create", "old"))

local function context(event) return { event = event, attempt = 2, book = {}, key = "k" } end

describe("exists", function()
  it("replaces the widget by the one of the create", function()
    local plan = conflicts.exists(CURRENT, request("create", "new"), context "exists")
    assert.equal("replaced", plan.outcome)
    assert.equal("new", plan.write.label)
    assert.equal("old", CURRENT.label)
  end)
end)

describe("missing", function()
  for _, kind in ipairs { "update", "delete" } do
    it("skips the " .. kind .. " and counts it as missing", function()
      local verdict = conflicts.missing(nil, request(kind), context "missing")
      assert.is_true(tide.is_verdict(verdict))
      assert.equal("skip", verdict.verdict)
      assert.equal("missing", verdict.outcome)
      assert.equal("there is no widget to " .. kind, verdict.reason)
    end)
  end
end)

describe("changed", function()
  it("applies an update to the newer widget", function()
    local newer = widget.create(request("create", "newer"))
    newer.description = "by someone else"
    local plan = conflicts.changed(newer, request("update", "mine"), context "changed")
    assert.equal("mine", plan.write.label)
    assert.equal("by someone else", plan.write.description)
  end)

  it("deletes the newer widget", function()
    assert.same({ delete = true }, conflicts.changed(CURRENT, request "delete", context "changed"))
  end)

  it("replaces the newer widget by the one of the create", function()
    local plan = conflicts.changed(CURRENT, request("create", "mine"), context "changed")
    assert.equal("mine", plan.write.label)
  end)

  it("creates although the widget it found is gone", function()
    local plan = conflicts.changed(nil, request("create", "mine"), context "changed")
    assert.equal("mine", plan.write.label)
  end)

  it("calls an update missing when the widget is gone", function()
    local verdict = conflicts.changed(nil, request "update", context "changed")
    assert.equal("missing", verdict.outcome)
  end)
end)

describe("use", function()
  after_each(function() assert(conflicts.use "warn") end)

  it("takes what a policy decides, and the rest from warn", function()
    assert.is_true(conflicts.use "patient")
    local verdict = conflicts.missing(nil, request "update", context "missing")
    assert.same({ "retry", nil }, { verdict.verdict, verdict.after })
    assert.matches("its create has not come", verdict.reason, 1, true)
    assert.equal("retry", conflicts.changed(nil, request "delete", context "changed").verdict)
    assert.equal("replaced", conflicts.exists(CURRENT, request "create", context "exists").outcome)
  end)

  it("lets one's own decision stand above the policy", function()
    finally(function() conflicts.missing = nil end)
    function conflicts.missing() return tide.park "mine" end
    assert.is_true(conflicts.use "patient")
    assert.equal("mine", conflicts.changed(nil, request "update", context "changed").reason)
    local used, problem = conflicts.use "converge"
    assert.is_nil(used)
    assert.equal("converge does not ask conflicts.missing of your conflicts.lua", problem)
  end)

  for _, name in ipairs { "wran", "../warn", "a.b", "" } do
    it("refuses '" .. name .. "'", function()
      local used, problem = conflicts.use(name)
      assert.is_nil(used)
      assert.matches("there is no policy '" .. name .. "'", problem, 1, true)
    end)
  end
end)
