"""ElasticMQ: queues that speak SQS, by other people, in memory; started, filled, asked, ended.

    with ElasticMq() as mq:
        queue = mq.create_queue("requests", dead_letter="dead", max_receives=1000)
        mq.send(queue, bodies)
        subprocess.run(["build/tidegate", ...], env={**os.environ, **mq.aws_environment()})
        assert mq.left_in(queue)["visible"] == 0

It checks no signature; a stand-in in front does: StandIn(sqs_endpoint=mq.endpoint). It ends with
the `with` block, and with this process, however that ends.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import boto3
from botocore.config import Config

from stand_in import PROGRAM_KEY, PROGRAM_SECRET, REGION
from stand_in.queues import Queues, wait_until

from . import NotToBeHad

POM = Path(__file__).resolve().with_name("pom.xml")
BUILD = Path(__file__).resolve().parents[3] / "build" / "servers" / "elasticmq"
FETCH_LIMIT = 300
START_LIMIT = 60
END_LIMIT = 30
CONFIG = """include classpath("application.conf")
node-address { protocol = http, host = localhost, port = %(port)d, context-path = "" }
rest-sqs { enabled = true, bind-port = %(port)d, bind-hostname = "127.0.0.1", sqs-limits = strict }
rest-stats { enabled = false }
"""


class ElasticMq(Queues):
    def __init__(self):
        self._directory = None
        self._process = None
        self._judge = None
        self.port = None

    def __enter__(self):
        jars = fetched_jars()
        self._directory = Path(tempfile.mkdtemp(prefix="elasticmq-"))
        self.port = free_port()
        config = self._directory / "elasticmq.conf"
        config.write_text(CONFIG % {"port": self.port})
        command = ["setpriv", "--pdeathsig", "KILL", "java", "-Xmx256m", f"-Dconfig.file={config}",
                   "-cp", f"{jars}/*", "org.elasticmq.server.Main"]
        with open(self._directory / "log", "wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                             stderr=log)
        try:
            wait_until(self._answers, START_LIMIT)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self._judge:
            self._judge.close()
        self._process.terminate()
        try:
            self._process.wait(END_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._directory)

    def _answers(self):
        if self._process.poll() is not None:
            raise RuntimeError("ElasticMQ did not start:\n" + self.log())
        return "Started SQS rest server" in self.log() and self.sqs.list_queues()

    def log(self):
        return (self._directory / "log").read_text()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def sqs(self):
        if self._judge is None:
            self._judge = boto3.client(
                "sqs", endpoint_url=self.endpoint, region_name=REGION, aws_access_key_id="judge",
                aws_secret_access_key="judge", config=Config(proxies={}))
        return self._judge

    def aws_environment(self):
        """The AWS variables of a program that talks to it without a stand-in."""
        return {"AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": REGION,
                "AWS_ACCESS_KEY_ID": PROGRAM_KEY, "AWS_SECRET_ACCESS_KEY": PROGRAM_SECRET,
                "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull,
                "AWS_SHARED_CREDENTIALS_FILE": os.devnull}

    def reset(self):
        """Without queues again."""
        for url in self.sqs.list_queues().get("QueueUrls", []):
            self.sqs.delete_queue(QueueUrl=url)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetched_jars():
    """The folder of the jars that pom.xml names, fetched unless they are there; or NotToBeHad."""
    for program in ("java", "mvn", "setpriv"):
        if not shutil.which(program):
            raise NotToBeHad(f"ElasticMQ needs {program} (tools/setup proof)")
    jars, stamp = BUILD / "lib", BUILD / "pom.xml"
    if stamp.exists() and stamp.read_bytes() == POM.read_bytes():
        return jars
    shutil.rmtree(BUILD, ignore_errors=True)
    command = ["mvn", "-q", "-B", "-Dstyle.color=never", "-f", POM, "dependency:copy-dependencies",
               "-DincludeScope=runtime", f"-DoutputDirectory={jars}"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=FETCH_LIMIT)
    except subprocess.TimeoutExpired:
        raise NotToBeHad(f"ElasticMQ could not be fetched within {FETCH_LIMIT} s") from None
    if done.returncode:
        raise NotToBeHad(f"ElasticMQ could not be fetched: {first_error(done.stdout)}")
    shutil.copy(POM, stamp)
    return jars


def first_error(text):
    lines = [line for line in text.splitlines() if "ERROR" in line]
    return lines[0][:300] if lines else text.strip()[-300:]
