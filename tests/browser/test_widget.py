"""The widget on another origin, in a real Chromium: the whole conversation, in the three set-ups of storage."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.desk import Desk
from tests.browser.visit import SETUPS, Visit, tab, visitors_browser
from tests.support.host_page import HostPage
from tests.support.server import LiveServer

pytestmark = pytest.mark.browser

# What a proxy that knows no upgrade looks like from inside.
NO_SOCKETS = """
window.WebSocket = class {
  static OPEN = 1;
  readyState = 0;
  constructor() { setTimeout(() => this.onclose?.({ code: 1006 }), 20); }
  close() {}
};
"""


# Where the set-up decides what happens; the other tests run on the same site.
everywhere = pytest.mark.parametrize("setup", SETUPS)


@pytest.fixture
def setup() -> str:
    return "same-site"


@pytest.fixture
def context(chromium: Browser, setup: str) -> Iterator[BrowserContext]:
    with visitors_browser(chromium, partitioned=SETUPS[setup][1]) as context:
        yield context


@pytest.fixture
def visit(context: BrowserContext, host: HostPage, setup: str, desk: Desk) -> Visit:
    return tab(context, host, setup)


@everywhere
def test_a_visitor_and_an_operator_talk(visit: Visit, desk: Desk) -> None:
    frame = visit.open()
    expect(frame.locator("#status")).to_have_text("We are here")
    visit.write("Do you ship to Norway?")
    chat = desk.take("Do you ship to Norway?")
    desk.write(chat, "Yes, within a week.")
    visit.sees(["Do you ship to Norway?", "Yes, within a week."])
    visit.write("Splendid 🎉")
    visit.sees(["Do you ship to Norway?", "Yes, within a week.", "Splendid 🎉"])
    desk.sees(chat, ["Do you ship to Norway?", "Yes, within a week.", "Splendid 🎉"])
    visit.has_sent_everything()
    assert visit.problems == []


def test_typing_is_seen_on_both_sides(visit: Visit, desk: Desk) -> None:
    frame = visit.open()
    visit.write("Typing, typing")
    chat = desk.take("Typing, typing")
    desk.say({"type": "typing", "chat": chat, "on": True})
    expect(frame.locator("#typing")).to_contain_text("is typing")
    frame.type("#text", "Hm")
    desk.until(lambda: any(frame["type"] == "typing" and frame["on"] for frame in desk.frames))
    desk.write(chat, "There")
    expect(frame.locator("#typing")).to_be_hidden()


@everywhere
def test_both_reload_and_lose_nothing(
    visit: Visit, desk: Desk, context: BrowserContext, host: HostPage, setup: str
) -> None:
    visit.open()
    visit.write("Before the reload")
    chat = desk.take("Before the reload")
    desk.write(chat, "I am still here")
    visit.sees(["Before the reload", "I am still here"])
    if setup == "blocked":
        # Nothing may be stored, so a tab alone forgets; another one that is open still knows.
        other = tab(context, host, setup)
        other.open()
        other.sees(["Before the reload", "I am still here"])
    visit.page.reload()
    visit.await_frame()
    visit.sees(["Before the reload", "I am still here"])
    desk.come()
    desk.watch(chat)
    desk.write(chat, "So am I")
    visit.sees(["Before the reload", "I am still here", "So am I"])
    visit.write("Good")
    desk.sees(chat, ["Before the reload", "I am still here", "So am I", "Good"])


@pytest.mark.parametrize("setup", ["same-site", "partitioned"])
def test_a_chat_follows_to_the_next_page(visit: Visit, desk: Desk, context: BrowserContext, setup: str) -> None:
    visit.open()
    visit.write("On the first page")
    chat = desk.take("On the first page")
    visit.page.click("text=Second")
    visit.page.wait_for_url("**/second")
    visit.await_frame()
    visit.sees(["On the first page"])
    desk.write(chat, "Welcome to the second")
    visit.sees(["On the first page", "Welcome to the second"])


@pytest.mark.parametrize("setup", ["blocked"])
def test_where_nothing_may_be_stored_a_lone_tab_goes_back_to_the_launcher(visit: Visit, desk: Desk, setup: str) -> None:
    visit.open()
    visit.write("Soon forgotten")
    desk.take("Soon forgotten")
    visit.page.reload()
    visit.page.wait_for_selector("chatsite-widget", state="attached")
    visit.page.wait_for_timeout(1_000)
    assert len(visit.page.frames) == 1, "the frame stayed though there is no chat and nobody clicked"
    assert visit.page.evaluate("sessionStorage.length") == 0


@everywhere
def test_tabs_share_one_visitor(visit: Visit, desk: Desk, context: BrowserContext, host: HostPage, setup: str) -> None:
    visit.open()
    second = tab(context, host, setup, "/second")
    second.open()
    visit.write("From the first tab")
    chat = desk.take("From the first tab")
    second.sees(["From the first tab"])
    second.write("From the second tab")
    visit.sees(["From the first tab", "From the second tab"])
    desk.write(chat, "To both")
    for each in (visit, second):
        each.sees(["From the first tab", "From the second tab", "To both"])
    desk.sees(chat, ["From the first tab", "From the second tab", "To both"])


def test_tabs_begin_anew_together(visit: Visit, desk: Desk, context: BrowserContext, host: HostPage) -> None:
    visit.open()
    second = tab(context, host, "same-site", "/second")
    second.open()
    visit.write("The first chat")
    chat = desk.take("The first chat")
    second.sees(["The first chat"])
    assert second.page.evaluate("({...sessionStorage})") == {"chatsite": "open"}
    visit.frame.click("#end")
    visit.frame.click("#ending .strong")
    desk.until(lambda: desk.rows[chat]["state"] == "closed")
    visit.frame.click("#fresh")
    for each in (visit, second):
        each.sees([])
    second.write("The second chat")
    visit.sees(["The second chat"])
    assert desk.take("The second chat") != chat


@everywhere
def test_the_server_is_killed_while_the_visitor_types(visit: Visit, desk: Desk, server: LiveServer, setup: str) -> None:
    frame = visit.open()
    visit.write("One")
    chat = desk.take("One")
    frame.fill("#text", "Two, half wr")
    server.kill()
    frame.type("#text", "itten")
    expect(frame.locator("#link")).to_contain_text("Reconnecting", timeout=6_000)
    assert frame.input_value("#text") == "Two, half written"
    frame.press("#text", "Enter")
    visit.write("Three")
    expect(frame.locator("#log .waiting")).to_have_count(2)
    server.start()
    visit.has_sent_everything(timeout=40_000)
    expect(frame.locator("#link")).to_be_empty(timeout=40_000)
    visit.sees(["One", "Two, half written", "Three"])
    desk.come()
    desk.watch(chat)
    desk.sees(chat, ["One", "Two, half written", "Three"])
    desk.write(chat, "Four")
    visit.sees(["One", "Two, half written", "Three", "Four"])


@everywhere
def test_the_network_goes_and_comes_back(visit: Visit, desk: Desk, context: BrowserContext) -> None:
    frame = visit.open()
    visit.write("Online")
    chat = desk.take("Online")
    context.set_offline(True)
    visit.write("Offline")
    desk.write(chat, "Are you there?")
    visit.page.wait_for_timeout(3_000)
    context.set_offline(False)
    visit.has_sent_everything(timeout=40_000)
    expect(frame.locator("#link")).to_be_empty()
    desk.until(lambda: sorted(desk.texts(chat)) == ["Are you there?", "Offline", "Online"])
    visit.sees(desk.texts(chat))


def test_without_sockets_the_chat_goes_over_http(
    context: BrowserContext, host: HostPage, desk: Desk, setup: str
) -> None:
    context.add_init_script(NO_SOCKETS)
    visit = tab(context, host, setup)
    visit.open()
    visit.write("No socket here")
    chat = desk.take("No socket here")
    desk.write(chat, "It works all the same")
    visit.sees(["No socket here", "It works all the same"], timeout=20_000)
    visit.write("Indeed")
    desk.sees(chat, ["No socket here", "It works all the same", "Indeed"], wait=20)
    expect(visit.frame.locator("#link")).to_be_empty()
