"""What rests outside the database is declared too: here, what our pages keep in a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from privacy.discovery import data_map

STATIC = Path(settings.ROOT) / "static"
KINDS = ("localStorage", "sessionStorage", "indexedDB", "caches", "cookie")
# Which declared store a script's use of the browser's storage is.
USED = {
    ("widget/widget.js", "sessionStorage"): "sessionStorage of the customer's page",
    ("widget/keep.js", "sessionStorage"): "sessionStorage of the chat window",
    ("widget/keep.js", "localStorage"): "localStorage of the chat window",
    ("console", "localStorage"): "localStorage of the console",
    ("console", "sessionStorage"): "sessionStorage of the console",
}


def uses() -> set[tuple[str, str]]:
    """Every script of ours and every kind of storage that it names outside its comments."""
    found = set()
    for path in STATIC.rglob("*.js"):
        if "vendor" in path.parts:
            continue
        code = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        name = path.relative_to(STATIC).as_posix()
        for kind in KINDS:
            if re.search(rf"\b(?:document\.)?{kind}\b(?=[.\[\"')\]])", code):
                found.add(("console" if name.startswith("console/") else name, kind))
    return found


def test_scripts_store_what_is_declared_and_nothing_else() -> None:
    assert uses() == set(USED)


@pytest.mark.parametrize("name", sorted(set(USED.values())))
def test_what_is_stored_is_declared(name: str) -> None:
    assert name in {store.name for store in data_map().stores}


def test_every_declared_store_says_what_it_holds_once() -> None:
    stores = data_map().stores
    assert len({store.name for store in stores}) == len(stores)
    assert all(store.holds for store in stores)
