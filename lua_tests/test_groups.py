"""FIFO queues, judged by the stand-in: order within a group, and what is parked into one."""

import json

from reading import TO_THE_END, ledger
from test_delivery import creates

GROUPS = 4
EACH = 8


def update(widget, number):
    return json.dumps({"type": "update", "requestId": f"{widget}-{number}", "widgetId": widget,
                       "owner": "Sue Smith", "label": str(number)})


def test_a_group_keeps_its_order_and_fails_alone(aws, tidegate):
    queue = aws.create_queue("requests.fifo", FifoQueue="true")
    aws.create_bucket("widgets")
    for number in range(EACH):
        for group in range(GROUPS):
            widget = f"widget-{group}"
            body = creates(GROUPS)[group] if number == 0 else update(widget, number)
            aws.sqs.send_message(QueueUrl=queue, MessageBody=body, MessageGroupId=widget,
                                 MessageDeduplicationId=f"{group}-{number}")
    aws.add_rule(op="PutObject", key="*widget-0", times=2, action="status", status=400,
                 code="Odd")
    result = tidegate.run("consume", "sqs://requests.fifo", "s3://widgets", *TO_THE_END)
    assert result.returncode == 0, result.stderr
    found = ledger(result.stdout)
    assert found["done"] == GROUPS * EACH and found["skipped"] == found["parked"] == 0
    assert found["retried"] > 0
    labels = [json.loads(body)["label"] for body in aws.objects("widgets").values()]
    assert labels == [str(EACH - 1)] * GROUPS


def test_what_has_no_group_gets_one_where_it_is_parked(aws, tidegate):
    queue = aws.create_queue("requests")
    aside = aws.create_queue("aside.fifo", FifoQueue="true")
    aws.create_bucket("widgets")
    aws.send(queue, ["{}", "{}", "[]"])
    result = tidegate.run("consume", "sqs://requests", "s3://widgets", "--park",
                          "sqs://aside.fifo", *TO_THE_END)
    assert result.returncode == 0, result.stderr
    assert ledger(result.stdout)["parked"] == 3
    assert sorted(each["Body"] for each in aws.take_all(aside)) == ["[]", "{}", "{}"]
