"""The web process: daphne's server with what it lacks - back-pressure, limits on what comes in, and a graceful end.

Daphne writes to a socket without asking whether the client reads, queues what comes in without end, and on
SIGTERM drops its clients with 1006 (docs/decisions/0004). So: a producer on each transport tells the live core to
pause; a counted queue closes with 4429; bodies of plain requests end somewhere (`chatsite/bodies.py`); and a stop
first lets the core say goodbye.
"""

from __future__ import annotations

# isort: off
from daphne.server import Server as DaphneServer  # installs the asyncio reactor, so it must come first
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer

# isort: on
import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import structlog
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings
from zope.interface import implementer

from chats.live import protocol
from chats.live.core import core, running
from chatsite.bodies import bounded

log = structlog.get_logger(__name__)

LARGEST_MESSAGE = 4 * 64 * 1024
LARGEST_PLAIN = 16 * 1024
MOST_FRAGMENTS = 1_000
MOST_QUEUED = 2_000
PATIENCE = 0.1
CLOSING_SECONDS = 5
# The loop and the writer's thread hand the interpreter to each other; the default of five milliseconds is an age.
SWITCH_SECONDS = 0.0005
# Frames leave few cycles behind, so the collector need not look as often as its defaults (700, 10, 10) make it.
COLLECT_AFTER = (10_000, 20, 20)


