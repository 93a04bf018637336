"""Bodies of plain HTTP requests end somewhere, before anything keeps or reads them.

Daphne stores a body of any length, and twisted then parses a form in memory once more than Django, which is the one
that has limits. So a body over the limit is refused while it comes in, and twisted leaves forms alone.
"""

from __future__ import annotations

# isort: off
from daphne.server import Server as DaphneServer  # noqa: F401 - installs the asyncio reactor, so it must come first

# isort: on
from collections.abc import Callable
from typing import Any

from daphne.http_protocol import WebRequest

LARGEST_BODY = 8 * 1024 * 1024
TOO_LARGE = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class BoundedRequest(WebRequest):  # type: ignore[misc]
    # What daphne answers by itself (a broken request, an application that is gone) has no policy that would allow the
    # style sheet in its own page, and nobody needs to know what serves it.
    error_template = "<!doctype html><title>%(title)s</title><h1>%(title)s</h1><p>%(body)s</p>"
    refused = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs, parsePOSTFormSubmission=False)

    def gotLength(self, length: int | None) -> None:  # noqa: N802 - twisted's name
        super().gotLength(length)
        if length is not None and length > LARGEST_BODY:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        if self.refused:
            return
        if self.content.tell() + len(data) > LARGEST_BODY:
            self._refuse()
            return
        super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802
        if not self.refused:
            super().requestReceived(command, path, version)

    def _refuse(self) -> None:
        self.refused = True
        self.channel.transport.write(TOO_LARGE)
        self.channel.loseConnection()


def bounded(build: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A factory's `buildProtocol` whose connections make such requests."""

    def build_bounded(address: Any) -> Any:
        made = build(address)
        made.requestFactory = BoundedRequest
        return made

    return build_bounded
