"""Commands that make no sense: exit 64, the thing named, one line of usage, nothing touched."""

import pytest

from sources import request

# What is wrong, the arguments, and what stderr must name.
CASES = [
    ("unknown option", ["consume", "file:in", "file:out", "--cocurrency", "3"], "--cocurrency"),
    ("unknown option with a value", ["consume", "file:in", "file:out", "--nope=3"], "--nope"),
    ("unknown short option", ["consume", "file:in", "file:out", "-zz", "3"], "-zz"),
    ("two sources by flags", ["consume", "-rb", "a", "-rq", "b", "-wb", "c"], "-rq"),
    ("two sources by flag and place", ["consume", "file:in", "file:out", "-rb", "a"], "-rb"),
    ("two targets by flags", ["consume", "-rb", "a", "-wb", "c", "-dwt", "d"], "-dwt"),
    ("a third place", ["consume", "file:in", "file:out", "file:more"], "file:more"),
    ("no target", ["consume", "file:in"], "TO"),
    ("no target by flags", ["consume", "-rb", "a"], "TO"),
    ("no source", ["consume", "-wb", "a"], "FROM"),
    ("nothing at all", ["consume"], "FROM"),
    ("unknown scheme of a source", ["consume", "ftp:in", "file:out"], "ftp:in"),
    ("unknown scheme of a target", ["consume", "file:in", "ftp:out"], "ftp:out"),
    ("unknown parameter, sqs", ["consume", "sqs://a?colour=1", "file:out"], "colour"),
    ("unknown parameter, s3", ["consume", "s3://a?colour=1", "file:out"], "colour"),
    ("unknown parameter, dynamodb", ["consume", "file:in", "dynamodb://t?kee=id"], "kee"),
    ("unknown parameter, sqlite", ["consume", "file:in", "sqlite:a.db?kee=id"], "kee"),
    ("a table as a source", ["consume", "dynamodb://t", "file:out"], "dynamodb://t"),
    ("a queue as a store", ["consume", "file:in", "sqs://q"], "sqs://q"),
    ("an empty table name", ["consume", "file:in", "dynamodb://"], "dynamodb://"),
    ("the same directory", ["consume", "file:in", "file:in"], "overlap"),
    ("the same directory by another name", ["consume", "file:in", "file:./x/../in"], "overlap"),
    ("a directory in the other", ["consume", "file:in", "file:in/out"], "overlap"),
    ("the directory around the other", ["consume", "file:in", "file:."], "overlap"),
    ("the same bucket", ["consume", "s3://b", "s3://b"], "overlap"),
    ("a prefix of the other", ["consume", "s3://b/a", "s3://b"], "overlap"),
    ("one name in one file", ["consume", "sqlite:a.db#x", "sqlite:a.db#x"], "overlap"),
    ("no concurrency", ["consume", "file:in", "file:out", "--concurrency", "0"], "--concurrency"),
    ("a time that is none", ["consume", "file:in", "file:out", "--wait", "soon"], "--wait"),
    ("a wait over SQS's limit", ["consume", "file:in", "file:out", "--wait", "21s"], "--wait"),
    ("a shard that is none", ["consume", "file:in", "file:out", "--shard", "3/2"], "--shard"),
    ("a shard of a queue", ["consume", "sqlite:a.db", "file:out", "--shard", "1/2"], "shards"),
    ("notifications in a bucket", ["consume", "file:in", "file:out", "--s3-events"], "--s3-events"),
    ("a topic of no events", ["consume", "file:in", "file:out", "--sns", "arn:x"], "--s3-events"),
    ("a topic that is none", ["consume", "sqlite:a.db", "file:out", "--s3-events", "--sns", "t"],
     "the ARN of a topic, got 't'"),
    ("produce to nowhere", ["produce"], "TO"),
    ("produce into a table", ["produce", "dynamodb://t"], "dynamodb://t"),
]


# The host itself refuses these: there is no command yet whose usage it could tell.
BEFORE_ANY_COMMAND = [
    (["consume", "file:in", "file:out", "--log-format", "xml"], "xml"),
    (["consume", "file:in", "file:out", "--log-level", "loud"], "loud"),
    (["consume", "file:in", "file:out", "--cpu-limit", "much"], "much"),
    (["consume", "file:in", "file:out", "--log-file"], "--log-file"),
    (["conusme", "file:in", "file:out"], "conusme"),
]


@pytest.fixture
def untouched(offline):
    """A directory with one request, and nothing else when the test is over."""
    (offline.directory / "in").mkdir()
    (offline.directory / "in" / "a").write_bytes(request(1))
    yield offline
    assert sorted(path.name for path in offline.directory.rglob("*")) == ["a", "in"]


@pytest.mark.parametrize("arguments, named", [case[1:] for case in CASES],
                         ids=[case[0] for case in CASES])
def test_it_is_refused_by_name(untouched, arguments, named):
    result = untouched.run(*arguments)
    assert result.returncode == 64, result.stderr
    assert result.stdout == ""
    said = result.stderr.splitlines()
    usage = [line for line in said if "usage: tidegate" in line]
    assert len(usage) == 1 and len(said) <= 3, result.stderr
    assert any(named in line for line in said if line not in usage), result.stderr


@pytest.mark.parametrize("arguments, named", BEFORE_ANY_COMMAND, ids=lambda each: str(each))
def test_the_host_refuses_by_name(untouched, arguments, named):
    result = untouched.run(*arguments)
    assert result.returncode == 64 and result.stdout == "", result.stderr
    assert named in result.stderr and len(result.stderr.splitlines()) <= 3
