"""Every word that people read can be translated."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT

# Pages of one language: the demo's stand-in for a customer's website, and the list of parts for developers.
OWN_LANGUAGE = {"demo", "dev"}
TEMPLATES = sorted(
    path
    for path in (ROOT / "templates").rglob("*.html")
    if path.relative_to(ROOT / "templates").parts[0] not in OWN_LANGUAGE
)
DROPPED = re.compile(
    r"\{% comment.*?endcomment %\}"
    r"|\{#.*?#\}"
    r"|\{% blocktrans(?:late)?\b.*?endblocktrans(?:late)? %\}"
    r"|\{% verbatim.*?endverbatim %\}"
    r"|<(script|style|svg|code|kbd)\b.*?</\1>"
    r"|<!--.*?-->"
    r"|<!doctype[^>]*>"
    r"|\{%.*?%\}"
    r"|\{\{.*?\}\}"
    r"|&\w+;",
    re.DOTALL | re.IGNORECASE,
)
TAG = re.compile(r"<[^>]*>", re.DOTALL)
SPOKEN = re.compile(r"""\b(?:aria-label|title|placeholder|alt|aria-description)\s*=\s*"([^"]*)\"""")
# Abbreviations such as UTC are the same everywhere.
WORD = re.compile(r"[A-Za-z][a-z]{2,}")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_says_nothing_that_cannot_be_translated(path: Path) -> None:
    bare = DROPPED.sub("", path.read_text(encoding="utf-8"))
    said = [attribute for attribute in SPOKEN.findall(bare) if WORD.search(attribute)]
    said += [line.strip() for line in TAG.sub("\n", bare).splitlines() if WORD.search(line)]
    assert said == []
