"""Texts of people in pages: everything escaped, only safe addresses clickable. `links.json` also tests the script."""

from __future__ import annotations

import json
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

from chats.templatetags.texts import linked

CASES = json.loads((Path(__file__).parent.parent / "links.json").read_text(encoding="utf-8"))


class Reader(HTMLParser):
    """What a browser would make of it: the links, the words, and any other element."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.others: list[str] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes |= {name for name, _ in attrs}
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")
        else:
            self.others.append(tag)

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:30])
def test_only_safe_addresses_become_links_and_no_word_is_lost(case: dict[str, object]) -> None:
    read = Reader(linked(str(case["text"])))
    assert read.links == case["links"]
    assert read.words == case["text"]
    assert read.others == []
    assert read.attributes <= {"href", "target", "rel"}


@pytest.mark.parametrize("tail", [")", ".", "(.)", ")."])
def test_a_text_of_nothing_but_marks_costs_no_more_than_any_other_of_its_length(tail: str) -> None:
    began = time.perf_counter()
    linked("http://a" + tail * 200_000)
    # Counting the brackets anew for each of them takes minutes.
    assert time.perf_counter() - began < 5
