"""The golden result of the 35 sample requests, judged by boto3 and by judge.py."""

import shutil

from judge import apply_all, same_widget
from reading import TO_THE_END, outcomes

COUNTS = {"created": 17, "updated": 9, "deleted": 5, "missing": 1}
OWNERS = {"henry-hops": 2, "john-jones": 4, "mary-matthews": 3, "sue-smith": 3}
NULL_LABEL = "ad0bb9e1-28e9-46e0-ad08-8192f4d3b6c6"


def check_widgets(stored, bodies):
    """`stored`: key -> body as it lies in the store."""
    expected, counts = apply_all(bodies)
    assert {name: counts[name] for name in COUNTS} == COUNTS
    assert stored.keys() == expected.keys() and len(stored) == 12
    for key, body in stored.items():
        assert same_widget(body, expected[key]), key
    owners = [key.split("/")[1] for key in stored]
    assert {owner: owners.count(owner) for owner in owners} == OWNERS
    assert [key.split("/")[2] for key in stored if b'"label":null' in stored[key]] == [NULL_LABEL]


def files_below(directory):
    return {str(path.relative_to(directory)): path.read_bytes()
            for path in directory.rglob("*")
            if path.is_file() and ".tidegate" not in path.parts}


def consume_files(program, samples):
    source = program.directory / "in"
    source.mkdir()
    for name, body in samples.items():
        (source / name).write_bytes(body)
    result = program.run("consume", "file:in", "file:out", *TO_THE_END)
    assert result.returncode == 0, result.stderr
    return result, files_below(source), files_below(program.directory / "out")


def test_file_to_file(offline, samples):
    result, source, store = consume_files(offline, samples)
    assert outcomes(result.stdout) == {**COUNTS, "rejected": 3}
    check_widgets(store, samples.values())
    assert source.keys() == {f"parked/{name}" for name in
                             ("1612306374392", "1612306375135", "1612306375892")}
    assert all(samples[key[len("parked/"):]] == body for key, body in source.items())
    assert "35 received = 31 done + 1 skipped + 0 retried + 3 parked + 0 released" in result.stdout


def test_sqs_to_s3(aws, tidegate, samples, tmp_path):
    bodies = [body for body in samples.values() if body]
    queue = aws.create_queue("requests", dead_letter="dead", max_receives=5)
    aws.create_bucket("widgets")
    aws.send(queue, [body.decode() for body in bodies])
    result = tidegate.run("consume", "sqs://requests", "s3://widgets", *TO_THE_END)
    assert result.returncode == 0, result.stderr
    assert outcomes(result.stdout) == {**COUNTS, "rejected": 2}
    stored = aws.objects("widgets")
    check_widgets(stored, bodies)
    assert aws.left_in(queue) == {"visible": 0, "in_flight": 0, "delayed": 0}
    dead = aws.sqs.get_queue_url(QueueName="dead")["QueueUrl"]
    parked = {message["Body"].encode() for message in aws.take_all(dead)}
    assert parked == {samples["1612306375135"], samples["1612306375892"]}
    shutil.rmtree(tmp_path / "in", ignore_errors=True)
    _, _, local = consume_files(tidegate, samples)
    assert local == stored


def test_s3_and_file_share_one_shape_under_a_prefix(aws, tidegate, samples):
    aws.create_bucket("widgets")
    for name, body in samples.items():
        (tidegate.directory / "in").mkdir(exist_ok=True)
        (tidegate.directory / "in" / name).write_bytes(body)
    result = tidegate.run("consume", "file:in", "s3://widgets/team/a", *TO_THE_END)
    assert result.returncode == 0, result.stderr
    stored = aws.objects("widgets")
    assert all(key.startswith("team/a/widgets/") for key in stored)
    check_widgets({key[len("team/a/"):]: body for key, body in stored.items()}, samples.values())
