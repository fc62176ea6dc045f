"""Where the program's connections come in: a port that may be closed for a while.

It owns the port from its making to the end of the process: a second socket that never listens keeps
it from everybody else while the door is closed. Judge and control come in by another port, which
is always open.
"""

import asyncio
import socket
import weakref

LOOPBACK = "127.0.0.1"
BACKLOG = 256


class Door:
    def __init__(self, port, connection):
        self._make = connection
        self._keeper = bound(port)
        self.port = self._keeper.getsockname()[1]
        self._closed = 1                 # how many want it closed
        self._listener = self._task = self._server = None
        self._inside = weakref.WeakSet()

    @property
    def host(self):
        return f"{LOOPBACK}:{self.port}"

    def open(self):
        """Listens when this returns, unless somebody else wants it closed."""
        self._closed -= 1
        if self._closed:
            return
        self._listener = bound(self.port)
        self._listener.listen(BACKLOG)
        self._task = asyncio.get_running_loop().create_task(self._serve(self._listener))

    def close(self):
        """Nobody listens when this returns, and those who were let in are thrown out."""
        self._closed += 1
        if self._closed > 1:
            return
        self._task.cancel()
        if self._server:
            self._server.close()
        self._listener.close()
        self._server = None
        for connection in list(self._inside):
            connection.expel()

    async def _serve(self, listener):
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._let_in, sock=listener, backlog=BACKLOG)

    def _let_in(self):
        connection = self._make()
        self._inside.add(connection)
        if self._closed:
            connection.expel()
        return connection


def bound(port):
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind((LOOPBACK, port))
    found.setblocking(False)
    return found
