"""Why something was not done. The codes are the protocol's (protocol section 3, `error`)."""

from __future__ import annotations


class Refused(Exception):
    """An entry that is not stored. `code` is one of the protocol's constants; nothing about the cause is added."""

    def __init__(self, code: str, *, retry_after: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after
