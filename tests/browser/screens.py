"""Pages at every width and in both schemes, for axe and for people: pictures land in `var/screenshots`."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page

SCREENSHOTS = Path(__file__).resolve().parent.parent.parent / "var" / "screenshots"
SIZES = {"1440": (1440, 900), "1024": (1024, 768), "390": (390, 844)}
SCHEMES = ("light", "dark")
PHONE = 720


def open_context(
    browser: Browser,
    *,
    site: str,
    size: str = "1440",
    scheme: str = "light",
    session: Path | None = None,
    script: bool = True,
) -> BrowserContext:
    """A browser of its own: one width, one scheme, signed in where `session` names stored cookies."""
    width, height = SIZES[size]
    return browser.new_context(
        base_url=site,
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        has_touch=width < PHONE,
        is_mobile=width < PHONE,
        reduced_motion="reduce",
        storage_state=session,
        java_script_enabled=script,
        locale="en-US",
    )


def sign_in(context: BrowserContext, *, email: str, password: str) -> None:
    page = context.new_page()
    page.goto("/accounts/login/")
    page.fill("[name=login]", email)
    page.fill("[name=password]", password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/accounts/login/" not in url)
    page.close()


def picture(page: Page, *, name: str, size: str, scheme: str, full_page: bool = True) -> Path:
    """What the page looks like now, as `var/screenshots/<name>-<size>-<scheme>.png`."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}-{size}-{scheme}.png"
    width, height = SIZES[size]
    if full_page:
        # The console's page scrolls inside its shell, which a full-page picture does not open up.
        hidden = page.evaluate(
            "(() => { const main = document.querySelector('.shell-main');"
            " return main ? main.scrollHeight - main.clientHeight : 0; })()"
        )
        page.set_viewport_size({"width": width, "height": height + int(hidden)})
    page.screenshot(path=path, full_page=full_page)
    page.set_viewport_size({"width": width, "height": height})
    return path
