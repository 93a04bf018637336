"""An operator at a desk: signed in, on a real socket, without a browser, so that widget tests can see both sides."""

from __future__ import annotations

import http.cookiejar
import json
import re
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.support.server import LiveServer

Frame = dict[str, Any]
WAIT = 10.0


class Desk:
    """Keeps every chat's entries in order and the newest row of each chat."""

    def __init__(self, server: LiveServer, *, who: int = 0) -> None:
        self.server = server
        self.rows: dict[str, Frame] = {}
        self.entries: dict[str, list[Frame]] = {}
        self.frames: list[Frame] = []
        self.socket: ClientConnection | None = None
        self.leaving = ExitStack()
        self.cookies = self._sign_in(**server.demo["operators"][who])

    def _sign_in(self, email: str, password: str) -> str:
        jar = http.cookiejar.CookieJar()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        login = f"{self.server.url}/accounts/login/"
        page = opener.open(login).read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None
        form = {"login": email, "password": password, "csrfmiddlewaretoken": token[1]}
        opener.open(urllib.request.Request(login, urllib.parse.urlencode(form).encode(), {"Referer": login})).read()
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)

    def come(self) -> Self:
        """Connects, anew if need be; what is known from before does not count."""
        self.leave()
        self.rows, self.entries = {}, {}
        address = f"ws://127.0.0.1:{self.server.port}/ws/w/{self.server.demo['workspace']}"
        connection = connect(address, origin=Origin(self.server.url), additional_headers={"Cookie": self.cookies})
        self.socket = self.leaving.enter_context(connection)
        self.say({"type": "hello", "v": 1, "after": {}})
        self.until(lambda: any(frame["type"] == "welcome" for frame in self.frames))
        return self

    def leave(self) -> None:
        self.leaving.close()
        self.socket, self.frames = None, []

    def __enter__(self) -> Self:
        return self.come()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def is_noticed(self) -> None:
        """Waits until the widget says that somebody is there; presence is looked up every few seconds only."""
        config = f"{self.server.url}/widget/{self.server.demo['website_key']}/config.json"
        self.until(lambda: json.load(urllib.request.urlopen(config))["online"])

    def say(self, frame: Frame) -> None:
        assert self.socket is not None
        self.socket.send(json.dumps(frame))

    def until(self, condition: Callable[[], Any], wait: float = WAIT) -> Any:
        deadline = time.monotonic() + wait
        while not (found := condition()):
            left = deadline - time.monotonic()
            assert left > 0, f"waited {wait} s at the desk; the last frames: {str(self.frames[-4:])[:1500]}"
            assert self.socket is not None
            try:
                self._heard(json.loads(self.socket.recv(timeout=min(left, 0.2))))
            except TimeoutError:
                continue
        return found

    def _heard(self, frame: Frame) -> None:
        self.frames.append(frame)
        for row in frame.get("chats" if frame["type"] == "welcome" else "rows", []):
            self.rows[row["id"]] = row
        if frame["type"] == "events":
            held = self.entries.setdefault(frame["chat"], [])
            held += [entry for entry in frame["events"] if entry["n"] > (held[-1]["n"] if held else 0)]

    def take(self, text: str) -> str:
        """Waits for the chat whose last words are `text`, accepts it and watches it."""

        def found() -> str | None:
            return next((key for key, row in self.rows.items() if row["last"]["text"] == text), None)

        chat: str = self.until(found)
        self.say({"type": "watch", "chat": chat, "after": 0})
        self.say({"type": "accept", "chat": chat})
        self.until(lambda: self.rows[chat]["state"] == "active")
        return chat

    def watch(self, chat: str) -> None:
        self.say({"type": "watch", "chat": chat, "after": 0})
        self.until(lambda: chat in self.entries)

    def write(self, chat: str, text: str) -> None:
        cid = str(uuid.uuid4())
        self.say({"type": "send", "chat": chat, "cid": cid, "text": text})
        self.until(lambda: any(frame["type"] == "sent" and frame["cid"] == cid for frame in self.frames))

    def texts(self, chat: str) -> list[str]:
        return [entry["text"] for entry in self.entries.get(chat, []) if entry["kind"] == "text"]

    def sees(self, chat: str, texts: list[str], wait: float = WAIT) -> None:
        """Waits until the chat's texts are exactly these, in this order."""
        try:
            self.until(lambda: self.texts(chat) == texts, wait)
        except AssertionError:
            assert self.texts(chat) == texts
            raise
