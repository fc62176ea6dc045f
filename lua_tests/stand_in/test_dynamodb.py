"""DynamoDB as a client sees it, judged with boto3: what tidegate relies on."""

import json
import zlib

import pytest


def test_dynamodb_conditions(aws, raw, error):
    table = aws.create_table("widgets")
    client = aws.client("dynamodb")
    item = {"id": {"S": "w1"}, "size-unit": {"S": ""}, "n": {"N": "12345678901234567890.5"}}
    absent = {"ConditionExpression": "attribute_not_exists(#k)",
              "ExpressionAttributeNames": {"#k": "id"}}
    client.put_item(TableName=table, Item=item, **absent)
    assert error(client.put_item, TableName=table, Item=item, **absent) == (
        400, "ConditionalCheckFailedException")
    client.update_item(
        TableName=table, Key={"id": {"S": "w1"}}, UpdateExpression="SET #c = :c REMOVE #n",
        ConditionExpression="attribute_exists(#k)",
        ExpressionAttributeNames={"#k": "id", "#c": "color", "#n": "n"},
        ExpressionAttributeValues={":c": {"S": "red"}})
    assert aws.items(table) == [{"id": {"S": "w1"}, "size-unit": {"S": ""}, "color": {"S": "red"}}]
    refused = raw.json("dynamodb", "PutItem", {
        "TableName": table, "Item": {"id": {"S": "w1"}}, **absent,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD"})
    status, headers, body = raw.call(refused)
    found = json.loads(body)
    assert status == 400 and found["Item"]["color"] == {"S": "red"}
    assert found["__type"] == "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"
    assert headers["content-type"] == "application/x-amz-json-1.0"
    assert int(headers["x-amz-crc32"]) == zlib.crc32(body)
    client.delete_item(TableName=table, Key={"id": {"S": "w1"}})
    assert client.get_item(TableName=table, Key={"id": {"S": "w1"}}).get("Item") is None
    assert error(client.get_item, TableName="none", Key={"id": {"S": "w1"}}) == (
        400, "ResourceNotFoundException")


@pytest.mark.parametrize("text, stored", [
    ("1.50", "1.5"), ("-007", "-7"), ("0.0", "0"), ("-0", "0"), ("1E3", "1000"), (".5", "0.5"),
    ("12345678901234567890.5", "12345678901234567890.5"), ("NaN", None), ("x", None),
    ("1" * 39, None), ("1E126", None), ("1E-131", None), ("1" * 38 + "00", "1" * 38 + "00"),
])
def test_dynamodb_numbers(aws, text, stored, error):
    table = aws.create_table("widgets")
    client = aws.client("dynamodb")
    item = {"id": {"S": "w"}, "m": {"M": {"N": {"L": [{"N": text}]}}}}
    if stored is None:
        assert error(client.put_item, TableName=table, Item=item) == (400, "ValidationException")
        assert aws.items(table) == []
    else:
        client.put_item(TableName=table, Item=item)
        assert aws.items(table)[0]["m"] == {"M": {"N": {"L": [{"N": stored}]}}}


def test_dynamodb_updates_of_nothing(aws, error):
    table = aws.create_table("widgets")
    client = aws.client("dynamodb")
    key = {"id": {"S": "w1"}}
    exists = {"ConditionExpression": "attribute_exists(#k)",
              "ExpressionAttributeNames": {"#k": "id"}}
    refused = (400, "ConditionalCheckFailedException")
    assert error(client.update_item, TableName=table, Key=key, **exists) == refused
    assert aws.items(table) == []
    for _ in range(2):
        client.update_item(TableName=table, Key=key)
        assert aws.items(table) == [key]
    client.update_item(TableName=table, Key=key, **exists)
    assert aws.items(table) == [key]


def test_dynamodb_updates_of_many_attributes(aws):
    table = aws.create_table("widgets")
    names = {f"#n{place}": f"a{place}" for place in range(300)}
    values = {f":v{place}": {"S": str(place)} for place in range(300)}
    aws.client("dynamodb").update_item(
        TableName=table, Key={"id": {"S": "w1"}}, ExpressionAttributeNames=names,
        ExpressionAttributeValues=values,
        UpdateExpression="SET " + ",".join(f"#n{place}=:v{place}" for place in range(300)))
    (item,) = aws.items(table)
    assert item == {"id": {"S": "w1"}, **{f"a{place}": {"S": str(place)} for place in range(300)}}
