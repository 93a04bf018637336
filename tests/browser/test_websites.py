"""From an account to a website that carries the chat, and the settings with their live preview, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.screens import SIZES, open_context, picture, sign_in
from tests.browser.visit import tab, visitors_browser
from tests.support.host_page import HostPage
from tests.support.server import LiveServer

pytestmark = pytest.mark.browser


@pytest.fixture
def context(chromium: Browser, server: LiveServer) -> Iterator[BrowserContext]:
    context = open_context(chromium, site=server.url)
    sign_in(context, **server.demo["operators"][0])
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def grave(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in ("serious", "critical")]


def look_at(page: Page, name: str) -> None:
    assert grave(page) == []
    for size in SIZES:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.set_viewport_size({"width": SIZES[size][0], "height": SIZES[size][1]})
            picture(page, name=name, size=size, scheme=scheme)


def test_from_the_start_to_a_chat_on_the_own_website(page: Page, chromium: Browser, server: LiveServer) -> None:
    page.goto("/start/")
    assert grave(page) == []
    with HostPage(server.url, "") as shop:
        page.get_by_label("Name of your company or team").fill("Tea and Biscuits")
        page.get_by_label("Address of your website").fill(shop.url)
        page.get_by_role("button", name="Create workspace").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("127.0.0.1")
        snippet = page.locator("pre code").inner_text()
        assert grave(page) == []
        expect(page.locator("[data-install-state]")).to_contain_text("No page with this widget was seen yet.")
        shop.script = snippet
        with visitors_browser(chromium) as visitor:
            visit = tab(visitor, shop, "same-site")
            expect(page.locator("[data-install-state]")).to_contain_text("It is installed", timeout=15_000)
            visit.open()
            visit.write("First customer")
            visit.has_sent_everything()
        page.get_by_role("link", name="Go to the inbox").click()
        expect(page.locator("body")).to_contain_text("First customer")


def test_the_preview_follows_what_is_typed_and_says_how_it_reads(page: Page) -> None:
    page.goto("/w/demo/websites/1/")
    preview = page.locator("[data-preview]")
    expect(preview).to_be_visible()
    page.fill("[name=title]", "Ask the roaster")
    page.fill("[name=greeting]", "Fresh coffee?")
    page.fill("[name=accent]", "#ffee88")
    page.select_option("[name=position]", "left")
    expect(preview).to_contain_text("Ask the roaster")
    expect(preview).to_contain_text("Fresh coffee?")
    assert preview.get_attribute("data-position") == "left"
    expect(page.locator("[data-contrast]")).to_have_text(
        re.compile(r"Black text is used on it: contrast \d+\.\d to 1\. The button will be hard to see")
    )
    assert grave(page) == []


def test_wrong_settings_come_back_with_everything_typed(page: Page) -> None:
    page.goto("/w/demo/websites/1/")
    page.fill("[name=greeting]", "This must not be lost")
    page.fill("[name=allowed_origins]", "https://shop.example/page")
    page.fill("[name=hours_mon]", "17:00-09:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").first).to_contain_text("Nothing was saved")
    expect(page.locator("[name=greeting]")).to_have_value("This must not be lost")
    expect(page.locator("body")).to_contain_text("Give only the website: https://shop.example")
    expect(page.locator("body")).to_contain_text("The end must be after the start")
    assert page.locator("[name=hours_mon]").get_attribute("aria-invalid") == "true"
    assert grave(page) == []
    page.goto("/w/demo/websites/1/")
    expect(page.locator("[name=greeting]")).not_to_have_value("This must not be lost")


def test_the_page_with_the_snippet_is_looked_at(page: Page) -> None:
    page.goto("/w/demo/websites/1/install/")
    look_at(page, "website-install")
