"""Pictures of pages at every width and in both schemes, for people to look at: they land in `var/screenshots`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Browser, Cookie

SCREENSHOTS = Path(__file__).resolve().parent.parent.parent / "var" / "screenshots"
SIZES = {"1440": (1440, 900), "1024": (1024, 768), "390": (390, 844)}
SCHEMES = ("light", "dark")


def shoot(
    browser: Browser,
    *,
    site: str,
    pages: Mapping[str, str],
    cookies: list[Cookie] | None = None,
    sizes: tuple[str, ...] = ("1440", "1024", "390"),
    full_page: bool = True,
    folder: Path = SCREENSHOTS,
) -> list[Path]:
    """One picture a page, width and scheme; `pages` maps the picture's name to a path on `site`."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = []
    for scheme in SCHEMES:
        for size in sizes:
            width, height = SIZES[size]
            context = browser.new_context(
                base_url=site,
                viewport={"width": width, "height": height},
                color_scheme="dark" if scheme == "dark" else "light",
                has_touch=width < 720,
                is_mobile=width < 720,
                reduced_motion="reduce",
            )
            if cookies:
                context.add_cookies([{"name": c["name"], "value": c["value"], "url": site} for c in cookies])
            page = context.new_page()
            for name, path in pages.items():
                page.goto(path)
                page.wait_for_load_state("networkidle")
                picture = folder / f"{name}-{size}-{scheme}.png"
                page.screenshot(path=picture, full_page=full_page)
                taken.append(picture)
            context.close()
    return taken
