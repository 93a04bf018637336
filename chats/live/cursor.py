"""How far one socket is in one chat, in its own numbering, and what of a batch it still has to be shown."""

from __future__ import annotations

from chats.domain.wire import Wire


class Cursor:
    """`busy`: the database is being read for this cursor; news that comes meanwhile only sets `again`."""

    __slots__ = ("again", "busy", "last")

    def __init__(self, last: int) -> None:
        self.last = last
        self.busy = False
        self.again = False

    def take(self, entries: list[Wire]) -> list[Wire] | None:
        """The part of `entries` (numbered without a gap) that comes next, possibly none of it or the very same list;
        None: there is a hole before them, and the database has to be read."""
        if self.busy:
            self.again = True
            return []
        first, last = entries[0]["n"], entries[-1]["n"]
        if last <= self.last:
            return []
        if first > self.last + 1:
            return None
        fresh = entries if first == self.last + 1 else [entry for entry in entries if entry["n"] > self.last]
        self.last = last
        return fresh
