-- tidegate help [NAME]: what tidegate can do, or what one command can do.
local tide = require "tidegate"
local options = require "tidegate.options"

local SPEC = {
  name = "help",
  about = "Prints the list of commands, or the help of one.",
  positionals = { { name = "name", optional = true, env = false, help = "a command" } },
}

local OVERVIEW = [[
usage: tidegate [HOST OPTIONS] NAME [ARGUMENTS]

Takes requests from a queue or a bucket and applies them to a bucket, as Lua says.

  consume FROM TO    applies widget requests, the main job
  produce TO         writes widget requests
  test [PATH...]     runs busted specs, offline
  version            prints the version
  help [NAME]        prints this, or the help of a command
  FILE.lua           runs a program of your own

Host options, on either side of NAME:

  --scripts DIR        Lua files here replace the built-in ones of the same name
  --log-level LEVEL    debug, info, warn, error or off (info)
  --region NAME        AWS region
  --profile NAME       AWS profile
  --endpoint-url URL   where AWS is, when it is not AWS
  --cpu-limit S        seconds of CPU that a script may take without waiting (1)
  --memory-limit MIB   what all scripts together may hold (256)

Places: sqs://NAME  s3://BUCKET[/PREFIX]  file:DIR]]

-- The chunk of a command, found as the host finds it: the user's folder, the built-in, the tools.
local function find(name)
  for _, module in ipairs { name, "tidegate.builtin.tools." .. name } do
    for _, search in ipairs(package.searchers) do
      local chunk = search(module)
      if type(chunk) == "function" then return chunk end
    end
  end
end

local opts, code = options.start(SPEC, ...)
if not opts then return code end
if not opts.name then
  print(OVERVIEW)
  return 0
end
local program = find(opts.name)
if not program then
  tide.stderr(("tidegate help: unknown command '%s'\n%s\n"):format(opts.name, options.usage(SPEC)))
  return 64
end
return program "--help"
