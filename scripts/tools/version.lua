-- tidegate version: prints which version this is.
local tide = require "tidegate"
local options = require "tidegate.options"

local opts, code = options.start({
  name = "version", about = "Prints the version.", example = "tidegate version",
}, ...)
if not opts then return code end
print("tidegate " .. tide.version)
