-- Real requests, replayed in the order of their names: what must come out, and what must remain.
local here = debug.getinfo(1, "S").source:match "^@(.*/)" or "./"
local tide = require "tidegate"
local lfs = require "lfs"
local routes = require "routes"
local widget = require "widget"
local memory_store = dofile(here .. "support/memory_store.lua")

local function names_in(folder)
  local names = {}
  for name in lfs.dir(folder) do
    if name:find "^%d+$" then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

-- Returns how often each outcome came, and the store.
local function replay(folder)
  local counts, store = {}, memory_store()
  for _, name in ipairs(names_in(folder)) do
    local request = widget.parse(read(folder .. "/" .. name))
    local outcome = "rejected"
    if request then outcome = assert(routes.route(request, store)).outcome end
    counts[outcome] = (counts[outcome] or 0) + 1
  end
  return counts, store
end

local function count(objects)
  local total, by_owner = 0, {}
  for key in pairs(objects) do
    local owner = key:match "^widgets/([^/]+)/[^/]+$"
    total, by_owner[owner] = total + 1, (by_owner[owner] or 0) + 1
  end
  return total, by_owner
end

describe("the 35 samples", function()
  local counts, store = replay(here .. "samples")

  it("are all there", function()
    assert.equal(35, #names_in(here .. "samples"))
  end)

  it("have the golden outcomes", function()
    assert.same({ created = 17, updated = 9, deleted = 5, missing = 1, rejected = 3 }, counts)
  end)

  it("leave twelve widgets", function()
    local total, by_owner = count(store.objects)
    assert.equal(12, total)
    assert.same({ ["henry-hops"] = 2, ["john-jones"] = 4, ["mary-matthews"] = 3,
      ["sue-smith"] = 3 }, by_owner)
  end)

  it("leave one null label, and every widget whole", function()
    local without_label = {}
    for key, object in pairs(store.objects) do
      local stored = assert(tide.json.decode(object.body))
      assert.equal(key, widget.key { owner = stored.owner, widgetId = stored.id })
      assert.is_true(tide.is_array(stored.otherAttributes))
      assert.equal("application/json", object.content_type)
      if stored.label == tide.null then table.insert(without_label, stored.id) end
    end
    assert.same({ "ad0bb9e1-28e9-46e0-ad08-8192f4d3b6c6" }, without_label)
  end)

  it("leave the widget that three updates made", function()
    local body = store.objects["widgets/john-jones/ad0bb9e1-28e9-46e0-ad08-8192f4d3b6c6"].body
    local stored = assert(tide.json.decode(body))
    local names = {}
    for i, attribute in ipairs(stored.otherAttributes) do names[i] = attribute.name end
    assert.equal("QQGRLNZY", stored.description)
    assert.equal("size height height-unit length-unit rating color size-unit width-unit length "
      .. "price vendor note width quantity", table.concat(names, " "))
    assert.equal("955", stored.otherAttributes[2].value)
  end)
end)

describe("all 55 samples", function()
  local folder = (os.getenv "TIDEGATE_SHARED" or "../shared") .. "/samples"

  it("have the golden outcomes and leave 18 widgets", function()
    if not lfs.attributes(folder) then pending(folder .. " is not there") end
    assert.equal(55, #names_in(folder))
    local counts, store = replay(folder)
    assert.same({ created = 28, updated = 13, deleted = 10, missing = 1, rejected = 3 }, counts)
    assert.equal(18, (count(store.objects)))
  end)
end)
