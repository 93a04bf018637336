"""Jobs of chats. The rows are the work; these only look at them."""

from __future__ import annotations

import time

from celery import shared_task
from django.conf import settings

from chats.domain import clocks

# Longer without a run than this, and the service (or its database) was away itself.
AWAY_SECONDS = 120.0


class Steadiness:
    """Whether the clocks have run without a longer pause for the holders' grace time.

    After an outage nobody has been seen for a while, because nobody could be; their chats are not taken for that.
    """

    def __init__(self) -> None:
        self._since: float | None = None
        self._last = 0.0

    def ran(self, at: float) -> bool:
        """Notes a run at `at` (monotonic seconds); whether the runs have been steady for long enough."""
        if self._since is None or at - self._last > AWAY_SECONDS:
            self._since = at
        self._last = at
        return bool(at - self._since >= settings.LIVE_HOLDER_GRACE_SECONDS)

    def broke(self) -> None:
        self._since = None


_steadiness = Steadiness()


@shared_task
def run_clocks() -> None:
    try:
        clocks.run_clocks(holders=_steadiness.ran(time.monotonic()))
    except Exception:
        _steadiness.broke()
        raise
