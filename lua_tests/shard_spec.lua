-- tide.queue with a shard: its share of a bucket, and what it refuses.
local here = debug.getinfo(1, "S").source:match "^@(.*/)" or "./"
local contract = dofile(here .. "support/contract.lua")
local tide = require "tidegate"

describe("a queue with a shard", function()
  local folder, clean

  before_each(function() folder, clean = contract.folder() end)
  after_each(function() clean() end)

  local function consumed(shard)
    local ids = {}
    local queue = assert(tide.queue("file:" .. folder, { shard = shard }))
    assert(tide.consume(queue, function(message)
      ids[#ids + 1] = message.id
      return tide.done()
    end, { until_empty = true, concurrency = 1 }))
    return table.concat(ids, " ")
  end

  it("receives its share and ends when that is done", function()
    local bucket, shares = tide.bucket("file:" .. folder), { {}, {} }
    for i = 1, 30 do
      local key = ("%03d"):format(i)
      assert(bucket:put(key, "x"))
      local odd = tonumber(tide.sha256(key):sub(16, 16), 16) % 2
      table.insert(shares[1 + odd], key)
    end
    assert.equal(table.concat(shares[2], " "), consumed "2/2")
    assert.equal("", consumed { 2, 2 })
    assert.equal(table.concat(shares[1], " "), consumed { 1, 2 })
  end)

  it("may be the only one", function()
    assert(tide.bucket("file:" .. folder):put("a", "x"))
    assert.equal("a", consumed "1/1")
  end)

  for _, shard in ipairs { "3/2", "0/1", "1", "", 2, true, {}, { 1 }, { 2, 1 }, { 1.5, 2 },
    { "1", "2" }, { 1, 1001 } } do
    it("is misuse when it is no shard: " .. tide.json.encode { shard }, function()
      assert.error_matches(function() tide.queue("file:" .. folder, { shard = shard }) end,
        "tide.queue: option 'shard': expected I/N with 1 <= I <= N <= 1000", 1, true)
    end)
  end

  for _, url in ipairs { "sqs://q", "https://sqs.us-east-1.amazonaws.com/1/q", "sqlite:q.db" } do
    it("is refused where a queue shares its messages out itself: " .. url, function()
      local err = contract.refused("BadPlace", tide.queue(url, { shard = "1/2" }))
      assert.matches(url, err.message, 1, true)
      assert.matches("a queue itself shares its messages out", err.message, 1, true)
    end)
  end
end)
