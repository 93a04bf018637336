"""The shapes of the live protocol: entries (`events`), inbox rows (`chats`) and times."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from chats.domain.names import names
from chats.domain.store import LockedChat
from chats.models import AuthorType, Chat, Message

Wire = dict[str, Any]


def moment(at: dt.datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def visitor_name(visitor_id: uuid.UUID, name: str) -> str:
    """What a visitor is called while they have not said their name."""
    return name or f"Visitor {visitor_id.hex[-4:].upper()}"


def author(message: Message, visitor: str) -> Wire:
    if message.author_type == AuthorType.VISITOR:
        return {"type": "visitor", "name": visitor}
    return {"type": message.author_type, "name": message.author_name}


def entry(message: Message, visitor: str, *, number: int) -> Wire:
    """One entry as both audiences see it; `number` is the audience's own."""
    wire: Wire = {"n": number, "kind": message.kind, "author": author(message, visitor), "at": moment(message.at)}
    if message.cid:
        wire["cid"] = message.cid
    if message.text:
        wire["text"] = message.text
    if message.data:
        wire["data"] = message.data
    return wire


def operator_entry(message: Message, visitor: str) -> Wire:
    """An entry in the operators' numbering; `author.id` lets a console tell its own entries from a colleague's."""
    wire = entry(message, visitor, number=message.number)
    if message.member_id is not None:
        wire["author"]["id"] = str(message.member_id)
    return wire


def visitor_entry(message: Message, visitor: str) -> Wire:
    """An entry in the visitor's numbering; only for entries that have one."""
    assert message.visitor_number is not None
    return entry(message, visitor, number=message.visitor_number)


def row(chat: Chat | LockedChat, books: dict[str, dict[int, str]]) -> Wire:
    """The inbox row of `chat`, whose `visitor` is loaded; `books` are the names by kind and id."""
    visitor: Wire = {
        "id": str(chat.visitor_id),
        "name": visitor_name(chat.visitor_id, chat.visitor.name),
        "verified": False,
    }
    if chat.visitor.email:
        visitor["email"] = chat.visitor.email
    operator = None
    if chat.operator_id is not None:
        operator = {"id": str(chat.operator_id), "name": books["member"].get(chat.operator_id, "")}
    department = None
    if chat.department_id is not None:
        department = {"id": str(chat.department_id), "name": books["department"].get(chat.department_id, "")}
    return {
        "id": str(chat.pk),
        "rev": chat.rev,
        "state": chat.state,
        "visitor": visitor,
        "website": {"id": str(chat.website_id), "name": books["website"].get(chat.website_id, "")},
        "department": department,
        "operator": operator,
        "waiting_since": moment(chat.waiting_since) if chat.waiting_since else None,
        "created_at": moment(chat.created_at),
        "head": chat.head,
        "unread": chat.unread,
        "last": {
            "kind": chat.last_kind,
            "text": chat.last_text,
            "author": {"type": chat.last_author_type, "name": chat.last_author_name},
            "at": moment(chat.last_at),
        },
    }


def rows(chats: Iterable[Chat | LockedChat]) -> list[Wire]:
    """Inbox rows of `chats` (each with its `visitor` loaded), with at most three queries for the names."""
    listed = list(chats)
    books = {
        "website": names("website", {chat.website_id for chat in listed}),
        "member": names("member", {chat.operator_id for chat in listed if chat.operator_id is not None}),
        "department": names("department", {chat.department_id for chat in listed if chat.department_id is not None}),
    }
    return [row(chat, books) for chat in listed]
