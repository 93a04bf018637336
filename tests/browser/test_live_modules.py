"""The modules that widget and console share: the link that heals itself, the outbox, the numbered stream.

They run in a real Chromium against a socket that the test plays, on a clock that the test turns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright

from tests.support.browser import browser_flags, find_browser
from tests.support.server import LiveServer

pytestmark = pytest.mark.browser

FAKES = """
window.sockets = [];
window.states = [];
window.frames_ = [];
window.renewals = 0;
window.WebSocket = class {
  static OPEN = 1;
  constructor(url) { this.url = String(url); this.readyState = 0; this.sent = []; window.sockets.push(this); }
  send(text) { this.sent.push(JSON.parse(text)); }
  close() { this.readyState = 3; }
  accept() { this.readyState = 1; this.onopen(); }
  say(frame) { this.onmessage({ data: JSON.stringify(frame) }); }
  end(code) { this.readyState = 3; this.onclose({ code }); }
};
Math.random = () => 0.999999;
window.last = () => window.sockets.at(-1);
window.begin = async (renew) => {
  const { createLink } = await import("/static/live/link.js");
  window.link = createLink({
    url: "/ws/visitor", hello: () => ({ token: "t", after: 3 }), beat: () => ({ after: 3 }),
    onFrame: (frame) => window.frames_.push(frame), onState: (state) => window.states.push(state),
    renew: async () => { window.renewals += 1; return renew; },
  });
};
window.goLive = () => { last().accept(); last().say({ type: "welcome", heartbeat: 25 }); };
window.state = () => window.states.at(-1).state;
void 0;
"""


@pytest.fixture(scope="module")
def page_of_module(playwright: Playwright) -> Iterator[Page]:
    browser = playwright.chromium.launch(executable_path=find_browser(), args=browser_flags())
    yield browser.new_context().new_page()
    browser.close()


@pytest.fixture
def page(page_of_module: Page, server: LiveServer) -> Page:
    page = page_of_module
    page.clock.install()
    page.goto(f"{server.url}/accounts/login/")
    page.evaluate(FAKES)
    return page


def begin(page: Page, *, renew: bool = True) -> None:
    page.evaluate("(renew) => begin(renew)", renew)


def wait(page: Page, seconds: float) -> None:
    page.clock.run_for(int(seconds * 1000))


def sockets(page: Page) -> int:
    return int(page.evaluate("sockets.length"))


def test_a_link_says_hello_first_and_is_live_after_the_welcome(page: Page) -> None:
    begin(page)
    assert page.evaluate("link.send({type: 'send'})") is False
    page.evaluate("last().accept()")
    assert page.evaluate("last().sent") == [{"type": "hello", "v": 1, "token": "t", "after": 3}]
    assert page.evaluate("state()") == "connecting"
    page.evaluate("last().say({type: 'welcome', heartbeat: 25})")
    assert page.evaluate("state()") == "live"
    assert page.evaluate("link.send({type: 'send'})") is True
    assert page.evaluate("last().url").startswith("ws://127.0.0.1:")


def test_a_heartbeat_names_what_is_held_and_silence_after_it_ends_the_link(page: Page) -> None:
    begin(page)
    page.evaluate("goLive()")
    wait(page, 25)
    assert page.evaluate("last().sent.at(-1)") == {"type": "ping", "after": 3}
    page.evaluate("last().say({type: 'pong', heads: {}})")
    wait(page, 25)
    assert page.evaluate("state()") == "live"
    wait(page, 34)
    assert page.evaluate("state()") == "live"
    wait(page, 2)
    assert page.evaluate("states.some((each) => each.state === 'waiting')")
    assert page.evaluate("sockets[0].readyState") == 3


def test_waits_double_up_to_half_a_minute(page: Page) -> None:
    begin(page)
    waits = []
    for _ in range(9):
        page.evaluate("last().end(1006)")
        waits.append(page.evaluate("Math.round((states.at(-1).retryAt - Date.now()) / 100) / 10"))
        wait(page, waits[-1] + 0.1)
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_a_link_that_lived_begins_with_the_short_wait_again(page: Page) -> None:
    begin(page)
    for _ in range(4):
        page.evaluate("last().end(1006)")
        wait(page, 31)
    page.evaluate("goLive()")
    wait(page, 6)
    page.evaluate("last().end(1006)")
    assert page.evaluate("Math.round((states.at(-1).retryAt - Date.now()) / 100)") == 5


@pytest.mark.parametrize("code", [4400, 4403, 4404, 4410, 4426])
def test_what_will_not_change_stops_the_link(page: Page, code: int) -> None:
    begin(page)
    page.evaluate("goLive()")
    page.evaluate("(code) => last().end(code)", code)
    assert page.evaluate("states.at(-1)")["code"] == code
    assert page.evaluate("state()") == "stopped"
    wait(page, 120)
    assert sockets(page) == 1


def test_an_old_token_is_renewed_and_the_link_comes_back_at_once(page: Page) -> None:
    begin(page)
    page.evaluate("last().accept()")
    page.evaluate("last().end(4401)")
    page.wait_for_function("sockets.length === 2")
    assert page.evaluate("renewals") == 1


def test_a_token_that_cannot_be_renewed_stops_the_link(page: Page) -> None:
    begin(page, renew=False)
    page.evaluate("last().end(4401)")
    page.wait_for_function("state() === 'stopped'")
    assert sockets(page) == 1


@pytest.mark.parametrize("code", [4408, 4409, 4429, 1013])
def test_who_was_too_much_waits_first(page: Page, code: int) -> None:
    begin(page)
    page.evaluate("goLive()")
    page.evaluate("(code) => last().end(code)", code)
    wait(page, 1.9)
    assert sockets(page) == 1
    wait(page, 2)
    assert sockets(page) == 2


def test_a_server_that_drains_is_left_alone_for_the_time_it_named(page: Page) -> None:
    begin(page)
    page.evaluate("goLive()")
    page.evaluate("last().say({type: 'drain', after_ms: 5000})")
    page.evaluate("last().end(1012)")
    wait(page, 4.9)
    page.evaluate("link.wake()")
    assert sockets(page) == 1
    wait(page, 1.2)
    assert sockets(page) == 2


def test_waking_connects_at_once(page: Page) -> None:
    begin(page)
    for _ in range(6):
        page.evaluate("last().end(1006)")
        wait(page, 31)
    page.evaluate("last().end(1006)")
    before = sockets(page)
    page.evaluate("dispatchEvent(new Event('online'))")
    assert sockets(page) == before + 1


def test_a_link_that_may_have_died_in_sleep_is_asked_at_once(page: Page) -> None:
    begin(page)
    page.evaluate("goLive()")
    page.evaluate("dispatchEvent(new Event('online'))")
    assert page.evaluate("last().sent.at(-1).type") == "ping"
    wait(page, 5.1)
    assert page.evaluate("states.some((each) => each.state === 'waiting')")


OUTBOX = """
async (steps) => {
  const { createOutbox } = await import("/static/live/outbox.js");
  const made = { kept: "", sent: [], up: true };
  const outbox = createOutbox({
    store: { get: () => made.kept, set: (value) => { made.kept = value; } },
    send: (frame) => made.up && Boolean(made.sent.push(frame)),
    onChange: () => {},
  });
  Object.assign(window, { made, outbox });
}
"""


def test_an_outbox_sends_one_after_the_other_and_repeats_what_has_no_answer(page: Page) -> None:
    page.evaluate(OUTBOX)
    page.evaluate("for (const text of ['a', 'b']) outbox.add({type: 'send', text})")
    assert page.evaluate("made.sent.map((frame) => frame.text)") == ["a"]
    page.evaluate("outbox.repeat()")
    assert page.evaluate("made.sent.map((frame) => frame.text)") == ["a", "a"]
    assert page.evaluate("new Set(made.sent.map((frame) => frame.cid)).size") == 1
    page.evaluate("outbox.settle({type: 'sent', cid: made.sent[0].cid})")
    assert page.evaluate("made.sent.map((frame) => frame.text)") == ["a", "a", "b"]
    page.evaluate("outbox.settle({type: 'sent', cid: made.sent[2].cid})")
    assert page.evaluate("outbox.items().length") == 0
    assert page.evaluate("made.kept") == "[]"


def test_an_outbox_keeps_order_while_one_message_must_wait(page: Page) -> None:
    page.evaluate(OUTBOX)
    page.evaluate("for (const text of ['a', 'b']) outbox.add({type: 'send', text})")
    page.evaluate("outbox.settle({type: 'error', code: 'too_fast', cid: made.sent[0].cid, retry_after: 3})")
    wait(page, 2.9)
    assert page.evaluate("made.sent.map((frame) => frame.text)") == ["a"]
    wait(page, 0.2)
    assert page.evaluate("made.sent.map((frame) => frame.text)") == ["a", "a"]


def test_chats_do_not_wait_for_each_other(page: Page) -> None:
    page.evaluate(OUTBOX)
    page.evaluate("for (const chat of ['x', 'y', 'x']) outbox.add({type: 'send', chat, text: chat})")
    assert page.evaluate("made.sent.map((frame) => frame.chat)") == ["x", "y"]


def test_a_refused_message_stays_until_it_is_retried_or_dropped(page: Page) -> None:
    page.evaluate(OUTBOX)
    page.evaluate("outbox.add({type: 'send', text: 'a'})")
    page.evaluate("outbox.settle({type: 'error', code: 'consent_required', cid: made.sent[0].cid, version: '7'})")
    item: dict[str, Any] = page.evaluate("outbox.items()[0]")
    assert (item["state"], item["error"], item["answer"]["version"]) == ("failed", "consent_required", "7")
    wait(page, 60)
    assert page.evaluate("made.sent.length") == 1
    page.evaluate("outbox.retry(outbox.items()[0].cid, {consent: [{text: 't', version: '7'}]})")
    assert page.evaluate("made.sent[1].consent[0].version") == "7"
    page.evaluate("outbox.drop(outbox.items()[0].cid)")
    assert page.evaluate("outbox.items()") == []


def test_an_outbox_survives_a_reload(page: Page) -> None:
    page.evaluate(OUTBOX)
    page.evaluate("made.up = false; outbox.add({type: 'send', text: 'kept'})")
    kept = page.evaluate("made.kept")
    page.evaluate(OUTBOX.replace('kept: ""', f"kept: {kept!r}"))
    page.evaluate("outbox.repeat()")
    assert page.evaluate("made.sent.map((frame) => frame.text)") == ["kept"]


def test_a_stream_applies_each_entry_once_and_in_order_whatever_the_network_does(page: Page) -> None:
    wrong = page.evaluate(
        """async () => {
          const { createStream } = await import("/static/live/stream.js");
          let seed = 7;
          const random = (below) => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed % below; };
          for (let round = 0; round < 200; round += 1) {
            const shown = [];
            const stream = createStream({ onEntries: (entries) => shown.push(...entries.map((each) => each.n)),
              onHole: (last) => { if (last !== stream.last()) shown.push("wrong hole"); } });
            const total = 1 + random(40);
            const frames = [];
            for (let n = 1; n <= total; n += 1) for (let copy = 0; copy <= random(3); copy += 1) {
              const to = Math.min(total, n + random(5));
              frames.push(Array.from({ length: to - n + 1 }, (_, index) => ({ n: n + index })));
            }
            frames.sort(() => random(3) - 1);
            for (const events of frames) stream.apply({ events });
            if (shown.join() !== Array.from({ length: total }, (_, index) => index + 1).join()) return shown;
          }
          return null;
        }"""
    )
    assert wrong is None


def test_a_hole_is_asked_for_once(page: Page) -> None:
    asked = page.evaluate(
        """async () => {
          const { createStream } = await import("/static/live/stream.js");
          const asked = [];
          const stream = createStream({ onEntries: () => {}, onHole: (last) => asked.push(last) });
          stream.apply({ events: [{ n: 1 }] });
          for (const n of [4, 5, 6]) stream.apply({ events: [{ n }] });
          stream.apply({ events: [{ n: 2 }] });
          stream.apply({ events: [{ n: 3 }] });
          return [asked, stream.last()];
        }"""
    )
    assert asked == [[1, 2], 6]
