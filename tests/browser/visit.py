"""A visitor with a real Chromium, in one of the three set-ups that decide what the frame may store."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect

from tests.support.browser import browser_flags, find_browser
from tests.support.host_page import HostPage

# Where the host page is, and whether storage of third parties is allowed (then the browser partitions it).
SETUPS = {
    "same-site": ("127.0.0.1", False),
    "blocked": ("shop.test", False),
    "partitioned": ("shop.test", True),
}
PARTITIONED = {"profile": {"block_third_party_cookies": False, "cookie_controls_mode": 0}}


HOSTS = "--host-resolver-rules=MAP shop.test 127.0.0.1"


@contextmanager
def visitors_browser(browser: Browser, *, partitioned: bool = False, **options: Any) -> Iterator[BrowserContext]:
    """A profile of its own, gone afterwards. Only a whole browser can be told to allow storage of third parties."""
    options = {"locale": "en-GB", "timezone_id": "Europe/Berlin", **options}
    with tempfile.TemporaryDirectory(prefix="chatsite-visitor-", ignore_cleanup_errors=True) as profile:
        if partitioned:
            folder = Path(profile) / "Default"
            folder.mkdir()
            (folder / "Preferences").write_text(json.dumps(PARTITIONED))
            context = browser.browser_type.launch_persistent_context(
                profile, executable_path=find_browser(), args=[*browser_flags(), HOSTS], **options
            )
        else:
            context = browser.new_context(**options)
        try:
            yield context
        finally:
            context.close()


class Visit:
    """One tab on the host page."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page: Page = context.new_page()
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", lambda line: self.problems.append(line.text) if "Refused" in line.text else None)
        self.page.goto(url)
        self.page.wait_for_selector("chatsite-widget", state="attached")

    def launcher(self) -> None:
        """Clicks where the launcher is: its shadow root is closed to us, too."""
        size = self.page.viewport_size
        assert size is not None
        self.page.mouse.click(size["width"] - 48, size["height"] - 48)

    @property
    def frame(self) -> Frame:
        found = next((frame for frame in self.page.frames if re.search("/widget/.*/frame$", frame.url)), None)
        assert found is not None, "there is no chat on this page"
        return found

    def open(self) -> Frame:
        self.launcher()
        return self.await_frame()

    def await_frame(self) -> Frame:
        for _ in range(100):
            if any("/frame" in frame.url for frame in self.page.frames):
                break
            self.page.wait_for_timeout(50)
        self.frame.wait_for_selector("#status:not(:empty)")
        return self.frame

    def write(self, text: str) -> None:
        self.frame.fill("#text", text)
        self.frame.press("#text", "Enter")

    def sees(self, texts: list[str], *, timeout: float = 10_000) -> None:
        """Waits until the thread's bubbles are exactly these, in this order."""
        expect(self.frame.locator("#log .bubble")).to_have_text(texts, timeout=timeout)

    def has_sent_everything(self, *, timeout: float = 10_000) -> None:
        expect(self.frame.locator("#log .waiting")).to_have_count(0, timeout=timeout)

    def link(self) -> str:
        return self.frame.locator("#link").inner_text()


def tab(context: BrowserContext, host: HostPage, setup: str, path: str = "/") -> Visit:
    return Visit(context, host.on(SETUPS[setup][0]) + path)
