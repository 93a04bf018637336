"""The checker of the fault runs has teeth: each kind of damage to a database or a screen is found."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.support import invariants
from tests.support.clients import At, Stream, Visitor
from tests.support.history import History

CHAT = str(uuid.uuid4())
Row = dict[str, Any]


def row(number: int, *, cid: str | None = None, text: str = "Hello", visible: int | None = None) -> Row:
    return {
        "number": number, "visitor_number": visible or number, "cid": cid or f"cid {number}", "text": text,
        "kind": "text", "author_type": "visitor",
    }  # fmt: skip


def told(*numbers: int, text: str = "Hello") -> History:
    history = History()
    for number in numbers:
        history.record("Vera", "send", cid=f"cid {number}", text=text)
        history.record("Vera", "sent", cid=f"cid {number}", chat=CHAT, n=number)
    return history


def test_a_sound_run_passes() -> None:
    streams = {CHAT: [row(1), row(2)]}
    invariants.acknowledged_once(told(1, 2), streams)
    invariants.numbered_without_holes(streams, {CHAT: {"head": 2, "visitor_head": 2}})
    invariants.nothing_unasked(told(1, 2), streams)


@pytest.mark.parametrize(
    "rows",
    [
        [row(1)],
        [row(1), row(2), row(3, cid="cid 2")],
        [row(2, cid="cid 1"), row(1, cid="cid 2")],
        [row(1), row(2, text="x")],
    ],
    ids=["lost", "doubled", "in another order", "changed"],
)
def test_a_message_that_was_acknowledged_and_is_not_there_as_it_was_is_found(rows: list[Row]) -> None:
    with pytest.raises(AssertionError, match="I1"):
        invariants.acknowledged_once(told(1, 2), {CHAT: rows})


@pytest.mark.parametrize("rows", [[row(1), row(3)], [row(1), row(1)], [row(1), row(2, visible=3)], [row(1)]])
def test_a_hole_a_repeat_and_a_wrong_head_are_found(rows: list[Row]) -> None:
    with pytest.raises(AssertionError, match="I2"):
        invariants.numbered_without_holes({CHAT: rows}, {CHAT: {"head": 2, "visitor_head": 2}})


def test_a_screen_that_jumped_is_found() -> None:
    history = History()
    history.record("Vera", "shown", chat=CHAT, n=1)
    history.record("Vera", "shown", chat=CHAT, n=3)
    with pytest.raises(AssertionError, match="I2"):
        invariants.shown_in_order(history)


def test_a_message_that_nobody_sent_is_found() -> None:
    with pytest.raises(AssertionError, match="I3"):
        invariants.nothing_unasked(told(1), {CHAT: [row(1), row(2)]})


@pytest.mark.parametrize("shown", [[1], [1, 2, 3]], ids=["behind", "a ghost"])
def test_a_screen_that_shows_something_else_is_found(shown: list[int]) -> None:
    vera = Visitor(At(1), "key", History(), "Vera")
    vera.chat = CHAT
    vera.streams[CHAT] = Stream(last=len(shown))
    for number in shown:
        entry = {"n": number, "kind": "text", "text": "Hello", "cid": f"cid {number}", "author": {"type": "visitor"}}
        vera.streams[CHAT].entries.append(entry)
    with pytest.raises(AssertionError, match="I3"):
        invariants.screen_equals_database(vera, {CHAT: [row(1), row(2)]})


def test_an_outbox_that_still_waits_is_found() -> None:
    vera = Visitor(At(1), "key", History(), "Vera")
    vera.outbox["cid 1"] = {"type": "send"}
    with pytest.raises(AssertionError, match="I3"):
        invariants.screen_equals_database(vera, {})


def test_entries_are_shown_by_number_alone() -> None:
    stream = Stream()
    entries = [{"n": number} for number in (3, 1)]
    assert stream.apply(entries) == ([{"n": 1}], True)
    assert stream.apply([{"n": 1}, {"n": 2}]) == ([{"n": 2}, {"n": 3}], False)
