"""Who is typing: carried, never stored, and over by itself."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings

from chats.live import protocol

if TYPE_CHECKING:
    from chats.live.core import Core


class Typing:
    def __init__(self, core: Core) -> None:
        self._core = core
        self._ends: dict[tuple[uuid.UUID, str], asyncio.TimerHandle] = {}

    def says(self, chat_id: uuid.UUID, author: dict[str, str], *, on: bool, text: str = "") -> None:
        """Tells whoever shows the chat; an `on` that is not repeated ends after six seconds."""
        key = (chat_id, author.get("id", ""))
        timer = self._ends.pop(key, None)
        if timer is not None:
            timer.cancel()
        elif not on:
            return
        if on:
            self._ends[key] = self._core.loop.call_later(settings.LIVE_TYPING_SECONDS, self._over, chat_id, author)
        self._core.hub.signal({"kind": "typing", "chat": str(chat_id), "author": author, "on": on, "text": text})

    def _over(self, chat_id: uuid.UUID, author: dict[str, str]) -> None:
        self.says(chat_id, author, on=False)

    def heard(self, signal: dict[str, Any]) -> None:
        chat_id, author = uuid.UUID(signal["chat"]), signal["author"]
        frame: dict[str, Any] = {"type": "typing", "chat": signal["chat"], "author": author, "on": signal["on"]}
        if signal["text"]:
            frame["text"] = signal["text"]
        payload = protocol.encode(frame)
        for operator in tuple(self._core.hub.watchers.get(chat_id, ())):
            if str(operator.member.id) != author.get("id"):
                operator.push(payload)
        if author["type"] == "visitor":
            return
        shown = {"type": author["type"], "name": author["name"]}
        payload = protocol.encode({**frame, "author": shown})
        for visitor in tuple(self._core.hub.visitors_in.get(chat_id, ())):
            visitor.push(payload)
