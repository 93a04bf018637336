"""From the front door to the first own workspace, as somebody who has never been here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from tests.browser.screens import open_context
from tests.support.browser import browser_flags, find_browser
from tests.support.server import LiveServer

pytestmark = pytest.mark.browser

PASSWORD = "a quiet harbour at dawn"
NEW_PASSWORD = "a storm over the harbour"


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    launched = playwright.chromium.launch(executable_path=find_browser(), args=browser_flags())
    yield launched
    launched.close()


@pytest.fixture
def context(browser: Browser, server: LiveServer) -> Iterator[BrowserContext]:
    opened = open_context(browser, site=server.url)
    yield opened
    opened.close()


def press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name).click()
    page.wait_for_load_state()


def open_newest_mail(page: Page, subject: str) -> None:
    page.goto("/dev/mail/")
    page.get_by_role("link", name=subject).first.click()
    page.locator(".card").get_by_role("link").first.click()


def sign_up(page: Page, email: str) -> None:
    page.goto("/")
    page.get_by_role("link", name="Sign up").first.click()
    page.fill("[name=name]", "Nora")
    page.fill("[name=email]", email)
    page.fill("[name=password1]", PASSWORD)
    press(page, "Sign up")
    open_newest_mail(page, "Confirm your address")
    press(page, "Confirm address")


def log_in(page: Page, email: str, password: str) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", email)
    page.fill("[name=password]", password)
    press(page, "Log in")


def test_a_new_customer_gets_from_the_front_door_to_a_snippet(context: BrowserContext, server: LiveServer) -> None:
    page = context.new_page()
    sign_up(page, "nora@new.example")
    expect(page).to_have_url(f"{server.url}/start/")

    page.fill("[name=workspace_name]", "Nora's Shop")
    press(page, "Create workspace")
    expect(page).to_have_url(f"{server.url}/w/noras-shop/websites/{page.url.rsplit('/', 3)[1]}/install/")
    expect(page.get_by_text(f"{server.url}/widget.js")).to_be_visible()

    page.goto("/w/noras-shop/team/")
    expect(page.get_by_role("row", name="Nora (you)")).to_contain_text("Owner")
    assert page.goto("/w/demo/team/").status == 404, "the demo's workspace is not hers"  # type: ignore[union-attr]


def test_a_forgotten_password_is_replaced_by_mail(context: BrowserContext, server: LiveServer) -> None:
    page = context.new_page()
    sign_up(page, "olga@new.example")
    page.goto("/profile/")
    press(page, "Log out")
    page.goto("/accounts/password/reset/")
    page.fill("[name=email]", "olga@new.example")
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_load_state()
    open_newest_mail(page, "Choose a new password")
    page.fill("[name=password1]", NEW_PASSWORD)
    if page.locator("[name=password2]").count():
        page.fill("[name=password2]", NEW_PASSWORD)
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_load_state()

    log_in(page, "olga@new.example", PASSWORD)
    expect(page).to_have_url(f"{server.url}/accounts/login/")
    log_in(page, "olga@new.example", NEW_PASSWORD)
    expect(page).to_have_url(f"{server.url}/start/")


def test_the_colours_one_chose_are_there_on_the_next_page(context: BrowserContext) -> None:
    page = context.new_page()
    log_in(page, "operator@demo.example", "chatsite-demo")
    page.goto("/profile/")
    page.select_option("[name=theme]", "dark")
    press(page, "Save")
    page.goto("/w/demo/team/")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    page.goto("/profile/")
    page.select_option("[name=theme]", "system")
    press(page, "Save")
