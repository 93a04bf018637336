"""One conversation and its numbered entries. The database is the stream; a socket is a cursor over it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Workspace
from chats.models.ids import new_id


class ChatState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    MISSED = "missed", _("Missed")
    ACTIVE = "active", _("Active")
    CLOSED = "closed", _("Closed")


OPEN_STATES = (ChatState.QUEUED, ChatState.MISSED, ChatState.ACTIVE)


class ChatQuerySet(models.QuerySet["Chat"]):
    def for_workspace(self, workspace: Workspace) -> ChatQuerySet:
        return self.filter(workspace=workspace)

    def open(self) -> ChatQuerySet:
        return self.filter(state__in=OPEN_STATES)

    def closed(self) -> ChatQuerySet:
        return self.filter(state=ChatState.CLOSED)

    def after_rev(self, rev: int) -> ChatQuerySet:
        return self.filter(rev__gt=rev).order_by("rev")


class Chat(models.Model):
    """`head` and `visitor_head` are the last numbers given out in the operators' and the visitor's numbering.
    `rev` is the inbox revision of the last change; `last_*` is the inbox row's preview."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # The row changes with every message, so it carries no index that one of those below makes superfluous.
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False)
    website = models.ForeignKey("chats.Website", on_delete=models.CASCADE, related_name="chats", db_index=False)
    visitor = models.ForeignKey("chats.Visitor", on_delete=models.CASCADE, related_name="chats", db_index=False)
    department = models.ForeignKey(
        "accounts.Department", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    operator = models.ForeignKey(
        "accounts.Membership", null=True, blank=True, on_delete=models.SET_NULL, related_name="chats", db_index=False
    )
    state = models.CharField(max_length=6, choices=ChatState.choices, default=ChatState.QUEUED)
    head = models.PositiveIntegerField(default=0)
    visitor_head = models.PositiveIntegerField(default=0)
    visitor_read = models.PositiveIntegerField(default=0)
    rev = models.PositiveBigIntegerField(default=0)
    unread = models.PositiveIntegerField(default=0)
    waiting_since = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    accepted_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    last_at = models.DateTimeField(default=timezone.now)
    last_kind = models.CharField(max_length=12, blank=True)
    last_text = models.CharField(max_length=120, blank=True)
    last_author_type = models.CharField(max_length=8, blank=True)
    last_author_name = models.CharField(max_length=80, blank=True)
    page_url = models.CharField(max_length=1000, blank=True)
    page_title = models.CharField(max_length=200, blank=True)
    referrer_origin = models.CharField(max_length=255, blank=True)

    objects = ChatQuerySet.as_manager()

    class Meta:
        verbose_name = _("chat")
        verbose_name_plural = _("chats")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["visitor", "website"],
                condition=models.Q(state__in=["queued", "missed", "active"]),
                name="one_open_chat_per_visitor",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="active") | models.Q(operator__isnull=False), name="active_chat_has_operator"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["workspace", "rev"], name="chat_rev"),
            models.Index(
                fields=["workspace", "waiting_since"],
                condition=models.Q(state__in=["queued", "missed", "active"]),
                name="chat_open",
            ),
            models.Index(fields=["workspace", "-closed_at"], condition=models.Q(state="closed"), name="chat_closed"),
            models.Index(fields=["visitor", "-created_at"], name="chat_of_visitor"),
        ]

    def __str__(self) -> str:
        return f"chat {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state != ChatState.CLOSED


class Kind(models.TextChoices):
    TEXT = "text"
    FILE = "file"
    NOTE = "note"
    JOINED = "joined"
    TRANSFERRED = "transferred"
    CLOSED = "closed"
    MISSED = "missed"
    REOPENED = "reopened"
    RATED = "rated"
    EDITED = "edited"
    DELETED = "deleted"


class AuthorType(models.TextChoices):
    VISITOR = "visitor"
    OPERATOR = "operator"
    SYSTEM = "system"
    BOT = "bot"


class MessageQuerySet(models.QuerySet["Message"]):
    def after(self, number: int) -> MessageQuerySet:
        """Entries after `number` in the operators' numbering, in order."""
        return self.filter(number__gt=number).order_by("number")

    def visible_after(self, number: int) -> MessageQuerySet:
        """Entries that a visitor may see after `number` in the visitor's numbering, in order."""
        return self.filter(visitor_number__gt=number).order_by("visitor_number")


class Message(models.Model):
    """`number` is the operators' number, `visitor_number` the visitor's (null: not for visitors). `author_name` is an
    operator's name as it was shown; a visitor's is read from the visitor, so that it stays correctable in one place."""

    pk = models.CompositePrimaryKey("chat_id", "number")
    # No database constraint on either key: the chat is locked while its messages are written, and a check a row would
    # cost more than the row (docs/decisions/0001).
    chat = models.ForeignKey(
        Chat, on_delete=models.CASCADE, related_name="messages", db_index=False, db_constraint=False
    )
    number = models.PositiveIntegerField()
    visitor_number = models.PositiveIntegerField(null=True, blank=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    author_type = models.CharField(max_length=8, choices=AuthorType.choices)
    member = models.ForeignKey(
        "accounts.Membership",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    author_name = models.CharField(max_length=80, blank=True)
    sender = models.CharField(max_length=24, blank=True)
    cid = models.CharField(max_length=36, null=True, blank=True)  # noqa: DJ001 - NULL keeps system entries out of the key
    text = models.TextField(blank=True)
    data = models.JSONField(null=True, blank=True)
    at = models.DateTimeField()

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["chat", "visitor_number"], name="visitor_number_once"),
            models.UniqueConstraint(fields=["chat", "sender", "cid"], name="cid_once_per_sender"),
        ]

    def __str__(self) -> str:
        return f"message {self.number} of chat {self.chat_id}"


class ChatStart(models.Model):
    """A `start` that was stored: its `cid` is unique per visitor across chats, so a repeated one finds its answer."""

    visitor = models.ForeignKey("chats.Visitor", on_delete=models.CASCADE, related_name="+")
    cid = models.CharField(max_length=36)
    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("chat start")
        verbose_name_plural = _("chat starts")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["visitor", "cid"], name="start_once_per_visitor"),
        ]

    def __str__(self) -> str:
        return f"start of chat {self.chat_id}"


class ReadMark(models.Model):
    """How far (in the operators' numbering) a member has read a chat."""

    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="read_marks")
    member = models.ForeignKey("accounts.Membership", on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("read mark")
        verbose_name_plural = _("read marks")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["chat", "member"], name="read_mark_once"),
        ]

    def __str__(self) -> str:
        return f"read mark {self.number} in chat {self.chat_id}"


class Inbox(models.Model):
    """The workspace's inbox revision: allocated last in the transaction of each batch, once per workspace."""

    workspace = models.OneToOneField(
        "accounts.Workspace", primary_key=True, on_delete=models.CASCADE, related_name="inbox"
    )
    rev = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("inbox")
        verbose_name_plural = _("inboxes")

    def __str__(self) -> str:
        return f"inbox of workspace {self.pk}"
