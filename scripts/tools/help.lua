-- tidegate help [NAME]: what tidegate can do, or what one command can do.
local commands = require "tidegate.commands"
local options = require "tidegate.options"

local SPEC = {
  name = "help",
  about = "Prints the list of commands, or the help of one, or of a topic.",
  positionals = { { name = "name", optional = true, env = false, help = "a command or a topic" } },
  example = "tidegate help consume",
}

local OVERVIEW = commands.USAGE .. [[


Takes requests from a queue or a bucket and applies them to a bucket or a table,
exactly as your Lua says.

  consume FROM TO    applies widget requests, the main job
  produce TO         writes widget requests
  peek FROM          shows the next request and leaves it there
  parked ACTION ...  shows what was put aside, sends it again, or drops it
  reconcile TO       makes each widget of a bucket what its ledger says
  test [PATH...]     runs busted specs, offline
  version            prints the version
  help [NAME]        prints this, or the help of a command
  FILE.lua           runs a program of your own

Places: sqs://NAME  s3://BUCKET[/PREFIX]  file:DIR
        dynamodb://TABLE[?key=NAME]  sqlite:FILE[#NAME]

More: help places, help conflicts, help host-options, help consume ...

Example: tidegate consume file:requests sqlite:widgets.db --until-empty]]

local TOPICS = {}

TOPICS.places = [[
Places are URLs.

  place                        as source (FROM)       as store (TO)
  sqs://NAME                   queue                  -
  https://HOST/ACCOUNT/NAME    queue                  -
  s3://BUCKET[/PREFIX]         objects in key order   objects
  file:DIR                     files in name order    files
  sqlite:FILE[#NAME]           queue (requests)       table (widgets)
  dynamodb://TABLE             -                      items

A table may name its key attribute: dynamodb://TABLE?key=widget_id (id).
A bucket keeps a widget under widgets/OWNER/ID, as JSON; a table under its id,
each attribute of its own, so that a create replaces what another owner made.
A widget has at most 400,000 bytes.

What cannot be handled is parked: in the dead-letter queue, under parked/ of a
bucket or directory, in NAME-parked of a sqlite: file, or where --park says.

Example: tidegate consume s3://requests/in dynamodb://widgets?key=widget_id]]

TOPICS.conflicts = [[
What happens when a store does not hold what a request expected.

  --conflicts warn      an update or a delete without a widget is skipped with a
                        warning, a create replaces what it finds (the default)
  --conflicts patient   one without a widget goes back and waits, longer each
                        time; after the last receive it is parked
  --conflicts converge  whatever the order and the repetitions, the store ends
                        as the order of sending would have it
  --conflicts NAME      conflicts/NAME.lua of your scripts folder

converge keeps a ledger of each widget: under ledger/ of a bucket, in the
attribute _tidegate of an item. What it says is written again, so nobody else
should write widgets, nor another policy. A deleted widget leaves its ledger; in
a table that is an item with the key, and with _tidegate_expires, for DynamoDB's
time to live: it is needed for --keep-deleted TIME (14d) after the last change.

The order is that of (sent time, request id), and of the keys of a bucket.

Example: tidegate consume sqs://requests s3://widgets --conflicts converge]]

TOPICS["host-options"] = [[
Host options stand on either side of NAME; each has a variable.

  --scripts DIR           Lua files here replace the built-in ones of that name
  --log-level LEVEL       debug, info, warn, error or off (info)
  --log-file FILE         the log goes there, too; HUP opens the file anew
  --log-format text|json  how a line of the log looks (text)
  -r, --region NAME       AWS region
  -p, --profile NAME      AWS profile
  --endpoint-url URL      where AWS is, when it is not AWS
  --cpu-limit S           CPU seconds that a script may take without waiting (1)
  --memory-limit MIB      what all scripts together may hold (256)

Variables: TIDEGATE_SCRIPTS, TIDEGATE_LOG_LEVEL, TIDEGATE_LOG_FILE,
TIDEGATE_LOG_FORMAT, AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL,
TIDEGATE_CPU_LIMIT, TIDEGATE_MEMORY_LIMIT. NO_COLOR turns colours off.

Example: tidegate consume FROM TO --scripts ./scripts --log-format json]]

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
if TOPICS[opts.name] then
  print(TOPICS[opts.name])
  return 0
end
local program = find(opts.name)
return program and program "--help"
  or commands.refuse(opts.name, { "places", "conflicts", "host-options" })