@implementer(IPushProducer)
class SocketProtocol(WebSocketProtocol):  # type: ignore[misc]
    """One connection: a transport in the sense of `chats.live.socket.Transport`."""

    paused = False
    fragments = 0
    on_resume: Callable[[], None] | None = None

    def onOpen(self) -> None:  # noqa: N802 - autobahn's name
        super().onOpen()
        # Daphne's HTTP channel was the transport's producer until the upgrade.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)

    def pauseProducing(self) -> None:  # noqa: N802 - twisted's name
        self.paused = True

    def resumeProducing(self) -> None:  # noqa: N802
        self.paused = False
        if self.on_resume is not None:
            self.on_resume()

    def stopProducing(self) -> None:  # noqa: N802
        self.paused = True

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - twisted's name
        """Takes whole, unfragmented text frames by a short way; everything else goes autobahn's."""
        if self.state == self.STATE_OPEN and not self.data and self.current_frame is None and not self.inside_message:
            data = self._take_text_frames(data)
            if not data:
                return
        self._dataReceived(data)

    def _take_text_frames(self, data: bytes) -> bytes:
        """Handles the plain frames at the start of `data` and returns the rest (RFC 6455 section 5.2).

        What is not plain is autobahn's to judge: it is left where it is, and so is all that follows a frame that made
        us close, because the client's answer to our closing is in there.
        """
        at, end = 0, len(data)
        while self.state == self.STATE_OPEN and end - at >= 6 and data[at] == 0x81 and data[at + 1] & 0x80:
            length, first = data[at + 1] & 0x7F, at + 6
            if length == 126:
                length, first = int.from_bytes(data[at + 2 : at + 4], "big"), at + 8
                if length < 126:
                    break  # a length must be written the short way
            if length == 127 or length > LARGEST_PLAIN or end < first + length:
                break
            mask, masked = data[first - 4 : first], data[first : first + length]
            key = int.from_bytes((mask * (length // 4 + 1))[:length], "big")
            payload = (int.from_bytes(masked, "big") ^ key).to_bytes(length, "big")
            try:
                payload.decode()
            except UnicodeDecodeError:
                break  # autobahn closes with the right code
            self.onMessage(payload, False)
            at = first + length
        return data[at:]

    def onMessageBegin(self, isBinary: bool) -> None:  # noqa: N802, N803 - autobahn's names
        self.fragments = 0
        super().onMessageBegin(isBinary)

    def onMessageFrameBegin(self, length: int) -> None:  # noqa: N802
        # The limit of a message counts bytes, so fragments without any would be kept for ever.
        self.fragments += 1
        if self.fragments > MOST_FRAGMENTS:
            self._fail_connection(self.CLOSE_STATUS_CODE_MESSAGE_TOO_BIG, "too many fragments")
        super().onMessageFrameBegin(length)

    def onPing(self, payload: bytes) -> None:  # noqa: N802
        # Whoever pings without reading the answers would fill our memory with them; a late answer is as good.
        if not self.paused:
            super().onPing(payload)

    def write_texts(self, payloads: Iterable[bytes]) -> None:
        """Sends text frames (RFC 6455 section 5.2: final, unmasked) in one piece, at once if the kernel takes them."""
        if self.state != self.STATE_OPEN:
            return
        parts: list[bytes] = []
        for payload in payloads:
            length = len(payload)
            if length < 126:
                parts.append(bytes((0x81, length)))
            elif length < 65536:
                parts.append(b"\x81\x7e" + length.to_bytes(2, "big"))
            else:
                parts.append(b"\x81\x7f" + length.to_bytes(8, "big"))
            parts.append(payload)
        data = b"".join(parts)
        transport = self.transport
        if not transport.dataBuffer and not transport._tempDataBuffer:
            written = transport.writeSomeData(data)
            if isinstance(written, int):
                data = data[written:]
        if data:
            transport.write(data)

    def serverClose(self, code: int | None = None) -> None:  # noqa: N802 - daphne's name
        # autobahn's sendClose refuses the codes of RFC 6455 that a server may use, 1001 and 1012 among them.
        if self.state == self.STATE_OPEN:
            self.sendCloseFrame(code=1000 if code is None else code, isReply=False)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: N802, N803
        self.on_resume = None
        super().onClose(wasClean, code, reason)


class CountedQueue(asyncio.Queue[Any]):
    """What a client sent and nobody handled yet. Too much for too long ends the connection."""

    def __init__(self, overrun: Callable[[], None]) -> None:
        super().__init__()
        self._overrun = overrun
        self._checking = False

    def put_nowait(self, item: Any) -> None:
        waiting = self.qsize()
        if waiting >= MOST_QUEUED:
            self._overrun()
            return
        super().put_nowait(item)
        if waiting > settings.LIVE_UNHANDLED_FRAMES and not self._checking:
            # A burst that arrives in one piece is no flood: the handler gets a moment.
            self._checking = True
            asyncio.get_running_loop().call_later(PATIENCE, self._check)

    def _check(self) -> None:
        self._checking = False
        if self.qsize() > settings.LIVE_UNHANDLED_FRAMES:
            self._overrun()


class Server(DaphneServer):  # type: ignore[misc]
    """`stop` is graceful; a second signal is not."""

    stopping = False

    def run(self) -> None:
        sys.setswitchinterval(SWITCH_SECONDS)
        reactor.callWhenRunning(self._own_signals)
        super().run()

    def _own_signals(self) -> None:
        self.http_factory.buildProtocol = bounded(self.http_factory.buildProtocol)
        self.ws_factory.protocol = SocketProtocol
        # The masks of incoming frames are undone by the server; frames of other directions are refused (RFC 6455 5.1).
        # A client that is busy sending needs longer than a second to read why it is closed; dropped, it would see 1006.
        self.ws_factory.setProtocolOptions(requireMaskedClientFrames=True, closeHandshakeTimeout=CLOSING_SECONDS)
        for number in (signal.SIGTERM, signal.SIGINT):
            reactor._asyncioEventloop.add_signal_handler(number, self.end)

    def create_application(self, protocol_: Any, scope: dict[str, Any]) -> asyncio.Queue[Any] | None:
        if scope["type"] != "websocket":
            return super().create_application(protocol_, scope)  # type: ignore[no-any-return]
        scope["asgi"] = {"version": "3.0"}
        scope["extensions"] = {"chatsite.transport": protocol_}
        queue = CountedQueue(lambda: protocol_.serverClose(protocol.CLOSE_LIMIT))

        async def send(message: dict[str, Any]) -> None:
            await self.handle_reply(protocol_, message)

        receive: Callable[[], Awaitable[Any]] = queue.get
        application = self.application(scope=scope, receive=receive, send=send)
        self.connections[protocol_]["application_instance"] = asyncio.ensure_future(application)
        return queue

    def end(self) -> None:
        """Stops accepting, lets the live core store and say goodbye, then stops."""
        if self.stopping:
            reactor.stop()
            return
        self.stopping = True
        asyncio.get_running_loop().create_task(self._end())

    async def _end(self) -> None:
        for listener in self.listeners:
            listener.addCallback(lambda port: port.stopListening())
        try:
            for each in running():
                await each.drain()
        finally:
            reactor.stop()

    def kill_all_applications(self) -> Deferred[Any]:
        # An upgrade younger than a second has no application yet, which daphne does not expect.
        for details in self.connections.values():
            details.setdefault("application_instance", _done())
        return super().kill_all_applications()


def _done() -> asyncio.Future[None]:
    future: asyncio.Future[None] = reactor._asyncioEventloop.create_future()
    future.set_result(None)
    return future


async def warm_up() -> None:
    """Makes the live core before the first socket, so that what HTTP callers store is carried from the start."""
    core()
    # What is loaded by now stays. A full collection would walk all of it again and again, and everybody waits for it.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def serve(application: Any, *, host: str, port: int, ready: Callable[[], None]) -> None:
    """Runs until SIGTERM or SIGINT."""
    server = Server(
        application=application,
        endpoints=[f"tcp:port={port}:interface={host.replace(':', chr(92) + ':')}"],
        signal_handlers=False,
        ready_callable=ready,
        ping_interval=20,
        ping_timeout=30,
        websocket_timeout=-1,
        websocket_max_message_size=LARGEST_MESSAGE,
        websocket_max_frame_size=LARGEST_MESSAGE,
        server_name="Chatsite",
        verbosity=0,
    )
    reactor.callWhenRunning(lambda: asyncio.get_running_loop().create_task(warm_up()))
    server.run()
