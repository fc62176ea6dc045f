"""What a request asks for: its service, its operation, and what that is about.

Pure. S3 is told by method, path and query (path style, and bucket.localhost as host style); SQS
and DynamoDB by X-Amz-Target. `subject` is the key, queue or table that rules match and that the
log shows.
"""

import json
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote, unquote_to_bytes

HANDLER_OPERATIONS = {
    "PutObject", "GetObject", "HeadObject", "DeleteObject",
    "PutItem", "GetItem", "UpdateItem", "DeleteItem",
}
TARGETS = {"AmazonSQS": "sqs", "DynamoDB_20120810": "dynamodb"}
OBJECT_OPERATIONS = {
    ("PUT", "x-amz-copy-source"): "CopyObject", ("PUT", "uploadId"): "UploadPart",
    ("PUT", ""): "PutObject", ("GET", ""): "GetObject", ("HEAD", ""): "HeadObject",
    ("DELETE", "uploadId"): "AbortMultipartUpload", ("DELETE", ""): "DeleteObject",
    ("POST", "uploads"): "CreateMultipartUpload", ("POST", "uploadId"): "CompleteMultipartUpload",
}
BUCKET_OPERATIONS = {
    ("GET", "list-type"): "ListObjectsV2", ("GET", ""): "ListObjects",
    ("PUT", ""): "CreateBucket", ("HEAD", ""): "HeadBucket",
    ("DELETE", ""): "DeleteBucket", ("POST", "delete"): "DeleteObjects",
}
SUBRESOURCES = (
    "acl", "attributes", "cors", "encryption", "legal-hold", "lifecycle", "location", "policy",
    "retention", "tagging", "uploads", "versioning", "versions", "notification", "select",
)


@dataclass
class Operation:
    service: str
    name: str
    bucket: str = ""
    key: str = ""
    queue: str = ""
    table: str = ""
    parameters: dict = None

    @property
    def subject(self):
        return self.key or self.queue or self.table or self.bucket

    @property
    def is_handler_call(self):
        """A call that a handler makes for its widget: one object or one item, read or written."""
        return self.name in HANDLER_OPERATIONS


def operation_of(request):
    prefix, _, name = (request.header("x-amz-target") or "").partition(".")
    service = TARGETS.get(prefix)
    if service is None:
        return s3_operation(request)
    parameters = json_object(request.body)
    operation = Operation(service, name, parameters=parameters)
    if service == "sqs":
        url = parameters.get("QueueUrl") or parameters.get("QueueName") or ""
        operation.queue = str(url).rsplit("/", 1)[-1]
    else:
        operation.table = str(parameters.get("TableName") or "")
    return operation


def json_object(body):
    """The JSON object in a body; {} when it is none (the service behind then says so)."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def s3_operation(request):
    bucket, key = bucket_and_key(request)
    query = parse_qs(request.query, keep_blank_values=True)
    if not bucket:
        return Operation("s3", "ListBuckets")
    table = OBJECT_OPERATIONS if key else BUCKET_OPERATIONS
    marks = list(query)
    if key and request.header("x-amz-copy-source"):
        marks.append("x-amz-copy-source")
    for mark in marks:
        name = table.get((request.method, mark))
        if name:
            return Operation("s3", name, bucket, key)
    for mark in marks:
        if mark in SUBRESOURCES:
            return Operation("s3", f"{request.method}?{mark}", bucket, key)
    name = table.get((request.method, ""), f"{request.method}?")
    return Operation("s3", name, bucket, key)


def bucket_and_key(request):
    """Path style unless the host is BUCKET.localhost; the key is what the wire path decodes to."""
    bucket = host_bucket(request)
    path = unquote(canonical_path(request), errors="surrogateescape")
    if bucket:
        return bucket, path[1:]
    bucket, _, key = path[1:].partition("/")
    return bucket, key


def canonical_path(request):
    """The path as S3 reads it: decoded from the wire (`+` is a space), then encoded once."""
    return quote(unquote_to_bytes(request.path.replace("+", " ")), safe="/-._~")


def host_bucket(request):
    host = (request.header("host") or "").rsplit(":", 1)[0].lower()
    return host[: -len(".localhost")] if host.endswith(".localhost") else ""
