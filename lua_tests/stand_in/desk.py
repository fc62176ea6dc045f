"""The order in which a call is served: verified, counted, ruled, performed, answered, logged.

A signature that is wrong is answered with its refusal and nothing else happens to that call: no
rule and no correction can hide it. The last step is one turn of the loop: the call stops counting
as in flight, its answer goes to the kernel, its entry into the log.
"""

import asyncio
import json
import time
from dataclasses import dataclass, field

from .control import is_control
from .errors import Refusal
from .operation import Operation, operation_of
from .wire import Answer, Request

ANSWERED = "answered"


@dataclass
class Call:
    number: int
    connection: object
    serial: int
    request: Request
    operation: Operation
    started: float
    refusal: Refusal = None
    judge: bool = False
    in_flight: dict = None
    backend: object = None
    answer: Answer = None
    meant: Answer = None             # what the service said, when a rule put other bytes there
    ending: str = None
    delivered: bool = None           # None: nobody has sent anything yet
    performed: bool = False
    rules: list = field(default_factory=list)


class Desk:
    def __init__(self, verifier, backend, waiting_room, rules, counters, log, control, host,
                 queues=None):
        """`queues` answers the calls to SQS, where another server has them."""
        self._verifier = verifier
        self._backend = backend
        self._waiting_room = waiting_room
        self._rules = rules
        self._counters = counters
        self._log = log
        self._control = control
        self._host = host
        self._queues = queues

    async def serve(self, connection, request):
        if is_control(request):
            connection.send(self._control.answer(request), request.method)
            return
        call = self._accept(connection, request)
        flight = None if call.judge else self._counters.take_off(call.operation.is_handler_call)
        call.in_flight = self._counters.in_flight()
        if flight:
            connection.count()
            connection.on_gone(flight.land)
        await self._carry_out(call)
        await self._deliver(call)
        if flight:
            flight.land()
        self._conclude(call)

    def hangs_up(self):
        """Is the connection that has just been made to be reset?"""
        return self._rules.hang_up()

    def breaks_off(self, connection, request):
        """A request's head and a part of its body are there. True when a rule ends it here; its
        signature covers what has not come yet, and is not looked at.
        """
        call = Call(None, connection, connection.serial + 1, request, operation_of(request),
                    time.time())
        call.rules = self._rules.fired_by(call, "reading")
        if not call.rules or is_control(request):
            return False
        call.number, call.ending, connection.serial = self._log.next_number(), "rst", call.serial
        call.in_flight = self._counters.in_flight()
        connection.count()
        self._conclude(call)
        return True

    def _accept(self, connection, request):
        """The call with its verdict on the signature."""
        operation = operation_of(request)
        call = Call(self._log.next_number(), connection, connection.serial, request, operation,
                    time.time(), backend=self._backend)
        try:
            call.judge = self._verifier.check(request, operation.service).judge
        except Refusal as refusal:
            call.refusal = refusal
        if not connection.guest and not self._queues:    # URLs of queues are for the program
            call.request = request.with_header("host", self._host)
        return call

    async def _carry_out(self, call):
        if call.refusal:
            call.answer = call.refusal.answer(call.operation.service)
            return
        call.rules = [] if call.judge else self._rules.fired_by(call)
        await asyncio.sleep(0)  # so that calls which came in the same turn are seen as together
        for rule in call.rules:
            await rule.action.before(call)
            if rule.action.wakes:
                self._waiting_room.ring(call.operation.queue)
        if call.ending is None and call.answer is None:
            await self._perform(call)
        for rule in call.rules:
            await rule.action.after(call)

    async def _perform(self, call):
        if self._queues and call.operation.service == "sqs":
            call.answer = await self._queues.perform(call)
        elif call.operation.name == "ReceiveMessage":
            call.answer = await self._waiting_room.receive(call)
        else:
            call.answer = self._backend.perform(call.request, call.operation)
            self._waiting_room.changed(call.operation)
        call.performed = call.answer is not None

    @staticmethod
    async def _deliver(call):
        """What a rule sends in place of the whole answer."""
        if call.answer is not None:
            name = "x-amz-request-id" if call.operation.service == "s3" else "x-amzn-RequestId"
            call.answer.headers.setdefault(name, f"{call.number:016X}")
        for rule in call.rules:
            await rule.action.deliver(call)

    def _conclude(self, call):
        if call.ending:
            call.connection.end(call.ending)
        elif call.answer is not None and call.delivered is None:
            call.delivered = call.connection.send(call.answer, call.request.method)
        entry = self._entry(call, bool(call.delivered))
        self._log.add(entry)
        if not call.judge:
            self._counters.call_ended(entry)

    def _entry(self, call, delivered):
        operation, now = call.operation, time.time()
        entry = {
            "number": call.number, "time": round(call.started, 6),
            "ms": round((now - call.started) * 1000, 3),
            "connection": call.connection.number, "serial": call.serial, "judge": call.judge,
            "method": call.request.method, "target": call.request.target,
            "service": operation.service, "operation": operation.name,
            "signature": signature_word(call),
            "invocation": call.request.header("amz-sdk-invocation-id"),
            "attempt": call.request.header("amz-sdk-request"),
            "in_flight": call.in_flight, "rules": [rule.number for rule in call.rules],
            "performed": call.performed, "delivered": delivered,
            "ending": call.ending or (ANSWERED if delivered else "gone"),
            "status": call.answer.status if call.answer else None,
        }
        return {**entry, **essentials(call, self._backend.sqs)}


