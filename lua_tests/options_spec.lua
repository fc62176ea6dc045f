-- Command lines: every form that is taken, every refusal, and the texts for people.
local options = require "tidegate.options"

local ENVIRONMENT = {}

local SPEC = {
  name = "demo",
  about = "Shows options.",
  getenv = function(name) return ENVIRONMENT[name] end,
  positionals = {
    { name = "from", help = "a place" },
    { name = "to", optional = true, help = "another place" },
  },
  options = {
    { name = "max-widget-requests", short = "mwr", kind = "integer", min = 0, max = 5000,
      default = "1000", help = "how many" },
    { name = "drain-timeout", kind = "duration", default = "25s", help = "how long" },
    { name = "delay", short = "ird", also = "inter-request-delay", kind = "duration", unit = "ms",
      help = "ms between two" },
    { name = "ratio", kind = "number", min = 0, help = "how much" },
    { name = "label", short = "l", env = "DEMO_LABEL", help = "a name" },
    { name = "until-empty", kind = "flag", help = "when to stop" },
    { name = "owner", short = "uop", kind = "boolean", help = "yes or no" },
    { name = "shard", kind = "shard", help = "which part" },
  },
}

local function parse(...) return options.parse(SPEC, ...) end

local function value(name, ...)
  local opts, message = parse("x", ...)
  assert(opts, message)
  return opts[name]
end

