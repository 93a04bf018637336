"""What an operator's page begins with: the first rows and the counts, at a cost that does not grow with the inbox.

The page draws a screenful; the socket's `welcome` brings the rest a moment later.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, Count, F, IntegerField, Q, Value, When

from accounts.models import Membership
from chats.domain import inbox, wire
from chats.models import ChatState

WAITING = (ChatState.QUEUED, ChatState.MISSED)


@dataclass(frozen=True, slots=True)
class Desk:
    rows: list[wire.Wire]
    mine: int
    waiting: int
    all: int


def desk(*, membership: Membership, limit: int) -> Desk:
    """One's own chats first, then those that wait, then the colleagues'; in each the longest waiting first."""
    chats = inbox.visible(membership.workspace).open()
    place = Case(
        When(operator=membership, then=Value(0)),
        When(state__in=WAITING, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    # Visitors by their own query: joined, they are all read (by a hash join) before the first rows are chosen.
    apart = chats.select_related(None).prefetch_related("visitor")
    first = apart.order_by(place, F("waiting_since").asc(nulls_last=True), "-last_at", "pk")[:limit]
    counts = chats.aggregate(
        mine=Count("pk", filter=Q(operator=membership)),
        waiting=Count("pk", filter=Q(state__in=WAITING)),
        all=Count("pk"),
    )
    return Desk(rows=wire.rows(first), **counts)
