-- The course's spelling of places, and the older form: what URLs they become, and what is refused.
local course = require "tidegate.course"
local options = require "tidegate.options"

local ENVIRONMENT = {}

local function spec()
  return course.consumer {
    name = "demo", getenv = function(name) return ENVIRONMENT[name] end,
    positionals = { { name = "from" }, { name = "to" } },
    options = { { name = "until-empty", kind = "flag" } },
  }
end

local function words(line)
  local list = {}
  for word in line:gmatch "%S+" do list[#list + 1] = word end
  return table.unpack(list)
end

before_each(function() ENVIRONMENT = {} end)

describe("the course's flags", function()
  local forms = {
    { "s3://r", "s3://w", "-rb r -wb w" },
    { "s3://r", "s3://w", "-rb=r -wb=w" },
    { "s3://r", "s3://w", "--request-bucket r --widget-bucket w" },
    { "s3://r", "s3://w", "--request-bucket=r --widget-bucket=w" },
    { "sqs://q", "dynamodb://t", "-rq q -dwt t" },
    { "sqs://q", "dynamodb://t", "--request-queue=q --dynamodb-widget-table t" },
    { "https://sqs.x/1/q", "s3://w", "-rq https://sqs.x/1/q -wb w" },
    { "sqlite:q.db", "file:out", "-rq sqlite:q.db -wb file:out" },
    { "s3://r/in", "dynamodb://t?key=widget_id", "-rb s3://r/in -dwt dynamodb://t?key=widget_id" },
    { "file:in", "s3://w", "file:in -wb w" },
    { "s3://r", "s3://w", "-rb a -rb r -wb w" },
    { "a:b", "c:d", "a:b c:d" },
    { "s3://r", "s3://w", "r w -bucket" },
    { "s3://r", "s3://w", "-bucket r w" },
    { "s3://r", "dynamodb://w", "r w -table" },
    { "sqs://r", "dynamodb://w", "r w -table -queue" },
    { "https://sqs.x/1/q", "s3://w", "https://sqs.x/1/q w -queue -bucket" },
    { "sqs://q", "file:out", "q file:out -queue -bucket" },
    { "sqs://q", "s3://w", "q s3://w -queue" },
    { "file:in", "sqlite:w.db", "file:in sqlite:w.db -table" },
  }

  for _, form in ipairs(forms) do
    it(("take '%s' from %s to %s"):format(form[3], form[1], form[2]), function()
      local opts, problem = options.parse(spec(), words(form[3]))
      assert(opts, problem)
      assert.same({ form[1], form[2] }, { opts.from, opts.to })
    end)
  end

  it("set how keys of a bucket are made", function()
    local opts = assert(options.parse(spec(), words "-rb r -wb w"))
    assert.same({ "widgets/", true }, { opts.widget_key_prefix, opts.use_owner_in_prefix })
    opts = assert(options.parse(spec(), words "-rb r -wb w -wkp team/ -uop no"))
    assert.same({ "team/", false }, { opts.widget_key_prefix, opts.use_owner_in_prefix })
  end)

  it("come from the environment, which an argument of another kind hides", function()
    ENVIRONMENT = { TIDEGATE_REQUEST_QUEUE = "q", TIDEGATE_DYNAMODB_WIDGET_TABLE = "t",
      TIDEGATE_USE_OWNER_IN_PREFIX = "no" }
    local opts = assert(options.parse(spec()))
    assert.same({ "sqs://q", "dynamodb://t", false },
      { opts.from, opts.to, opts.use_owner_in_prefix })
    opts = assert(options.parse(spec(), "file:in", "-wb=w"))
    assert.same({ "file:in", "s3://w" }, { opts.from, opts.to })
    ENVIRONMENT = { TIDEGATE_FROM = "file:a", TIDEGATE_TO = "b", TIDEGATE_REQUEST_BUCKET = "c" }
    opts = assert(options.parse(spec(), "-rq", "q", "-wb", "w"))
    assert.same({ "sqs://q", "s3://w" }, { opts.from, opts.to })
  end)

  local refused = {
    { "two sources: -rb a and -rq b", "-rb a -rq b -wb w" },
    { "two sources: FROM file:in and --request-queue b", "file:in --request-queue=b -wb w" },
    { "two sources: FROM file:in and -rb a", "-rb a file:in" },
    { "two targets: -wb w and -dwt t", "-rb a -wb w -dwt t" },
    { "two targets: TO file:out and -dwt t", "file:in file:out -dwt t" },
    { "two targets: -bucket and -table", "a b -bucket -table" },
    { "FROM is missing (or give -rb or -rq, or set TIDEGATE_FROM)", "-wb w" },
    { "TO is missing (or give -wb or -dwt, or set TIDEGATE_TO)", "-rb a" },
    { "FROM is missing (or give -rb or -rq, or set TIDEGATE_FROM)", "" },
    { "FROM 'in' is no URL: write s3://in, sqs://in, file:in or sqlite:in, or add -queue, "
      .. "-bucket or -table",
      "in s3://w" },
    { "TO 'out' is no URL: write s3://out, dynamodb://out, file:out or sqlite:out, or add "
      .. "-bucket or -table",
      "file:in out" },
    { "-table is given, but TO is s3://w", "in s3://w -table" },
    { "-bucket is given, but TO is dynamodb://t", "in dynamodb://t -bucket" },
    { "-queue is given, but FROM is s3://r", "s3://r w -queue -bucket" },
    { "unexpected argument 'c'", "a b c -bucket" },
  }

  for _, case in ipairs(refused) do
    it(("refuse '%s' with “%s”"):format(case[2], case[1]), function()
      local opts, problem, code = options.parse(spec(), words(case[2]))
      assert.is_nil(opts)
      assert.same({ case[1], 64 }, { problem, code })
    end)
  end

  it("name the variables when two of them quarrel", function()
    ENVIRONMENT = { TIDEGATE_REQUEST_QUEUE = "q", TIDEGATE_REQUEST_BUCKET = "b" }
    local _, problem = options.parse(spec(), "-wb=w")
    assert.equal("two sources: TIDEGATE_REQUEST_BUCKET b and TIDEGATE_REQUEST_QUEUE q", problem)
  end)
end)

describe("course.requests", function()
  it("gives the flags of requests to a program that sends them", function()
    local function parse(...)
      return options.parse(course.requests({ name = "demo", getenv = function() end,
        positionals = { { name = "to" } } }, "target", "to"), ...)
    end
    assert.equal("sqs://q", assert(parse("-rq", "q")).to)
    assert.equal("s3://b", assert(parse("-rb=b")).to)
    assert.equal("sqlite:x", assert(parse "sqlite:x").to)
    local _, problem = parse("x:y", "-rb=b")
    assert.equal("two targets: TO x:y and -rb b", problem)
    _, problem = parse()
    assert.equal("TO is missing (or give -rb or -rq, or set TIDEGATE_TO)", problem)
  end)
end)