describe("options.parse", function()
  before_each(function() ENVIRONMENT = {} end)

  local forms = {
    { "max_widget_requests", 1000 },
    { "max_widget_requests", 7, "--max-widget-requests", "7" },
    { "max_widget_requests", 7, "--max-widget-requests=7" },
    { "max_widget_requests", 7, "-mwr", "7" },
    { "max_widget_requests", 7, "-mwr=7" },
    { "max_widget_requests", 8, "-mwr=7", "--max-widget-requests", "8" },
    { "drain_timeout", 25 },
    { "drain_timeout", 0.25, "--drain-timeout", "250ms" },
    { "drain_timeout", 300, "--drain-timeout=5m" },
    { "drain_timeout", 3600, "--drain-timeout=1h" },
    { "drain_timeout", 1.5, "--drain-timeout=1.5" },
    { "delay", nil },
    { "delay", 0.1, "-ird", "100" },
    { "delay", 2, "-ird", "2s" },
    { "delay", 0, "-ird", "0" },
    { "delay", 3, "--inter-request-delay=3s" },
    { "delay", 4, "--delay", "3s", "-ird=4s" },
    { "owner", nil },
    { "owner", true, "-uop", "yes" },
    { "owner", false, "-uop=no" },
    { "owner", false, "--owner", "false" },
    { "shard", nil },
    { "shard", "2/4", "--shard", "2/4" },
    { "shard", "1/1000", "--shard=01/1000" },
    { "ratio", 0.5, "--ratio", "0.5" },
    { "ratio", 1000, "--ratio=1e3" },
    { "label", nil },
    { "label", "a=b", "-l=a=b" },
    { "label", "-x", "--label=-x" },
    { "label", "-5", "--label", "-5" },
    { "until_empty", nil },
    { "until_empty", true, "--until-empty" },
    { "from", "x" },
    { "to", nil },
    { "to", "y", "y" },
    { "to", "-y", "--", "-y" },
    { "to", "-", "-" },
  }

  for _, form in ipairs(forms) do
    local args = table.concat(form, " ", 3)
    it(("reads %s = %s from '%s'"):format(form[1], form[2], args), function()
      assert.equal(form[2], value(form[1], table.unpack(form, 3)))
    end)
  end

  it("takes options on either side of positionals", function()
    local opts = assert(parse("-mwr", "3", "a", "--until-empty", "b", "-l", "c"))
    assert.same({ from = "a", to = "b", max_widget_requests = 3, until_empty = true, label = "c",
      drain_timeout = 25 }, opts)
  end)

  it("asks the environment for what is not given", function()
    ENVIRONMENT = { TIDEGATE_MAX_WIDGET_REQUESTS = "9", TIDEGATE_FROM = "a", TIDEGATE_TO = "b",
      TIDEGATE_UNTIL_EMPTY = "true", TIDEGATE_LABEL = "no", DEMO_LABEL = "yes" }
    local opts = assert(parse("-mwr=4"))
    assert.same({ from = "a", to = "b", max_widget_requests = 4, until_empty = true,
      label = "yes", drain_timeout = 25 }, opts)
  end)

  it("knows the variable of a second name, after that of the first", function()
    ENVIRONMENT = { TIDEGATE_INTER_REQUEST_DELAY = "7s" }
    assert.equal(7, value "delay")
    ENVIRONMENT.TIDEGATE_DELAY = "8s"
    assert.equal(8, value "delay")
    assert.equal(9, value("delay", "-ird=9s"))
  end)

  it("lets a program settle what options say together, and knows where each is from", function()
    local seen
    local spec = setmetatable({ resolve = function(opts, origins)
      seen = origins
      opts.to = opts.label
      return opts.until_empty and "that is not to be"
    end }, { __index = SPEC })
    ENVIRONMENT = { DEMO_LABEL = "there" }
    local opts = assert(options.parse(spec, "x", "-mwr=3"))
    assert.equal("there", opts.to)
    assert.same({ { said = "-mwr", rank = 1 }, { said = "DEMO_LABEL", rank = 2 },
      { said = "--drain-timeout", rank = 3 }, { said = "FROM", rank = 1 } },
      { seen.max_widget_requests, seen.label, seen.drain_timeout, seen.from })
    assert.is_nil(seen.ratio)
    local none, message, code = options.parse(spec, "x", "--until-empty")
    assert.same({ nil, "that is not to be", 64 }, { none, message, code })
  end)

  it("takes an empty variable for none, and a flag's no for no", function()
    ENVIRONMENT = { TIDEGATE_MAX_WIDGET_REQUESTS = "", TIDEGATE_UNTIL_EMPTY = "0" }
    assert.equal(1000, value "max_widget_requests")
    assert.is_false(value "until_empty")
  end)

  it("gives all that is left to a positional with rest", function()
    local spec = { name = "test", positionals = { { name = "path", rest = true } } }
    assert.same({ path = { "a", "-b", "c" } }, options.parse(spec, "a", "--", "-b", "c"))
    assert.same({ path = {} }, options.parse(spec))
  end)

  local refused = {
    { "unknown option --regoin (did you mean --region?)", "--regoin", "x" },
    { "unknown option --regoin (did you mean --region?)", "--regoin=x" },
    { "unknown option -q", "-q" },
    { "--shard: expected I/N with 1 <= I <= N <= 1000, got '5/4'", "--shard", "5/4" },
    { "--shard: expected I/N with 1 <= I <= N <= 1000, got '0/4'", "--shard=0/4" },
    { "--shard: expected I/N with 1 <= I <= N <= 1000, got '1/1001'", "--shard=1/1001" },
    { "--shard: expected I/N with 1 <= I <= N <= 1000, got 'a'", "--shard=a" },
    { "unknown option --quarter", "--quarter=1" },
    { "unknown option -until-empty (did you mean --until-empty?)", "-until-empty" },
    { "unknown option --mwr (did you mean -mwr?)", "--mwr", "3" },
    { "-uop needs a value: yes or no", "-uop" },
    { "-uop: expected yes or no, got 'maybe'", "-uop", "maybe" },
    { "-mwr needs a value: an integer", "-mwr" },
    { "--label needs a value", "--label", "--until-empty" },
    { "--until-empty takes no value", "--until-empty=yes" },
    { "-mwr: expected an integer from 0 to 5000, got ''", "-mwr=" },
    { "-mwr: expected an integer from 0 to 5000, got '1.5'", "-mwr", "1.5" },
    { "-mwr: expected an integer from 0 to 5000, got '0x10'", "-mwr", "0x10" },
    { "-mwr: expected an integer from 0 to 5000, got '-1'", "-mwr", "-1" },
    { "-mwr: expected an integer from 0 to 5000, got '5001'", "-mwr", "5001" },
    { "-mwr: expected an integer from 0 to 5000, got '99999999999999999999'",
      "-mwr", "99999999999999999999" },
    { "--ratio: expected a number of at least 0, got 'nan'", "--ratio=nan" },
    { "--ratio: expected a number of at least 0, got '1e999'", "--ratio=1e999" },
    { "--ratio: expected a number of at least 0, got '1 '", "--ratio=1 " },
    { "--drain-timeout: expected a time like 250ms, 25s or 5m, got '5 m'", "--drain-timeout=5 m" },
    { "--drain-timeout: expected a time like 250ms, 25s or 5m, got '5w'", "--drain-timeout", "5w" },
    { "--drain-timeout: expected a time like 250ms, 25s or 5m, got '-5'", "--drain-timeout", "-5" },
    { "-ird: expected a time like 250ms, 25s or 5m of at most 100000000 s, got '30000h'",
      "-ird=30000h" },
    { "--drain-timeout: expected a time like 250ms, 25s or 5m of at most 100000000 s, "
      .. "got '99999999999999999h'", "--drain-timeout=99999999999999999h" },
    { "--label: expected a text, got ''", "--label=" },
    { "unexpected argument 'z'", "y", "z" },
  }

  for _, case in ipairs(refused) do
    it("refuses with “" .. case[1] .. "”", function()
      local opts, message, code = parse("x", table.unpack(case, 2))
      assert.is_nil(opts)
      assert.equal(case[1], message)
      assert.equal(64, code)
    end)
  end

  it("names the variable when its value is malformed", function()
    ENVIRONMENT = { TIDEGATE_UNTIL_EMPTY = "perhaps" }
    local _, message = parse "x"
    assert.equal("TIDEGATE_UNTIL_EMPTY: expected yes or no, got 'perhaps'", message)
  end)

  it("names the positional that is missing, and its variable", function()
    local _, message, code = parse()
    assert.equal("FROM is missing (or set TIDEGATE_FROM)", message)
    assert.equal(64, code)
  end)

  it("names other ways to give it", function()
    local spec = { name = "demo", positionals = { { name = "from", instead = "give -rb" } } }
    local _, message = options.parse(spec)
    assert.equal("FROM is missing (or give -rb, or set TIDEGATE_FROM)", message)
  end)

  it("answers --help before it complains", function()
    for _, word in ipairs { "--help", "-h" } do
      local opts, text, code = parse(word)
      assert.is_nil(opts)
      assert.equal(options.help(SPEC), text)
      assert.equal(0, code)
    end
  end)
end)

describe("the texts for people", function()
  it("are one line of usage", function()
    assert.equal("usage: tidegate demo [options] FROM [TO]", options.usage(SPEC))
  end)

  it("are a help of two columns", function()
    local spec = { name = "demo", about = "Shows options.",
      positionals = { { name = "path", rest = true, help = "files" } },
      options = {
        { name = "delay", short = "ird", kind = "duration", default = "5m", help = "ms" },
        { name = "quiet", kind = "flag", help = "says nothing" },
        { name = "untold", short = "u" },
      }, notes = "Or -u TEXT.", example = "tidegate demo x" }
    assert.equal([[
usage: tidegate demo [options] [PATH...]

Shows options.

  PATH...             files
  -ird, --delay TIME  ms (5m)
  --quiet             says nothing

Or -u TEXT.
Of two the last counts. Each has a variable too: TIDEGATE_DELAY …

Example: tidegate demo x]], options.help(spec))
  end)
end)
