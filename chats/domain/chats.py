"""What a member does with one chat, for callers that have no socket: forms, the API, commands.

Each verb raises `Refused` with the protocol's code.
"""

from __future__ import annotations

import uuid

from django.conf import settings

from accounts.domain.members import mark_seen
from accounts.models import Membership
from chats.domain import entries as e
from chats.domain.errors import Refused
from chats.domain.messages import append_messages


def acting(membership: Membership) -> e.Member:
    return e.Member(id=membership.pk, workspace_id=membership.workspace_id, name=membership.user.display_name)


def store(entry: e.MemberEntry) -> e.Answer:
    """Stores one entry; a refusal is raised. Whoever acts without a socket is seen by acting."""
    (answer,) = append_messages([entry])
    if isinstance(answer, Refused):
        raise answer
    mark_seen(member_ids=[entry.member.id])
    return answer


def _said(text: str) -> str:
    """What a socket's frame is checked for (protocol section 5), for callers that have none."""
    if not text.strip() or "\x00" in text:
        raise Refused("bad_frame")
    if len(text) > settings.LIVE_TEXT_LIMIT:
        raise Refused("too_large")
    return text


def accept(*, chat_id: uuid.UUID, membership: Membership) -> None:
    store(e.Accept(chat_id, acting(membership)))


def reply(*, chat_id: uuid.UUID, membership: Membership, cid: str, text: str) -> e.Answer:
    return store(e.Reply(chat_id, acting(membership), cid, _said(text)))


def note(*, chat_id: uuid.UUID, membership: Membership, cid: str, text: str) -> e.Answer:
    return store(e.Note(chat_id, acting(membership), cid, _said(text)))


def close(*, chat_id: uuid.UUID, membership: Membership) -> None:
    store(e.Close(chat_id, acting(membership)))


def reopen(*, chat_id: uuid.UUID, membership: Membership) -> None:
    store(e.Reopen(chat_id, acting(membership)))


def mark_read(*, chat_id: uuid.UUID, membership: Membership, number: int) -> None:
    store(e.Read(chat_id, acting(membership), number))
