"""Finds the system's own Chromium or Chrome, which the browser tests drive; nothing is downloaded.

`python -m tests.support.browser` prints its path; with `--install`, root in CI first installs it from system packages.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/usr/bin/chromium",
    "/usr/lib/chromium/chromium",
    "/snap/bin/chromium",
    "/opt/google/chrome/chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
MISSING = (
    "No Chromium or Chrome was found. Install one (Debian: apt-get install chromium) "
    "or name it in BROWSER_PATH; the browser tests need it."
)


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def find_browser() -> str | None:
    """The path of a browser that Playwright can drive, or None."""
    named = os.environ.get("BROWSER_PATH")
    if named:
        return named
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or next((place for place in PLACES if Path(place).exists()), None)


def browser_flags() -> list[str]:
    """Chromium's sandbox refuses to start as root; only loopback pages of this suite are ever opened."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []


def install_browser() -> None:
    """From the system's packages, and only where that is nobody's own machine: root in CI."""
    if os.geteuid() != 0 or not in_ci() or not shutil.which("apt-get"):
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]):
        subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=True)


def main(arguments: list[str]) -> int:
    if "--install" in arguments and find_browser() is None:
        install_browser()
    path = find_browser()
    if path is None:
        sys.stderr.write(f"{MISSING}\n")
        return 1
    sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
