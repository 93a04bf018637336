"""The look in a real browser: contrast and structure by axe, no page wider than the screen, the small scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.screens import SCHEMES, SIZES, open_context, picture, sign_in
from tests.support.browser import browser_flags, find_browser, in_ci
from tests.support.server import LiveServer

pytestmark = pytest.mark.browser

SIGNED_OUT = {
    "parts": "/dev/parts/",
    "home": "/",
    "login": "/accounts/login/",
    "signup": "/accounts/signup/",
    "password-reset": "/accounts/password/reset/",
    "link-too-old": "/accounts/confirm-email/nothing/",
    "not-found": "/nothing-here/",
}
SIGNED_IN = {
    "start": "/start/",
    "websites": "/w/demo/websites/",
    "website-settings": "/w/demo/websites/1/",
    "team": "/w/demo/team/",
    "workspace-settings": "/w/demo/settings/",
    "profile": "/profile/",
    "workspaces": "/workspaces/",
    "password": "/accounts/password/change/",
    "email": "/accounts/email/",
    "two-factor": "/accounts/2fa/",
    "logout": "/accounts/logout/",
}
GRAVE = {"serious", "critical"}
# Each run takes a second; colours differ between the schemes, structure between the widths.
AXE_LOOKS_AT = {("1440", "light"), ("1440", "dark"), ("390", "light")}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    started = LiveServer(tmp_path_factory.mktemp("look")).start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of this module only: Playwright's loop in this thread would make Django refuse the database to other tests."""
    path = find_browser()
    if path is None:
        assert not in_ci(), "CI has no browser"
        pytest.skip("no Chromium or Chrome on this machine")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=browser_flags())
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def session(browser: Browser, server: LiveServer) -> Path:
    """The stored cookies of the demo's owner."""
    path = server.data_dir / "owner.json"
    context = browser.new_context(base_url=server.url)
    sign_in(context, email="owner@demo.example", password="chatsite-demo")
    context.storage_state(path=path)
    context.close()
    return path


@pytest.fixture
def context(browser: Browser, server: LiveServer) -> Iterator[BrowserContext]:
    opened = open_context(browser, site=server.url)
    yield opened
    opened.close()


@pytest.fixture
def parts(context: BrowserContext) -> Page:
    page = context.new_page()
    page.goto("/dev/parts/")
    return page


def grave_findings(page: Page) -> list[str]:
    """What axe finds that would keep people with a screen reader, a keyboard or tired eyes from using the page."""
    return [
        f"{violation['id']}: {node['html'][:160]}"
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]


def faults_of(page: Page, *, name: str, path: str, size: str, scheme: str) -> list[str]:
    """Leaves a picture of the page, and tells what is wrong with it."""
    found: list[str] = []

    def refused(said: ConsoleMessage) -> None:
        if "Content Security Policy" in said.text:
            found.append(said.text)

    page.on("console", refused)
    page.goto(path)
    page.wait_for_load_state("load")
    picture(page, name=name, size=size, scheme=scheme)
    if (size, scheme) in AXE_LOOKS_AT:
        found += grave_findings(page)
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("wider than the screen")
    page.remove_listener("console", refused)
    return [f"{path}: {what}" for what in found]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES)
def test_pages_have_no_grave_fault(browser: Browser, server: LiveServer, session: Path, size: str, scheme: str) -> None:
    for pages, stored in ((SIGNED_OUT, None), (SIGNED_IN, session)):
        context = open_context(browser, site=server.url, size=size, scheme=scheme, session=stored)
        page = context.new_page()
        faults = [
            fault
            for name, path in pages.items()
            for fault in faults_of(page, name=name, path=path, size=size, scheme=scheme)
        ]
        assert faults == []
        context.close()


def test_open_menus_and_dialogs_have_no_grave_fault(parts: Page) -> None:
    parts.locator("#menus ~ .row summary").click()
    assert grave_findings(parts) == []
    parts.keyboard.press("Escape")
    parts.get_by_role("button", name="Open a dialog").click()
    assert grave_findings(parts) == []


def test_a_menu_opens_moves_and_closes_by_keyboard(parts: Page) -> None:
    opener = parts.locator("#menus ~ .row summary")
    opener.focus()
    parts.keyboard.press("Enter")
    parts.keyboard.press("ArrowDown")
    expect(parts.get_by_role("link", name="Download")).to_be_focused()
    parts.keyboard.press("ArrowUp")
    expect(parts.locator("#menus ~ .row .danger")).to_be_focused()
    parts.keyboard.press("Escape")
    expect(opener).to_be_focused()
    expect(parts.get_by_role("link", name="Download")).to_be_hidden()


def test_only_one_menu_is_open_and_a_click_elsewhere_closes_it(parts: Page) -> None:
    parts.locator(".table details.menu summary").first.click()
    parts.locator(".table details.menu summary").last.click()
    expect(parts.locator("details.menu[open]")).to_have_count(1)
    parts.locator("h1").click()
    expect(parts.locator("details.menu[open]")).to_have_count(0)


