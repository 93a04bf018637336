"""Using the chat: by keyboard, on a phone, with a screen reader, when nobody is there, until the end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.desk import Desk
from tests.browser.screens import SCREENSHOTS
from tests.browser.visit import Visit, tab, visitors_browser
from tests.support.host_page import HostPage
from tests.support.server import LiveServer

pytestmark = pytest.mark.browser
GRAVE = ("serious", "critical")


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    with visitors_browser(chromium) as context:
        yield context


@pytest.fixture
def visit(context: BrowserContext, host: HostPage) -> Visit:
    return tab(context, host, "same-site")


def focused(visit: Visit) -> str:
    return str(visit.frame.evaluate("document.hasFocus() ? document.activeElement.id : ''"))


def test_the_whole_way_by_keyboard(desk: Desk, visit: Visit) -> None:
    page = visit.page
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    frame = visit.await_frame()
    expect(frame.locator("#text")).to_be_focused()
    page.keyboard.type("First line")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("second line")
    page.keyboard.press("Enter")
    visit.sees(["First line\nsecond line"])
    assert focused(visit) == "text"
    page.keyboard.press("Escape")
    page.wait_for_timeout(200)
    assert focused(visit) == ""
    page.keyboard.press("Enter")
    expect(frame.locator("#text")).to_be_focused()


def test_enter_of_an_input_method_sends_nothing(desk: Desk, visit: Visit) -> None:
    frame = visit.open()
    frame.fill("#text", "にほん")
    frame.evaluate(
        """() => document.getElementById("text").dispatchEvent(
          new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true }))"""
    )
    visit.sees([])
    assert frame.input_value("#text") == "にほん"


def test_what_an_operator_writes_is_text_and_only_safe_addresses_are_links(desk: Desk, visit: Visit) -> None:
    frame = visit.open()
    visit.write("Show me")
    chat = desk.take("Show me")
    nasty = "<img src=x onerror=alert(1)> javascript:alert(1) (see https://example.com/a?b=c). mailto:us@example.com!"
    desk.write(chat, nasty)
    visit.sees(["Show me", nasty])
    links = frame.locator("#log a")
    hrefs = [link.get_attribute("href") for link in links.all()]
    assert hrefs == ["https://example.com/a?b=c", "mailto:us@example.com"]
    assert all("noopener" in (link.get_attribute("rel") or "") for link in links.all())
    assert frame.locator("#log img").count() == 0
    assert frame.locator("#log .bubble").first.get_attribute("dir") == "auto"


def test_when_nobody_is_there_the_message_waits_with_an_address(server: LiveServer, visit: Visit) -> None:
    visit.open()
    wait_until_nobody_is_there(visit)
    frame = visit.frame
    expect(frame.locator("#away")).to_be_visible()
    frame.fill("#email", "vera at example")
    visit.write("Is anybody there?")
    expect(frame.locator("#problem")).to_have_text("This does not look like an e-mail address.")
    assert frame.input_value("#text") == "Is anybody there?"
    frame.fill("#email", "vera@example.com")
    frame.press("#text", "Enter")
    visit.sees(["Is anybody there?"])
    expect(frame.locator("#log .event")).to_contain_text(["Nobody could answer yet"])
    with Desk(server) as desk:
        row = desk.until(
            lambda: next((r for r in desk.rows.values() if r["visitor"].get("email") == "vera@example.com"), None)
        )
        assert row["state"] == "missed"
        desk.watch(row["id"])
        desk.write(row["id"], "Now I am")
        visit.sees(["Is anybody there?", "Now I am"])
        expect(frame.locator("#status")).to_have_text("We are here")


def wait_until_nobody_is_there(visit: Visit) -> None:
    """The desk of the test before may still count as there for some seconds."""
    deadline = time.monotonic() + 30
    while visit.frame.locator("#status").text_content() == "We are here":
        assert time.monotonic() < deadline
        visit.page.wait_for_timeout(2_000)
        visit.page.reload()
        visit.page.wait_for_selector("chatsite-widget", state="attached")
        visit.open()


def test_unread_answers_are_counted_on_the_launcher(desk: Desk, visit: Visit) -> None:
    frame = visit.open()
    visit.write("I go and read on")
    chat = desk.take("I go and read on")
    frame.click("#fold")
    visit.page.wait_for_timeout(200)
    desk.write(chat, "One")
    desk.write(chat, "Two")
    visit.page.wait_for_timeout(500)
    assert "Unread messages: 2" in accessible_text(visit)
    visit.launcher()
    visit.page.wait_for_timeout(300)
    assert "Unread" not in accessible_text(visit)
    desk.until(lambda: any(f["type"] == "read" and f["author"]["type"] == "visitor" for f in desk.frames))


def accessible_text(visit: Visit) -> str:
    session = visit.page.context.new_cdp_session(visit.page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    return " | ".join(str(node.get("name", {}).get("value", "")) for node in nodes)


def test_too_long_a_message_is_kept_and_explained(desk: Desk, visit: Visit) -> None:
    frame = visit.open()
    visit.write("x" * 10_001)
    expect(frame.locator("#problem")).to_have_text("At most 10000 characters; yours has 10001.")
    assert len(frame.input_value("#text")) == 10_001
    frame.fill("#text", "🎉" * 10_000)
    expect(frame.locator("#problem")).to_be_empty()


def test_a_visitor_ends_the_chat_and_starts_a_new_one(desk: Desk, visit: Visit) -> None:
    frame = visit.open()
    visit.write("Just one question")
    chat = desk.take("Just one question")
    frame.click("#end")
    frame.press("#keep", "Escape")
    expect(frame.locator("#ending")).to_be_hidden()
    frame.click("#end")
    frame.click("#ending .strong")
    expect(frame.locator("#log .event").last).to_contain_text("The chat has ended")
    desk.until(lambda: desk.rows[chat]["state"] == "closed")
    visit.write("Oh, one more")
    visit.sees(["Just one question", "Oh, one more"])
    desk.until(lambda: desk.rows[chat]["state"] != "closed")
    frame.click("#end")
    frame.click("#ending .strong")
    frame.click("#fresh")
    visit.sees([])
    visit.write("Something else")
    other = desk.take("Something else")
    assert other != chat
    visit.sees(["Something else"])


def test_on_a_phone_the_chat_fills_the_screen(chromium: Browser, host: HostPage, desk: Desk) -> None:
    phone: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    with visitors_browser(chromium, **phone) as context:
        visit = tab(context, host, "same-site")
        frame = visit.open()
        size = frame.evaluate("[innerWidth, innerHeight]")
        assert size == [390, 844]
        assert frame.evaluate("parseFloat(getComputedStyle(document.getElementById('text')).fontSize)") >= 16
        assert "user-scalable" not in frame.locator("meta[name=viewport]").get_attribute("content")  # type: ignore[operator]
        visit.write("From a phone")
        desk.take("From a phone")
        frame.click("#fold")
        visit.page.wait_for_timeout(200)
        assert visit.page.evaluate("document.activeElement.localName") == "chatsite-widget"


def test_it_reads_at_four_hundred_percent(desk: Desk, chromium: Browser, host: HostPage) -> None:
    """1280 pixels at 400 % are 320; nothing may need scrolling in two directions."""
    with visitors_browser(chromium, viewport={"width": 320, "height": 256}) as context:
        visit = tab(context, host, "same-site")
        frame = visit.open()
        visit.write("A rather long line that has to wrap, with AnExtremelyLongWordThatHasNoPlaceToBreakAnywhereInIt")
        visit.has_sent_everything()
        assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
        frame.locator("#text").scroll_into_view_if_needed()
        expect(frame.locator("#text")).to_be_in_viewport()


def test_screen_readers_hear_each_message_once_with_its_sender(desk: Desk, visit: Visit) -> None:
    frame = visit.open()
    log = frame.locator("#log")
    assert log.get_attribute("role") == "log"
    frame.evaluate(
        """() => {
          window.added = [];
          new MutationObserver((changes) => { for (const change of changes) for (const node of change.addedNodes) {
            if (node.classList?.contains("msg")) window.added.push(node.innerText); } })
            .observe(document.getElementById("log"), { childList: true });
        }"""
    )
    visit.write("Once")
    chat = desk.take("Once")
    desk.write(chat, "Only once")
    visit.sees(["Once", "Only once"])
    expect(log).to_have_attribute("aria-live", "polite")
    added = frame.evaluate("window.added")
    assert [text.split("\n")[0] for text in added] == ["You", "Alice"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_grave_and_pictures_are_taken(
    chromium: Browser, host: HostPage, desk: Desk, scheme: str
) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for name, width, height in (("1440", 1440, 900), ("1024", 1024, 768), ("390", 390, 844)):
        options: dict[str, Any] = {
            "viewport": {"width": width, "height": height},
            "color_scheme": scheme,
            "reduced_motion": "reduce",
        }
        with visitors_browser(chromium, **options) as context:
            visit = tab(context, host, "same-site")
            visit.page.screenshot(path=SCREENSHOTS / f"widget-launcher-{name}-{scheme}.png")
            frame = visit.open()
            visit.page.screenshot(path=SCREENSHOTS / f"widget-opened-{name}-{scheme}.png")
            # The panel is as large at 1024 as at 1440.
            looks = name != "1024"
            assert not looks or grave(frame) == []
            text = f"Do you ship to Norway? ({name} {scheme})"
            visit.write(text)
            chat = desk.take(text)
            visit.write("I mean: to https://example.com/islands")
            desk.write(chat, "Yes, within a week.")
            desk.write(chat, "It costs nothing above fifty.")
            desk.say({"type": "typing", "chat": chat, "on": True})
            expect(frame.locator("#typing")).to_be_visible()
            visit.page.screenshot(path=SCREENSHOTS / f"widget-talking-{name}-{scheme}.png")
            frame.click("#end")
            frame.click("#privacy")
            assert not looks or grave(frame) == []
            visit.page.screenshot(path=SCREENSHOTS / f"widget-ending-{name}-{scheme}.png")
            frame.click("#ending .strong")
            expect(frame.locator("#fresh")).to_be_visible()
            frame.click("#privacy")
            visit.page.screenshot(path=SCREENSHOTS / f"widget-ended-{name}-{scheme}.png")
            assert not looks or grave(frame) == []


def grave(frame: object) -> list[str]:
    found = Axe().run(frame).response["violations"]
    return [f"{each['id']}: {[node['target'] for node in each['nodes']]}" for each in found if each["impact"] in GRAVE]
