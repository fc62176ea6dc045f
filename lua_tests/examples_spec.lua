-- The examples that are part of a script path: each does the one thing it is there to show.
local lfs = require "lfs"
local tide = require "tidegate"

local top = lfs.currentdir()
local here = debug.getinfo(1, "S").source:match "^@(.*/)" or "./"
if here:sub(1, 1) ~= "/" then here = top .. "/" .. here end

local function example(path) return dofile(here .. "../examples/" .. path) end

describe("examples/routes-by-owner", function()
  local scratch

  before_each(function()
    scratch = os.tmpname()
    os.remove(scratch)
    assert(lfs.mkdir(scratch) and lfs.chdir(scratch))
  end)

  after_each(function()
    lfs.chdir(top)
    os.execute("rm -rf " .. scratch)
  end)

  it("sends one owner's widgets elsewhere", function()
    local routes = example "routes-by-owner/routes.lua"
    local default = tide.bucket "file:default"
    assert.equal(default, routes.store({ owner = "Henry Hops" }, default))
    assert.equal("file:sues-widgets", routes.store({ owner = "Sue Smith" }, default).url)
    assert.is_function(routes.route)
  end)
end)
