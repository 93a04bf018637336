"""One web process on the in-memory layer, also when nobody said how many there are.

`chatsite/checks.py` refuses a set-up that announces several processes; this refuses a second one that was just started.
"""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from django.conf import settings

from chatsite.checks import MEMORY_LAYER

# Held open for the life of the process; the kernel lets go of it even after SIGKILL.
_held: list[IO[str]] = []


class AnotherProcess(Exception):
    """Another web process already serves this DATA_DIR from its own memory."""


def claim() -> None:
    """Takes this DATA_DIR's only place for a web process. Raises `AnotherProcess`. With Redis there are many places."""
    if settings.CHANNEL_LAYERS["default"]["BACKEND"] != MEMORY_LAYER:
        return
    path = Path(settings.DATA_DIR) / "web.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.open("a", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise AnotherProcess from None
    _held.append(lock)
