"""How the widget behaves on somebody else's page: what it stores and sends, and that it stays out of the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from tests.browser.desk import Desk
from tests.browser.visit import tab, visitors_browser
from tests.support.host_page import HostPage
from tests.support.server import LiveServer

pytestmark = pytest.mark.browser

STORED = """async () => {
  const of = (read) => { try { return read(); } catch (error) { return error.name; } };
  return {
    cookies: of(() => document.cookie),
    session: of(() => ({ ...sessionStorage })),
    local: of(() => ({ ...localStorage })),
    databases: (await indexedDB.databases()).map((each) => each.name),
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
  };
}"""
NOTHING = {"cookies": "", "session": {}, "local": {}, "databases": [], "caches": [], "workers": 0}


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    with visitors_browser(chromium) as context:
        yield context


@pytest.fixture
def sent(context: BrowserContext) -> list[Request]:
    requests: list[Request] = []
    context.on("request", lambda request: requests.append(request))
    return requests


def ours(sent: list[Request], server: LiveServer) -> list[Request]:
    return [request for request in sent if request.url.startswith(server.url)]


def test_before_the_click_nothing_is_stored_and_no_identifier_is_sent(
    context: BrowserContext, host: HostPage, server: LiveServer, sent: list[Request]
) -> None:
    visit = tab(context, host, "same-site", "/?customer=4711#secret")
    visit.page.wait_for_timeout(500)
    key = server.demo["website_key"]
    requests = ours(sent, server)
    assert [request.url for request in requests] == [
        f"{server.url}/widget.js",
        f"{server.url}/widget/{key}/config.json",
    ]
    for request in requests:
        headers = request.all_headers()
        assert "cookie" not in headers
        assert "authorization" not in headers
        assert "4711" not in str(headers)
        assert request.post_data is None
        assert "set-cookie" not in request.response().all_headers()  # type: ignore[union-attr]
    assert visit.page.evaluate(STORED) == NOTHING
    assert context.cookies() == []


def test_the_same_two_requests_come_from_every_visitor(chromium: Browser, host: HostPage, server: LiveServer) -> None:
    """Nothing in them can tell one visitor from another."""

    def requests_of_a_visitor() -> list[tuple[str, list[tuple[str, str]]]]:
        with visitors_browser(chromium) as context:
            seen: list[Request] = []
            context.on("request", lambda request: seen.append(request))
            tab(context, host, "same-site").page.wait_for_timeout(300)
            return [(request.url, sorted(request.all_headers().items())) for request in ours(seen, server)]

    assert requests_of_a_visitor() == requests_of_a_visitor()


def test_an_opened_chat_stores_nothing_until_the_first_message(
    context: BrowserContext, host: HostPage, desk: Desk
) -> None:
    visit = tab(context, host, "same-site")
    frame = visit.open()
    frame.fill("#text", "Not sent yet")
    visit.page.wait_for_timeout(500)
    assert frame.evaluate(STORED.replace("navigator.serviceWorker.getRegistrations()", "[]")) == NOTHING
    assert visit.page.evaluate(STORED) == NOTHING
    frame.press("#text", "Enter")
    visit.has_sent_everything()
    stored = frame.evaluate(STORED)
    assert stored["local"] == {}
    assert stored["cookies"] == ""
    assert {name.split(":")[-1] for name in stored["session"]} <= {"token", "outbox", "draft"}
    assert visit.page.evaluate("({...sessionStorage})") == {"chatsite": "open"}
    assert visit.page.evaluate("({...localStorage})") == {}
    assert context.cookies() == []


def test_only_who_asks_is_remembered_after_the_tab_is_closed(
    context: BrowserContext, host: HostPage, desk: Desk
) -> None:
    visit = tab(context, host, "same-site")
    frame = visit.open()
    visit.write("Remember me")
    visit.has_sent_everything()
    frame.click("#privacy")
    frame.check("#remember")
    visit.page.close()
    again = tab(context, host, "same-site")
    again.open()
    again.sees(["Remember me"])
    again.frame.click("#privacy")
    again.frame.uncheck("#remember")
    again.page.close()
    last = tab(context, host, "same-site")
    last.open()
    last.page.wait_for_timeout(500)
    last.sees([])


def test_the_token_is_in_no_address(
    context: BrowserContext, host: HostPage, desk: Desk, server: LiveServer, sent: list[Request]
) -> None:
    visit = tab(context, host, "same-site")
    frame = visit.open()
    visit.write("Where is my token?")
    visit.has_sent_everything()
    token = frame.evaluate("Object.entries(sessionStorage).find(([name]) => name.endsWith('token'))[1]")
    assert len(token) > 40
    for request in sent:
        assert token not in request.url
        assert token not in request.headers.get("referer", "")
    assert token not in server.output()
    assert all("token" not in path for path in host.requested)


def test_a_strict_host_page_needs_to_allow_nothing_but_our_host(
    context: BrowserContext, host: HostPage, desk: Desk
) -> None:
    refused: list[str] = []
    context.on("console", lambda line: refused.append(line.text) if "Security Policy" in line.text else None)
    visit = tab(context, host, "same-site", "/strict")
    visit.open()
    visit.write("Behind a strict policy")
    chat = desk.take("Behind a strict policy")
    desk.write(chat, "Nothing is refused")
    visit.sees(["Behind a strict policy", "Nothing is refused"])
    assert [line for line in refused if "favicon" not in line] == []


def test_the_host_page_reaches_neither_the_chat_nor_the_launcher(
    context: BrowserContext, host: HostPage, desk: Desk
) -> None:
    visit = tab(context, host, "blocked", "/hostile")
    visit.open()
    visit.write("My card number")
    chat = desk.take("My card number")
    desk.write(chat, "A secret answer")
    visit.sees(["My card number", "A secret answer"])
    page = visit.page
    assert page.evaluate("window.heard") == []
    assert page.evaluate("document.querySelector('chatsite-widget').shadowRoot") is None
    assert "secret" not in page.content()
    assert page.evaluate("window.length") == 0, "the frame can be found from the page"


def test_messages_of_the_host_page_do_nothing(context: BrowserContext, host: HostPage, desk: Desk) -> None:
    sent: list[str] = []
    context.on("request", lambda request: sent.append(request.url))
    visit = tab(context, host, "same-site")
    visit.page.evaluate(
        """(url) => {
          const frame = document.createElement("iframe");
          frame.onload = () => {
            for (const message of [null, 1, "close", {}, { type: "chatsite" }, { type: "shown" },
              { type: "chatsite", clicked: true, page: { url: "javascript:alert(1)" } }]) {
              frame.contentWindow.postMessage(message, "*");
            }
          };
          frame.src = url;
          document.body.append(frame);
        }""",
        f"{host.service}/widget/{desk.server.demo['website_key']}/frame",
    )
    visit.page.wait_for_timeout(500)
    assert not any(url.endswith("/session") for url in sent), "a page opened a chat without its visitor"
    visit.page.evaluate("document.querySelector('iframe').remove()")
    frame = visit.open()
    visit.write("Still here")
    visit.has_sent_everything()
    expect(frame.locator("#log .bubble")).to_have_text(["Still here"])
    assert visit.problems == []


def test_there_is_one_global_that_opens_closes_and_destroys(context: BrowserContext, host: HostPage) -> None:
    visit = tab(context, host, "same-site", "/second")
    page = visit.page
    assert page.evaluate("Object.keys(Chatsite).sort()") == ["close", "destroy", "open"]
    page.evaluate("Chatsite.open()")
    visit.await_frame()
    page.evaluate("Chatsite.close()")
    page.wait_for_timeout(100)
    assert launcher(page)["expanded"] == "false"
    page.evaluate("Chatsite.destroy()")
    assert page.locator("chatsite-widget").count() == 0
    assert page.evaluate("typeof Chatsite") == "undefined"
    assert len(page.frames) == 1


def test_a_page_may_include_the_script_twice(context: BrowserContext, host: HostPage) -> None:
    visit = tab(context, host, "same-site", "/twice")
    visit.page.wait_for_timeout(500)
    assert visit.page.locator("chatsite-widget").count() == 1
    assert visit.problems == []


def test_a_page_that_swaps_its_content_keeps_the_launcher(context: BrowserContext, host: HostPage) -> None:
    visit = tab(context, host, "same-site")
    visit.page.evaluate("document.body.replaceWith(document.createElement('body'))")
    visit.page.evaluate("document.querySelector('chatsite-widget').remove()")
    visit.page.wait_for_selector("chatsite-widget", state="attached")
    visit.open()


def test_other_pages_may_not_frame_the_chat(context: BrowserContext, server: LiveServer) -> None:
    """Twin pages: the one that is listed gets the chat, the other a blocked frame and no session."""
    sent: list[str] = []
    context.on("request", lambda request: sent.append(request.url))
    with HostPage(server.url, "") as listed, HostPage(server.url, "") as other:
        key = website_with_origins(server, [listed.url])
        for page in (listed, other):
            page.script = page.script.replace('data-website=""', f'data-website="{key}"')
        visit = tab(context, other, "same-site")
        visit.launcher()
        visit.page.wait_for_timeout(1_000)
        assert not any(url.endswith("/session") for url in sent)
        with context.expect_event("request", lambda request: request.url.endswith("/session")):
            tab(context, listed, "same-site").launcher()


def test_an_unknown_key_draws_nothing(context: BrowserContext, server: LiveServer) -> None:
    with HostPage(server.url, "0" * 32) as page:
        opened = context.new_page()
        opened.goto(page.url)
        opened.wait_for_timeout(500)
        assert opened.locator("chatsite-widget").count() == 0


def launcher(page: Page) -> dict[str, Any]:
    """What assistive technology is told of the launcher, whose shadow root is closed to scripts."""
    session = page.context.new_cdp_session(page)
    tree = session.send("Accessibility.getFullAXTree")["nodes"]
    button = next(node for node in tree if node["role"]["value"] == "button")
    properties = {each["name"]: each["value"].get("value") for each in button["properties"]}
    return {"name": button["name"]["value"], "expanded": json.dumps(properties.get("expanded"))}


def website_with_origins(server: LiveServer, origins: list[str]) -> str:
    code = (
        "from chats.domain.websites import create_website; from accounts.models import Membership; "
        f"w = create_website(membership=Membership.objects.filter(role='owner').first(), name='Listed', "
        f"allowed_origins={origins!r}); print('KEY', w.key)"
    )
    return server.manage("shell", "-c", code).split("KEY ")[1].strip()


def test_the_loader_is_quick(context: BrowserContext, host: HostPage) -> None:
    """No measurable time of the host page's main thread goes to a launcher that nobody clicked."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Performance.enable")

    def script_seconds() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return float(next(each["value"] for each in metrics if each["name"] == "ScriptDuration"))

    page.goto(f"{host.url}/none")
    without = script_seconds()
    page.goto(host.url)
    page.wait_for_selector("chatsite-widget", state="attached")
    page.wait_for_timeout(300)
    assert script_seconds() - without < 0.05


def test_the_launcher_costs_four_kilobytes_on_the_wire_with_all_headers(
    context: BrowserContext, host: HostPage, server: LiveServer
) -> None:
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    addresses: dict[str, str] = {}
    weights: dict[str, int] = {}
    session.on("Network.requestWillBeSent", lambda sent: addresses.update({sent["requestId"]: sent["request"]["url"]}))
    session.on(
        "Network.loadingFinished",
        lambda done: weights.update({addresses[done["requestId"]]: int(done["encodedDataLength"])}),
    )
    page.goto(host.url)
    page.wait_for_selector("chatsite-widget", state="attached")
    page.wait_for_timeout(300)
    ours = {url: weight for url, weight in weights.items() if url.startswith(server.url)}
    assert len(ours) == 2
    assert sum(ours.values()) <= 4 * 1024, ours
