"""moto, in this process, behind one lock.

The lock is around everything that reads or writes moto's state: its queues race and hand one
message to two receivers otherwise. Nothing here waits for a client, a timer or a message.
What moto answers differently from AWS is put right by the three …_truth.py.
"""

import io
import sys
import threading
import traceback
from functools import cached_property
from urllib.parse import unquote_to_bytes

from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY, Request as MotoRequest
from moto.core.request import environ_key_for_header, should_preserve_original_header_name
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.responses import DynamoHandler
from moto.moto_api._internal import mock_random
from moto.s3.models import s3_backends
from moto.s3.responses import S3Response
from moto.sqs.models import sqs_backends
from moto.sqs.responses import SQSResponse
from werkzeug.exceptions import HTTPException

from . import moto_speed
from .dynamodb_truth import DynamoDbTruth
from .errors import service_error
from .operation import bucket_and_key, canonical_path, host_bucket
from .s3_truth import S3Truth
from .sqs_truth import SqsTruth
from .wire import Answer

DROPPED_HEADERS = {"date", "server", "connection", "status", "x-amzn-requestid",
                   "x-amz-request-id"}


class FormlessRequest(MotoRequest):
    """moto's request, which would otherwise read a form out of an object that calls itself one."""

    from_wsgi_server = True
    want_form_data_parsed = False

    @cached_property
    def raw_url(self):
        """Once, where moto builds it for each look at it."""
        return super().raw_url


class Backend:
    def __init__(self):
        moto_speed.install()
        self._lock = threading.Lock()
        self._s3 = S3Truth()
        self._dynamodb = DynamoDbTruth()
        self.sqs = SqsTruth()
        self.reset()

    def reset(self):
        """Empty again, and with the same ids to come as after any other reset."""
        with self._lock:
            for backends in (s3_backends, sqs_backends, dynamodb_backends):
                for account in backends.values():
                    account.reset()
            self.sqs.forget()
            mock_random.seed(0)

    def perform(self, request, operation):
        """The service's answer, always: what moto cannot do or stumbles over is a 5xx."""
        with self._lock:
            try:
                return self._perform(request, operation)
            except NotImplementedError as error:
                return service_error(operation.service, 501, "NotImplemented", str(error))
            except Exception as error:  # moto's own bugs must not end a test server
                traceback.print_exc(file=sys.stderr)
                return service_error(operation.service, 500, "InternalError", repr(error))

    def look(self, view, name):
        """What one of the views of sqs_truth.py (a function of a queue's name) sees."""
        with self._lock:
            return view(name)

    def _perform(self, request, operation):
        if operation.service == "s3":
            return self._s3.perform(path_style(request), operation, ask_s3)
        if operation.service == "sqs":
            return self.sqs.perform(request, operation, ask_sqs)
        return self._dynamodb.perform(request, operation, ask_dynamodb)


def path_style(request):
    """The request in path style and for localhost, where moto does not guess at bucket names."""
    bucket = host_bucket(request)
    path = (f"/{bucket}" if bucket else "") + canonical_path(request)
    target = f"{path}?{request.query}" if request.query else path
    return request.with_target(target).with_header("host", "localhost")


def ask_s3(request):
    bucket, key = bucket_and_key(request)
    responder = S3Response()
    method = responder.key_response if bucket and key else responder.bucket_response
    return ask(method, request)


def ask_sqs(request):
    return ask(SQSResponse.dispatch, request)


def ask_dynamodb(request):
    return ask(DynamoHandler.dispatch, request)


def ask(method, request):
    moto_request = FormlessRequest(environ_of(request))
    try:
        status, headers, body = method(moto_request, moto_request.raw_url, moto_request.headers)
    except HTTPException as error:
        status, headers, body = error.code, dict(error.get_headers()), error.get_body()
    kept = {name: str(value) for name, value in headers.items()
            if name.lower() not in DROPPED_HEADERS}
    return Answer(int(status), kept, body.encode() if isinstance(body, str) else body or b"")


def environ_of(request):
    """The WSGI environment in which moto finds the request with its wire path untouched."""
    host = request.header("host") or "localhost"
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "RAW_URI": request.path,
        "QUERY_STRING": request.query,
        "SERVER_NAME": host.rsplit(":", 1)[0],
        "SERVER_PORT": host.rsplit(":", 1)[1] if ":" in host else "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "CONTENT_LENGTH": str(len(request.body)),
        PRESERVED_HEADER_NAMES_ENVIRON_KEY: {},
    }
    for name, value in request.headers:
        if name.lower() in ("content-length", "user-agent", "expect"):
            continue
        key = environ_key_for_header(name)
        environ[key] = f"{environ[key]},{value}" if key in environ else value
        if should_preserve_original_header_name(name):
            environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY][key] = name
    return environ
