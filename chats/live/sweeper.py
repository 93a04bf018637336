"""What keeps this process honest: every few seconds the truth of everything its sockets show, in a handful of queries.

Finds by number what the layer lost and what a worker wrote, closes the sockets of whoever may not be here any more, and
those of clients that said nothing for too long.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import Error
from django.utils import timezone

from accounts.models import Membership
from chats.domain import inbox
from chats.live import protocol, reads, snapshots
from chats.live.feed import Feed
from chats.models import Visitor, Website

if TYPE_CHECKING:
    from chats.live.core import Core
    from chats.live.operator import OperatorSocket
    from chats.live.visitor import VisitorSocket

log = structlog.get_logger(__name__)
SLOW_EVERY = 4


@dataclass(slots=True)
class Truth:
    heads: list[reads.Head]
    revs: dict[int, int]
    members: dict[int, str]
    sessions: set[str]
    visitors: dict[uuid.UUID, float]
    websites: set[int]


def look(
    chat_ids: list[uuid.UUID],
    visitor_ids: list[uuid.UUID],
    workspace_ids: list[int],
    member_ids: list[int],
    session_keys: list[str],
    website_ids: list[int],
) -> Truth:
    members = Membership.objects.active().filter(pk__in=member_ids).select_related("user") if member_ids else ()
    sessions = Session.objects.filter(session_key__in=session_keys, expire_date__gt=timezone.now())
    return Truth(
        heads=reads.heads(chat_ids, visitor_ids) if chat_ids or visitor_ids else [],
        revs=inbox.revs(workspace_ids) if workspace_ids else {},
        members={member.pk: member.user.get_session_auth_hash() for member in members},
        sessions=set(sessions.values_list("session_key", flat=True)) if session_keys else set(),
        visitors={
            pk: tokens_from.timestamp()
            for pk, tokens_from in Visitor.objects.filter(pk__in=visitor_ids).values_list("pk", "tokens_from")
        }
        if visitor_ids
        else {},
        websites=set(Website.objects.served().filter(pk__in=website_ids).values_list("pk", flat=True))
        if website_ids
        else set(),
    )


class Sweeper:
    def __init__(self, core: Core) -> None:
        self._core = core
        self._task = core.loop.create_task(self._run())
        self._passes = 0
        self.dirty: set[int] = set()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(settings.LIVE_SWEEP_SECONDS)
            try:
                await self.sweep()
            except Error as error:
                log.warning("sweep failed", error=type(error).__name__)
            except Exception:
                log.exception("sweep failed")

    async def sweep(self) -> None:
        """One pass."""
        core, hub = self._core, self._core.hub
        self._silent()
        visitors, operators = hub.visitor_sockets(), hub.operator_sockets()
        if visitors or operators:
            shown = {visitor.chat_id for visitor in visitors if visitor.chat_id is not None}
            # Before the question: a visitor whose first message is stored while it is asked is not erased.
            known = {visitor for visitor in visitors if visitor.known}
            truth = await core.reader.run(
                look,
                [*shown, *hub.watchers],
                list(hub.visitors),
                list(hub.feeds),
                list({operator.member.id for operator in operators}),
                list({operator.session_key for operator in operators}),
                list({visitor.website_id for visitor in visitors}),
            )
            for operator in operators:
                self._admit_operator(operator, truth)
            for visitor in visitors:
                self._admit_visitor(visitor, truth, known=visitor in known)
            self._heads(truth.heads)
            for workspace_id, rev in truth.revs.items():
                feed = hub.feeds.get(workspace_id)
                if feed is not None and feed.known is not None and rev > feed.known:
                    self.missing_rows(feed)
        await core.here.renew()
        self._passes += 1
        if self._passes % SLOW_EVERY == 0:
            self.dirty.update(hub.feeds)
            await core.here.refresh(set(hub.feeds) | set(hub.visitors_of))
        await self._directories()

    def _heads(self, heads: list[reads.Head]) -> None:
        hub = self._core.hub
        for head in heads:
            for operator in tuple(hub.watchers.get(head.chat_id, ())):
                operator.found(head)
            for visitor in tuple(hub.visitors.get(head.visitor_id, ())):
                # An old, closed chat of the visitor's is not the current one.
                if head.state != "closed" or visitor.chat_id == head.chat_id:
                    visitor.found(head)

    @staticmethod
    def _admit_operator(operator: OperatorSocket, truth: Truth) -> None:
        auth_hash = truth.members.get(operator.member.id)
        if auth_hash is None:
            operator.close(protocol.CLOSE_REVOKED)
        elif operator.session_key not in truth.sessions or auth_hash != operator.auth_hash:
            operator.close(protocol.CLOSE_TOKEN)

    @staticmethod
    def _admit_visitor(visitor: VisitorSocket, truth: Truth, *, known: bool) -> None:
        if visitor.website_id not in truth.websites:
            visitor.close(protocol.CLOSE_WORKSPACE_GONE)
        elif known:
            tokens_from = truth.visitors.get(visitor.visitor_id)
            if tokens_from is None:
                visitor.close(protocol.CLOSE_ERASED)
            elif visitor.token is not None and visitor.token.made_at.timestamp() < tokens_from:
                visitor.close(protocol.CLOSE_REVOKED)

    def _silent(self) -> None:
        now, wall = time.monotonic(), timezone.now()
        for socket in tuple(self._core.sockets):
            if not socket.ready:
                if now - socket.opened_at > settings.LIVE_HELLO_SECONDS:
                    socket.close(protocol.CLOSE_NO_HELLO)
            elif now - socket.heard_at > settings.LIVE_SILENCE_SECONDS:
                socket.close(protocol.CLOSE_SILENT)
            elif socket.token_ended(wall):
                socket.close(protocol.CLOSE_TOKEN)

    def missing_rows(self, feed: Feed) -> None:
        """Reads the rows that this process has not seen and sends them to everybody."""
        self._core.spawn(self._read_rows(feed))

    async def _read_rows(self, feed: Feed) -> None:
        rev = feed.known
        while rev is not None:
            rows, complete = await self._core.reader.run(snapshots.rows_after, feed.workspace_id, rev)
            feed.snapshot(complete)
            feed.add(rows, urgent=True)
            rev = complete if rows and complete < feed.highest else None

    async def _directories(self) -> None:
        core = self._core
        dirty, self.dirty = self.dirty & set(core.hub.feeds), set()
        for workspace_id in dirty:
            found = await core.reader.run(snapshots.directory, workspace_id)
            if found == core.directories.get(workspace_id):
                continue
            core.directories[workspace_id] = found
            members = [{**each, **core.here.of(workspace_id, int(each["id"]))} for each in found["members"]]
            payload = protocol.encode({"type": "directory", **found, "members": members})
            feed = core.hub.feeds.get(workspace_id)
            for socket in tuple(feed.sockets) if feed else ():
                if socket.ready:
                    socket.push(payload)

    def stop(self) -> None:
        self._task.cancel()
