"""The stand-in for a test script: started, filled, asked, ended.

    with StandIn() as aws:
        bucket = aws.create_bucket("widgets")
        queue = aws.create_queue("requests", dead_letter="requests-dead", max_receives=3)
        aws.send(queue, bodies)
        subprocess.run(["build/tidegate", ...], env=aws.environment())
        assert aws.objects("widgets") == expected
        assert aws.state()["in_flight"]["handler_calls"]["max"] <= 32

The clients `s3`, `sqs` and `dynamodb` are boto3's and sign as the judge: their calls are in no
counter, no rule touches them, and calls() leaves them out; they come in by a port of their own,
where rules cannot keep them out. client() signs as the program, for what
shall be counted. The server ends with the `with` block, and with this process, however it ends.
"""

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import boto3
from botocore.config import Config

from . import JUDGE_KEY, JUDGE_SECRET, PROGRAM_KEY, PROGRAM_SECRET, REGION
from .queues import Queues, wait_until

START_LIMIT = 60
END_LIMIT = 30
OWN = object()


class StandIn(Queues):
    def __init__(self, delay_ms=0, session_token=None, secret_key=PROGRAM_SECRET, log=None,
                 sqs_endpoint=None):
        self._directory = Path(tempfile.mkdtemp(prefix="stand-in-"))
        self.log_path = Path(log) if log else self._directory / "calls.jsonl"
        self._session_token = session_token
        self._secret_key = secret_key
        self._delay_ms = delay_ms
        self._sqs_endpoint = sqs_endpoint
        self._process = None
        self._judges = {}
        self.port = self._back = None

    def __enter__(self):
        ready = self._directory / "port"
        command = [sys.executable, "-m", "stand_in", "--ready-file", ready, "--log", self.log_path,
                   "--secret-key", self._secret_key, "--delay-ms", self._delay_ms,
                   "--parent", os.getpid()]
        if self._session_token:
            command += ["--session-token", self._session_token]
        if self._sqs_endpoint:
            command += ["--sqs-endpoint", self._sqs_endpoint]
        path = str(Path(__file__).resolve().parent.parent)
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        with open(self._directory / "stderr", "wb") as stderr:
            self._process = subprocess.Popen([str(each) for each in command], env=environment,
                                             stdin=subprocess.PIPE, stderr=stderr)
        try:
            self.wait_until(lambda: self._listening(ready), START_LIMIT)
        except BaseException:
            self.__exit__()
            raise
        self.port, self._back = map(int, ready.read_text().split())
        return self

    def __exit__(self, *_):
        for client in self._judges.values():
            client.close()
        self._process.stdin.close()
        try:
            self._process.wait(END_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._directory)

    def _listening(self, ready):
        if self._process.poll() is not None:
            raise RuntimeError("the stand-in did not start:\n" + self.stderr())
        return ready.exists()

    def stderr(self):
        return (self._directory / "stderr").read_text()

    @property
    def pid(self):
        return self._process.pid

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    # ---- for the program under test

    def aws_environment(self):
        """The AWS variables alone."""
        found = {
            "AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": PROGRAM_KEY, "AWS_SECRET_ACCESS_KEY": self._secret_key,
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
        if self._session_token:
            found["AWS_SESSION_TOKEN"] = self._session_token
        return found

    def environment(self, **more):
        """This process's environment without its own AWS settings and proxies, and with ours."""
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith(("AWS_", "TIDEGATE_"))
                and not name.lower().endswith("_proxy")}
        return {**kept, **self.aws_environment(), **more}

    def client(self, service, access_key=PROGRAM_KEY, secret_key=None, token=OWN, **settings):
        """A boto3 client of the program's: one attempt a call, path style."""
        if token is OWN:
            token = self._session_token if access_key == PROGRAM_KEY else None
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"},
                        max_pool_connections=64, proxies={}, parameter_validation=False, **settings)
        port = self._back if access_key == JUDGE_KEY else self.port
        return boto3.client(
            service, endpoint_url=f"http://127.0.0.1:{port}", region_name=REGION, config=config,
            aws_access_key_id=access_key, aws_secret_access_key=secret_key or self._secret_key,
            aws_session_token=token)

    # ---- the judge's hands and eyes

    def _judge(self, service):
        if service not in self._judges:
            self._judges[service] = self.client(service, JUDGE_KEY, JUDGE_SECRET)
        return self._judges[service]

    @property
    def s3(self):
        return self._judge("s3")

    @property
    def sqs(self):
        return self._judge("sqs")

    @property
    def dynamodb(self):
        return self._judge("dynamodb")

    def create_bucket(self, name):
        self.s3.create_bucket(Bucket=name)
        return name

    def create_table(self, name, key="id"):
        self.dynamodb.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}])
        return name

    def objects(self, bucket, prefix=""):
        """Every object of the bucket: key -> body."""
        keys = []
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            keys += [each["Key"] for each in page.get("Contents", [])]
        return {key: self.s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def items(self, table):
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return [item for page in pages for item in page["Items"]]

    # ---- the control endpoints

    def control(self, method, path, value=None):
        """One control request; the answer's body as text."""
        connection = http.client.HTTPConnection("127.0.0.1", self._back, timeout=30)
        try:
            body = None if value is None else json.dumps(value)
            connection.request(method, f"/_control/{path}", body)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        if response.status != 200:
            raise ValueError(f"{method} {path}: {response.status} {text}")
        return text

    def state(self):
        return json.loads(self.control("GET", "state"))

    def calls(self, operation=None, judge=False):
        """The log's entries, oldest first; the judge's own only if asked for."""
        entries = [json.loads(line) for line in self.control("GET", "log").splitlines()]
        return [entry for entry in entries if (judge or not entry["judge"])
                and operation in (None, entry["operation"])]

    def add_rule(self, **rule):
        """The rule's id. Members: see rules.py."""
        return json.loads(self.control("POST", "rules", rule))["ids"][0]

    def rules(self):
        return json.loads(self.control("GET", "rules"))

    def drop_rules(self, number=None):
        """That rule, or all."""
        self.control("DELETE", "rules" if number is None else f"rules?id={number}")

    def reset(self, *what):
        """Of "counters", "log", "rules", "data" those named, or all."""
        self.control("POST", "reset", {"what": list(what)} if what else {})

    wait_until = staticmethod(wait_until)
