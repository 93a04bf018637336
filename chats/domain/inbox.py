"""Reading chats as a member may see them. Everything starts at the member's workspace."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import F

from accounts.models import Membership, Workspace
from chats.domain import wire
from chats.models import Chat, ChatQuerySet, ChatState, Inbox, Message

PAGE = 200


def visible(workspace: Workspace | int) -> ChatQuerySet:
    return Chat.objects.filter(workspace=workspace).select_related("visitor")


def open_chats(workspace: Workspace | int, *, limit: int) -> list[Chat]:
    """Open chats, the longest waiting first, those that wait for the visitor last."""
    # Visitors apart: joined, PostgreSQL reads all of a large table to find the few of the page.
    chats = visible(workspace).open().select_related(None).prefetch_related("visitor")
    return list(chats.order_by(F("waiting_since").asc(nulls_last=True), "last_at")[:limit])


def rows(*, membership: Membership, limit: int = 500) -> list[wire.Wire]:
    """Open chats as inbox rows in the protocol's shape, the longest waiting first."""
    return wire.rows(open_chats(membership.workspace, limit=limit))


def rows_after(workspace_id: int, rev: int, *, limit: int) -> tuple[list[wire.Wire], int | None]:
    """Rows that changed after revision `rev`, closed chats included, oldest change first; and the revision up to which
    they are complete if there are more (else None). `limit` must exceed a batch, because its rows share a revision."""
    changed = list(visible(workspace_id).after_rev(rev)[: limit + 1])
    if len(changed) <= limit:
        return wire.rows(changed), None
    cut = changed[limit].rev
    return wire.rows(chat for chat in changed if chat.rev < cut), cut - 1


def rev(workspace_id: int) -> int:
    return Inbox.objects.filter(pk=workspace_id).values_list("rev", flat=True).first() or 0


def revs(workspace_ids: Sequence[int]) -> dict[int, int]:
    return dict(Inbox.objects.filter(pk__in=workspace_ids).values_list("pk", "rev"))


def counts(membership: Membership) -> dict[str, int]:
    """How many open chats are mine, wait for somebody, and are open at all."""
    chats = Chat.objects.for_workspace(membership.workspace).open()
    return {
        "mine": chats.filter(operator=membership).count(),
        "waiting": chats.filter(state__in=[ChatState.QUEUED, ChatState.MISSED]).count(),
        "all": chats.count(),
    }


def chat_for(*, membership: Membership, chat_id: uuid.UUID) -> Chat:
    """The chat, if it is one of this member's workspace; else `Chat.DoesNotExist`."""
    return visible(membership.workspace).select_related("visitor", "website", "operator__user").get(pk=chat_id)


def wire_entries(messages: Sequence[Message], chat: Chat) -> list[wire.Wire]:
    """`messages` of `chat` (with its visitor loaded) in the operators' shape."""
    name = wire.visitor_name(chat.visitor_id, chat.visitor.name)
    return [wire.operator_entry(message, name) for message in messages]


def entries_before(*, chat: Chat, before: int | None = None, limit: int = PAGE) -> list[wire.Wire]:
    """The newest `limit` entries with a number below `before` (None: the newest of all), in order."""
    older = Message.objects.filter(chat=chat)
    if before is not None:
        older = older.filter(number__lt=before)
    return wire_entries(list(older.order_by("-number")[: min(limit, PAGE)])[::-1], chat)


def page_before(*, chat: Chat, before: int | None, limit: int) -> dict[str, Any]:
    """`{"chat", "state", "head", "events", "more"}`: a page of older entries for scripts and for scrolling up."""
    events = entries_before(chat=chat, before=before, limit=limit)
    more = bool(events) and events[0]["n"] > 1
    return {"chat": str(chat.pk), "state": chat.state, "head": chat.head, "events": events, "more": more}
