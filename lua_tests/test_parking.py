"""What is parked in another kind of place: the body byte for byte, and as much told as it takes."""

import json

BATCH_MAX = 1024 * 1024

PROGRAM = """
local tide = require "tidegate"
local summary = assert(tide.consume(assert(tide.queue(tide.env "FROM")), function(message)
  return tide.park { reason = "too much of it", error = "no such owner" }
end, { until_empty = true, wait = 0,
  park = tide.env "PARK" and assert(tide.queue(tide.env "PARK", { create = true })) }))
print(summary.parked, summary.left, summary.balanced)
"""


def run(tidegate, source, park):
    (tidegate.directory / "program.lua").write_text(PROGRAM)
    result = tidegate.run("./program.lua", FROM=source, PARK=park)
    assert result.returncode == 0, result.stderr
    return result


def fill(tidegate, **bodies):
    (tidegate.directory / "in").mkdir()
    for name, body in bodies.items():
        (tidegate.directory / "in" / name).write_bytes(body)


def left_in(directory):
    return sorted(path.name for path in (directory / "in").iterdir() if path.is_file())


def test_a_queue_gets_the_body_and_the_attributes_that_fit(aws, tidegate):
    aside = aws.create_queue("aside")
    fits, full = "f" * (BATCH_MAX - 400), "g" * BATCH_MAX
    fill(tidegate, a=b"small", b=fits.encode(), c=full.encode())
    result = run(tidegate, "file:in", "sqs://aside")
    assert result.stdout.split() == ["3", "0", "true"]
    told = {each["Body"][0]: set(each.get("MessageAttributes", {})) for each in aws.take_all(aside)}
    assert told["s"] == told["f"] == {
        "tidegate-reason", "tidegate-error", "tidegate-source", "tidegate-receive-count",
        "tidegate-sent-at"}
    assert told["g"] == set()
    assert "message c: parked without its attributes: too much of it: no such owner" \
        in result.stderr
    assert not left_in(tidegate.directory)


def test_what_no_place_takes_stays_and_is_counted(aws, tidegate):
    aside = aws.create_queue("aside")
    fill(tidegate, a=b"\xff\xfe", c=b"x" * (BATCH_MAX + 1), d=b"fine")
    result = run(tidegate, "file:in", "sqs://aside")
    assert result.stdout.split() == ["1", "2", "true"]
    assert [each["Body"] for each in aws.take_all(aside)] == ["fine"]
    assert left_in(tidegate.directory) == ["a", "c"]


def test_a_bucket_gets_the_attributes_as_metadata(aws, tidegate):
    source = aws.create_queue("requests")
    aws.create_bucket("aside")
    aws.sqs.send_message(QueueUrl=source, MessageBody="caf\u00e9", MessageAttributes={
        "Note": {"DataType": "String", "StringValue": "\u00fcber 100 %"}})
    run(tidegate, "sqs://requests", "s3://aside/requests")
    ((key, body),) = aws.objects("aside").items()
    assert key.startswith("requests/") and body == "caf\u00e9".encode()
    metadata = aws.s3.head_object(Bucket="aside", Key=key)["Metadata"]
    assert metadata["tidegate-reason"] == "too much of it"
    assert metadata["tidegate-error"] == "no such owner"
    assert metadata["note"] == "%C3%BCber 100 %25"


def test_two_requests_under_one_key_are_both_parked(aws, tidegate):
    aws.create_bucket("incoming")
    for body in (b"one", b"two", b"one"):
        aws.s3.put_object(Bucket="incoming", Key="a", Body=body)
        (tidegate.directory / "program.lua").write_text(PROGRAM)
        result = tidegate.run("./program.lua", FROM="s3://incoming")
        assert result.returncode == 0, result.stderr
    assert aws.objects("incoming") == {"parked/a": b"one", "parked/a~1": b"two"}


def test_a_lost_answer_parks_once_in_a_bucket(aws, tidegate):
    aws.create_bucket("aside")
    fill(tidegate, a=json.dumps({"x": 1}).encode())
    aws.add_rule(op="PutObject", times=1, action="drop_after")
    run(tidegate, "file:in", "s3://aside")
    assert list(aws.objects("aside")) == ["a"]


def test_what_is_parked_again_is_there_once_and_what_differs_goes_beside_it(offline):
    """A process may die between the copy and the delete, and the same key may come again."""
    fill(offline)
    for body in (b"one", b"one", b"two", b"one"):
        (offline.directory / "in" / "a").write_bytes(body)
        result = run(offline, "file:in", "file:aside")
        assert result.stdout.split() == ["1", "0", "true"]
        assert not left_in(offline.directory)
    aside = {path.name: path.read_bytes() for path in (offline.directory / "aside").iterdir()
             if path.is_file()}
    assert aside == {"a": b"one", "a~1": b"two"}
