"""The console in a real browser: a conversation both ways, reloads, a lost link, a killed server, no script at all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, expect

from tests.browser.desk import Desk
from tests.browser.passerby import Passerby
from tests.browser.screens import SCHEMES, SIZES, open_context, picture, sign_in
from tests.support.browser import browser_flags, find_browser
from tests.support.server import LiveServer

pytestmark = pytest.mark.browser

INBOX = "/w/demo/"
REPLY, NOTE = '[data-form="reply"] textarea', '[data-form="note"] textarea'
COUNTED_TITLE = re.compile(r"^\(\d+\) Inbox")
# Two cores are shared with servers and browsers: five seconds are sometimes not enough.
expect.set_options(timeout=15_000)

GRAVE = {"serious", "critical"}
LINKS = Path(__file__).parent.parent / "chats" / "links.json"


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    launched = playwright.chromium.launch(executable_path=find_browser(), args=browser_flags())
    yield launched
    launched.close()


@pytest.fixture(scope="module")
def sessions(
    browser: Browser, one_server: LiveServer, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[int], Path]:
    """The cookies of the demo's people, each signed in once: 0 is Alice, 1 Carol, 2 Bob."""
    folder = tmp_path_factory.mktemp("sessions")

    def of(who: int) -> Path:
        path: Path = folder / f"{who}.json"
        if not path.exists():
            context = open_context(browser, site=one_server.url)
            sign_in(context, **one_server.demo["operators"][who])
            context.storage_state(path=path)
            context.close()
        return path

    return of


Console = Callable[..., Page]


