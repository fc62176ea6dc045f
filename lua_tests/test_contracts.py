"""The contract suites of lua_tests/contracts against AWS places: the same specs, inside the binary,
on the stand-in. (`tidegate test` runs them on the embedded places.)"""

import re
from pathlib import Path

import pytest

SPECS = Path(__file__).resolve().parent / "contracts"
PLACES = 80


def check(tidegate, spec, **environment):
    result = tidegate.run("test", SPECS / f"{spec}_spec.lua", **environment)
    passed = re.search(r"(\d+) successes / 0 failures / 0 errors / 0 pending", result.stdout)
    assert result.returncode == 0 and passed, result.stdout + result.stderr
    assert int(passed[1]) > 5


def make_tables(aws):
    for number in range(1, PLACES):
        aws.create_table(f"contract-{number}")
    aws.create_table("keyed-1", key="widget_id")


def test_a_bucket_of_s3(aws, tidegate):
    aws.create_bucket("contract")
    check(tidegate, "bucket", TIDEGATE_CONTRACT_BUCKET="s3://contract/%d")


def test_a_table_of_dynamodb(aws, tidegate):
    make_tables(aws)
    check(tidegate, "table", TIDEGATE_CONTRACT_TABLE="dynamodb://contract-%d",
          TIDEGATE_CONTRACT_KEYED="dynamodb://keyed-%d?key=widget_id")


def test_conditions_of_dynamodb(aws, tidegate):
    make_tables(aws)
    check(tidegate, "table_condition", TIDEGATE_CONTRACT_TABLE="dynamodb://contract-%d")


def test_a_queue_of_sqs(aws, tidegate):
    for number in range(1, PLACES):
        aws.create_queue(f"contract-{number}", dead_letter=f"dead-{number}", max_receives=100)
    check(tidegate, "queue", TIDEGATE_CONTRACT_QUEUE="sqs://contract-%d")


def test_a_bucket_of_s3_read_as_a_queue(aws, tidegate):
    aws.create_bucket("contract")
    check(tidegate, "queue", TIDEGATE_CONTRACT_QUEUE="s3://contract/%d")


@pytest.mark.parametrize("stores", ["s3://contract/%d", "dynamodb://contract-%d"])
def test_change(aws, tidegate, stores):
    aws.create_bucket("contract")
    make_tables(aws)
    check(tidegate, "change", TIDEGATE_CONTRACT_STORE=stores)
