"""What time does to chats: nobody came, nobody spoke, the holder left. Run every few seconds by a worker.

Finding and doing are apart: what is found here is only a suggestion, and the rule looks again under the chat's lock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from chats.domain import entries as e
from chats.domain.messages import append_messages
from chats.models import Chat, ChatState, Website

CHUNK = 200


def run_clocks(*, now: dt.datetime | None = None, holders: bool = True) -> int:
    """Moves on every chat whose time has come, at most `CHUNK` of each kind; the number of chats looked at.

    `holders`: also take chats from those who were not seen. Not to be asked for while nobody could be seen.
    """
    at = now or timezone.now()
    due: list[e.Entry] = [*_missed(at), *_silent(at), *(_abandoned(at) if holders else ())]
    for first in range(0, len(due), CHUNK):
        append_messages(due[first : first + CHUNK], now=now)
    return len(due)


def _websites(state: ChatState) -> list[Website]:
    return list(Website.objects.filter(pk__in=Chat.objects.filter(state=state).values("website_id")))


def _missed(now: dt.datetime) -> Iterator[e.Entry]:
    """Queued chats that nobody took within the website's wait."""
    for website in _websites(ChatState.QUEUED):
        before = now - dt.timedelta(seconds=website.missed_after)
        queued = Chat.objects.filter(website=website, state=ChatState.QUEUED, waiting_since__lte=before)
        for pk in queued.order_by("waiting_since").values_list("pk", flat=True)[:CHUNK]:
            yield e.Miss(pk, website.workspace_id, before)


def _silent(now: dt.datetime) -> Iterator[e.Entry]:
    """Active chats in which the visitor has the word and has not used it for the website's idle time."""
    for website in _websites(ChatState.ACTIVE):
        since = now - dt.timedelta(minutes=website.idle_close_after)
        silent = Chat.objects.filter(
            website=website, state=ChatState.ACTIVE, waiting_since__isnull=True, last_at__lte=since
        )
        for pk in silent.order_by("last_at").values_list("pk", flat=True)[:CHUNK]:
            yield e.IdleClose(pk, website.workspace_id, since)


def _abandoned(now: dt.datetime) -> Iterator[e.Entry]:
    """Active chats whose holder was not seen for the grace time, or may not come back at all."""
    gone = now - dt.timedelta(seconds=settings.LIVE_HOLDER_GRACE_SECONDS)
    abandoned = Chat.objects.filter(state=ChatState.ACTIVE).filter(
        Q(operator__last_seen_at__lte=gone)
        | Q(operator__last_seen_at__isnull=True, accepted_at__lte=gone)
        | Q(operator__removed_at__isnull=False)
        | Q(operator__user__is_active=False)
    )
    for pk, workspace_id, holder in abandoned.values_list("pk", "workspace_id", "operator_id")[:CHUNK]:
        yield e.GiveBack(pk, workspace_id, holder)
