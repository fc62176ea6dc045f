"""Items and messages between a script and AWS, judged with boto3."""

from decimal import Decimal

from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer

PUT = """
local tide = require "tidegate"
local items = assert(tide.table "dynamodb://widgets")
assert(items:put {
  id = "k", text = "Zoë 🌊", whole = -7, tenth = 0.1, large = 2 ^ 53, yes = true, null = tide.null,
  exact = tide.decimal "1.2345678901234567890123456789012345678", list = { 1, {} },
  none = tide.array {}, map = { a = tide.set { "b", "a" } }, bytes = tide.binary "\\0\\xFF",
  numbers = tide.set { 1, 2.5 }, blobs = tide.set { tide.binary "\\1" },
})
assert(items:update("k", { set = { ["size-unit"] = "cm" }, remove = { "yes" } }))
assert(items:change("k", function(item)
  item.whole = item.whole + 1
  return { write = item }
end, { request_id = "r1" }))
"""

WRITTEN = {
    "id": "k", "text": "Zoë 🌊", "whole": Decimal(-6), "tenth": Decimal("0.1"),
    "large": Decimal(2 ** 53), "null": None,
    "exact": Decimal("1.2345678901234567890123456789012345678"), "list": [Decimal(1), {}],
    "none": [], "map": {"a": {"a", "b"}}, "bytes": Binary(b"\0\xff"),
    "numbers": {Decimal(1), Decimal("2.5")}, "blobs": {Binary(b"\1")}, "size-unit": "cm",
}


def run(tidegate, text):
    program = tidegate.directory / "program.lua"
    program.write_text(text)
    result = tidegate.run("./program.lua")
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def test_boto3_reads_what_a_script_wrote(aws, tidegate):
    aws.create_table("widgets")
    run(tidegate, PUT)
    (item,) = aws.items("widgets")
    found = {name: TypeDeserializer().deserialize(value) for name, value in item.items()}
    book = found.pop("_tidegate")
    assert list(book) == ["request"] and len(book["request"]) == 64
    assert found == WRITTEN


def test_a_script_reads_what_boto3_wrote(aws, tidegate):
    aws.create_table("widgets")
    item = {name: TypeSerializer().serialize(value) for name, value in WRITTEN.items()}
    aws.dynamodb.put_item(TableName="widgets", Item=item)
    assert run(tidegate, """
      local tide = require "tidegate"
      local item = assert(assert(tide.table "dynamodb://widgets"):get "k")
      print(item.text, item.whole, item.tenth, item.large, item.exact, item.null == tide.null)
      print(#item.list, tide.is_array(item.list[2]), tide.is_array(item.none))
      print(table.concat(item.map.a, ","), item.bytes == tide.binary "\\0\\xFF", item.numbers[2],
        item.blobs[1] == tide.binary "\\1", item["size-unit"])
    """) == [
        "Zoë 🌊\t-6\t0.1\t9007199254740992\t1.2345678901234567890123456789012345678\ttrue",
        "2\tfalse\ttrue", "a,b\ttrue\t2.5\ttrue\tcm",
    ]


RECEIVE = """
local tide = require "tidegate"
local queue = assert(tide.queue "sqs://requests")
for _ = 1, 2 do
  local message = assert(queue:receive())[1]
  print(message.body, message:lease_left() > 25 and message:lease_left() <= 30)
end
"""


def test_a_lease_that_may_not_be_asked_for_is_taken_for_thirty_seconds(aws, tidegate):
    aws.send(aws.create_queue("requests", visibility=900), ["one", "two"])
    aws.add_rule(op="GetQueueAttributes", action="status", status=403,
                 code="AccessDeniedException")
    lines = run(tidegate, RECEIVE)
    assert sorted(lines) == ["one\ttrue", "two\ttrue"]
    assert len(aws.calls("GetQueueAttributes")) == 1


def test_what_is_not_there_is_told_by_its_code(aws, tidegate):
    assert run(tidegate, """
      local tide = require "tidegate"
      local items, queue = tide.table "dynamodb://nowhere", tide.queue "sqs://nowhere"
      local function code(_, err) return err.code .. " " .. tide.exit_code(err) end
      print(code(items:get "k"))
      print(code(items:put { id = "k" }))
      print(code(items:change("k", function() return { write = {} } end)))
      for _, verb in ipairs { "receive", "settings", "parked" } do
        print(code(queue[verb](queue)))
      end
      print(code(tide.queue "sqlite:missing.db"))
      print(code(tide.queue "file:missing"))
    """) == ["ResourceNotFoundException 69"] * 3 + ["QueueDoesNotExist 69"] * 3 + [
        "NoSuchQueue 69", "NoSuchBucket 69"]
