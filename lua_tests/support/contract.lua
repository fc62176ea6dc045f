-- The places that a contract suite runs against: fresh ones, one after another. The environment
-- variable names them with a number in place of %d (lua_tests/test_contracts.py makes them at a
-- service); without it they are embedded ones in a folder of their own.
local tide = require "tidegate"

local M = {}

-- A folder of its own, and what removes it.
function M.folder()
  local path = os.tmpname()
  os.remove(path)
  assert(require "lfs".mkdir(path))
  return path, function() os.execute("rm -rf " .. path) end
end

-- Patterns of URLs from the variable, else those of the embedded places. Gives {name, next, clean}
-- for each, where next() is the URL of a place that nobody has used.
function M.places(variable, embedded)
  local places = {}
  for pattern in (tide.env(variable) or embedded):gmatch "%S+" do
    local count, clean = 0, function() end
    if pattern:find "FOLDER" then
      local folder
      folder, clean = M.folder()
      pattern = pattern:gsub("FOLDER", folder)
    end
    places[#places + 1] = {
      name = pattern:match "^%a%w*:",
      next = function()
        count = count + 1
        return (pattern:gsub("%%d", count))
      end,
      clean = clean,
    }
  end
  return places
end

-- The error of a call that must fail with this code.
function M.refused(code, ok, err)
  assert(ok == nil, code .. " was expected, and nothing failed")
  assert(err.code == code, ("%s was expected, not %s"):format(code, err))
  return err
end

-- Asks until there is an answer. The limit only keeps a test that can never go well from hanging.
function M.wait_for(ask)
  local limit = tide.now() + 60
  repeat
    local answer = ask()
    if answer then return answer end
    tide.sleep(0.02)
  until tide.now() > limit
  error("there was no answer in a minute", 2)
end

return M
