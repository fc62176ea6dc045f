-- What a verdict says of a store that failed.
local tide = require "tidegate"

local function outage_of(err) return tide.retry { error = err }.outage end

describe("tide.retry", function()
  it("knows a store that may work later by the error as it came", function()
    assert.is_true(outage_of(tide.error { code = "SlowDown", retryable = true }))
  end)

  it("knows what a person has to put right", function()
    for _, code in ipairs { "AccessDenied", "AccessDeniedException", "ExpiredToken", "NoSuchBucket",
      "ResourceNotFoundException" } do
      assert.is_true(outage_of(tide.error { code = code, retryable = false }), code)
    end
  end)

  it("takes nothing else for that", function()
    for _, err in ipairs {
      tide.error { code = "ValidationException", status = 400, retryable = false },
      tide.error { code = "NoSuchKey", status = 404, retryable = false },
      tide.error { code = "Contended", retryable = true },
      "503 SlowDown", { code = 1 }, 7, true,
    } do
      assert.is_nil(outage_of(err))
    end
    assert.is_nil(tide.retry {}.outage)
    assert.is_nil(tide.park { reason = "x", error = tide.error { code = "SlowDown",
      retryable = true } }.outage)
  end)

  it("keeps what the error says as text", function()
    local verdict = tide.retry { error = tide.error { code = "SlowDown", retryable = true,
      message = "reduce your rate", what = "put s3://b/k" } }
    assert.equal("put s3://b/k: SlowDown: reduce your rate", verdict.error)
  end)
end)
