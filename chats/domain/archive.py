"""The closed chats of a workspace: found by words, visitor and date, read page by page, written out as a transcript.

Pages are keysets, never offsets, so page 200 costs what page 1 costs. A search for words reads at most `SCAN` chats a
page: a rare word in a large archive answers "search older" instead of holding the database for a minute.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from django.db.models import CharField, Exists, OuterRef, Q
from django.db.models.functions import Cast

from accounts.models import Membership
from chats.models import Chat, Kind, Message
from chats.models.chat import ChatQuerySet

PAGE = 50
SCAN = 5_000
LINES = 500
ID_CHARACTERS = 4


class Mark(NamedTuple):
    """Where a page ended: the place in the order "closed last comes first"."""

    closed_at: datetime
    chat_id: uuid.UUID

    def __str__(self) -> str:
        return f"{self.closed_at.isoformat()}~{self.chat_id.hex}"

    @classmethod
    def read(cls, value: str) -> Self | None:
        """The mark that `value` spells; nonsense in an address is no mark and starts at the first page."""
        moment, _, chat_id = value.partition("~")
        try:
            closed_at = datetime.fromisoformat(moment)
            # In UTC at once: at the ends of time a zone can lead out of it.
            return cls(closed_at.astimezone(UTC), uuid.UUID(chat_id)) if closed_at.tzinfo else None
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True)
class Search:
    """What is looked for; empty fields ask nothing. `until` is a day that is still included."""

    text: str = ""
    visitor: str = ""
    since: date | None = None
    until: date | None = None

    def __bool__(self) -> bool:
        return bool(self.text or self.visitor or self.since or self.until)


@dataclass(frozen=True)
class Page:
    """`older` continues below this page; `cut` says that words were only looked for as far as `older`."""

    chats: list[Chat]
    older: Mark | None
    cut: bool = False


def closed_page(*, membership: Membership, search: Search, after: Mark | None = None, limit: int = PAGE) -> Page:
    order = ("-closed_at", "-id")
    chats = _on_days(_of_visitor(Chat.objects.for_workspace(membership.workspace).closed(), search), search, membership)
    if after is not None:
        chats = chats.filter(Q(closed_at__lt=after.closed_at) | Q(closed_at=after.closed_at, id__lt=after.chat_id))
    chats = chats.order_by(*order)

    edge: Mark | None = None
    if search.text:
        last = chats.values_list("closed_at", "id")[SCAN - 1 : SCAN].first()
        if last is not None and last[0] is not None:
            edge = Mark(last[0], last[1])
            chats = chats.filter(Q(closed_at__gt=edge.closed_at) | Q(closed_at=edge.closed_at, id__gte=edge.chat_id))
        words = Message.objects.filter(
            chat_id=OuterRef("pk"), kind__in=[Kind.TEXT, Kind.NOTE], text__icontains=search.text
        )
        chats = chats.filter(Exists(words))

    found = list(chats.select_related("visitor", "website", "operator__user")[: limit + 1])
    if len(found) > limit:
        last_shown = found[limit - 1]
        return Page(found[:limit], Mark(_closed(last_shown), last_shown.pk))
    return Page(found, edge, cut=edge is not None)


def _closed(chat: Chat) -> datetime:
    if chat.closed_at is None:
        raise ValueError("A closed chat has the time at which it was closed.")
    return chat.closed_at


def _of_visitor(chats: ChatQuerySet, search: Search) -> ChatQuerySet:
    """By name or e-mail, or by the four characters of "Visitor 4F2A" for those who gave neither."""
    wanted = search.visitor.strip()
    if not wanted:
        return chats
    asked = Q(visitor__name__icontains=wanted) | Q(visitor__email__icontains=wanted)
    tail = wanted.split()[-1].lower()
    if len(tail) == ID_CHARACTERS and all(character in "0123456789abcdef" for character in tail):
        chats = chats.annotate(visitor_key=Cast("visitor_id", CharField()))
        asked |= Q(visitor__name="", visitor_key__endswith=tail)
    return chats.filter(asked)


def _on_days(chats: ChatQuerySet, search: Search, membership: Membership) -> ChatQuerySet:
    """Days are the workspace's days; the first and the last day that a date can name ask for nothing."""
    zone = ZoneInfo(membership.workspace.time_zone)
    if search.since and search.since > date.min:
        chats = chats.filter(closed_at__gte=datetime.combine(search.since, time.min, zone))
    if search.until and search.until < date.max:
        chats = chats.filter(closed_at__lt=datetime.combine(search.until + timedelta(days=1), time.min, zone))
    return chats


def earlier_chats(*, chat: Chat, limit: int = 10) -> list[Chat]:
    """The same visitor's other chats, newest first."""
    others = Chat.objects.filter(workspace_id=chat.workspace_id, visitor_id=chat.visitor_id).exclude(pk=chat.pk)
    return list(others.order_by("-created_at")[:limit])


def lines(*, chat: Chat, after: int = 0, limit: int | None = None, notes: bool = True) -> list[Message]:
    """A page of the transcript in order. Without `notes` it holds what the visitor could see and nothing else."""
    entries = Message.objects.filter(chat=chat).after(after)
    if not notes:
        entries = entries.filter(visitor_number__isnull=False).exclude(kind=Kind.NOTE)
    return list(entries[: limit or LINES])


def all_lines(*, chat: Chat, notes: bool) -> Iterator[Message]:
    """The whole transcript, read page by page."""
    after = 0
    while page := lines(chat=chat, after=after, notes=notes):
        yield from page
        after = page[-1].number
