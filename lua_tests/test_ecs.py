"""examples/ecs: ECS takes the documents, and the policies allow what the program does, no more."""

import json
from fnmatch import fnmatchcase
from pathlib import Path

import botocore.session
import pytest
from botocore.validate import ParamValidator

FOLDER = Path(__file__).resolve().parent.parent / "examples" / "ecs"
ACCOUNT = "us-east-1:123456789012"
DRAIN_MARGIN = 10

# An IAM action is called as the operation is, but for these.
ACTIONS = {
    "GetObject": "s3:GetObject", "HeadObject": "s3:GetObject", "ListObjectsV2": "s3:ListBucket",
    "DeleteMessageBatch": "sqs:DeleteMessage", "SendMessageBatch": "sqs:SendMessage",
    "ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}
# IAM knows it, no operation is called so.
WITHOUT_OPERATION = {"s3:ListBucket", "logs:PutLogEvents", "logs:CreateLogStream"}
# Not called, but without it S3 hides whether an object is missing.
NEVER_CALLED = {"s3:ListBucket"}

LABELLED = {"type": "create", "owner": "Sue Smith", "label": "one"}
REQUESTS = [json.dumps(each) for each in (
    {**LABELLED, "requestId": "r1", "widgetId": "a"},
    {**LABELLED, "requestId": "r2", "widgetId": "a"},
    {"type": "update", "requestId": "r3", "widgetId": "a", "owner": "Sue Smith", "label": "two"},
    {"type": "delete", "requestId": "r4", "widgetId": "a", "owner": "Sue Smith"},
    {"type": "delete", "requestId": "r5", "widgetId": "a", "owner": "Sue Smith"},
    {"type": "no such type"},
)]
RETRY_ONCE = """
local tide = require "tidegate"
local conflicts = require "tidegate.builtin.conflicts"
local missing, again = conflicts.missing, {}
function conflicts.missing(current, request, context)
  if again[request.requestId] then return missing(current, request, context) end
  again[request.requestId] = true
  return tide.retry { after = 0, reason = "once more" }
end
return conflicts
"""


def document(name):
    return json.loads((FOLDER / name).read_text())


def statements(name):
    for each in document(name)["Statement"]:
        actions, resource = each["Action"], each["Resource"]
        assert each["Effect"] == "Allow" and isinstance(resource, str)
        yield [actions] if isinstance(actions, str) else actions, resource


def actions_of(name):
    return {action for actions, _ in statements(name) for action in actions}


def input_problems(operation, value, service="ecs"):
    service = botocore.session.get_session().get_service_model(service)
    shape = service.operation_model(operation).input_shape
    return ParamValidator().validate(value, shape).generate_report()


def container_of_the_task():
    """The container and its environment."""
    container, = document("task-definition.json")["containerDefinitions"]
    return container, {each["name"]: each["value"] for each in container["environment"]}


def test_ecs_takes_the_documents():
    assert input_problems("RegisterTaskDefinition", document("task-definition.json")) == ""
    assert input_problems("CreateService", document("service.json")) == ""
    queue = {"QueueName": "widget-requests", "Attributes": document("queue.json")}
    assert input_problems("CreateQueue", queue, "sqs") == ""
    assert input_problems("CreateService", {**document("service.json"), "desiredCount": "2"})


def test_the_task_is_as_small_and_as_closed_as_said():
    task, (container, environment) = document("task-definition.json"), container_of_the_task()
    drain = int(environment["TIDEGATE_DRAIN_TIMEOUT"].removesuffix("s"))
    assert (task["cpu"], task["memory"], document("service.json")["desiredCount"]) == \
        ("256", "512", 2)
    assert drain + DRAIN_MARGIN <= container["stopTimeout"] <= 120
    assert container["user"] == "65532:65532" and container["readonlyRootFilesystem"]
    assert container["logConfiguration"]["logDriver"] == "awslogs"
    assert document("service.json")["taskDefinition"] == task["family"]


@pytest.mark.parametrize("name", sorted(each.name for each in FOLDER.glob("*policy*.json")))
def test_the_actions_of_a_policy_exist(name):
    session = botocore.session.get_session()
    for each in document(name)["Statement"]:
        actions = each["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            service, operation = action.split(":")
            known = session.get_service_model(service).operation_names
            assert action in WITHOUT_OPERATION or operation in known, action


def resource_of(call):
    if call["service"] == "s3":
        return f"arn:aws:s3:::{call['bucket']}" + (f"/{call['key']}" if call["key"] else "")
    if call["service"] == "sqs":
        return f"arn:aws:sqs:{ACCOUNT}:{call['queue']}"
    return f"arn:aws:dynamodb:{ACCOUNT}:table/{call['table']}"


def called(aws):
    """(action, resource) of each call that the program made."""
    return {(ACTIONS.get(call["operation"], f"{call['service']}:{call['operation']}"),
             resource_of(call)) for call in aws.calls()}


def run(aws, tidegate, target):
    """What the task does with requests of every kind, one given back once, one parked."""
    container, environment = container_of_the_task()
    redrive = json.loads(document("queue.json")["RedrivePolicy"])
    dead_letters = redrive["deadLetterTargetArn"].rsplit(":", 1)[1]
    queue = aws.create_queue("widget-requests", dead_letter=dead_letters,
                             max_receives=redrive["maxReceiveCount"])
    aws.create_bucket("example-widgets")
    aws.create_table("widgets")
    aws.send(queue, REQUESTS)
    scripts = tidegate.directory / "scripts"
    scripts.mkdir()
    (scripts / "conflicts.lua").write_text(RETRY_ONCE)
    result = tidegate.run(*container["command"], "--until-empty", "--wait", "1s", "--summary",
                          "--scripts", "scripts", **{**environment, "TIDEGATE_TO": target})
    assert result.returncode == 0, result.stderr
    assert "7 received = 4 done + 1 skipped + 1 retried + 1 parked + 0 released" in result.stdout


@pytest.mark.parametrize("name, target", [
    ("policy-sqs-s3.json", container_of_the_task()[1]["TIDEGATE_TO"]),
    ("policy-sqs-dynamodb.json", "dynamodb://widgets"),
])
def test_a_policy_allows_what_is_done_and_nothing_else(aws, tidegate, name, target):
    run(aws, tidegate, target)
    calls = called(aws)
    allowed = list(statements(name))
    refused = {(action, resource) for action, resource in calls
               if not any(action in actions and fnmatchcase(resource, pattern)
                          for actions, pattern in allowed)}
    assert refused == set()
    unused = {(action, pattern) for actions, pattern in allowed for action in actions
              if not any(action == made and fnmatchcase(resource, pattern)
                         for made, resource in calls)}
    assert {action for action, _ in unused} <= NEVER_CALLED, unused