@pytest.fixture
def console(server: LiveServer, browser: Browser, sessions: Callable[[int], Path]) -> Iterator[Console]:
    """Opens a page of the console as one of the demo's people; a problem in any of its scripts fails the test."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def opened(path: str = INBOX, *, who: int = 2, live: bool = True, **options: object) -> Page:
        context = open_context(browser, site=server.url, session=sessions(who), **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if "Refused" in line.text else None)
        page.goto(path)
        if live:
            is_live(page)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


def link(page: Page) -> Locator:
    return page.locator(".rail [data-link-words]")


def is_live(page: Page) -> None:
    expect(page.locator(".rail [data-link-state] .dot")).to_have_attribute("data-state", "live", timeout=40_000)


def row(page: Page, words: str) -> Locator:
    return page.locator(".chat-row", has_text=words)


def open_chat(page: Page, words: str) -> None:
    row(page, words).click()
    expect(page.locator(".entry-bubble", has_text=words).first).to_be_visible()


def bubbles(page: Page) -> Locator:
    return page.locator('[data-part="entries"] .entry-bubble')


def write(page: Page, text: str, box: str = REPLY) -> None:
    if box == NOTE:
        page.locator(".composer-tab-note").click()
    else:
        page.locator(".composer-tab").first.click()
    page.fill(box, text)
    page.press(box, "Enter")


@contextmanager
def somebody(server: LiveServer, text: str, name: str = "") -> Iterator[Passerby]:
    """A visitor who has just written `text`."""
    with Passerby(server, name) as visitor:
        yield visitor.begins(text)


def test_a_visitor_and_an_operator_talk(server: LiveServer, console: Console) -> None:
    page = console()
    with somebody(server, "Is anybody there?", "Verena") as visitor:
        expect(page.locator('[data-rows="waiting"] .chat-row', has_text="Is anybody there?")).to_be_visible()
        expect(page).to_have_title(COUNTED_TITLE)
        open_chat(page, "Is anybody there?")
        page.get_by_role("button", name="Accept").click()
        expect(page.locator('[data-rows="mine"] .chat-row', has_text="Verena")).to_be_visible()
        write(page, "Yes, how can I help?")
        visitor.hears("Yes, how can I help?")
        visitor.says("With <b>everything</b>: https://shop.example/a")
        expect(bubbles(page).last).to_have_text("With <b>everything</b>: https://shop.example/a")
        expect(bubbles(page).last.locator("a")).to_have_attribute("href", "https://shop.example/a")
        expect(page.locator(".thread-pending li")).to_have_count(0)
        for words in ("verena@people.example", "Unverified", "Pricing", "https://search.example"):
            expect(page.locator(".inbox-visitor")).to_contain_text(words)


def test_typing_is_seen_on_both_sides_and_ends_with_the_message(server: LiveServer, console: Console) -> None:
    page = console()
    with somebody(server, "Do you see me type?", "Vera") as visitor:
        open_chat(page, "Do you see me type?")
        visitor.tell({"type": "typing", "on": True})
        expect(page.locator('[data-part="typing"]')).to_have_text("Vera is typing…")
        expect(page.locator('[data-part="preview"]')).to_have_text("")
        visitor.says("That was it")
        expect(page.locator('[data-part="typing"]')).to_have_text("")
        page.locator(REPLY).press_sequentially("I see")
        visitor.sees("typing")


def test_a_note_has_its_own_box_and_never_reaches_the_visitor(server: LiveServer, console: Console) -> None:
    page = console()
    with somebody(server, "A delicate question") as visitor:
        open_chat(page, "A delicate question")
        page.fill(REPLY, "half a reply")
        write(page, "she is angry", NOTE)
        expect(page.locator(".entry-note .entry-bubble")).to_have_text("she is angry")
        page.locator(".composer-tab").first.click()
        expect(page.locator(REPLY)).to_have_value("half a reply")
        page.press(REPLY, "Enter")
        visitor.hears("half a reply")
        assert "angry" not in json.dumps(visitor.frames)


def test_drafts_of_reply_and_note_survive_a_reload_each_in_its_chat(server: LiveServer, console: Console) -> None:
    page = console()
    with somebody(server, "First question"), somebody(server, "Second question"):
        open_chat(page, "First question")
        page.fill(REPLY, "a reply to the first")
        page.locator(".composer-tab-note").click()
        page.fill(NOTE, "a note on the first")
        open_chat(page, "Second question")
        expect(page.locator(REPLY)).to_have_value("")
        page.reload()
        is_live(page)
        expect(page.locator(".entry-bubble", has_text="Second question")).to_be_visible()
        open_chat(page, "First question")
        expect(page.locator(REPLY)).to_have_value("a reply to the first")
        expect(page.locator(NOTE)).to_have_value("a note on the first")


def test_signing_out_takes_the_drafts_along(server: LiveServer, browser: Browser, console: Console) -> None:
    context = open_context(browser, site=server.url)
    sign_in(context, **server.demo["operators"][1])
    page = context.new_page()
    with somebody(server, "Leave nothing behind"):
        page.goto(INBOX)
        is_live(page)
        open_chat(page, "Leave nothing behind")
        page.fill(REPLY, "half a secret")
        page.press(REPLY, "Escape")
        page.wait_for_function("() => Object.keys(localStorage).some((key) => key.startsWith('chatsite:draft:'))")
        page.locator("[data-own-status] > summary").click()
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url(lambda url: "/w/" not in url)
        assert "half a secret" not in page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    context.close()


def test_a_lost_link_is_shown_and_nothing_is_lost_with_it(server: LiveServer, console: Console) -> None:
    page = console()
    with somebody(server, "Before the tunnel") as visitor:
        open_chat(page, "Before the tunnel")
        write(page, "I am here")
        visitor.hears("I am here")
        page.context.set_offline(True)
        expect(link(page)).to_have_text("Offline - nothing is lost", timeout=20_000)
        write(page, "said in the tunnel")
        expect(page.locator(".thread-pending .entry-state")).to_contain_text("kept here")
        visitor.says("are you still there?")
        page.context.set_offline(False)
        visitor.hears("said in the tunnel")
        expect(bubbles(page)).to_have_text(
            ["Before the tunnel", "I am here", "are you still there?", "said in the tunnel"], timeout=20_000
        )
        expect(page.locator(".thread-pending li")).to_have_count(0)


def test_a_killed_server_loses_no_message_and_doubles_none(server: LiveServer, console: Console) -> None:
    page = console()
    with somebody(server, "Before the crash") as visitor:
        open_chat(page, "Before the crash")
        page.fill(REPLY, "typed while it died")
        server.kill()
        page.press(REPLY, "Enter")
        expect(link(page)).not_to_contain_text("Live")
        expect(page.locator(".thread-pending .entry-bubble")).to_have_text("typed while it died")
        server.start()
        # As when somebody comes back to the tab: at once, not when the back-off ends.
        page.evaluate("dispatchEvent(new Event('online'))")
        is_live(page)
        visitor.come().hears("typed while it died")
        expect(bubbles(page)).to_have_text(["Before the crash", "typed while it died"], timeout=20_000)
        page.reload()
        is_live(page)
        expect(bubbles(page)).to_have_text(["Before the crash", "typed while it died"])
        assert visitor.texts.count("typed while it died") == 1


def test_what_could_not_be_sent_is_red_and_can_be_sent_again(server: LiveServer, console: Console) -> None:
    page = console()
    with somebody(server, "Closed under your hands") as visitor, Desk(server, who=0) as desk:
        chat = desk.take("Closed under your hands")
        open_chat(page, "Closed under your hands")
        page.context.set_offline(True)
        expect(link(page)).to_have_text("Offline - nothing is lost", timeout=20_000)
        write(page, "one more thing")
        desk.say({"type": "close", "chat": chat})
        visitor.sees("closed")
        page.context.set_offline(False)
        failed = page.locator('.thread-pending [data-send="failed"]')
        expect(failed).to_contain_text("the chat is closed", timeout=20_000)
        page.get_by_role("button", name="Reopen").click()
        expect(page.locator('[data-pane="thread"]')).to_have_attribute("data-state", "active")
        failed.get_by_role("button", name="Retry").click()
        visitor.hears("one more thing")
        expect(page.locator(".thread-pending li")).to_have_count(0)


def test_colleagues_see_each_other_before_they_write(server: LiveServer, console: Console) -> None:
    bob, alice = console(who=2), console(who=0)
    with somebody(server, "Who answers me?"):
        open_chat(bob, "Who answers me?")
        open_chat(alice, "Who answers me?")
        expect(bob.locator('[data-part="others"]')).to_have_text("Alice is looking at this chat")
        alice.locator(REPLY).press_sequentially("Let me")
        expect(bob.locator('[data-part="typing"]')).to_have_text("Alice is typing…")
        alice.press(REPLY, "Enter")
        expect(bob.locator('[data-rows="colleagues"] .chat-row', has_text="Alice").first).to_be_visible()
        expect(bob.locator('[data-part="hint"]')).to_contain_text("Alice holds this chat")


def test_a_closed_chat_can_be_taken_back_for_a_moment(server: LiveServer, console: Console) -> None:
    page = console()
    with somebody(server, "Closed too early") as visitor:
        open_chat(page, "Closed too early")
        page.get_by_role("button", name="Accept").click()
        page.locator('[data-action="close"] button').click()
        expect(page.locator('[data-pane="thread"]')).to_have_attribute("data-state", "closed")
        expect(row(page, "Closed too early")).to_have_count(0)
        page.locator(".toast").get_by_role("button", name="Undo").click()
        expect(page.locator('[data-pane="thread"]')).to_have_attribute("data-state", "active")
        visitor.sees("reopened")


def test_keys_move_and_act_but_never_while_writing(server: LiveServer, console: Console) -> None:
    page = console()
    with somebody(server, "Keys, first"), somebody(server, "Keys, second"):
        expect(row(page, "Keys, second")).to_be_visible()
        page.keyboard.press("j")
        expect(page.locator(".chat-row-link[aria-current]")).to_have_count(1)
        first = page.locator(".chat-row-link[aria-current] [data-part=words]").inner_text()
        page.keyboard.press("j")
        expect(page.locator(".chat-row-link[aria-current] [data-part=words]")).not_to_have_text(first)
        page.keyboard.press("k")
        expect(page.locator(".chat-row-link[aria-current] [data-part=words]")).to_have_text(first)
        page.wait_for_function(
            """() => document.querySelector('[data-pane="thread"]').dataset.url
                === document.querySelector(".chat-row-link[aria-current]").pathname"""
        )
        page.keyboard.press("n")
        page.keyboard.type("nejkr?/")
        expect(page.locator(NOTE)).to_have_value("nejkr?/")
        page.keyboard.press("Escape")
        page.keyboard.press("Control+e")
        page.evaluate(
            """document.body.dispatchEvent(
                new KeyboardEvent("keydown", { key: "e", modifierAltGraph: true, bubbles: true }))"""
        )
        page.keyboard.press("Alt+e")
        expect(page.locator('[data-pane="thread"]')).not_to_have_attribute("data-state", "closed")
        page.keyboard.press("?")
        expect(page.locator("dialog.shortcuts")).to_be_visible()
        page.keyboard.press("e")
        page.keyboard.press("Escape")
        expect(page.locator('[data-pane="thread"]')).not_to_have_attribute("data-state", "closed")
        page.keyboard.press("e")
        expect(page.locator('[data-pane="thread"]')).to_have_attribute("data-state", "closed")
        page.keyboard.press("/")
        page.wait_for_url("**/closed/")
        expect(page.locator("#id_text")).to_be_focused()


def test_older_messages_come_when_one_scrolls_up(server: LiveServer, console: Console) -> None:
    with somebody(server, "The very first words"), Desk(server, who=0) as desk:
        chat = desk.take("The very first words")
        for number in range(90):
            cid = f"00000000-0000-4000-8000-{number:012d}"
            desk.say({"type": "note", "chat": chat, "cid": cid, "text": f"Note {number}"})
            # In step with what comes back, so as to stay below the rate that an operator may have.
            desk.until(lambda known=number: len(desk.entries.get(chat, [])) > known - 40, 20)  # type: ignore[misc]
        page = console(f"{INBOX}chats/{chat}/")
        expect(page.get_by_text("The very first words", exact=True).first).not_to_be_in_viewport()
        page.locator('[data-part="scroll"]').evaluate("(pane) => { pane.scrollTop = 0 }")
        expect(page.locator(".entry-bubble", has_text="The very first words")).to_have_count(1)
        numbers = page.locator('[data-part="entries"] [data-n]').evaluate_all(
            "(all) => all.map((item) => +item.dataset.n)"
        )
        assert numbers == list(range(1, len(numbers) + 1))


def test_a_new_chat_rings_until_somebody_takes_it_and_a_new_message_has_another_sound(
    server: LiveServer, console: Console
) -> None:
    page = console()
    sound = page.locator('[data-alert="sound"]')
    expect(sound).to_have_text("Enable sound")
    sound.click()
    expect(sound).to_have_text("Sound on")
    page.evaluate(
        """() => {
            window.tones = [];
            const start = OscillatorNode.prototype.start;
            OscillatorNode.prototype.start = function (at) {
                window.tones.push(this.frequency.value);
                return start.call(this, at);
            };
        }"""
    )
    with somebody(server, "Ring the bell") as visitor, somebody(server, "Hold the line"):
        page.wait_for_function("() => window.tones.includes(880)")
        open_chat(page, "Ring the bell")
        page.get_by_role("button", name="Accept").click()
        expect(page.locator('[data-pane="thread"]')).to_have_attribute("data-state", "active")
        open_chat(page, "Hold the line")
        page.evaluate("window.tones = []")
        visitor.says("and another")
        page.wait_for_function("() => window.tones.includes(587)")
        # The second chat still waits, so the bell goes on.
        page.wait_for_function("() => window.tones.includes(880)", timeout=15_000)


def test_a_notice_is_asked_for_by_its_button_only(console: Console) -> None:
    page = console()
    page.add_init_script(
        "window.asked = 0; Notification.requestPermission = async () => { window.asked += 1; return 'denied' }"
    )
    page.reload()
    is_live(page)
    page.mouse.click(700, 400)
    assert page.evaluate("window.asked") == 0
    page.locator('[data-alert="notice"]').click()
    assert page.evaluate("window.asked") == 1


def test_the_own_status_is_chosen_in_the_rail_and_explained(server: LiveServer, console: Console) -> None:
    page = console(who=1)
    status = page.locator("[data-own-status]")
    for words, state in (("Away", "away"), ("Online", "online")):
        status.locator("> summary").click()
        status.locator(f'[data-set-status="{state}"]').click()
        expect(status.locator("summary .dot")).to_have_attribute("data-state", state)
        status.locator("> summary").click()
        expect(status.locator("[data-status-reason]")).not_to_be_empty()
        expect(status.locator(".menu-title [data-status-words]")).to_have_text(words)
        page.keyboard.press("Escape")


def test_every_page_of_the_console_says_whether_it_is_live(console: Console) -> None:
    page = console(f"{INBOX}closed/")
    expect(link(page)).to_contain_text("Live")
    expect(page.locator(".rail [data-link-state]")).to_have_attribute("title", "Last heard from the server 0 s ago")


def test_a_phone_shows_one_pane_at_a_time(server: LiveServer, console: Console) -> None:
    with somebody(server, "Written on the bus", "Vera"):
        page = console(size="390")
        row(page, "Written on the bus").locator("a").tap()
        expect(page.locator('[data-part="scroll"]')).to_be_focused()
        expect(page.locator(".inbox-list")).not_to_be_visible()
        page.locator('[data-part="details"]').tap()
        expect(page.locator(".inbox-visitor")).to_contain_text("vera@people.example")
        page.locator('[data-part="details-close"]').tap()
        expect(page.locator(".inbox-visitor")).not_to_be_visible()
        page.locator('[data-part="back"]').tap()
        expect(row(page, "Written on the bus").locator("a")).to_be_focused()
        page.go_back()
        expect(page.locator(".entry-bubble", has_text="Written on the bus")).to_be_visible()


def test_who_signs_out_elsewhere_is_told_and_shown_nothing_more(server: LiveServer, browser: Browser) -> None:
    context = open_context(browser, site=server.url)
    sign_in(context, **server.demo["operators"][1])
    page, elsewhere = context.new_page(), context.new_page()
    page.goto(INBOX)
    is_live(page)
    elsewhere.goto("/profile/")
    elsewhere.locator("#main").get_by_role("button", name="Log out").click()
    expect(link(page)).to_have_text("Not connected")
    expect(page.locator(".toast")).to_contain_text("You were signed out")
    with somebody(server, "For those who are still there"):
        page.wait_for_timeout(1000)
        expect(row(page, "For those who are still there")).to_have_count(0)
    context.close()


def test_everything_works_without_a_script(server: LiveServer, console: Console) -> None:
    with somebody(server, "Only forms today", "Frida") as visitor:
        page = console(live=False, script=False)
        row(page, "Only forms today").locator("a").click()
        page.get_by_role("button", name="Accept").click()
        expect(page.locator(".entry-event", has_text="joined")).to_be_visible()
        page.fill(REPLY, "Forms it is")
        page.get_by_role("button", name="Send").click()
        visitor.hears("Forms it is")
        page.locator(".composer-tab-note").click()
        page.fill(NOTE, "no script over there")
        page.get_by_role("button", name="Save note").click()
        expect(page.locator(".entry-note")).to_contain_text("no script over there")
        page.locator('[data-action="close"] button').click()
        expect(page.locator(".entry-event", has_text="closed the chat")).to_be_visible()
        page.get_by_role("button", name="Reopen").click()
        visitor.sees("reopened")
        page.goto(f"{INBOX}?tab=mine")
        expect(row(page, "Frida")).to_be_visible()
        page.goto(f"{INBOX}?tab=waiting")
        expect(row(page, "Frida")).not_to_be_visible()


def test_links_are_found_by_the_script_as_by_the_server(console: Console) -> None:
    page = console()
    found = page.evaluate(
        """async (cases) => {
            const { linked } = await import("/static/console/text.js");
            return cases.map(({ text }) => {
                const box = document.createElement("div");
                box.append(linked(text));
                return {
                    text: box.textContent,
                    links: [...box.querySelectorAll("a")].map((link) => link.getAttribute("href")),
                    others: box.querySelectorAll(":not(a)").length,
                };
            });
        }""",
        json.loads(LINKS.read_text(encoding="utf-8")),
    )
    wanted = [{**case, "others": 0} for case in json.loads(LINKS.read_text(encoding="utf-8"))]
    assert found == wanted


def story_for_pictures(server: LiveServer) -> str:
    """A chat with something of everything in it."""
    with somebody(server, "Good morning. Is the large kettle safe for induction hobs?", "Vera") as visitor:
        with Desk(server, who=2) as desk:
            chat = desk.take("Good morning. Is the large kettle safe for induction hobs?")
            desk.write(
                chat, "Good morning Vera. It is: the base is steel. The manual is at https://shop.example/manual"
            )
            visitor.says("Great.").says("And does it come with a spare filter, or do I have to order one?")
            note = {"type": "note", "chat": chat, "cid": "00000000-0000-4000-8000-0000000000ff"}
            desk.say({**note, "text": "The spare filter is in the box since March; older stock has none."})
            desk.until(lambda: any(entry["kind"] == "note" for entry in desk.entries[chat]))
            desk.write(chat, "One is in the box.")
            visitor.says("Perfect, thank you")
            desk.until(lambda: desk.texts(chat)[-1:] == ["Perfect, thank you"])
        return chat


@pytest.fixture(scope="module")
def pictured(one_server: LiveServer) -> str:
    if one_server.process is None:
        one_server.start()
    return story_for_pictures(one_server)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES)
def test_pages_are_fit_to_be_seen_and_used(pictured: str, console: Console, size: str, scheme: str) -> None:
    pages = {
        "inbox": INBOX,
        "chat": f"{INBOX}chats/{pictured}/",
        "closed": f"{INBOX}closed/",
        "transcript": f"{INBOX}chats/{pictured}/transcript/",
    }
    page = console(size=size, scheme=scheme)
    for name, path in pages.items():
        page.goto(path)
        is_live(page)
        page.wait_for_timeout(300)
        picture(page, name=name, size=size, scheme=scheme, full_page=False)
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
        grave = [finding for finding in Axe().run(page).response["violations"] if finding["impact"] in GRAVE]
        assert [(finding["id"], [node["target"] for node in finding["nodes"]]) for finding in grave] == []
    page.goto(pages["chat"])
    if size != "1440":
        page.locator('[data-part="details"]').click()
        expect(page.locator(".inbox-visitor")).to_be_visible()
        page.wait_for_timeout(300)
        picture(page, name="visitor", size=size, scheme=scheme, full_page=False)
        page.keyboard.press("Escape")
        expect(page.locator(".inbox-visitor")).not_to_be_visible()
    page.locator(".composer-tab-note").click()
    page.fill(NOTE, "A note in another colour\nthat grows\nline by line")
    picture(page, name="note", size=size, scheme=scheme, full_page=False)
