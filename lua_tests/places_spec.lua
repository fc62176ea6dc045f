-- Which places are one, and which kind of store a URL names.
local lfs = require "lfs"
local tide = require "tidegate"
local places = require "tidegate.places"

describe("places.overlap", function()
  local cases = {
    { true, "s3://b", "s3://b" },
    { true, "s3://b/in", "s3://b/in/" },
    { true, "s3://b", "s3://b/in" },
    { true, "s3://b/in/deep", "s3://b/in" },
    { false, "s3://b/in", "s3://b/out" },
    { false, "s3://b/in", "s3://b/input" },
    { false, "s3://a/in", "s3://b/in" },
    { false, "sqs://b", "s3://b" },
    { true, "file:a", "file:./a/" },
    { true, "file:a", "file:a/b/../c" },
    { true, "file:/x/a", "file:///x/a" },
    { true, "file:/", "file:a" },
    { false, "file:a", "file:ab" },
    { false, "file:/x/a", "file:/x/b" },
    { false, "file:a", "s3://a" },
    { true, "file:a", "file:" .. (os.getenv "PWD" or "") .. "/a" },
    { true, "file:a/b", "file:" .. (os.getenv "PWD" or "") },
  }

  for _, case in ipairs(cases) do
    it(("of %s and %s is %s"):format(case[2], case[3], case[1]), function()
      assert.equal(case[1], places.overlap(case[2], case[3]))
      assert.equal(case[1], places.overlap(case[3], case[2]))
    end)
  end

  it("sees through links, and from wherever it stands", function()
    local top, scratch = lfs.currentdir(), os.tmpname()
    os.remove(scratch)
    finally(function()
      lfs.chdir(top)
      os.execute("rm -rf " .. scratch)
    end)
    assert(lfs.mkdir(scratch) and lfs.mkdir(scratch .. "/in"))
    assert(lfs.link("in", scratch .. "/alias", true) and lfs.chdir(scratch .. "/in"))
    assert.equal(tide.real_path(scratch) .. "/in/new", tide.real_path "../alias/new")
    assert.is_true(places.overlap("file:" .. scratch .. "/in", "file:../alias/widgets"))
    assert.is_true(places.overlap("file:.", "sqlite:../alias/w.db"))
    assert.is_true(places.overlap("sqlite:w.db#x", "sqlite:../alias/w.db#X"))
    assert.is_false(places.overlap("file:../alias", "file:../out"))
  end)

  local directed = {
    { false, "sqlite:a.db", "sqlite:a.db" }, -- the queue "requests" and the table "widgets"
    { true, "sqlite:a.db", "sqlite:a.db#requests" },
    { true, "sqlite:a.db#widgets", "sqlite:./x/../a.db" },
    { true, "sqlite:a.db#x", "sqlite:a.db#x?key=widget_id" },
    { true, "sqlite:a.db#x", "sqlite:a.db#X" },
    { false, "sqlite:a.db#x", "sqlite:a.db#y" },
    { false, "sqlite:a.db#x", "sqlite:b.db#x" },
    { false, "sqlite:a.db", "dynamodb://a.db" },
    { true, "file:in", "sqlite:in/widgets.db" },
    { true, "file:.", "sqlite:widgets.db" },
    { false, "file:in", "sqlite:inner.db" },
    { false, "sqlite:out/requests.db", "file:out" },
    { false, "dynamodb://t", "s3://t" },
  }

  for _, case in ipairs(directed) do
    it(("of the source %s and the store %s is %s"):format(case[2], case[3], case[1]), function()
      assert.equal(case[1], places.overlap(case[2], case[3]))
    end)
  end
end)

describe("places.same", function()
  for _, case in ipairs {
    { true, "file:in/parked", "file:./in/x/../parked/" },
    { false, "file:in/parked", "file:in" },
    { true, "s3://b/in", "s3://b/in/" },
    { false, "s3://b/in", "s3://b/in/parked" },
    { true, "sqs://q", "http://localhost:4566/1/q" },
    { false, "sqs://q", "file:q" },
    { true, "sqlite:q.db", "sqlite:./q.db#Requests" },
    { false, "sqlite:q.db", "sqlite:q.db#requests-parked" },
  } do
    it(("of %s and %s is %s"):format(case[2], case[3], case[1]), function()
      assert.equal(case[1], places.same(case[2], case[3]))
      assert.equal(case[1], places.same(case[3], case[2]))
    end)
  end
end)

describe("places.probe", function()
  local function store(kind, code)
    return { kind = kind, get = function() return nil, { code = code } end }
  end

  it("finds a store that is there and empty", function()
    assert.is_true(places.probe(store("bucket", "NoSuchKey"), "widgets/"))
    assert.is_true(places.probe(store("table", "NoSuchItem"), "widgets/"))
  end)

  it("asks for a key that will be like the others", function()
    local asked = {}
    local function get(_, key)
      asked[#asked + 1] = key
      return "there"
    end
    assert.is_true(places.probe({ kind = "bucket", get = get }, "team/"))
    assert.is_true(places.probe({ kind = "table", get = get }, "team/"))
    assert.same({ "team/tidegate-probe", "tidegate-probe" }, asked)
  end)

  it("believes a bucket that may not be listed, and no table that may not be read", function()
    assert.is_true(places.probe(store("bucket", "AccessDenied"), ""))
    local there, err = places.probe(store("table", "AccessDeniedException"), "")
    assert.same({ nil, "AccessDeniedException" }, { there, err.code })
    there, err = places.probe(store("bucket", "NoSuchBucket"), "")
    assert.same({ nil, "NoSuchBucket" }, { there, err.code })
  end)
end)

describe("places.store", function()
  it("refuses what is no store by name", function()
    for _, url in ipairs { "sqs://q", "ftp://x", "x", "" } do
      local none, err = places.store(url)
      assert.is_nil(none)
      assert.equal("BadPlace", err.code)
      assert.matches('"' .. url .. '" is no store', err.message, 1, true)
    end
  end)
end)
