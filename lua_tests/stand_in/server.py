"""The parts of the stand-in put together, and its life from listening to the end."""

import asyncio
import gc
import os
import signal
import sys
import time

from . import REGION
from .backend import Backend
from .calllog import CallLog, Counters
from .connection import Connection
from .control import Control
from .desk import Desk
from .elsewhere import QueuesElsewhere
from .lifeline import hold
from .operation import operation_of
from .rules import RuleBook
from .signature import Identity, Verifier
from .waiting import WaitingRoom
from .wire import Request

LOOPBACK = "127.0.0.1"
BACKLOG = 256


class Server:
    """Made once; gives the loop a Connection for each client that comes."""

    def __init__(self, settings):
        identities = [
            Identity(settings.access_key, settings.secret_key, settings.session_token),
            Identity(settings.judge_access_key, settings.judge_secret_key, judge=True),
        ]
        verifier = Verifier(identities, REGION, time.time)
        self.backend = Backend()
        self._counters = Counters()
        rules = RuleBook()
        log = CallLog(settings.log)
        waiting_room = WaitingRoom(self.backend)
        control = Control(self.backend, waiting_room, rules, self._counters, log)
        queues = QueuesElsewhere(settings.sqs_endpoint, self.backend.sqs) \
            if settings.sqs_endpoint else None
        self._desk = Desk(verifier, self.backend, waiting_room, rules, self._counters, log,
                          control, queues)
        self._connections = 0
        if settings.delay_ms:
            rules.add({"action": "delay", "delay_ms": settings.delay_ms})

    def connection(self):
        self._connections += 1
        return Connection(self._connections, self._desk, self._counters)


def warm_up(backend):
    """Loads what moto loads late, so that no test's first call pays for it."""
    target = "X-Amz-Target"
    json_type = ("Content-Type", "application/x-amz-json-1.0")
    for request in (
        Request("GET", "/", [("Host", "localhost")]),
        Request("POST", "/", [(target, "AmazonSQS.ListQueues"), json_type], b"{}"),
        Request("POST", "/", [(target, "DynamoDB_20120810.ListTables"), json_type], b"{}"),
    ):
        backend.perform(request, operation_of(request))
    gc.collect()
    gc.freeze()


def write_ready_file(path, port):
    """Whole or not at all: a reader never sees half a port."""
    with open(f"{path}.part", "w", encoding="ascii") as file:
        file.write(f"{port}\n")
    os.rename(f"{path}.part", path)


async def run(settings):
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    hold(settings.parent, stopped.set)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    parts = Server(settings)
    warm_up(parts.backend)
    server = await loop.create_server(parts.connection, LOOPBACK, settings.port,
                                      backlog=BACKLOG)
    port = server.sockets[0].getsockname()[1]
    if settings.ready_file:
        write_ready_file(settings.ready_file, port)
    print(f"stand-in on http://{LOOPBACK}:{port}", file=sys.stderr, flush=True)
    await stopped.wait()
    server.close()
