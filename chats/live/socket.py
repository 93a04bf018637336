"""What both kinds of socket share: a bounded queue out, a clock of the last word in, and closing with a code."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from typing import Any, Protocol

from django.conf import settings
from django.utils import timezone

from chats.domain.entries import Sent
from chats.domain.wire import Wire, moment
from chats.live import protocol
from chats.live.limits import Pace
from chats.live.protocol import BadFrame

Send = Callable[[dict[str, Any]], Awaitable[None]]
Scope = dict[str, Any]


class Transport(Protocol):
    """What `manage.py serve` offers beside ASGI's `send`: writing without a task, and knowing when the client reads."""

    paused: bool
    on_resume: Callable[[], None] | None

    def write_texts(self, payloads: Iterable[bytes]) -> None: ...


# What a client may have read to it again and again: so much at once, and so much a second. Each reading costs a query.
REREAD_BURST = 8 * 1024 * 1024
REREAD_PER_SECOND = 512 * 1024
REREAD_LONGEST_WAIT = 5.0
QUERY_COSTS = 4 * 1024
# What frames cost beyond the token that each takes: a status is a write and a word to everybody, a position a look-up.
STATUS_COSTS = 40
POSITIONS_A_TOKEN = 20


class Socket:
    """One connection. `push` never waits: what the client does not read in time is its own loss, by close code 4409."""

    __slots__ = (
        "__weakref__",
        "_bytes",
        "_closing",
        "_code",
        "_loop",
        "_owed",
        "_owed_at",
        "_queue",
        "_refused",
        "_scheduled",
        "_send",
        "_too_large",
        "_transport",
        "_writing",
        "closed",
        "heard_at",
        "opened_at",
        "ready",
    )

    def __init__(self, scope: Scope, send: Send) -> None:
        self._loop = asyncio.get_running_loop()
        self._send = send
        self._transport: Transport | None = scope.get("extensions", {}).get("chatsite.transport")
        if self._transport is not None:
            self._transport.on_resume = self._flush
        self._queue: deque[bytes] = deque()
        self._bytes = 0
        self._writing: asyncio.Task[None] | None = None
        self._refused: deque[float] | None = None
        self._too_large = 0
        self._owed = 0.0
        self._owed_at = time.monotonic()
        self._scheduled = False
        self._closing: asyncio.Task[None] | None = None
        self._code = 0
        self.closed = False
        self.ready = False
        self.opened_at = self.heard_at = time.monotonic()

    # In

    def take(
        self, raw: str | bytes | None, table: Mapping[str, Mapping[str, protocol.Field]], pace: Pace, key: Hashable
    ) -> protocol.Frame | None:
        """The clean frame, if there is one to handle now; everything else is answered here."""
        wait = pace.frames.wait(key)
        if wait:
            self.too_fast(wait)
            return None
        try:
            if not isinstance(raw, str):
                raise BadFrame("bad_frame")
            frame = protocol.parse(raw, table)
            if (frame["type"] == "hello") == self.ready:
                raise BadFrame("bad_frame", frame)
        except BadFrame as bad:
            self.refuse(bad.code, cid=bad.cid, ref=bad.ref)
            if bad.code == "too_large":
                self.too_large()
            return None
        if frame["type"] in protocol.WRITES:
            wait = pace.messages.wait(key)
            if wait:
                self.too_fast(wait, cid=frame["cid"], ref=frame["ref"])
                return None
        elif frame["type"] == "status":
            pace.frames.charge(key, STATUS_COSTS)
        elif isinstance(frame.get("after"), dict):
            pace.frames.charge(key, len(frame["after"]) / POSITIONS_A_TOKEN)
        return frame

    # Out

    def answer(self, frame: protocol.Frame, **fields: Any) -> None:
        """A direct answer to `frame`: carries its `ref`."""
        if frame["ref"] is not None:
            fields["ref"] = frame["ref"]
        self.push_frame(fields)

    def welcome(self, frame: protocol.Frame, *, rate: tuple[float, int], online: bool, **fields: Any) -> None:
        self.answer(
            frame,
            type="welcome",
            v=protocol.VERSION,
            server_time=moment(timezone.now()),
            heartbeat=settings.LIVE_HEARTBEAT_SECONDS,
            limits=protocol.limits(rate),
            online=online,
            **fields,
        )

    def show(self, chat_id: uuid.UUID, head: int, entries: list[Wire], frame: protocol.Frame | None = None) -> None:
        """Sends entries in pages; as the answer to `frame` also when there are none."""
        base = {"type": "events", "chat": str(chat_id), "head": head}
        pages = [entries[at : at + settings.LIVE_PAGE] for at in range(0, len(entries), settings.LIVE_PAGE)]
        for page in pages or ([[]] if frame is not None else []):
            if frame is not None:
                self.answer(frame, **base, events=page)
            else:
                self.push_frame({**base, "events": page})

    def reread_wait(self) -> float:
        """Seconds until the database is read for this client again. A ping of sixty bytes may ask for megabytes, so
        whoever asks over and over for what was shown already waits; nobody who only follows a chat does."""
        now = time.monotonic()
        self._owed = max(0.0, self._owed - (now - self._owed_at) * REREAD_PER_SECOND)
        self._owed_at = now
        return min(max(0.0, (self._owed - REREAD_BURST) / REREAD_PER_SECOND), REREAD_LONGEST_WAIT)

    def was_read(self, entries: list[Wire]) -> None:
        # Debts beyond the longest wait are forgotten: a client far behind in a long chat must be live soon after.
        most = REREAD_BURST + REREAD_PER_SECOND * REREAD_LONGEST_WAIT
        self._owed = min(most, self._owed + QUERY_COSTS + sum(len(entry.get("text", "")) for entry in entries))

    def sent(self, frame: protocol.Frame, answer: Sent) -> None:
        chat, at = str(answer.chat_id), moment(answer.at)
        self.answer(frame, type="sent", cid=answer.cid, chat=chat, n=answer.number, at=at)

    def push_frame(self, frame: protocol.Frame) -> None:
        self.push(protocol.encode(frame))

    def push(self, payload: bytes) -> None:
        """Queues one encoded frame; the order of pushes is the order of frames. What one turn of the event loop pushes
        leaves in one piece."""
        if self.closed:
            return
        self._queue.append(payload)
        self._bytes += len(payload)
        if self._bytes > settings.LIVE_UNSENT_BYTES or len(self._queue) > settings.LIVE_UNSENT_FRAMES:
            self._overflow()
        elif not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._flush)

    def _overflow(self) -> None:
        """Too much for one turn of the loop is only too much if the client does not read either."""
        self._flush()
        if len(self._queue) > settings.LIVE_UNSENT_FRAMES or self._bytes > settings.LIVE_UNSENT_BYTES:
            self.close(protocol.CLOSE_SLOW)

    def _flush(self) -> None:
        self._scheduled = False
        if not self._queue or (self.closed and self._code == protocol.CLOSE_SLOW):
            return
        transport = self._transport
        if transport is None:
            if self._writing is None:
                self._writing = self._loop.create_task(self._write())
        elif not transport.paused:
            payloads = tuple(self._queue)
            self._queue.clear()
            self._bytes = 0
            transport.write_texts(payloads)

    async def _write(self) -> None:
        try:
            while self._queue:
                payload = self._queue.popleft()
                self._bytes -= len(payload)
                await self._send({"type": "websocket.send", "text": payload.decode()})
        except (OSError, RuntimeError):
            self._queue.clear()  # the peer has gone; the server reports the disconnect
        finally:
            self._writing = None

    # Closing

    def close(self, code: int) -> None:
        """Says goodbye once. What is queued for a client that does not read is dropped."""
        if self.closed:
            return
        self.closed, self._code = True, code
        if code == protocol.CLOSE_SLOW:
            self._queue.clear()
        self._closing = self._loop.create_task(self._close(code))

    async def _close(self, code: int) -> None:
        self._flush()
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=1)
        try:
            await self._send({"type": "websocket.close", "code": code})
        except (OSError, RuntimeError):
            return

    # Refusing

    def refuse(self, code: str, **details: Any) -> None:
        self.push_frame(protocol.error(code, **details))

    def too_large(self) -> None:
        """The third frame that is too large ends the connection."""
        self._too_large += 1
        if self._too_large >= 3:
            self.close(protocol.CLOSE_BAD_FRAMES)

    def too_fast(self, wait: float, *, cid: str | None = None, ref: str | None = None) -> None:
        """Asks for patience; a client that goes on as before (50 refusals in 10 s) is closed."""
        now = time.monotonic()
        if self._refused is None:
            self._refused = deque(maxlen=settings.LIVE_UNHANDLED_FRAMES)
        if len(self._refused) == self._refused.maxlen and now - self._refused[0] < 10:
            self.close(protocol.CLOSE_LIMIT)
            return
        self._refused.append(now)
        self.refuse("too_fast", cid=cid, ref=ref, retry_after=round(max(wait, 0.05), 2))
