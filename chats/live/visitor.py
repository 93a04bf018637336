"""The visitor's socket: parse, ask, forward. It holds no truth but how far its client is."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings

from accounts.domain.peers import shorten
from accounts.domain.throttle import wait_for
from chats.domain import entries as e
from chats.domain import tokens, wire
from chats.domain.errors import Refused
from chats.domain.news import Change
from chats.domain.visitors import entry_of_start
from chats.live import protocol, reads
from chats.live.cursor import Cursor
from chats.live.protocol import Frame
from chats.live.socket import Scope, Send, Socket
from chats.models import Website

if TYPE_CHECKING:
    from chats.live.core import Core

REORDER_SECONDS = 0.03


@dataclass(slots=True)
class Admitted:
    """What a valid `hello` finds in the database."""

    website_id: int
    workspace_id: int
    typing_preview: bool
    known: bool


def admit(token: str) -> Admitted | int:
    """What the token opens, or the close code that says why it opens nothing."""
    admitted = tokens.admit(token)
    if admitted is None:
        return protocol.CLOSE_TOKEN
    signed, visitor = admitted
    website = Website.objects.served().filter(pk=signed.website_id).first()
    if website is None:
        return protocol.CLOSE_WORKSPACE_GONE
    return Admitted(website.pk, website.workspace_id, website.typing_preview, visitor is not None)


def new_chat_wait(website_id: int, address: str) -> float:
    """Seconds until one more chat may be started from this (shortened) address on this website; 0.0 counts it."""
    count, seconds = settings.LIVE_CHATS_PER_IP
    wait = wait_for("chats-per-ip", f"{website_id}:{address}", count=count, seconds=seconds)
    if wait:
        return wait
    count, seconds = settings.LIVE_CHATS_PER_WEBSITE
    return wait_for("chats-per-website", str(website_id), count=count, seconds=seconds)


class VisitorSocket(Socket):
    __slots__ = (
        "address",
        "agent",
        "chat_id",
        "core",
        "cursor",
        "known",
        "open",
        "stale",
        "token",
        "typed_at",
        "typing_preview",
        "visitor_id",
        "website_id",
        "workspace_id",
    )

    def __init__(self, core: Core, scope: Scope, send: Send, *, address: str, agent: str) -> None:
        super().__init__(scope, send)
        self.core = core
        self.address = shorten(address)
        self.agent = agent
        self.visitor_id = uuid.UUID(int=0)
        self.website_id = self.workspace_id = 0
        self.token: tokens.Token | None = None
        self.typing_preview = False
        self.chat_id: uuid.UUID | None = None
        self.cursor = Cursor(0)
        self.open = False
        self.known = False
        self.stale = False
        self.typed_at = 0.0

    # In

    async def receive(self, raw: str | bytes | None) -> None:
        frame = self.take(
            raw, protocol.VISITOR_FRAMES, self.core.visitor_pace, self.visitor_id if self.ready else id(self)
        )
        if frame is None:
            return
        waiting = HANDLERS[frame["type"]](self, frame)
        if waiting is not None:
            await waiting

    async def hello(self, frame: Frame) -> None:
        if frame["v"] != protocol.VERSION:
            self.close(protocol.CLOSE_TOO_OLD)
            return
        token = tokens.read(frame["token"])
        if token is None:
            self.close(protocol.CLOSE_TOKEN)
            return
        self.token, self.visitor_id = token, token.visitor_id
        admitted = await self.core.reader.run(admit, frame["token"])
        if self.closed:
            return
        if isinstance(admitted, int):
            self.close(admitted)
            return
        self.website_id, self.workspace_id = admitted.website_id, admitted.workspace_id
        self.typing_preview, self.known = admitted.typing_preview, admitted.known
        if len(self.core.hub.visitors.get(self.visitor_id, ())) >= settings.LIVE_VISITOR_SOCKETS:
            self.refuse("limit_reached", ref=frame["ref"])
            self.close(protocol.CLOSE_LIMIT)
            return
        # Known to the hub before its chat is read: what is committed meanwhile is noticed.
        self.core.hub.add_visitor(self)
        await self.core.here.look(self.workspace_id)
        head = await self._current_chat() if self.known else None
        if self.closed:
            return
        self._welcome(frame, head)
        if self.stale:
            self.stale = False
            head = await self._current_chat()
        if head is not None and head.chat_id == self.chat_id and self.cursor.last > head.visitor_head:
            self.behind(wait=0)  # the client holds more than there is: a restored backup
        elif head is not None:
            self.found(head)

    async def _current_chat(self) -> reads.Head | None:
        return await self.core.reader.run(reads.current_chat, self.visitor_id, self.website_id)

    def _welcome(self, frame: Frame, head: reads.Head | None) -> None:
        chat = None
        if head is not None:
            chat = {
                "id": str(head.chat_id),
                "state": head.state,
                "head": head.visitor_head,
                "read": head.visitor_read,
            }
        online = self.core.here.is_open(self.workspace_id)
        self.welcome(frame, rate=settings.LIVE_VISITOR_RATE, online=online, chat=chat)
        self.ready = True
        named = frame["chat"]
        if head is not None:
            self._attach(head.chat_id, is_open=head.state != "closed")
            self.cursor.last = frame["after"]
        if named is not None and named != self.chat_id:
            self.cursor.last = 0
            self.push_frame({"type": "reset", "chat": str(self.chat_id or named), "after": 0})

    def start(self, frame: Frame) -> Awaitable[None] | None:
        if self.chat_id is None or not self.open:
            return self._start_new(frame)
        self._store_start(frame)
        return None

    async def _start_new(self, frame: Frame) -> None:
        wait = await self.core.reader.run(new_chat_wait, self.website_id, self.address)
        if wait:
            self.refuse("too_fast", cid=frame["cid"], ref=frame["ref"], retry_after=round(wait, 1))
        else:
            self._store_start(frame)

    def _store_start(self, frame: Frame) -> None:
        assert self.token is not None
        entry = entry_of_start(
            frame,
            token=self.token,
            workspace_id=self.workspace_id,
            address=self.address,
            agent=self.agent,
            somebody_here=self.core.here.is_open(self.workspace_id),
        )
        self.core.writer.submit(entry, partial(self._answered, frame))

    def send_message(self, frame: Frame) -> None:
        here = self.open or self.core.here.is_open(self.workspace_id)
        entry = e.VisitorSend(
            self.visitor_id, self.website_id, frame["cid"], frame["text"], self.chat_id, somebody_here=here
        )
        self.core.writer.submit(entry, partial(self._answered, frame))

    def typing(self, frame: Frame) -> None:
        now = self._loop.time()
        if (
            self.chat_id is None
            or not self.open
            or (frame["on"] and now - self.typed_at < settings.LIVE_TYPING_INTERVAL)
        ):
            return
        if frame["on"]:
            self.typed_at = now
        text = frame["text"] if self.typing_preview and frame["on"] else ""
        self.core.typing.says(self.chat_id, {"type": "visitor"}, on=frame["on"], text=text)

    def read(self, frame: Frame) -> None:
        entry = e.VisitorRead(self.visitor_id, self.website_id, frame["n"], self.chat_id)
        self.core.writer.submit(entry, partial(self._complain, frame))

    def close_chat(self, frame: Frame) -> None:
        entry = e.VisitorClose(self.visitor_id, self.website_id, self.chat_id)
        self.core.writer.submit(entry, partial(self._complain, frame))

    def ping(self, frame: Frame) -> None:
        heads = {}
        if self.chat_id is not None:
            held = frame["after"]
            if frame["chat"] is not None and frame["chat"] != self.chat_id:
                held = 0
                self.push_frame({"type": "reset", "chat": str(self.chat_id), "after": 0})
            if held < self.cursor.last:
                heads[str(self.chat_id)] = self.cursor.last
                # A new cursor: what is being read for the old one begins behind what the client lacks.
                self.cursor = Cursor(held)
                self.behind(wait=0)
        self.answer(frame, type="pong", heads=heads)

    # Answers

    def _answered(self, frame: Frame, answer: e.Answer) -> None:
        if isinstance(answer, e.Sent):
            self.sent(frame, answer)
            self.known = True
        else:
            self._complain(frame, answer)

    def _complain(self, frame: Frame, answer: e.Answer) -> None:
        if isinstance(answer, Refused):
            self.refuse(answer.code, cid=frame.get("cid"), ref=frame["ref"], retry_after=answer.retry_after)

    # Out

    def _attach(self, chat_id: uuid.UUID, *, is_open: bool) -> None:
        self.open = is_open
        self.known = True
        if chat_id != self.chat_id:
            self.core.hub.moved(self, chat_id)
            self.chat_id = chat_id
            self.cursor = Cursor(0)

    def deliver(self, change: Change, entries: list[wire.Wire], payload: bytes) -> None:
        """Shows a committed change of one of this visitor's chats; `payload` is `entries` encoded."""
        self.known = True
        if not self.ready:
            self.stale = True
            return
        if change.chat_id != self.chat_id:
            if change.state == "closed" and self.chat_id is not None and not change.started:
                return
            if self.chat_id is not None:
                self.push_frame({"type": "reset", "chat": str(change.chat_id), "after": 0})
            self._attach(change.chat_id, is_open=True)
        self.open = change.state != "closed"
        if not entries:
            return
        fresh = self.cursor.take(entries)
        if fresh is None:
            self.behind()
        elif fresh is entries:
            self.push(payload)
        elif fresh:
            self.show(change.chat_id, change.visitor_head, fresh)

    def behind(self, wait: float = REORDER_SECONDS) -> None:
        """Reads what is missing from the database, shortly: what another process stored may be on its way."""
        if self.cursor.busy:
            self.cursor.again = True
        else:
            self.core.spawn(self._catch_up(wait))

    async def _catch_up(self, wait: float = 0) -> None:
        cursor, chat_id = self.cursor, self.chat_id
        if chat_id is None or cursor.busy:
            return
        cursor.busy = cursor.again = True
        try:
            while cursor.again and not self.closed and cursor is self.cursor:
                await asyncio.sleep(max(wait, self.reread_wait()))
                if cursor is not self.cursor:
                    return
                cursor.again = False
                piece = await self.core.reader.run(reads.entries_after, chat_id, cursor.last, for_visitor=True)
                if piece is None or self.closed or cursor is not self.cursor:
                    return
                self.was_read(piece.entries)
                if piece.reset_to is not None:
                    self.push_frame({"type": "reset", "chat": str(chat_id), "after": piece.reset_to})
                    cursor.last = piece.reset_to
                self.open = piece.state != "closed"
                self.show(chat_id, piece.head, piece.entries)
                cursor.last = max(cursor.last, piece.head)
        finally:
            cursor.busy = False

    def found(self, head: reads.Head) -> None:
        """The sweep read where this visitor's chat really is."""
        if not self.ready or (head.chat_id == self.chat_id and head.visitor_head <= self.cursor.last):
            # What was read a moment ago may lie behind what was shown since: that is no hole.
            return
        if head.chat_id != self.chat_id:
            if self.chat_id is not None:
                self.push_frame({"type": "reset", "chat": str(head.chat_id), "after": 0})
            self._attach(head.chat_id, is_open=head.state != "closed")
        self.behind(wait=0)

    def token_ended(self, now: dt.datetime) -> bool:
        return self.token is not None and now >= self.token.expires_at

    def gone(self) -> None:
        self.closed = True
        if self.workspace_id:
            self.core.hub.remove_visitor(self)


HANDLERS: dict[str, Callable[[VisitorSocket, Any], Awaitable[None] | None]] = {
    "hello": VisitorSocket.hello,
    "start": VisitorSocket.start,
    "send": VisitorSocket.send_message,
    "typing": VisitorSocket.typing,
    "read": VisitorSocket.read,
    "close": VisitorSocket.close_chat,
    "ping": VisitorSocket.ping,
}
