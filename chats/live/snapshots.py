"""What an operator's screen begins with: the inbox at one revision, and the directory of the workspace."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from accounts.models import Department, Membership
from chats.domain import inbox, wire
from chats.models import Website

Directory = dict[str, list[dict[str, Any]]]


@dataclass(slots=True)
class Picture:
    """`rows` are complete up to `rev`, the inbox was at `newest`; `more`: there are more open chats than were sent."""

    rev: int
    newest: int
    rows: list[wire.Wire]
    directory: Directory
    more: bool = False


def take(workspace_id: int, rev: int | None) -> Picture:
    """The open chats, or (with the client's `rev`) only the rows that changed since."""
    limit = settings.LIVE_ROWS
    # The revision first: rows that change while they are read are then read again, not lost.
    now = inbox.rev(workspace_id)
    found = directory(workspace_id)
    if rev is not None and rev <= now:
        rows, complete = inbox.rows_after(workspace_id, rev, limit=limit)
        return Picture(now if complete is None else complete, now, rows, found)
    chats = inbox.open_chats(workspace_id, limit=limit + 1)
    return Picture(now, now, wire.rows(chats[:limit]), found, more=len(chats) > limit)


def rows_after(workspace_id: int, rev: int) -> tuple[list[wire.Wire], int]:
    """The next rows after `rev`, and the revision up to which they are complete."""
    now = inbox.rev(workspace_id)
    rows, complete = inbox.rows_after(workspace_id, rev, limit=settings.LIVE_ROWS)
    return rows, max(now, rev) if complete is None else complete


def rows_of(workspace_id: int, chat_ids: list[uuid.UUID]) -> list[wire.Wire]:
    return wire.rows(inbox.visible(workspace_id).filter(pk__in=chat_ids))


def directory(workspace_id: int) -> Directory:
    """The lists behind `welcome` and `directory`, without who is there: that changes too often to be compared."""
    members = Membership.objects.active().filter(workspace_id=workspace_id).select_related("user").order_by("pk")
    websites = Website.objects.filter(workspace_id=workspace_id).order_by("pk")
    departments = Department.objects.filter(workspace_id=workspace_id).order_by("name")
    return {
        "websites": [{"id": str(website.pk), "name": website.name} for website in websites],
        "departments": [{"id": str(department.pk), "name": department.name} for department in departments],
        "members": [
            {"id": str(member.pk), "name": member.user.display_name, "role": member.role} for member in members
        ],
    }
