"""This process's sockets, and the one channel through which processes tell each other what was committed.

Sockets of this process are served straight after the commit; the layer only carries a batch to other processes. It may
lose, double or reorder anything: every delivery is checked against the socket's own number, and what is missing is read
from the database.
"""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import orjson
import structlog
from channels.layers import InMemoryChannelLayer, get_channel_layer

from chats.domain.news import Change, News
from chats.live import protocol
from chats.live.failpoints import Failpoint
from chats.live.feed import Feed
from chats.live.operator import OperatorSocket
from chats.live.visitor import VisitorSocket

log = structlog.get_logger(__name__)

GROUP = "live"
REJOIN_SECONDS = 30.0
ANNOUNCE_SECONDS = 5.0
MOST_UNSENT = 2_000
CHANGE = tuple(field.name for field in fields(Change))


class Hub:
    def __init__(self, loop: asyncio.AbstractEventLoop, missing_rows: Callable[[Feed], None]) -> None:
        self.name = secrets.token_hex(8)
        self.visitors: dict[uuid.UUID, set[VisitorSocket]] = defaultdict(set)
        self.visitors_of: dict[int, set[VisitorSocket]] = defaultdict(set)
        self.visitors_in: dict[uuid.UUID, set[VisitorSocket]] = defaultdict(set)
        self.watchers: dict[uuid.UUID, set[OperatorSocket]] = defaultdict(set)
        self.feeds: dict[int, Feed] = {}
        self.on_signal: Callable[[dict[str, Any]], None] = lambda _signal: None
        self._loop = loop
        self._missing_rows = missing_rows
        self._unsent: list[dict[str, Any]] = []
        self._heard_of: dict[str, float] = {}
        self._wake = asyncio.Event()
        self._lose = Failpoint("lose_broadcast")
        layer = get_channel_layer()
        # In memory there is no other process, so nothing needs carrying.
        self._layer = None if isinstance(layer, InMemoryChannelLayer) else layer
        self._tasks = (
            [loop.create_task(self._carry()), loop.create_task(self._listen()), loop.create_task(self._announce())]
            if self._layer is not None
            else []
        )

    # Who is here

    def feed(self, workspace_id: int) -> Feed:
        if workspace_id not in self.feeds:
            self.feeds[workspace_id] = Feed(workspace_id, self._loop, self._missing_rows)
        return self.feeds[workspace_id]

    def add_visitor(self, socket: VisitorSocket) -> None:
        self.visitors[socket.visitor_id].add(socket)
        self.visitors_of[socket.workspace_id].add(socket)

    def add_operator(self, socket: OperatorSocket) -> None:
        self.feed(socket.workspace_id).sockets.add(socket)

    def watch(self, chat_id: uuid.UUID, socket: OperatorSocket) -> None:
        self.watchers[chat_id].add(socket)

    def unwatch(self, chat_id: uuid.UUID, socket: OperatorSocket) -> None:
        _discard(self.watchers, chat_id, socket)

    def remove_visitor(self, socket: VisitorSocket) -> None:
        _discard(self.visitors, socket.visitor_id, socket)
        _discard(self.visitors_of, socket.workspace_id, socket)
        if socket.chat_id is not None:
            _discard(self.visitors_in, socket.chat_id, socket)

    def moved(self, socket: VisitorSocket, chat_id: uuid.UUID) -> None:
        """The socket shows another chat than before."""
        if socket.chat_id is not None:
            _discard(self.visitors_in, socket.chat_id, socket)
        self.visitors_in[chat_id].add(socket)

    def remove_operator(self, socket: OperatorSocket) -> None:
        for chat_id in socket.held:
            self.unwatch(chat_id, socket)
        feed = self.feeds.get(socket.workspace_id)
        if feed is not None:
            feed.sockets.discard(socket)
            if not feed.sockets:
                feed.stop()
                del self.feeds[socket.workspace_id]

    def visitor_sockets(self) -> list[VisitorSocket]:
        return [socket for sockets in self.visitors.values() for socket in sockets]

    def operator_sockets(self) -> list[OperatorSocket]:
        return [socket for feed in self.feeds.values() for socket in feed.sockets]

    # What was committed

    def publish(self, news: News) -> None:
        """Serves the sockets of this process and queues the news for the others."""
        self.deliver(news)
        if self._others():
            changes = [{name: getattr(change, name) for name in CHANGE} for change in news.changes]
            self.carry({"kind": "news", "changes": changes, "revs": list(news.revs.items())})

    def deliver(self, news: News) -> None:
        rows: dict[int, list[dict[str, Any]]] = {}
        urgent: set[int] = set()
        for change in news.changes:
            self._deliver_entries(change)
            if change.row is not None:
                rows.setdefault(change.workspace_id, []).append(change.row)
                if change.urgent:
                    urgent.add(change.workspace_id)
        for workspace_id, rev in news.revs.items():
            feed = self.feeds.get(workspace_id)
            if feed is not None:
                feed.heard(rev, rows.get(workspace_id, []), urgent=workspace_id in urgent)

    def _deliver_entries(self, change: Change) -> None:
        watchers = self.watchers.get(change.chat_id)
        visitors = self.visitors.get(change.visitor_id)
        if change.entries:
            if watchers:
                entries = [entry for entry, _ in change.entries]
                payload = events(change.chat_id, change.head, entries)
                for operator in tuple(watchers):
                    operator.deliver(change.chat_id, change.head, entries, payload)
            if visitors:
                entries = [entry for _, entry in change.entries if entry is not None]
                payload = events(change.chat_id, change.visitor_head, entries) if entries else b""
                for visitor in tuple(visitors):
                    visitor.deliver(change, entries, payload)
        for author, number, visitors_number in change.reads:
            frame = {"type": "read", "chat": str(change.chat_id), "author": author}
            for operator in watchers or ():
                operator.push_frame({**frame, "n": number})
            shown = {"type": author["type"], "name": author.get("name", "")}
            for visitor in self.visitors_in.get(change.chat_id, ()):
                visitor.push_frame({**frame, "author": shown, "n": visitors_number})

    # Between processes

    def signal(self, signal: dict[str, Any]) -> None:
        """Something that may be lost (typing, presence, a revocation): heard here at once, and by other processes."""
        self.on_signal(signal)
        if self._others():
            self.carry(signal)

    def _others(self) -> bool:
        """Whether another process was heard of lately. One that was not is served by its own sweep."""
        if self._heard_of:
            now = self._loop.time()
            self._heard_of = {name: at for name, at in self._heard_of.items() if now - at < 3 * ANNOUNCE_SECONDS}
        return bool(self._heard_of)

    def carry(self, message: dict[str, Any]) -> None:
        if len(self._unsent) >= MOST_UNSENT:
            self._unsent.clear()  # the layer is down; sweeping finds what matters
        self._unsent.append(message)
        self._wake.set()

    async def _carry(self) -> None:
        assert self._layer is not None
        while True:
            await self._wake.wait()
            self._wake.clear()
            unsent, self._unsent = self._unsent, []
            if not unsent or self._lose.reached():
                continue
            body = orjson.dumps(unsent)
            try:
                await self._layer.group_send(GROUP, {"type": "live", "from": self.name, "body": body})
            except Exception as error:  # noqa: BLE001 - whatever the layer's driver raises, chat goes on without it
                log.warning("layer unavailable", error=type(error).__name__)
                await asyncio.sleep(0.5)

    async def _listen(self) -> None:
        assert self._layer is not None
        while True:
            try:
                channel = await self._layer.new_channel(GROUP)
                rejoin = self._loop.create_task(self._rejoin(channel))
                try:
                    while True:
                        message = await self._layer.receive(channel)
                        if message["from"] != self.name:
                            self._met(message["from"])
                            self._receive(message["body"])
                finally:
                    rejoin.cancel()
            except Exception as error:  # noqa: BLE001 - see _carry
                log.warning("layer unavailable", error=type(error).__name__)
                await asyncio.sleep(1)

    async def _rejoin(self, channel: str) -> None:
        """A layer that was restarted, or purged by a host with a wrong clock, has forgotten who listens."""
        assert self._layer is not None
        while True:
            try:
                await self._layer.group_add(GROUP, channel)
                await asyncio.sleep(REJOIN_SECONDS)
            except Exception as error:  # noqa: BLE001 - see _carry
                log.warning("layer unavailable", error=type(error).__name__)
                await asyncio.sleep(1)

    async def _announce(self) -> None:
        """A process that is alone need not pay for carrying anything, so each says that it is there."""
        while True:
            self.carry({"kind": "here"})
            await asyncio.sleep(ANNOUNCE_SECONDS)

    def _met(self, name: str) -> None:
        if name not in self._heard_of:
            self.carry({"kind": "here"})
        self._heard_of[name] = self._loop.time()

    def _receive(self, body: bytes) -> None:
        for message in orjson.loads(body):
            if message["kind"] == "news":
                self.deliver(News([_change(each) for each in message["changes"]], dict(message["revs"])))
            elif message["kind"] != "here":
                self.on_signal(message)

    async def stop(self) -> None:
        pending = set(self._tasks)
        while pending:
            # Again and again: the layer's driver may swallow a cancellation that meets its own time-out.
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=1)
        for feed in self.feeds.values():
            feed.stop()


def events(chat_id: uuid.UUID, head: int, entries: list[dict[str, Any]]) -> bytes:
    return protocol.encode({"type": "events", "chat": str(chat_id), "head": head, "events": entries})


def _change(raw: dict[str, Any]) -> Change:
    return Change(**{**raw, "chat_id": uuid.UUID(raw["chat_id"]), "visitor_id": uuid.UUID(raw["visitor_id"])})


def _discard(index: dict[Any, set[Any]], key: Any, socket: Any) -> None:
    sockets = index.get(key)
    if sockets is not None:
        sockets.discard(socket)
        if not sockets:
            del index[key]
