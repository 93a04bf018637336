"""The only verb that adds to a chat."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Sequence

import structlog
from django.db import DataError, IntegrityError, OperationalError, transaction
from django.utils import timezone

from chats.domain import news
from chats.domain.batch import Batch
from chats.domain.entries import Answer, Entry
from chats.domain.errors import Refused
from chats.domain.rules import RULES

log = structlog.get_logger(__name__)
TRIES = 4


def append_messages(entries: Sequence[Entry], *, now: dt.datetime | None = None) -> list[Answer]:
    """Stores `entries`, in order, in one transaction, and answers each one; when it returns, everything answered is
    committed. An entry that is refused never spoils its neighbours.

    The first try assumes that no `cid` was seen before, because nearly none was; the unique keys catch the one that
    was, and the second try looks first. Raises `OperationalError` when the database cannot be reached: nothing was
    stored then that could not be repeated with the same `cid`.
    """
    for attempt in range(TRIES):
        try:
            return _append(entries, now=now or _now(), careful=attempt > 0)
        except IntegrityError:
            if attempt == TRIES - 1:
                log.exception("entries refused by a constraint", entries=len(entries))
        except DataError:
            log.exception("entries refused by the database", entries=len(entries))
            break
        except OperationalError as error:
            if attempt == TRIES - 1 or not _worth_repeating(error):
                raise
            time.sleep(random.uniform(0, 0.05 * (attempt + 1)))  # noqa: S311 - only spreads the tries
    if len(entries) == 1:
        return [Refused("unavailable", retry_after=1)]
    return [answer for entry in entries for answer in append_messages([entry], now=now)]


def _append(entries: Sequence[Entry], *, now: dt.datetime, careful: bool) -> list[Answer]:
    with transaction.atomic():
        batch = Batch(entries, now=now, careful=careful)
        answers = [_apply(batch, entry) for entry in entries]
        written = batch.write()
        # Robust: what is committed is answered, whatever becomes of the news.
        transaction.on_commit(lambda: news.announce(written), robust=True)
    return answers


def _apply(batch: Batch, entry: Entry) -> Answer:
    try:
        return RULES[type(entry)](batch, entry)
    except Refused as refusal:
        return refusal


def _now() -> dt.datetime:
    """The present, in the protocol's milliseconds, so that what was sent and what was stored compare equal."""
    now = timezone.now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _worth_repeating(error: OperationalError) -> bool:
    """Deadlocks and serialisation failures end by themselves; a lost connection is the caller's to heal."""
    return getattr(error.__cause__, "sqlstate", "") in {"40001", "40P01"}
