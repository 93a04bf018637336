"""A real server, a real browser, a customer's page. Without a browser these tests are skipped, but not in CI."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.browser.desk import Desk
from tests.browser.visit import HOSTS
from tests.support.browser import MISSING, browser_flags, find_browser, in_ci
from tests.support.host_page import HostPage
from tests.support.server import LiveServer


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Per module: its event loop must be gone before the next module's own."""
    if find_browser() is None:
        if in_ci():
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """One browser for all visitors of a module; each has a profile of their own in it."""
    browser = playwright.chromium.launch(executable_path=find_browser(), args=[*browser_flags(), HOSTS])
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def one_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    server = LiveServer(Path(tmp_path_factory.mktemp("served")))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(one_server: LiveServer) -> LiveServer:
    """The server with its demo data, running even if the test before killed it."""
    if one_server.process is None:
        one_server.start()
    return one_server


@pytest.fixture
def host(server: LiveServer) -> Iterator[HostPage]:
    """A customer's page on another origin, with the demo website's widget."""
    with HostPage(server.url, server.demo["website_key"]) as page:
        yield page


@pytest.fixture
def desk(server: LiveServer) -> Iterator[Desk]:
    """An operator who is there."""
    with Desk(server) as desk:
        desk.is_noticed()
        yield desk
