"""One transaction's worth of entries: the chats they touch, locked; the numbers they get; what is written."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from chats.domain import store, wire
from chats.domain.entries import Entry, Sent, Start, VisitorEntry
from chats.domain.errors import Refused
from chats.domain.news import Change, News
from chats.domain.store import LockedChat
from chats.models import AuthorType, Chat, ChatStart, Kind, Message, ReadMark, Visitor, VisitorToken, Website

PREVIEW = 120
SPOKEN = frozenset({Kind.TEXT, Kind.FILE, Kind.NOTE})


class Batch:
    """Lock order, the same in every process: visitors by id, chats by id, inboxes by workspace."""

    def __init__(self, entries: Sequence[Entry], *, now: dt.datetime, careful: bool) -> None:
        self.now = now
        self._careful = careful
        self.chats: dict[uuid.UUID, LockedChat] = {}
        self.visitors: dict[uuid.UUID, Visitor] = {}
        self.websites: dict[int, Website] = {}
        self._open_of: dict[uuid.UUID, LockedChat] = {}
        self._current: dict[uuid.UUID, LockedChat | None] = {}
        self._stored: dict[tuple[uuid.UUID, str, str], Message] = {}
        self._starts: dict[tuple[uuid.UUID, str], ChatStart] = {}
        self._messages: list[Message] = []
        self._created: list[Chat] = []
        self._new_starts: list[ChatStart] = []
        self._marks: dict[tuple[uuid.UUID, int], int] = {}
        self._changes: dict[uuid.UUID, Change] = {}
        self._load([entry for entry in entries if isinstance(entry, Start)])
        self._lock(entries)
        if careful:
            self._load_first_answers(entries)

    # Loading

    def _load(self, starts: list[Start]) -> None:
        if not starts:
            return
        ids = sorted({start.visitor_id for start in starts})
        known = set(Visitor.objects.filter(pk__in=ids).values_list("pk", flat=True))
        missing = {start.visitor_id: start for start in starts if start.visitor_id not in known}
        if missing:
            Visitor.objects.bulk_create(
                [self._new_visitor(missing[pk]) for pk in sorted(missing)], ignore_conflicts=True
            )
        locked = Visitor.objects.select_for_update().filter(pk__in=ids).order_by("pk")
        self.visitors = {visitor.pk: visitor for visitor in locked}
        VisitorToken.objects.bulk_create(
            [
                VisitorToken(visitor_id=start.visitor_id, digest=start.token_digest, expires_at=start.token_expires_at)
                for start in missing.values()
                if start.token_expires_at is not None
            ],
            ignore_conflicts=True,
        )
        self.websites = Website.objects.in_bulk({start.website_id for start in starts})
        cids = {start.cid for start in starts}
        for known_start in ChatStart.objects.filter(visitor_id__in=ids, cid__in=cids):
            self._starts[(known_start.visitor_id, known_start.cid)] = known_start

    def _new_visitor(self, start: Start) -> Visitor:
        return Visitor(
            pk=start.visitor_id,
            workspace_id=start.workspace_id,
            website_id=start.website_id,
            name=start.person.name,
            email=start.person.email,
            phone=start.person.phone,
            ip=start.origin.ip,
            browser=start.origin.browser,
            system=start.origin.system,
            # Older ones have expired anyway; moving this forward ends every token at once.
            tokens_from=self.now - dt.timedelta(seconds=settings.VISITOR_TOKEN_SECONDS),
            created_at=self.now,
            seen_at=self.now,
        )

    def _lock(self, entries: Sequence[Entry]) -> None:
        """Locks every chat that is named, and the open one of every visitor who names none: found one at a time, in the
        order of the entries, they would lock against each other in two processes."""
        ids: set[uuid.UUID] = set()
        unnamed: set[uuid.UUID] = set()
        for entry in entries:
            chat_id = getattr(entry, "chat_id", None)
            if chat_id is not None:
                ids.add(chat_id)
            elif isinstance(entry, VisitorEntry):
                unnamed.add(entry.visitor_id)
        if unnamed:
            ids.update(Chat.objects.open().filter(visitor_id__in=unnamed).values_list("pk", flat=True))
        if ids:
            self.chats = store.lock_chats(ids)
            self._open_of = {chat.visitor_id: chat for chat in self.chats.values() if chat.is_open}

    def _load_first_answers(self, entries: Sequence[Entry]) -> None:
        keys = {
            (chat.pk, cid)
            for entry in entries
            if (cid := getattr(entry, "cid", None)) is not None and (chat := self._target(entry)) is not None
        }
        for message in store.first_answers(sorted(keys)) if keys else []:
            self._stored[(message.chat_id, message.sender, message.cid or "")] = message

    def _target(self, entry: Any) -> LockedChat | None:
        if hasattr(entry, "visitor_id"):
            return self.current_chat(entry.visitor_id, entry.website_id)
        return self.chats.get(entry.chat_id)

    # What the rules ask

    def website(self, chat: LockedChat) -> Website:
        if chat.website_id not in self.websites:
            self.websites[chat.website_id] = Website.objects.get(pk=chat.website_id)
        return self.websites[chat.website_id]

    def current_chat(self, visitor_id: uuid.UUID, website_id: int) -> LockedChat | None:
        """The visitor's open chat on this website, else the newest, else None; locked."""
        if visitor_id in self._current:
            return self._current[visitor_id]
        chat = self._open_of.get(visitor_id)
        if chat is None or chat.website_id != website_id:
            mine = Chat.objects.filter(visitor_id=visitor_id, website_id=website_id)
            # The newest in whatever state: one that is reopened between the two questions is found by the second.
            newest = mine.order_by("-created_at", "-pk")
            chat = store.lock_first(mine.open().order_by("pk")) or store.lock_first(newest)
            if chat is not None:
                chat = self.chats.setdefault(chat.pk, chat)
        self._current[visitor_id] = chat
        return chat

    def member_chat(self, chat_id: uuid.UUID, workspace_id: int) -> LockedChat:
        """The chat of this workspace. An id of another workspace is refused exactly like one that does not exist."""
        chat = self.chats.get(chat_id)
        if chat is None or chat.workspace_id != workspace_id:
            raise Refused("not_found")
        return chat

    def started(self, visitor_id: uuid.UUID, cid: str) -> Message | None:
        """The first message of an earlier `start` with this `cid`, in whichever chat it is."""
        start = self._starts.get((visitor_id, cid))
        if start is None:
            return None
        for message in self._messages:
            if message.chat_id == start.chat_id and message.number == start.number:
                return message
        return Message.objects.get(chat_id=start.chat_id, number=start.number)

    def repeated(self, chat: LockedChat, sender: str, cid: str) -> Message | None:
        """The stored message with this `cid`. The unique keys catch a repeat on the first try, except in a closed chat:
        there the rules may refuse before anything is written, so it is looked up at once."""
        known = self._stored.get((chat.pk, sender, cid))
        if known is None and not self._careful and not chat.is_open:
            answers = store.first_answers([(chat.pk, cid)])
            known = next((message for message in answers if message.sender == sender), None)
        return known

    # What the rules do

    def open_chat(self, visitor: Visitor, start: Start) -> LockedChat:
        created = Chat(
            workspace_id=start.workspace_id,
            website_id=start.website_id,
            visitor=visitor,
            department_id=start.department_id,
            created_at=self.now,
            last_at=self.now,
            waiting_since=self.now,
            page_url=start.origin.url,
            page_title=start.origin.title,
            referrer_origin=start.origin.referrer,
        )
        chat = store.new_chat(created, store.VisitorName(visitor.name, visitor.email))
        self.chats[chat.pk] = chat
        self._current[visitor.pk] = chat
        self._created.append(created)
        self.change(chat, urgent=True).started = True
        return chat

    def now_current(self, chat: LockedChat) -> None:
        """`chat` was taken up again: it is its visitor's current one for the rest of the batch."""
        self._current[chat.visitor_id] = chat

    def change(self, chat: LockedChat, *, urgent: bool = False) -> Change:
        """The news about `chat`; asking for it also says that its inbox row changed."""
        change = self._changes.get(chat.pk)
        if change is None:
            change = Change(chat_id=chat.pk, workspace_id=chat.workspace_id, visitor_id=chat.visitor_id)
            self._changes[chat.pk] = change
        change.urgent = change.urgent or urgent
        return change

    def add(
        self,
        chat: LockedChat,
        kind: Kind,
        author: AuthorType,
        *,
        member: tuple[int, str] | None = None,
        cid: str | None = None,
        text: str = "",
        data: dict[str, Any] | None = None,
    ) -> Message:
        """Gives the next numbers to a new entry. Every kind but a note is visible to the visitor."""
        chat.head += 1
        visible = kind != Kind.NOTE
        if visible:
            chat.visitor_head += 1
        sender = "visitor" if author == AuthorType.VISITOR else f"member:{member[0]}" if member else ""
        message = Message(
            chat_id=chat.pk,
            number=chat.head,
            visitor_number=chat.visitor_head if visible else None,
            kind=kind,
            author_type=author,
            member_id=member[0] if member else None,
            author_name=member[1] if member else "",
            sender=sender,
            cid=cid,
            text=text,
            data=data,
            at=self.now,
        )
        self._messages.append(message)
        if cid is not None:
            self._stored[(chat.pk, sender, cid)] = message
        name = wire.visitor_name(chat.visitor_id, chat.visitor.name)
        chat.last_at = self.now
        if kind in SPOKEN:
            chat.last_kind = kind
            chat.last_text = text[:PREVIEW]
            chat.last_author_type = author
            chat.last_author_name = name if author == AuthorType.VISITOR else message.author_name
        seen = wire.visitor_entry(message, name) if visible else None
        self.change(chat, urgent=kind not in SPOKEN).entries.append((wire.operator_entry(message, name), seen))
        return message

    def remember_start(self, visitor_id: uuid.UUID, message: Message) -> None:
        start = ChatStart(visitor_id=visitor_id, cid=message.cid or "", chat_id=message.chat_id, number=message.number)
        self._starts[(visitor_id, start.cid)] = start
        self._new_starts.append(start)

    def mark(self, chat: LockedChat, member_id: int, number: int) -> None:
        key = (chat.pk, member_id)
        self._marks[key] = max(number, self._marks.get(key, 0))

    def read_position(self, chat: LockedChat, member_id: int) -> int:
        """How far the member has read, this batch included."""
        marks = ReadMark.objects.filter(chat_id=chat.pk, member_id=member_id)
        stored = marks.values_list("number", flat=True).first() or 0
        return max(stored, self._marks.get((chat.pk, member_id), 0))

    def recount_unread(self, chat: LockedChat, after: int, *, exactly: bool = False) -> None:
        """Counts the row's unread messages again from a read position: at once, so that what follows in the batch finds
        what it would find alone. Not `exactly`: a position behind an earlier one does not bring messages back."""
        count = 0
        if after < chat.head:
            fresh = [m for m in self._messages if m.chat_id == chat.pk and m.author_type == AuthorType.VISITOR]
            count = store.count_unread(chat.pk, after)
            count += sum(message.kind in SPOKEN and message.number > after for message in fresh)
        if not exactly:
            count = min(count, chat.unread)
        if count != chat.unread:
            chat.unread = count
            self.change(chat).row = {}

    # Writing

    def write(self) -> News:
        """Stores everything. The revisions are given out here, so that their order is the commits' order."""
        if not self._changes:
            return News(changes=[], revs={})
        Chat.objects.bulk_create(self._created)
        ChatStart.objects.bulk_create(self._new_starts)
        if self._marks:
            store.raise_read_marks(self._marks)
        shown = {chat_id for chat_id, change in self._changes.items() if not self._only_reads(change)}
        revs = store.write(self._messages, [self.chats[pk] for pk in sorted(self._changes)], shown)
        return self._news(shown, revs)

    @staticmethod
    def _only_reads(change: Change) -> bool:
        return not change.entries and not change.urgent and change.row is None

    def _news(self, shown: set[uuid.UUID], revs: dict[int, int]) -> News:
        rows = {row["id"]: row for row in wire.rows(self.chats[pk] for pk in shown)}
        for pk, change in self._changes.items():
            chat = self.chats[pk]
            change.state, change.head, change.visitor_head = chat.state, chat.head, chat.visitor_head
            change.row = rows.get(str(pk))
        return News(changes=list(self._changes.values()), revs=revs)


def sent(message: Message) -> Sent:
    """The answer to a stored message, in its sender's own numbering."""
    number = message.visitor_number if message.author_type == AuthorType.VISITOR else message.number
    return Sent(cid=message.cid or "", chat_id=message.chat_id, number=number or 0, at=message.at)
