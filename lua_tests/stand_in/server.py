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
from .door import LOOPBACK, Door
from .elsewhere import QueuesElsewhere
from .lifeline import hold
from .operation import operation_of
from .rules import RuleBook
from .signature import Identity, Verifier
from .waiting import WaitingRoom
from .wire import Request



class Server:
    """Made once; gives the loop a Connection for each client that comes, by the door or behind."""

    def __init__(self, settings):
        self.door = Door(settings.port, self.connection)
        identities = [
            Identity(settings.access_key, settings.secret_key, settings.session_token),
            Identity(settings.judge_access_key, settings.judge_secret_key, judge=True),
        ]
        verifier = Verifier(identities, REGION, time.time)
        self.backend = Backend()
        self._counters = Counters()
        rules = RuleBook(self.door)
        log = CallLog(settings.log)
        waiting_room = WaitingRoom(self.backend)
        control = Control(self.backend, waiting_room, rules, self._counters, log)
        queues = QueuesElsewhere(settings.sqs_endpoint, self.backend.sqs) \
            if settings.sqs_endpoint else None
        self._desk = Desk(verifier, self.backend, waiting_room, rules, self._counters, log, control,
                          self.door.host, queues)
        self._connections = 0
        if settings.delay_ms:
            rules.add({"action": "delay", "delay_ms": settings.delay_ms})

    def connection(self, guest=True):
        self._connections += 1
        return Connection(self._connections, self._desk, self._counters, guest)

    def back_connection(self):
        """For the judge, whom no rule may keep out."""
        return self.connection(guest=False)


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


def write_ready_file(path, *ports):
    """Whole or not at all: a reader never sees half a port."""
    with open(f"{path}.part", "w", encoding="ascii") as file:
        file.write(" ".join(map(str, ports)) + "\n")
    os.rename(f"{path}.part", path)


async def run(settings):
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    hold(settings.parent, stopped.set)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    parts = Server(settings)
    warm_up(parts.backend)
    back = await loop.create_server(parts.back_connection, LOOPBACK, 0)
    parts.door.open()
    if settings.ready_file:
        write_ready_file(settings.ready_file, parts.door.port, back.sockets[0].getsockname()[1])
    print(f"stand-in on http://{LOOPBACK}:{parts.door.port}", file=sys.stderr, flush=True)
    await stopped.wait()
    back.close()
