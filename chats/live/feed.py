"""A workspace's inbox as this process shows it: rows collected, encoded once, sent at most four times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.conf import settings

from chats.domain.wire import Wire
from chats.live import protocol

if TYPE_CHECKING:
    from chats.live.operator import OperatorSocket

ROWS_A_FRAME = 200


class Feed:
    """`known` is the highest revision up to which every row was seen here (None until the first snapshot); revisions
    ahead of it wait in `_ahead`, so that a frame's `rev` never promises a row that was not sent."""

    def __init__(self, workspace_id: int, loop: asyncio.AbstractEventLoop, missing: Callable[[Feed], None]) -> None:
        self.workspace_id = workspace_id
        self.sockets: set[OperatorSocket] = set()
        self.known: int | None = None
        self.highest = 0
        self._loop = loop
        self._missing = missing
        self._ahead: set[int] = set()
        self._pending: dict[str, Wire] = {}
        self._sent_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._gap_timer: asyncio.TimerHandle | None = None

    def snapshot(self, rev: int) -> None:
        """A complete picture up to `rev` was read from the database."""
        self.highest = max(self.highest, rev)
        if self.known is None or rev > self.known:
            self.known = rev
            self._catch_up()

    def heard(self, rev: int, rows: list[Wire], *, urgent: bool) -> None:
        """Rows of the batch that was given `rev`."""
        self.highest = max(self.highest, rev)
        if self.known is None:
            return
        if rev > self.known:
            self._ahead.add(rev)
            self._catch_up()
            if self._ahead and self._gap_timer is None:
                self._gap_timer = self._loop.call_later(0.3, self._gap)
        self.add(rows, urgent=urgent)

    def add(self, rows: list[Wire], *, urgent: bool) -> None:
        for row in rows:
            held = self._pending.get(row["id"])
            if held is None or held["rev"] < row["rev"]:
                self._pending[row["id"]] = row
        if urgent:
            self.flush()
        elif self._timer is None:
            wait = self._sent_at + settings.LIVE_ROW_INTERVAL - self._loop.time()
            self._timer = self._loop.call_later(max(wait, 0), self.flush)

    def flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._pending:
            return
        self._sent_at = self._loop.time()
        rows = sorted(self._pending.values(), key=lambda row: row["rev"])
        self._pending.clear()
        for first in range(0, len(rows), ROWS_A_FRAME):
            part = rows[first : first + ROWS_A_FRAME]
            # Only the last part may promise everything up to `known`.
            last = first + ROWS_A_FRAME >= len(rows)
            rev = self.known if last else min(self.known or 0, part[0]["rev"] - 1)
            payload = protocol.encode({"type": "chats", "rev": rev, "rows": part})
            for socket in self.sockets:
                if socket.ready:
                    socket.push(payload)

    def _catch_up(self) -> None:
        while self.known is not None and self.known + 1 in self._ahead:
            self.known += 1
        self._ahead = {rev for rev in self._ahead if self.known is None or rev > self.known}

    def _gap(self) -> None:
        self._gap_timer = None
        if self._ahead:
            self._missing(self)

    def stop(self) -> None:
        for timer in (self._timer, self._gap_timer):
            if timer is not None:
                timer.cancel()
