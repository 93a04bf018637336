"""Places where the fault suite makes this process die or forget: `LIVE_FAILPOINT=name:n` (the n-th time).

`after_commit` dies between a commit and its answer, `after_answer` between the answer and the broadcast,
`lose_broadcast` drops every n-th message for other processes. Ignored in production.
"""

from __future__ import annotations

import os
import signal

from django.conf import settings


class Failpoint:
    def __init__(self, name: str) -> None:
        wanted, _, count = os.environ.get("LIVE_FAILPOINT", "").partition(":")
        self.armed = not settings.PRODUCTION and wanted == name
        self.every = int(count or 1)
        self._passed = 0

    def reached(self) -> bool:
        """Whether this passing is the n-th; always False when not armed."""
        if not self.armed:
            return False
        self._passed += 1
        return self._passed % self.every == 0

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)
