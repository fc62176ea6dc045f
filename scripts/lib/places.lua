-- Places are URLs, and this compares two of them as text: nothing is opened.
-- Symbolic links are not followed: two names of one directory are one place only if they say so.
local tide = require "tidegate"

local M = {}

-- The parts between the slashes, with "." and ".." folded away.
local function parts_of(path)
  local parts = {}
  for part in path:gmatch("[^/]+") do
    if part == ".." then
      parts[#parts] = nil
    elseif part ~= "." then
      parts[#parts + 1] = part
    end
  end
  return parts
end

-- "s3://b/in" → "s3", {"b", "in"}. A relative directory starts from the working directory.
local function split(url)
  local scheme, path = url:match("^(%w+):([^?]*)")
  local relative = scheme == "file" and path:sub(1, 1) ~= "/"
  if relative then path = (tide.env "PWD" or "") .. "/" .. path end
  return scheme, parts_of(path)
end

-- Is one of the places the other, or inside of it? Prefixes of one bucket may lie side by side.
function M.overlap(a, b)
  local scheme_a, parts_a = split(a)
  local scheme_b, parts_b = split(b)
  if scheme_a ~= scheme_b then return false end
  for i = 1, math.min(#parts_a, #parts_b) do
    if parts_a[i] ~= parts_b[i] then return false end
  end
  return true
end

return M
