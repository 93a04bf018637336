"""Opening hours: what may be written, and what they say at a moment."""

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest

from chats.domain.hours import BadHours, clean_hours, is_open, opens_at

BERLIN = "Europe/Berlin"
WEEK = {"mon": [["09:00", "12:30"], ["13:30", "17:00"]], "sat": [["10:00", "24:00"]]}


def berlin(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN))


def test_no_hours_at_all_means_always_open() -> None:
    assert is_open({}, BERLIN, berlin("2026-11-22 03:00"))
    assert opens_at({}, BERLIN, berlin("2026-11-22 03:00")) is None


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-23 08:59:59", False),
        ("2026-11-23 09:00", True),
        ("2026-11-23 12:30", False),
        ("2026-11-23 13:30", True),
        ("2026-11-23 17:00", False),
        ("2026-11-24 10:00", False),
        ("2026-11-28 23:59:59", True),
        ("2026-11-29 00:00", False),
    ],
)
def test_a_span_holds_its_start_and_not_its_end(at: str, expected: bool) -> None:
    assert is_open(WEEK, BERLIN, berlin(at)) is expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-23 03:00", "2026-11-23 09:00"),
        ("2026-11-23 12:45", "2026-11-23 13:30"),
        ("2026-11-23 17:00", "2026-11-28 10:00"),
        ("2026-11-29 12:00", "2026-11-30 09:00"),
    ],
)
def test_the_next_opening_is_found_over_days(at: str, expected: str) -> None:
    assert opens_at(WEEK, BERLIN, berlin(at)) == berlin(expected)


def test_the_only_day_of_the_week_opens_again_in_a_week() -> None:
    assert opens_at({"sun": [["09:00", "10:00"]]}, BERLIN, berlin("2026-11-22 10:00")) == berlin("2026-11-29 09:00")


def test_hours_follow_the_clock_on_the_wall_when_summer_time_begins() -> None:
    hours = {"sun": [["09:00", "10:00"]]}
    opens = opens_at(hours, BERLIN, berlin("2026-03-28 12:00"))
    assert opens == dt.datetime(2026, 3, 29, 7, tzinfo=dt.UTC)


def test_spans_are_sorted_and_closed_days_left_out() -> None:
    assert clean_hours({"mon": [["13:00", "17:00"], ["09:00", "12:00"]], "tue": []}) == {
        "mon": [["09:00", "12:00"], ["13:00", "17:00"]]
    }


@pytest.mark.parametrize(
    ("spans", "code"),
    [
        ([["9:00", "10:00"]], "clock"),
        ([["09:00", "24:01"]], "clock"),
        ([["09:00"]], "clock"),
        ([["09:00", "<b>"]], "clock"),
        ([["10:00", "09:00"]], "order"),
        ([["09:00", "09:00"]], "order"),
        ([["09:00", "11:00"], ["10:00", "12:00"]], "overlap"),
        ([[f"{hour:02d}:00", f"{hour:02d}:30"] for hour in range(7)], "many"),
    ],
)
def test_spans_that_cannot_be_are_refused_with_their_day(spans: Sequence[Sequence[str]], code: str) -> None:
    with pytest.raises(BadHours) as caught:
        clean_hours({"wed": spans})
    assert (caught.value.code, caught.value.day) == (code, "wed")


def test_spans_may_touch() -> None:
    assert clean_hours({"mon": [["09:00", "12:00"], ["12:00", "13:00"]]})


def test_an_unknown_day_is_refused() -> None:
    with pytest.raises(BadHours, match="day on noday"):
        clean_hours({"noday": [["09:00", "10:00"]]})
