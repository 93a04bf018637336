"""The live core of one event loop: its writer, hub, sweeper and what they share. Made by its first socket."""

from __future__ import annotations

import asyncio
import hashlib
import random
import threading
from collections.abc import Callable, Coroutine
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from django.conf import settings
from django.db import Error

from chats.domain import news
from chats.domain.news import News
from chats.live import protocol
from chats.live.feed import Feed
from chats.live.here import Here
from chats.live.hub import Hub
from chats.live.limits import Pace, operator_messages, visitor_messages
from chats.live.operator import OperatorSocket
from chats.live.reads import Reader
from chats.live.snapshots import Directory
from chats.live.sweeper import Sweeper
from chats.live.typing import Typing
from chats.live.visitor import VisitorSocket
from chats.live.writer import Writer

log = structlog.get_logger(__name__)

FAREWELL_SECONDS = 2.0


class Core:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.sockets: set[VisitorSocket | OperatorSocket] = set()
        self.directories: dict[int, Directory] = {}
        self.draining = False
        self._background: set[asyncio.Task[Any]] = set()
        self.visitor_pace = Pace.around(visitor_messages(), per_second=20, burst=100)
        self.operator_pace = Pace.around(operator_messages(), per_second=100, burst=1_000)
        self.reader = Reader()
        self.hub = Hub(loop, self._missing_rows)
        self.hub.on_signal = self._signal
        self.here = Here(self)
        self.typing = Typing(self)
        self.writer = Writer(loop, self.hub.publish)
        self.sweeper = Sweeper(self)
        news.listen(self._heard)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Runs `work` beside everything else; it is kept until it is done."""
        task = self.loop.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._background.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Error):
            # The sweep asks again.
            log.warning("database unavailable", error=type(error).__name__)
        elif error is not None:
            log.error("work beside the sockets failed", exc_info=error)

    def in_background(self, question: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        self.spawn(self.reader.run(question, *args, **kwargs))

    def _missing_rows(self, feed: Feed) -> None:
        self.sweeper.missing_rows(feed)

    def _heard(self, committed: News) -> None:
        """Called in whichever thread committed: the writer's own news wait for its answers, others come at once."""
        if self.writer.is_own_thread():
            self.writer.hear(committed)
        elif threading.get_ident() == getattr(self.loop, "_thread_id", None):
            self.hub.publish(committed)
        else:
            self.loop.call_soon_threadsafe(self.hub.publish, committed)

    # Signals between processes

    def _signal(self, signal: dict[str, Any]) -> None:
        kind = signal["kind"]
        if kind == "typing":
            self.typing.heard(signal)
        elif kind == "presence":
            self.here.heard(signal)
        elif kind == "revoke":
            self._revoke(signal)
        elif kind == "members":
            self.sweeper.dirty.add(signal["workspace"])
            self.here.chose(signal["workspace"], signal["member"], signal["availability"])

    def tell(self, signal: dict[str, Any]) -> None:
        """Passes a signal on from any thread."""
        self.loop.call_soon_threadsafe(self.hub.signal, signal)

    def _revoke(self, signal: dict[str, Any]) -> None:
        for socket in self.hub.operator_sockets():
            if signal.get("user_id") == socket.membership.user_id or signal.get("session") == session_mark(
                socket.session_key
            ):
                socket.close(protocol.CLOSE_TOKEN)
            elif signal.get("membership_id") == socket.member.id:
                socket.close(protocol.CLOSE_REVOKED)
            elif signal.get("workspace_id") == socket.workspace_id:
                socket.close(protocol.CLOSE_WORKSPACE_GONE)
        for visitor in tuple(self.hub.visitors_of.get(signal.get("workspace_id") or 0, ())):
            visitor.close(protocol.CLOSE_WORKSPACE_GONE)

    # The end

    async def drain(self) -> None:
        """Says when to come back, stores what was sent, and closes with 1012."""
        self.draining = True
        sockets = tuple(self.sockets)
        for socket in sockets:
            after = random.randint(100, max(settings.LIVE_DRAIN_MS, 101))  # noqa: S311 - spreads the return
            socket.push_frame({"type": "drain", "after_ms": after})
        await self.writer.stop()
        for socket in sockets:
            socket.close(protocol.CLOSE_RESTART)
        deadline = self.loop.time() + FAREWELL_SECONDS
        # Closing handshakes end one by one, in their own time.
        while self.sockets and self.loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        await self.stop()

    async def stop(self) -> None:
        if news.listener() == self._heard:
            news.listen(None)
        self.sweeper.stop()
        self.here.release_all()
        await self.hub.stop()
        if not self.draining:
            await self.writer.stop()
        for task in tuple(self._background):
            task.cancel()
        self.reader.stop()
        if not self.draining:
            _cores.pop(self.loop, None)


_cores: WeakKeyDictionary[asyncio.AbstractEventLoop, Core] = WeakKeyDictionary()


def session_mark(session_key: str) -> str:
    """A session's key is a secret; between processes only its hash travels."""
    return hashlib.sha256(session_key.encode()).hexdigest()


def core() -> Core:
    """The core of the running loop."""
    loop = asyncio.get_running_loop()
    found = _cores.get(loop)
    if found is None:
        found = _cores[loop] = Core(loop)
    return found


def running() -> list[Core]:
    """The cores of this process: one in a web process, none in a worker or a command."""
    return list(_cores.values())
