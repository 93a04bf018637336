"""Group commit: whatever the sockets of this process want to store while one transaction commits goes into the next.

One thread and one connection of its own. It waits for nothing but the database, so that a batch begins the moment the
one before is committed; the event loop is told of each batch in one wake-up.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError, connection

from chats.domain.entries import Answer, Entry
from chats.domain.errors import Refused
from chats.domain.messages import append_messages
from chats.domain.news import News
from chats.live.failpoints import Failpoint

log = structlog.get_logger(__name__)

Callback = Callable[[Answer], None]
Waiting = tuple[Entry, Callback]
MOST = 256
PATIENCE = 3.0
PAUSE = 0.25
BUSY = 4
GATHER = 0.003


class Writer:
    def __init__(self, loop: asyncio.AbstractEventLoop, publish: Callable[[News], None]) -> None:
        self._loop = loop
        self._publish = publish
        self._queue: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._heard: list[News] = []
        self._after_commit = Failpoint("after_commit")
        self._after_answer = Failpoint("after_answer")
        self._thread = threading.Thread(target=self._run, name="live-writer", daemon=True)
        self._stopped: asyncio.Future[None] = loop.create_future()
        self._thread.start()

    def submit(self, entry: Entry, answered: Callback) -> None:
        """Queues `entry`; `answered` is called in the event loop once it is committed or refused."""
        self._queue.put((entry, answered))

    def store(self, entry: Entry) -> asyncio.Future[Answer]:
        """`submit` for callers that wait."""
        future: asyncio.Future[Answer] = self._loop.create_future()
        self.submit(entry, lambda answer: None if future.done() else future.set_result(answer))
        return future

    def is_own_thread(self) -> bool:
        return threading.current_thread() is self._thread

    def hear(self, news: News) -> None:
        """Called by the commit itself, in the writer's thread."""
        self._heard.append(news)

    async def stop(self) -> None:
        """Stores what was submitted so far, answers it, and ends the thread."""
        self._queue.put(None)
        await self._stopped

    def _run(self) -> None:
        stopping = False
        while not stopping:
            waiting, stopping = self._take()
            if not waiting:
                continue
            answers = self._commit([entry for entry, _ in waiting])
            if self._after_commit.reached():
                self._after_commit.die()
            heard, self._heard = self._heard, []
            self._loop.call_soon_threadsafe(self._tell, waiting, answers, heard)
            if len(waiting) >= BUSY and not stopping:
                # Under load a moment's patience makes the next batch larger, and each message in it cheaper.
                time.sleep(GATHER)
        connection.close()
        self._loop.call_soon_threadsafe(self._stopped.set_result, None)

    def _take(self) -> tuple[list[Waiting], bool]:
        """At least one thing that waits, and everything else that does; and whether to stop after it."""
        waiting: list[Waiting] = []
        item = self._queue.get()
        while item is not None:
            waiting.append(item)
            if len(waiting) >= MOST:
                return waiting, False
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return waiting, False
        return waiting, True

    def _commit(self, entries: list[Entry]) -> list[Answer]:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return append_messages(entries)
            except (OperationalError, InterfaceError):
                # The commit may have happened before the connection broke: the repeat finds it by its `cid`.
                self._heard.clear()
                connection.close()
                if time.monotonic() > deadline:
                    log.warning("database unavailable", entries=len(entries))
                    return [Refused("unavailable", retry_after=2) for _ in entries]
                time.sleep(PAUSE)
            except Exception:
                log.exception("batch failed", entries=len(entries))
                connection.close()
                if len(entries) > 1:
                    # The one that cannot be stored must not take its neighbours with it, now and at every repeat.
                    return [answer for entry in entries for answer in self._commit([entry])]
                return [Refused("unavailable", retry_after=2)]

    def _tell(self, waiting: list[Waiting], answers: list[Answer], heard: list[News]) -> None:
        for (_, answered), answer in zip(waiting, answers, strict=True):
            try:
                answered(answer)
            except Exception:
                log.exception("an answer was not given")
        if self._after_answer.reached():
            self._loop.call_later(0.05, self._after_answer.die)
            return
        for news in heard:
            self._publish(news)
