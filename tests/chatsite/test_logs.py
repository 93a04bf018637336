"""What never reaches a log: words, addresses, tokens, whole IP addresses."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from chatsite import logs

TOKEN = "eyJhbGciOiJIUzI1NiJ9.abcdefghijklmnop"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything that is logged meanwhile, as production would write it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.configure(level="INFO", json=True)
    out = io.StringIO()
    root.handlers[0].setStream(out)  # type: ignore[attr-defined]
    yield out
    root.handlers[:], root.level = handlers, level


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("mail to erin@example.com failed", "mail to [address] failed"),
        ("<Erin.Müller+tag@sub.example.co.uk>", "<[address]>"),
        ("from 203.0.113.77 port 9", "from 203.0.113.0 port 9"),
        ("from 2001:db8:abcd:1234::77", "from 2001:db8:abcd::"),
        (f"Authorization: Bearer {TOKEN}", "Authorization: Bearer [secret]"),
        (f"token={TOKEN}", "token=[secret]"),
        ("Not Found: /accounts/confirm-email/MTE:1abc-def/", "Not Found: /accounts/confirm-email/[secret]/"),
        ("Gone: /accounts/password/reset/key/3-c0ffee/", "Gone: /accounts/password/reset/key/[secret]/"),
        (
            "at 12:30:45 chat 0190b2c4-7d3e-7abc-8def-0123456789ab",
            "at 12:30:45 chat 0190b2c4-7d3e-7abc-8def-0123456789ab",
        ),
    ],
)
def test_redaction_takes_out_what_names_somebody_and_leaves_the_rest(said: str, written: str) -> None:
    assert logs.redact(said) == written


def test_a_failing_row_is_not_quoted() -> None:
    error = "IntegrityError: duplicate key\nDETAIL:  Failing row contains (7, my salary is\n4000).\nHINT:  none"
    assert logs.redact(error) == "IntegrityError: duplicate key\nDETAIL: [left out]\nHINT:  none"


def test_keys_about_people_are_left_out_whatever_they_hold(written: io.StringIO) -> None:
    structlog.get_logger("chats").info("message stored", chat="c1", text="my salary is 4000", email="erin@example.com")
    line = json.loads(written.getvalue())
    assert line["event"] == "message stored"
    assert line["chat"] == "c1"
    assert line["text"] == line["email"] == "[left out]"


def test_what_is_nested_is_redacted_too(written: io.StringIO) -> None:
    structlog.get_logger("chats").info("frames", frames=[{"text": "my salary is 4000"}, "erin@example.com"], count=2)
    line = json.loads(written.getvalue())
    assert line["frames"] == [{"text": "[left out]"}, "[address]"]
    assert line["count"] == 2


def test_the_standard_librarys_loggers_are_redacted_as_well(written: io.StringIO) -> None:
    logging.getLogger("django.request").warning("Not Found: %s for %s", "/w/harbour/", "203.0.113.77")
    assert "203.0.113.77" not in written.getvalue()
    assert "203.0.113.0" in written.getvalue()


def test_an_exceptions_text_is_redacted_and_its_place_is_kept(written: io.StringIO) -> None:
    try:
        raise ValueError("no such person: erin@example.com")
    except ValueError:
        structlog.get_logger("accounts").exception("lookup failed")
    assert "erin@example.com" not in written.getvalue()
    assert "test_logs.py" in written.getvalue()


def test_every_event_is_one_line(written: io.StringIO) -> None:
    structlog.get_logger("chats").warning("two\nlines")
    logging.getLogger("x").warning('forged\n{"event": "fine"}')
    assert len(written.getvalue().splitlines()) == 2
