"""A visitor without a browser, so that console tests can see both sides: the protocol's frames, nothing else."""

from __future__ import annotations

import json
import time
import urllib.request
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import connect
from websockets.typing import Origin

from tests.support.server import LiveServer

Frame = dict[str, Any]
WAIT = 10.0


class Passerby:
    """Keeps the chat's entries in order, also over a lost connection."""

    def __init__(self, server: LiveServer, name: str = "") -> None:
        self.server, self.name = server, name
        self.entries: list[Frame] = []
        self.frames: list[Frame] = []
        self.leaving = ExitStack()
        address = f"{server.url}/widget/{server.demo['website_key']}/session"
        headers = {"Content-Type": "application/json", "Origin": server.url}
        with urllib.request.urlopen(urllib.request.Request(address, b"{}", headers)) as answer:
            self.token = json.load(answer)["token"]

    def come(self) -> Self:
        """Connects, anew if need be."""
        self.leaving.close()
        self.frames = []
        address = f"ws://127.0.0.1:{self.server.port}/ws/visitor"
        self.socket = self.leaving.enter_context(connect(address, origin=Origin(self.server.url)))
        last = self.entries[-1]["n"] if self.entries else 0
        self.tell({"type": "hello", "v": 1, "token": self.token, "after": last})
        self.until(lambda: any(frame["type"] == "welcome" for frame in self.frames))
        return self

    def __enter__(self) -> Self:
        return self.come()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leaving.close()

    def tell(self, frame: Frame) -> None:
        self.socket.send(json.dumps(frame))

    def until(self, condition: Callable[[], Any], wait: float = WAIT) -> Any:
        deadline = time.monotonic() + wait
        while not (found := condition()):
            left = deadline - time.monotonic()
            assert left > 0, f"the visitor waited {wait} s; the last frames were {self.frames[-5:]}"
            try:
                frame = json.loads(self.socket.recv(timeout=min(left, 0.2)))
            except TimeoutError:
                continue
            self.frames.append(frame)
            if frame["type"] == "events":
                last = self.entries[-1]["n"] if self.entries else 0
                self.entries += [entry for entry in frame["events"] if entry["n"] > last]
        return found

    def begins(self, text: str) -> Self:
        """The first message; with a name there is an e-mail address, too."""
        fields = {"name": self.name, "email": f"{self.name.lower()}@people.example"} if self.name else {}
        page = {
            "url": "https://shop.example/pricing",
            "title": "Pricing",
            "referrer": "https://search.example/?q=kettle",
        }
        self._sends({"type": "start", "text": text, "fields": fields, "page": page, "consent": []})
        return self

    def says(self, text: str) -> Self:
        self._sends({"type": "send", "text": text})
        return self

    def _sends(self, frame: Frame) -> None:
        cid = str(uuid.uuid4())
        self.tell({**frame, "cid": cid})
        self.until(lambda: any(known["type"] == "sent" and known["cid"] == cid for known in self.frames))

    @property
    def texts(self) -> list[str]:
        return [entry["text"] for entry in self.entries if entry["kind"] == "text"]

    def hears(self, text: str) -> None:
        self.until(lambda: text in self.texts)

    def sees(self, kind: str) -> None:
        """Waits for a frame of this type, or an entry of this kind."""
        self.until(
            lambda: (
                any(frame["type"] == kind for frame in self.frames)
                or any(entry["kind"] == kind for entry in self.entries)
            )
        )
