"""Word that a batch was committed, for whoever shows chats in this process.

The live core registers itself here when it starts; in a worker or a command nobody listens, and the web processes find
the new numbers by sweeping. So a verb never needs to know about sockets.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from chats.domain.wire import Wire


@dataclass(slots=True)
class Change:
    """What a committed batch did to one chat. `entries` are (operators' entry, visitor's entry or None), in order;
    `reads` are (reader's `author`, operators' number, visitor's number)."""

    chat_id: uuid.UUID
    workspace_id: int
    visitor_id: uuid.UUID
    started: bool = False
    urgent: bool = False
    state: str = ""
    head: int = 0
    visitor_head: int = 0
    entries: list[tuple[Wire, Wire | None]] = field(default_factory=list)
    reads: list[tuple[Wire, int, int]] = field(default_factory=list)
    row: Wire | None = None


@dataclass(slots=True)
class News:
    """`revs` maps a workspace to the inbox revision that this batch was given."""

    changes: list[Change]
    revs: dict[int, int]


Listener = Callable[[News], None]
_listener: Listener | None = None


def listen(listener: Listener | None) -> None:
    """Sets the one listener of this process (None: nobody). It is called in the thread that committed."""
    global _listener
    _listener = listener


def listener() -> Listener | None:
    return _listener


def announce(news: News) -> None:
    if _listener is not None and news.changes:
        _listener(news)
