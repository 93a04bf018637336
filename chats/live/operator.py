"""The operator's socket: parse, ask, forward."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings

from accounts.access import SocketMember
from accounts.domain.members import set_availability
from accounts.permissions import Permission, may
from chats.domain import entries as e
from chats.domain import wire
from chats.domain.chats import acting
from chats.domain.errors import Refused
from chats.live import protocol, reads, snapshots
from chats.live.cursor import Cursor
from chats.live.protocol import Frame
from chats.live.socket import Scope, Send, Socket

if TYPE_CHECKING:
    from chats.live.core import Core

REORDER_SECONDS = 0.03

# What a frame needs beyond seeing chats.
NEEDS = {
    "accept": Permission.ACCEPT_CHATS,
    "send": Permission.ANSWER_CHATS,
    "note": Permission.ANSWER_CHATS,
    "close": Permission.CLOSE_CHATS,
    "typing": Permission.ANSWER_CHATS,
}


class OperatorSocket(Socket):
    __slots__ = (
        "auth_hash",
        "core",
        "held",
        "key",
        "member",
        "membership",
        "rev",
        "session_key",
        "typed_at",
        "workspace_id",
    )

    def __init__(self, core: Core, scope: Scope, send: Send, admitted: SocketMember) -> None:
        super().__init__(scope, send)
        self.core = core
        self.membership = admitted.membership
        self.member = acting(admitted.membership)
        self.session_key = admitted.session_key
        self.auth_hash = admitted.membership.user.get_session_auth_hash()
        self.workspace_id = admitted.membership.workspace_id
        self.key = f"member:{self.member.id}"
        self.held: dict[uuid.UUID, Cursor] = {}
        self.typed_at: dict[uuid.UUID, float] = {}

    # In

    async def receive(self, raw: str | bytes | None) -> None:
        frame = self.take(raw, protocol.OPERATOR_FRAMES, self.core.operator_pace, self.key)
        if frame is None:
            return
        if "chat" in frame and frame["chat"] is None:
            self._refuse_frame(frame, "not_found")
            return
        needed = NEEDS.get(frame["type"])
        if needed is not None and not may(self.membership, needed):
            self._refuse_frame(frame, "forbidden")
            return
        waiting = HANDLERS[frame["type"]](self, frame)
        if waiting is not None:
            await waiting

    def _refuse_frame(self, frame: Frame, code: str, retry_after: float | None = None) -> None:
        self.refuse(code, cid=frame.get("cid"), ref=frame["ref"], retry_after=retry_after)

    async def hello(self, frame: Frame) -> None:
        if frame["v"] != protocol.VERSION:
            self.close(protocol.CLOSE_TOO_OLD)
            return
        hub = self.core.hub
        if (
            sum(socket.key == self.key for socket in hub.feed(self.workspace_id).sockets)
            >= settings.LIVE_OPERATOR_SOCKETS
        ):
            self.refuse("limit_reached", ref=frame["ref"])
            self.close(protocol.CLOSE_LIMIT)
            return
        # Known to the feed before the rows are read: what is committed meanwhile is noticed.
        hub.add_operator(self)
        feed = hub.feed(self.workspace_id)
        self.core.here.arrived(self)
        await self.core.here.look(self.workspace_id, fresh=True)
        picture = await self.core.reader.run(snapshots.take, self.workspace_id, frame["rev"])
        if self.closed:
            return
        self.core.directories[self.workspace_id] = picture.directory
        self._welcome(frame, picture)
        reached, asked = picture.rev, -1
        # What was heard while rows were read went to the sockets that were ready, and this one was not.
        while asked < reached < max(feed.highest, picture.newest):
            asked = reached
            reached = await self._rows_after(asked, max(feed.highest, picture.newest))
        if self.closed:
            return
        feed.snapshot(reached)
        self.ready = True
        await asyncio.gather(
            *(self._watch(chat_id, after, frame, always=False) for chat_id, after in frame["after"].items())
        )

    def _welcome(self, frame: Frame, picture: snapshots.Picture) -> None:
        here = self.core.here
        welcome = {
            "me": {
                "id": str(self.member.id),
                "name": self.member.name,
                "role": self.membership.role,
                **here.own(self.workspace_id, self.member.id),
            },
            "rev": picture.rev,
            "chats": picture.rows,
            **picture.directory,
            "members": [
                {**each, **here.of(self.workspace_id, int(each["id"]))} for each in picture.directory["members"]
            ],
        }
        if picture.more:
            welcome["more"] = True
        self.welcome(frame, rate=settings.LIVE_OPERATOR_RATE, online=here.is_open(self.workspace_id), **welcome)

    async def watch(self, frame: Frame) -> None:
        await self._watch(frame["chat"], frame["after"], frame, always=True)

    async def _watch(self, chat_id: uuid.UUID, after: int, frame: Frame, *, always: bool) -> None:
        if chat_id not in self.held and len(self.held) >= protocol.MOST_WATCHED:
            self._refuse_frame(frame, "limit_reached")
            return
        cursor = self.held[chat_id] = Cursor(after)
        self.core.hub.watch(chat_id, self)
        found = await self._catch_up(chat_id, cursor, frame=frame if always else None)
        if not found:
            self.held.pop(chat_id, None)
            self.core.hub.unwatch(chat_id, self)
            self._refuse_frame(frame, "not_found")

    def unwatch(self, frame: Frame) -> None:
        self.held.pop(frame["chat"], None)
        self.typed_at.pop(frame["chat"], None)
        self.core.hub.unwatch(frame["chat"], self)

    def accept(self, frame: Frame) -> None:
        self._submit(frame, e.Accept(frame["chat"], self.member), self._row_wanted)

    def close_chat(self, frame: Frame) -> None:
        self._submit(frame, e.Close(frame["chat"], self.member), self._row_wanted)

    def send_message(self, frame: Frame) -> None:
        self._submit(frame, e.Reply(frame["chat"], self.member, frame["cid"], frame["text"]), self.sent)

    def note(self, frame: Frame) -> None:
        self._submit(frame, e.Note(frame["chat"], self.member, frame["cid"], frame["text"]), self.sent)

    def read(self, frame: Frame) -> None:
        self._submit(frame, e.Read(frame["chat"], self.member, frame["n"]), None)

    def typing(self, frame: Frame) -> Awaitable[None] | None:
        chat_id = frame["chat"]
        if chat_id not in self.held:
            # Only whoever watches a chat can type in it; a foreign chat is never watched.
            self._refuse_frame(frame, "not_found")
            return None
        now = self._loop.time()
        if frame["on"] and now - self.typed_at.get(chat_id, -10.0) < settings.LIVE_TYPING_INTERVAL:
            return None
        if frame["on"]:
            self.typed_at[chat_id] = now
        author = {"type": "operator", "id": str(self.member.id), "name": self.member.name}
        self.core.typing.says(chat_id, author, on=frame["on"])
        return None

    async def status(self, frame: Frame) -> None:
        await self.core.reader.run(set_availability, membership=self.membership, availability=frame["state"])
        self.core.here.chose(self.workspace_id, self.member.id, frame["state"])

    async def ping(self, frame: Frame) -> None:
        feed = self.core.hub.feed(self.workspace_id)
        heads: dict[str, int] = {}
        behind: list[uuid.UUID] = []
        for chat_id, held in frame["after"].items():
            cursor = self.held.get(chat_id)
            if cursor is not None and held < cursor.last:
                heads[str(chat_id)] = cursor.last
                # A new cursor: what is being read for the old one begins behind what the client lacks.
                self.held[chat_id] = Cursor(held)
                behind.append(chat_id)
        self.answer(frame, type="pong", heads=heads, rev=feed.known or 0)
        for chat_id in behind:
            self._behind(chat_id, wait=0)
        if frame["rev"] is not None and feed.known is not None:
            await self._rows_after(frame["rev"], feed.known)

    async def _rows_after(self, rev: int, until: int) -> int:
        """Sends the rows that changed after `rev`, page by page, up to `until` or to where the database really is (a
        restored one may lie behind what this process remembers), and returns the revision that was reached."""
        while rev < until and not self.closed:
            rows, reached = await self.core.reader.run(snapshots.rows_after, self.workspace_id, rev)
            if reached <= rev:
                break
            rev = reached
            self.push_frame({"type": "chats", "rev": rev, "rows": rows})
        return rev

    # Answers

    def _submit(self, frame: Frame, entry: e.Entry, done: Callable[[Frame, Any], None] | None) -> None:
        self.core.writer.submit(entry, partial(self._answered, frame, done))

    def _answered(self, frame: Frame, done: Callable[[Frame, Any], None] | None, answer: e.Answer) -> None:
        if isinstance(answer, Refused):
            self._refuse_frame(frame, answer.code, answer.retry_after)
        elif done is not None:
            done(frame, answer)

    def _row_wanted(self, frame: Frame, answer: e.Done) -> None:
        self.core.spawn(self._show_row(frame, answer.chat_id))

    async def _show_row(self, frame: Frame, chat_id: uuid.UUID) -> None:
        rows = await self.core.reader.run(snapshots.rows_of, self.workspace_id, [chat_id])
        feed = self.core.hub.feeds.get(self.workspace_id)
        if feed is not None:
            # `rev` says that everything up to it was sent, so what is being collected goes first.
            feed.flush()
        self.answer(frame, type="chats", rev=feed.known if feed else 0, rows=rows)

    # Out

    def deliver(self, chat_id: uuid.UUID, head: int, entries: list[wire.Wire], payload: bytes) -> None:
        """Shows committed entries of a watched chat; `payload` is all of them, encoded once for everybody."""
        cursor = self.held.get(chat_id)
        if cursor is None:
            return
        fresh = cursor.take(entries)
        if fresh is None:
            self._behind(chat_id)
        elif fresh is entries:
            self.push(payload)
        elif fresh:
            self.show(chat_id, head, fresh)

    def found(self, head: reads.Head) -> None:
        """The sweep read where a watched chat really is."""
        cursor = self.held.get(head.chat_id)
        if cursor is not None and head.head > cursor.last:
            self._behind(head.chat_id, wait=0)

    def _behind(self, chat_id: uuid.UUID, wait: float = REORDER_SECONDS) -> None:
        cursor = self.held[chat_id]
        if cursor.busy:
            cursor.again = True
        else:
            self.core.spawn(self._catch_up(chat_id, cursor, wait=wait))

    async def _catch_up(
        self, chat_id: uuid.UUID, cursor: Cursor, *, wait: float = 0, frame: Frame | None = None
    ) -> bool:
        """Reads from the database until nothing new came meanwhile; whether the chat is there. With `frame`, the answer
        to it is shown even if it is empty."""
        if cursor.busy:
            return True
        cursor.busy = cursor.again = True
        try:
            while cursor.again and not self.closed and self.held.get(chat_id) is cursor:
                await asyncio.sleep(max(wait, self.reread_wait()))
                if self.held.get(chat_id) is not cursor:
                    return True
                cursor.again = False
                piece = await self.core.reader.run(
                    reads.entries_after, chat_id, cursor.last, for_visitor=False, workspace_id=self.workspace_id
                )
                if self.held.get(chat_id) is not cursor:
                    return True
                if piece is None:
                    return False
                self.was_read(piece.entries)
                if piece.reset_to is not None:
                    self.push_frame({"type": "reset", "chat": str(chat_id), "after": piece.reset_to})
                self.show(chat_id, piece.head, piece.entries, frame)
                cursor.last, frame = piece.head, None
            return True
        finally:
            cursor.busy = False

    def token_ended(self, _now: dt.datetime) -> bool:
        """A session's end is the sweep's to find: it is a row."""
        return False

    def gone(self) -> None:
        self.closed = True
        self.core.hub.remove_operator(self)
        self.core.here.left(self)


HANDLERS: dict[str, Callable[[OperatorSocket, Any], Awaitable[None] | None]] = {
    "hello": OperatorSocket.hello,
    "watch": OperatorSocket.watch,
    "unwatch": OperatorSocket.unwatch,
    "accept": OperatorSocket.accept,
    "send": OperatorSocket.send_message,
    "note": OperatorSocket.note,
    "close": OperatorSocket.close_chat,
    "typing": OperatorSocket.typing,
    "read": OperatorSocket.read,
    "status": OperatorSocket.status,
    "ping": OperatorSocket.ping,
}