def test_a_dialog_takes_the_focus_and_gives_it_back(parts: Page) -> None:
    opener = parts.get_by_role("button", name="Open a dialog")
    opener.focus()
    parts.keyboard.press("Enter")
    expect(parts.get_by_role("button", name="Keep")).to_be_focused()
    parts.keyboard.press("Escape")
    expect(parts.locator("#remove")).to_be_hidden()
    expect(opener).to_be_focused()


def test_a_click_beside_a_dialog_closes_it_and_one_inside_does_not(parts: Page) -> None:
    parts.get_by_role("button", name="Open a dialog").click()
    parts.locator("#remove h2").click()
    expect(parts.locator("#remove")).to_be_visible()
    parts.mouse.click(5, 5)
    expect(parts.locator("#remove")).to_be_hidden()


def test_the_save_bar_appears_with_a_change_and_leaves_with_discard(parts: Page) -> None:
    bar = parts.locator("form[data-save-bar] .save-bar")
    expect(bar).to_be_hidden()
    parts.fill("#team-name", "Corner Books and more")
    expect(bar).to_be_visible()
    bar.get_by_role("button", name="Discard").click()
    expect(bar).to_be_hidden()
    expect(parts.locator("#team-name")).to_have_value("Corner Books")


def test_the_save_bar_leaves_when_the_old_value_is_typed_again(parts: Page) -> None:
    parts.fill("#team-name", "Other")
    parts.fill("#team-name", "Corner Books")
    expect(parts.locator("form[data-save-bar] .save-bar")).to_be_hidden()


def test_an_error_stays_until_it_is_closed(parts: Page) -> None:
    toast = parts.locator("[data-toast=danger]")
    toast.get_by_role("button").click()
    expect(toast).to_have_count(0)
    expect(parts.locator("[data-toast=warning]")).to_be_visible()


def test_copying_puts_the_text_on_the_clipboard(context: BrowserContext, parts: Page) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    parts.get_by_role("button", name="Copy", exact=True).click()
    expect(parts.get_by_role("button", name="Copied")).to_be_visible()
    assert parts.evaluate("navigator.clipboard.readText()").startswith("<script async src=")


def test_times_are_relative_up_to_a_day_and_exact_on_hover(parts: Page) -> None:
    times = parts.locator("#facts ~ dl time")
    assert [times.nth(at).inner_text() for at in range(3)] == ["now", "12 min. ago", "5 hr. ago"]
    assert "ago" not in times.nth(3).inner_text()
    assert ":" in (times.first.get_attribute("title") or "")


def test_the_theme_follows_a_choice_at_once(parts: Page) -> None:
    before = parts.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    parts.locator("[data-theme-choice] select").select_option("dark")
    assert parts.evaluate("getComputedStyle(document.documentElement).backgroundColor") != before


def test_a_form_is_sent_once_and_its_button_is_busy(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/accounts/login/")
    page.evaluate(
        """() => {
          window.sent = 0;
          addEventListener('submit', (event) => {
            window.sent += event.defaultPrevented ? 0 : 1;
            event.preventDefault();
          });
        }"""
    )
    page.fill("[name=login]", "nobody@demo.example")
    page.fill("[name=password]", "not the password")
    button = page.get_by_role("button", name="Log in")
    button.click()
    expect(button).to_have_attribute("aria-busy", "true")
    button.click()
    assert page.evaluate("window.sent") == 1


def test_on_a_phone_the_menu_opens_without_script(browser: Browser, server: LiveServer, session: Path) -> None:
    context = open_context(browser, site=server.url, size="390", session=session, script=False)
    page = context.new_page()
    page.goto("/w/demo/team/")
    expect(page.get_by_role("link", name="Inbox")).to_be_hidden()
    page.get_by_role("button", name="Menu", exact=True).click()
    expect(page.get_by_role("link", name="Inbox")).to_be_visible()
    context.close()


def test_icons_made_by_script_follow_the_rules_of_the_templates(parts: Page) -> None:
    made = parts.evaluate(
        """async () => {
          const page = document.querySelector('script[type=module]').src;
          const { hueOf, initialsOf, icon } = await import(page.replace('page.js', 'drawing.js'));
          return [hueOf('5fb2'), initialsOf('Harbour Coffee'), initialsOf('  '), icon('x').innerHTML];
        }"""
    )
    assert made[:3] == [sum(map(ord, "5fb2")) % 12, "HC", "?"]
    assert "icons/sprite.svg#x" in made[3]


def test_a_theme_that_was_only_tried_is_taken_back_with_discard(
    browser: Browser, server: LiveServer, session: Path
) -> None:
    context = open_context(browser, site=server.url, session=session)
    page = context.new_page()
    page.goto("/profile/")
    page.get_by_label("Colours").select_option("dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Discard").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "system")
    context.close()
