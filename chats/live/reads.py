"""Questions to the database, off the event loop: a few threads that give their connection back after each."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections
from django.db.models import Q

from chats.domain import wire
from chats.models import Chat, Message

P = ParamSpec("P")
T = TypeVar("T")
THREADS = 4


class Reader:
    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="live-reader")

    async def run(self, question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(_ask, question, *args, **kwargs))

    def stop(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _ask(question: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    try:
        return question(*args, **kwargs)
    finally:
        close_old_connections()


@dataclass(slots=True)
class Piece:
    """Entries of a chat after some number, in one audience's shape; `head` is that audience's. `reset_to` is set when
    the reader was so far behind that it should begin anew after that number."""

    chat_id: uuid.UUID
    state: str
    head: int
    entries: list[wire.Wire]
    reset_to: int | None = None


def entries_after(
    chat_id: uuid.UUID, after: int, *, for_visitor: bool, workspace_id: int | None = None
) -> Piece | None:
    """All of the chat after `after`, or its newest part with `reset_to`; None: no such chat (in this workspace)."""
    chats = Chat.objects.select_related("visitor").filter(pk=chat_id)
    if workspace_id is not None:
        chats = chats.filter(workspace_id=workspace_id)
    chat = chats.first()
    if chat is None:
        return None
    head = chat.visitor_head if for_visitor else chat.head
    piece = Piece(chat_id=chat.pk, state=chat.state, head=head, entries=[])
    if after > head:
        # The client holds more than there is: a backup was restored.
        after = 0
        piece.reset_to = 0
    if head - after > settings.LIVE_CATCH_UP_LIMIT:
        after = head - settings.LIVE_PAGE
        piece.reset_to = after
    name = wire.visitor_name(chat.visitor_id, chat.visitor.name)
    messages = Message.objects.filter(chat=chat)
    if for_visitor:
        # Up to the head that was read: what was stored since comes with its own news.
        shown = messages.visible_after(after).filter(visitor_number__lte=head)
        piece.entries = [wire.visitor_entry(message, name) for message in shown]
    else:
        piece.entries = [
            wire.operator_entry(message, name) for message in messages.after(after).filter(number__lte=head)
        ]
    return piece


@dataclass(slots=True)
class Head:
    chat_id: uuid.UUID
    visitor_id: uuid.UUID
    state: str
    head: int
    visitor_head: int
    visitor_read: int


HEAD = ("pk", "visitor_id", "state", "head", "visitor_head", "visitor_read")


def heads(chat_ids: list[uuid.UUID], visitor_ids: list[uuid.UUID]) -> list[Head]:
    """Where the watched chats are now, and the open chats of the visitors who are connected."""
    wanted = Chat.objects.filter(
        Q(pk__in=chat_ids) | Q(visitor_id__in=visitor_ids, state__in=["queued", "missed", "active"])
    )
    return [Head(*values) for values in wanted.values_list(*HEAD)]


def current_chat(visitor_id: uuid.UUID, website_id: int) -> Head | None:
    """The visitor's open chat on this website, else the newest."""
    mine = Chat.objects.filter(visitor_id=visitor_id, website_id=website_id)
    values = mine.open().values_list(*HEAD).first() or mine.order_by("-created_at", "-pk").values_list(*HEAD).first()
    return Head(*values) if values else None


def visitor_page(chat_id: uuid.UUID, after: int) -> dict[str, Any]:
    """A page of the visitor's chat for a client that polls; one that is too far ahead begins anew."""
    chat = Chat.objects.select_related("visitor").get(pk=chat_id)
    if after > chat.visitor_head:
        after = 0
    name = wire.visitor_name(chat.visitor_id, chat.visitor.name)
    shown = Message.objects.filter(chat=chat).visible_after(after).filter(visitor_number__lte=chat.visitor_head)
    events = [wire.visitor_entry(message, name) for message in shown[: settings.LIVE_PAGE]]
    last = events[-1]["n"] if events else after
    more = last < chat.visitor_head
    return {"chat": str(chat.pk), "state": chat.state, "head": chat.visitor_head, "events": events, "more": more}
