-- A program of your own: copies the objects of one bucket that another does not have.
-- tidegate examples/copy/copy.lua FROM TO
local tide = require "tidegate"
local options = require "tidegate.options"

local opts, code = options.start({
  name = "copy",
  about = "Copies the objects of FROM that TO does not have.",
  positionals = { { name = "from", help = "a bucket" }, { name = "to", help = "a bucket" } },
}, ...)
if not opts then return code end

local from, to = assert(tide.bucket(opts.from)), assert(tide.bucket(opts.to))
local copied, kept = 0, 0
for entry in from:each {} do
  local body, meta = assert(from:get(entry.key))
  local done, err = to:put(entry.key, body, {
    content_type = meta.content_type, if_none_match = "*",
  })
  if done then
    copied = copied + 1
  elseif err.code == "PreconditionFailed" then
    kept = kept + 1
  else
    tide.log.error(tostring(err))
    return tide.exit_code(err)
  end
end
print(("%d copied, %d were there already"):format(copied, kept))