def signature_word(call):
    if call.refusal:
        return call.refusal.code(call.operation.service)
    return "ok" if call.backend else "unread"


def essentials(call, sqs):
    """What the call was about, by service: enough to tell from the log alone what was done."""
    operation = call.operation
    if operation.service == "s3":
        return s3_essentials(call)
    if operation.service == "dynamodb":
        return {"table": operation.table, "parameters": operation.parameters}
    found = {"queue": operation.queue}
    entries = operation.parameters.get("Entries", [operation.parameters])
    handles = [entry_essentials(entry, sqs) for entry in entries if isinstance(entry, dict)]
    if operation.name.startswith(("DeleteMessage", "ChangeMessageVisibility", "SendMessage")):
        found["entries"] = handles
    answer = call.meant or call.answer
    if answer and answer.status == 200:
        found.update(sqs_outcome(json.loads(answer.body or b"{}")))
    return found


def s3_essentials(call):
    found = {"bucket": call.operation.bucket, "key": call.operation.key,
             "bytes": len(call.request.body)}
    for name in ("if-match", "if-none-match"):
        if call.request.header(name) is not None:
            found[name.replace("-", "_")] = call.request.header(name)
    if call.answer:
        headers = {name.lower(): value for name, value in call.answer.headers.items()}
        if "etag" in headers:
            found["etag"] = headers["etag"]
    return found


def entry_essentials(entry, sqs):
    names = {"Id": "id", "ReceiptHandle": "receipt_handle", "VisibilityTimeout": "visibility",
             "DelaySeconds": "delay"}
    found = {short: entry[name] for name, short in names.items() if name in entry}
    if "receipt_handle" in found:
        found["message_id"] = sqs.message_id(found["receipt_handle"])
    return found


def sqs_outcome(result):
    found = {}
    if "Messages" in result:
        found["messages"] = [
            {"message_id": message["MessageId"], "receipt_handle": message["ReceiptHandle"],
             "receive_count": message.get("Attributes", {}).get("ApproximateReceiveCount")}
            for message in result["Messages"]]
    if "MessageId" in result:
        found["sent"] = [result["MessageId"]]
    if "Successful" in result:
        found["successful"] = [each["Id"] for each in result["Successful"]]
        found["failed"] = [{"id": each["Id"], "code": each["Code"]}
                           for each in result.get("Failed", [])]
        sent = [each["MessageId"] for each in result["Successful"] if "MessageId" in each]
        if sent:
            found["sent"] = sent
    return found
