"""Long polls wait here, outside the backend's lock.

A receive is always asked of the backend with a wait of zero. While it finds nothing and its time is
not up, it waits for the first of: a call that may have changed its queue, the moment at which the
queue's next hidden message comes back, the end of its time, its client's going away. Receivers of
one queue are woken in the order in which they came.
"""

import asyncio
import json

from .sqs_truth import dead_letter_queue, default_wait, next_return

MAX_WAIT = 20
GRAIN = 0.001  # a message is visible only after its moment, not at it
CHANGES = {
    "SendMessage", "SendMessageBatch", "DeleteMessage", "DeleteMessageBatch",
    "ChangeMessageVisibility", "ChangeMessageVisibilityBatch", "SetQueueAttributes", "PurgeQueue",
    "DeleteQueue",
}


class WaitingRoom:
    def __init__(self, backend):
        self._backend = backend
        self._waiting = {}

    async def receive(self, call):
        """The receive's answer; None when the client went away before there was one."""
        loop = asyncio.get_running_loop()
        wait = self._wait_asked(call.operation)
        parameters = {**call.operation.parameters, "WaitTimeSeconds": min(wait, 0)}
        request = call.request.with_body(json.dumps(parameters).encode())
        deadline = loop.time() + wait
        while not call.connection.gone:
            answer = self._backend.perform(request, call.operation)
            self._ring_dead_letter_queue(call.operation.queue)
            left = deadline - loop.time()
            if left <= 0 or answer.status != 200 or json.loads(answer.body or b"{}"):
                return answer
            await self._wait(call, min(left, self._next_return(call.operation.queue)))
        return None

    def changed(self, operation):
        """To be told of every call that has been performed."""
        if operation.name in CHANGES:
            self.ring(operation.queue)

    def everything_changed(self):
        for queue in list(self._waiting):
            self.ring(queue)

    def state(self):
        return {queue: len(waiting) for queue, waiting in self._waiting.items() if waiting}

    async def _wait(self, call, seconds):
        loop = asyncio.get_running_loop()
        bell = loop.create_future()
        waiting = self._waiting.setdefault(call.operation.queue, [])
        waiting.append(bell)
        timer = loop.call_later(seconds, ring, bell)
        call.connection.on_gone(lambda: ring(bell))
        try:
            await bell
        finally:
            timer.cancel()
            waiting.remove(bell)

    def ring(self, queue):
        """Those who wait for this queue look again."""
        for bell in self._waiting.get(queue, ()):
            ring(bell)

    def _ring_dead_letter_queue(self, name):
        """A receive may have moved messages there."""
        dead_letters = self._backend.look(dead_letter_queue, name)
        if dead_letters is not None:
            self.ring(dead_letters)

    def _next_return(self, name):
        seconds = self._backend.look(next_return, name)
        return MAX_WAIT if seconds is None else seconds + GRAIN

    def _wait_asked(self, operation):
        """How long the client wants to wait; -1 for what is no wait, which the backend refuses."""
        wait = operation.parameters.get("WaitTimeSeconds")
        if wait is None:
            return self._backend.look(default_wait, operation.queue)
        return wait if isinstance(wait, int) and 0 <= wait <= MAX_WAIT else -1


def ring(bell):
    if not bell.done():
        bell.set_result(None)
