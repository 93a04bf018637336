"""Frames from outside: whatever they hold, they are clean or they are refused with a constant."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from django.conf import settings as django_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from chats.live import protocol
from chats.live.protocol import BadFrame, Field
from tests.chats.talk import new_cid

CODES = {"bad_frame", "unknown_type", "too_large"}
TABLES = [protocol.VISITOR_FRAMES, protocol.OPERATOR_FRAMES]
Table = Mapping[str, Mapping[str, Field]]

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
GOOD: dict[str, Any] = {
    "v": 1,
    "token": "token",
    "chat": ID,
    "after": 0,
    "cid": ID,
    "text": "Hello",
    "fields": {"name": "Vera"},
    "page": {"url": "https://shop.example/"},
    "department": "",
    "on": True,
    "n": 1,
    "rev": 1,
    "state": "away",
}
OPERATORS_AFTER = {ID: 0}

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def good(kind: str, table: Table) -> dict[str, Any]:
    frame = {"type": kind, **{name: GOOD[name] for name in table[kind]}}
    if "after" in frame and table is protocol.OPERATOR_FRAMES and kind in ("hello", "ping"):
        frame["after"] = OPERATORS_AFTER
    return frame


def parsed(raw: str | bytes, table: Table) -> dict[str, Any] | str:
    try:
        return protocol.parse(raw, table)
    except BadFrame as bad:
        assert bad.code in CODES
        assert bad.ref is None or (isinstance(bad.ref, str) and len(bad.ref) <= 64)
        assert bad.cid is None or (isinstance(bad.cid, str) and len(bad.cid) <= 36)
        protocol.encode(protocol.error(bad.code, ref=bad.ref, cid=bad.cid))
        return bad.code


FRAMES = [(kind, table) for table in TABLES for kind in table]
IDS = [f"{'operator' if table is protocol.OPERATOR_FRAMES else 'visitor'}-{kind}" for kind, table in FRAMES]


@pytest.mark.parametrize(("kind", "table"), FRAMES, ids=IDS)
def test_a_right_frame_is_taken_with_exactly_its_fields(kind: str, table: Table) -> None:
    frame = parsed(json.dumps({**good(kind, table), "ref": "r", "seq": 9, "workspace": 1, "role": "owner"}), table)
    assert isinstance(frame, dict)
    assert set(frame) == {"type", "ref", *table[kind]}


@pytest.mark.parametrize(("kind", "table"), FRAMES, ids=IDS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_wrong_field_is_refused_or_made_clean(kind: str, table: Table, data: st.DataObject) -> None:
    frame = good(kind, table)
    names = [*table[kind], "ref", "type"]
    frame[data.draw(st.sampled_from(names))] = data.draw(anything)
    try:
        raw = orjson.dumps(frame)
    except TypeError:
        raw = json.dumps(frame).encode()
    clean = parsed(raw, table)
    if isinstance(clean, dict):
        assert_clean(clean)


def assert_clean(frame: dict[str, Any]) -> None:
    """What rules and database may rely on."""
    for name in ("after", "n"):
        if isinstance(frame.get(name), int):
            assert type(frame[name]) is int
            assert 0 <= frame[name] < 2**31
    if isinstance(frame.get("after"), dict):
        assert all(isinstance(key, uuid.UUID) and 0 <= held < 2**31 for key, held in frame["after"].items())
    if frame["type"] in protocol.WRITES:
        assert frame["text"].strip()
        assert len(frame["text"]) <= django_settings.LIVE_TEXT_LIMIT
        uuid.UUID(frame["cid"])
    if frame.get("rev") is not None:
        assert 0 <= frame["rev"] < 2**63
    assert "\x00" not in str(frame.get("text", ""))


@settings(max_examples=200, deadline=None)
@given(raw=st.binary(max_size=200) | st.text(max_size=200) | anything.map(json.dumps))
def test_any_bytes_are_refused_with_a_constant(raw: bytes | str) -> None:
    for table in TABLES:
        assert isinstance(parsed(raw, table), str)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "[]",
        "null",
        '"hello"',
        "{",
        '{"type": null}',
        '{"type": ["send"]}',
        '{"type": "ping", "after": NaN}',
        '{"type": "ping", "after": 1e400}',
        '{"type": "ping", "after": 1' + "0" * 400 + "}",
        '{"type": "ping", "after": true}',
        '{"type": "ping", "after": -1}',
        '{"type": "ping", "after": 1.0}',
        '{"type": "ping", "ref": 7}',
        '{"type": "send", "cid": "01890a5d-ac96-774b-bcce-b302099a8057", "text": "\\ud800"}',
        '{"type": "send", "cid": "01890a5d-ac96-774b-bcce-b302099a8057", "text": "a\\u0000b"}',
        '{"type": "send", "cid": "01890a5d-ac96-774b-bcce-b302099a8057", "text": " \\n\\t "}',
        '{"type": "send", "cid": "not-a-uuid", "text": "Hello"}',
        '{"type": "typing", "on": 1}',
        "[" * 20_000,
        '{"a":' * 9_000,
    ],
)
def test_a_broken_frame_is_bad(raw: str) -> None:
    assert parsed(raw, protocol.VISITOR_FRAMES) == "bad_frame"


@pytest.mark.parametrize("kind", ["file", "rate", "transfer", "erase", "__class__", "", "Send"])
def test_a_type_that_is_not_in_the_table_is_unknown(kind: str) -> None:
    for table in TABLES:
        assert parsed(json.dumps({"type": kind}), table) == "unknown_type"


def test_a_frame_at_the_limit_is_read_and_one_above_is_too_large() -> None:
    limit = django_settings.LIVE_FRAME_LIMIT
    empty = '{"type": "ping", "x": ""}'
    assert isinstance(parsed(empty[:-2] + "x" * (limit - len(empty)) + '"}', protocol.VISITOR_FRAMES), dict)
    assert parsed(empty[:-2] + "x" * (limit - len(empty) + 1) + '"}', protocol.VISITOR_FRAMES) == "too_large"
    # Counted in bytes, not in characters.
    assert parsed(empty[:-2] + "\u20ac" * (limit // 2) + '"}', protocol.VISITOR_FRAMES) == "too_large"
    assert parsed("\ud800" * (limit // 2), protocol.VISITOR_FRAMES) in {"bad_frame", "too_large"}


def test_a_text_at_the_limit_is_taken_and_one_above_is_too_large() -> None:
    limit = django_settings.LIVE_TEXT_LIMIT
    frame = {"type": "send", "cid": new_cid(), "text": "x" * limit, "ref": "r"}
    assert isinstance(parsed(json.dumps(frame), protocol.VISITOR_FRAMES), dict)
    with pytest.raises(BadFrame) as bad:
        protocol.parse(json.dumps({**frame, "text": "x" * (limit + 1)}), protocol.VISITOR_FRAMES)
    assert (bad.value.code, bad.value.cid, bad.value.ref) == ("too_large", frame["cid"], "r")


def test_absent_and_null_mean_the_same() -> None:
    absent = parsed('{"type": "ping"}', protocol.VISITOR_FRAMES)
    null = parsed('{"type": "ping", "chat": null, "after": null, "ref": null}', protocol.VISITOR_FRAMES)
    assert absent == null == {"type": "ping", "ref": None, "chat": None, "after": 0}


def test_an_id_that_is_none_names_no_chat_and_is_not_bad() -> None:
    frame = parsed(json.dumps({"type": "accept", "chat": "1; DROP TABLE"}), protocol.OPERATOR_FRAMES)
    assert isinstance(frame, dict)
    assert frame["chat"] is None


def test_an_error_carries_no_more_than_it_was_given() -> None:
    assert protocol.error("closed", cid="c", ref=None, retry_after=None) == {
        "type": "error",
        "code": "closed",
        "cid": "c",
    }
