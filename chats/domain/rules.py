"""What each entry does to a chat (protocol section 4), a function an entry. They change the batch, not the database."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from chats.domain import entries as e
from chats.domain.batch import Batch, sent
from chats.domain.errors import Refused
from chats.domain.store import LockedChat
from chats.models import AuthorType, ChatState, Kind, Message

WAITING = (ChatState.QUEUED, ChatState.MISSED)


def _first_answer(message: Message, text: str) -> e.Answer:
    """A repeated `cid` gets its first answer; with another text it is a conflict."""
    if message.text != text:
        raise Refused("conflict")
    return sent(message)


def _wait(batch: Batch, chat: LockedChat, *, somebody_here: bool) -> None:
    chat.operator_id = None
    chat.accepted_at = None
    chat.waiting_since = chat.waiting_since or batch.now
    chat.state = ChatState.QUEUED if somebody_here else ChatState.MISSED
    batch.change(chat, urgent=True)


def _say(batch: Batch, chat: LockedChat, cid: str, text: str) -> Message:
    message = batch.add(chat, Kind.TEXT, AuthorType.VISITOR, cid=cid, text=text)
    chat.unread += 1
    chat.waiting_since = chat.waiting_since or batch.now
    return message


def _may_reopen(batch: Batch, chat: LockedChat) -> bool:
    within = dt.timedelta(hours=batch.website(chat).reopen_within)
    return chat.closed_at is not None and batch.now - chat.closed_at < within


def _reopen_for_visitor(batch: Batch, chat: LockedChat, *, somebody_here: bool) -> None:
    chat.closed_at = None
    _wait(batch, chat, somebody_here=somebody_here)
    batch.add(chat, Kind.REOPENED, AuthorType.VISITOR)


def _nobody_here(batch: Batch, chat: LockedChat) -> None:
    """Tells the visitor at once that nobody is there to answer, behind the message that found it so."""
    batch.add(chat, Kind.MISSED, AuthorType.SYSTEM, data={"reason": "nobody_here"})


def start(batch: Batch, entry: e.Start) -> e.Answer:
    visitor = batch.visitors.get(entry.visitor_id)
    if visitor is None or visitor.website_id != entry.website_id:
        raise Refused("not_found")
    known = batch.started(entry.visitor_id, entry.cid)
    if known is not None:
        return _first_answer(known, entry.text)
    _introduce(batch, entry)
    chat = batch.current_chat(entry.visitor_id, entry.website_id)
    repeated = batch.repeated(chat, "visitor", entry.cid) if chat is not None else None
    if repeated is not None:
        return _first_answer(repeated, entry.text)
    was_waiting = chat is not None and chat.is_open
    if chat is None or not (chat.is_open or _may_reopen(batch, chat)):
        chat = batch.open_chat(visitor, entry)
        chat.state = ChatState.QUEUED if entry.somebody_here else ChatState.MISSED
    elif not chat.is_open:
        _reopen_for_visitor(batch, chat, somebody_here=entry.somebody_here)
    message = _say(batch, chat, entry.cid, entry.text)
    batch.remember_start(entry.visitor_id, message)
    if not was_waiting and not entry.somebody_here:
        _nobody_here(batch, chat)
    return sent(message)


def _introduce(batch: Batch, entry: e.Start) -> None:
    """Keeps what the visitor said of themselves this time; what they left empty stays as it was."""
    visitor = batch.visitors[entry.visitor_id]
    given = {
        name: value
        for name, value in (("name", entry.person.name), ("email", entry.person.email), ("phone", entry.person.phone))
        if value and getattr(visitor, name) != value
    }
    if given:
        for name, value in given.items():
            setattr(visitor, name, value)
        visitor.save(update_fields=list(given))


def visitor_send(batch: Batch, entry: e.VisitorSend) -> e.Answer:
    chat = batch.current_chat(entry.visitor_id, entry.website_id)
    if chat is None:
        raise Refused("not_found")
    repeated = batch.repeated(chat, "visitor", entry.cid)
    if repeated is not None:
        return _first_answer(repeated, entry.text)
    if not chat.is_open:
        if not _may_reopen(batch, chat):
            raise Refused("closed")
        _reopen_for_visitor(batch, chat, somebody_here=entry.somebody_here)
        message = _say(batch, chat, entry.cid, entry.text)
        if not entry.somebody_here:
            _nobody_here(batch, chat)
        return sent(message)
    return sent(_say(batch, chat, entry.cid, entry.text))


def _close(batch: Batch, chat: LockedChat, author: AuthorType, **details: Any) -> None:
    chat.state = ChatState.CLOSED
    chat.closed_at = batch.now
    chat.waiting_since = None
    batch.add(chat, Kind.CLOSED, author, **details)


def visitor_close(batch: Batch, entry: e.VisitorClose) -> e.Answer:
    chat = batch.current_chat(entry.visitor_id, entry.website_id)
    if chat is None:
        raise Refused("not_found")
    if chat.is_open:
        _close(batch, chat, AuthorType.VISITOR)
    return e.Done(chat.pk)


def visitor_read(batch: Batch, entry: e.VisitorRead) -> e.Answer:
    chat = batch.current_chat(entry.visitor_id, entry.website_id)
    if chat is None:
        raise Refused("not_found")
    position = min(entry.number, chat.visitor_head)
    if position > chat.visitor_read:
        chat.visitor_read = position
        batch.change(chat).reads.append(({"type": "visitor"}, _operators_number(batch, chat, position), position))
    return e.Done(chat.pk)


def _operators_number(batch: Batch, chat: LockedChat, position: int) -> int:
    for operator_wire, visitor_wire in batch.change(chat).entries:
        if visitor_wire is not None and visitor_wire["n"] == position:
            return int(operator_wire["n"])
    number = Message.objects.filter(chat_id=chat.pk, visitor_number=position).values_list("number", flat=True).first()
    return number or 0


def _visitors_number(batch: Batch, chat: LockedChat, number: int) -> int:
    if number >= chat.head:
        return chat.visitor_head
    earlier = Message.objects.filter(chat_id=chat.pk, number__lte=number, visitor_number__isnull=False)
    stored = earlier.order_by("-number").values_list("visitor_number", flat=True).first() or 0
    fresh = [int(w["n"]) for o, w in batch.change(chat).entries if w is not None and o["n"] <= number]
    return max([int(stored), *fresh])


def _take(batch: Batch, chat: LockedChat, member: e.Member) -> None:
    chat.state = ChatState.ACTIVE
    chat.operator_id = member.id
    chat.accepted_at = batch.now
    batch.add(chat, Kind.JOINED, AuthorType.OPERATOR, member=(member.id, member.name))
    if chat.unread:
        batch.recount_unread(chat, batch.read_position(chat, member.id), exactly=True)


def accept(batch: Batch, entry: e.Accept) -> e.Answer:
    chat = batch.member_chat(entry.chat_id, entry.member.workspace_id)
    if not chat.is_open:
        raise Refused("closed")
    if chat.state == ChatState.ACTIVE:
        if chat.operator_id != entry.member.id:
            raise Refused("taken")
        return e.Done(chat.pk)
    _take(batch, chat, entry.member)
    return e.Done(chat.pk)


def reply(batch: Batch, entry: e.Reply) -> e.Answer:
    chat = batch.member_chat(entry.chat_id, entry.member.workspace_id)
    repeated = batch.repeated(chat, f"member:{entry.member.id}", entry.cid)
    if repeated is not None:
        return _first_answer(repeated, entry.text)
    if not chat.is_open:
        raise Refused("closed")
    if chat.state in WAITING:
        _take(batch, chat, entry.member)
    author = (entry.member.id, entry.member.name)
    message = batch.add(chat, Kind.TEXT, AuthorType.OPERATOR, member=author, cid=entry.cid, text=entry.text)
    chat.waiting_since = None
    return sent(message)


def note(batch: Batch, entry: e.Note) -> e.Answer:
    """A note may also be left on a closed chat: it is for colleagues, and changes no state."""
    chat = batch.member_chat(entry.chat_id, entry.member.workspace_id)
    repeated = batch.repeated(chat, f"member:{entry.member.id}", entry.cid)
    if repeated is not None:
        return _first_answer(repeated, entry.text)
    author = (entry.member.id, entry.member.name)
    return sent(batch.add(chat, Kind.NOTE, AuthorType.OPERATOR, member=author, cid=entry.cid, text=entry.text))


def close(batch: Batch, entry: e.Close) -> e.Answer:
    chat = batch.member_chat(entry.chat_id, entry.member.workspace_id)
    if chat.is_open:
        _close(batch, chat, AuthorType.OPERATOR, member=(entry.member.id, entry.member.name))
    return e.Done(chat.pk)


def reopen(batch: Batch, entry: e.Reopen) -> e.Answer:
    """An operator takes a closed chat up again and holds it, unless the visitor has another open by now."""
    chat = batch.member_chat(entry.chat_id, entry.member.workspace_id)
    if chat.is_open:
        return e.Done(chat.pk)
    current = batch.current_chat(chat.visitor_id, chat.website_id)
    if current is not None and current.is_open:
        raise Refused("conflict")
    chat.state = ChatState.ACTIVE
    chat.operator_id = entry.member.id
    chat.accepted_at = batch.now
    chat.closed_at = None
    batch.now_current(chat)
    batch.add(chat, Kind.REOPENED, AuthorType.OPERATOR, member=(entry.member.id, entry.member.name))
    return e.Done(chat.pk)


def read(batch: Batch, entry: e.Read) -> e.Answer:
    """Unread counts follow the holder's position, or anybody's while nobody holds the chat."""
    chat = batch.member_chat(entry.chat_id, entry.member.workspace_id)
    number = min(entry.number, chat.head)
    batch.mark(chat, entry.member.id, number)
    if chat.unread and chat.operator_id in (None, entry.member.id):
        batch.recount_unread(chat, number)
    author = {"type": "operator", "id": str(entry.member.id), "name": entry.member.name}
    batch.change(chat).reads.append((author, number, _visitors_number(batch, chat, number)))
    return e.Done(chat.pk)


def give_back(batch: Batch, entry: e.GiveBack) -> e.Answer:
    chat = batch.member_chat(entry.chat_id, entry.workspace_id)
    if chat.state == ChatState.ACTIVE and chat.operator_id == entry.holder_id:
        _wait(batch, chat, somebody_here=True)
        batch.add(chat, Kind.TRANSFERRED, AuthorType.SYSTEM, data={"to": None, "reason": "holder_gone"})
    return e.Done(chat.pk)


def miss(batch: Batch, entry: e.Miss) -> e.Answer:
    chat = batch.member_chat(entry.chat_id, entry.workspace_id)
    if chat.state == ChatState.QUEUED and chat.waiting_since and chat.waiting_since <= entry.waiting_before:
        chat.state = ChatState.MISSED
        batch.add(chat, Kind.MISSED, AuthorType.SYSTEM, data={"reason": "waited"})
    return e.Done(chat.pk)


def idle_close(batch: Batch, entry: e.IdleClose) -> e.Answer:
    """Only a chat that waits for the visitor is closed for silence: one that waits for an answer never is."""
    chat = batch.member_chat(entry.chat_id, entry.workspace_id)
    if chat.state == ChatState.ACTIVE and chat.waiting_since is None and chat.last_at <= entry.silent_since:
        _close(batch, chat, AuthorType.SYSTEM, data={"reason": "idle"})
    return e.Done(chat.pk)


RULES: dict[type[e.Entry], Callable[[Batch, Any], e.Answer]] = {
    e.Start: start,
    e.VisitorSend: visitor_send,
    e.VisitorClose: visitor_close,
    e.VisitorRead: visitor_read,
    e.Reply: reply,
    e.Note: note,
    e.Accept: accept,
    e.Close: close,
    e.Reopen: reopen,
    e.Read: read,
    e.GiveBack: give_back,
    e.Miss: miss,
    e.IdleClose: idle_close,
}


def chat_of(answer: e.Answer) -> uuid.UUID | None:
    return None if isinstance(answer, Refused) else answer.chat_id
