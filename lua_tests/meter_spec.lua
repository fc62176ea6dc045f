-- The meter's counts and percentiles, the rate and the bar of the live line, and near words.
local meters = require "tidegate.meter"
local nearest = require "tidegate.nearest"
local terminal = require "tidegate.terminal"

describe("the meter", function()
  it("counts by type and verdict, and what never answered", function()
    local meter = meters()
    for _ = 1, 5 do meter:begin() end
    meter:finish("create", "done", 0.001)
    meter:finish("create", "done", 0.001)
    meter:finish("create", "retry", 0.001)
    meter:finish("delete", "skip", 0.001)
    assert.same({ create = { done = 2, retry = 1 }, delete = { skip = 1 } }, meter.rows)
    assert.equal(1, meter:unanswered())
  end)

  it("knows no percentile before the first answer", function()
    assert.is_nil(meters():quantile(0.5))
  end)

  it("is within five percent, whatever the times", function()
    local meter, times = meters(), {}
    for i = 1, 5000 do
      times[i] = 2e-6 * 1.003 ^ i -- from microseconds to seconds
      meter:finish("create", "done", times[i])
    end
    for _, q in ipairs { 0.01, 0.5, 0.9, 0.99, 1 } do
      local exact = times[math.ceil(q * #times)]
      assert.near(1, meter:quantile(q) / exact, 0.05)
    end
  end)

  it("takes a clock that stands still", function()
    local meter = meters()
    meter:finish("create", "done", 0)
    assert.is_true(meter:quantile(0.99) < 2e-6)
  end)
end)

describe("the rate", function()
  it("is that of the last seconds", function()
    local rate = terminal.rate(5)
    assert.equal(0, rate(0, 100))
    assert.equal(10, rate(10, 101))
    assert.equal(10, rate(30, 103))
    assert.equal(0, rate(30, 120))
    assert.equal(0, rate(30, 121))
  end)
end)

describe("the bar", function()
  it("is as full as the work is done", function()
    assert.equal("[....]", terminal.bar(0, 4))
    assert.equal("[##..]", terminal.bar(0.5, 4))
    assert.equal("[####]", terminal.bar(1, 4))
  end)
end)

describe("a text for a narrow terminal", function()
  local text = "      3 received = 2 done + 0 skipped"

  local cases = {
    { nil, text }, { 38, text },
    { 37, "      3 received = 2 done + 0\n        skipped" },
    { 22, "      3 received = 2\n        done + 0\n        skipped" },
    { 3, "      3 received\n        =\n        2\n        done\n        +\n"
      .. "        0\n        skipped" },
  }

  for _, case in ipairs(cases) do
    it(("of %s columns is broken at blanks"):format(case[1] or "any"), function()
      assert.equal(case[2], terminal.wrapped(text, case[1], 8))
    end)
  end
end)

describe("the nearest word", function()
  local words = { "--concurrency", "--until-empty", "--park", "--region", "-rb", "-rq" }

  local cases = {
    { "--cocurrency", "--concurrency" }, { "--concurency", "--concurrency" },
    { "--conccurency", "--concurrency" }, { "-until-empty", "--until-empty" },
    { "--pakr", "--park" }, { "--regoin", "--region" }, { "--praks" }, { "-x" }, { "--verbose" },
    { "" },
  }

  for _, case in ipairs(cases) do
    it(("to '%s' is %s"):format(case[1], case[2] or "none"), function()
      assert.equal(case[2], nearest.of(case[1], words))
    end)
  end

  it("is asked about, unless what was written is far too long", function()
    assert.equal(" (did you mean --park?)", nearest.hint("--pakr", words))
    assert.equal("", nearest.hint(("x"):rep(1e6), { ("x"):rep(1e6) }))
  end)
end)
