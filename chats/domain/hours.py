"""Opening hours: spans of the local clock, as `{"mon": [["09:00", "12:30"], ["13:30", "17:00"]], …}`.

No day at all means always open. A day that is missing while others are there is a closed day.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_SPANS = 6
MIDNIGHT = 24 * 60
_CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")

Hours = dict[str, list[list[str]]]


class BadHours(ValueError):
    """`code` says what is wrong (`day`, `clock`, `order`, `overlap`, `many`), `day` where."""

    def __init__(self, code: str, day: str) -> None:
        super().__init__(f"{code} on {day}")
        self.code = code
        self.day = day


def _minutes(clock: Any, day: str) -> int:
    found = _CLOCK.fullmatch(clock) if isinstance(clock, str) else None
    minutes = int(found[1]) * 60 + int(found[2]) if found else MIDNIGHT + 1
    if minutes > MIDNIGHT:
        raise BadHours("clock", day)
    return minutes


def clean_hours(hours: Mapping[str, Sequence[Sequence[str]]]) -> Hours:
    """Each day's spans sorted and checked: real times, the end after the start, none over another."""
    cleaned: Hours = {}
    for day in hours:
        if day not in DAYS:
            raise BadHours("day", str(day))
    for day in DAYS:
        spans = hours.get(day) or []
        if len(spans) > MOST_SPANS:
            raise BadHours("many", day)
        if any(len(span) != 2 for span in spans):
            raise BadHours("clock", day)
        timed = sorted((_minutes(start, day), _minutes(end, day)) for start, end in spans)
        if any(start >= end for start, end in timed):
            raise BadHours("order", day)
        if any(later[0] < earlier[1] for earlier, later in pairwise(timed)):
            raise BadHours("overlap", day)
        if timed:
            cleaned[day] = [[_clock(start), _clock(end)] for start, end in timed]
    return cleaned


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def known_zone(name: str) -> bool:
    return name in available_timezones()


def _spans(hours: Hours, date: dt.date, zone: ZoneInfo) -> list[tuple[dt.datetime, dt.datetime]]:
    """The day's spans as moments. They are compared in UTC, so that a change to summer time opens nothing twice."""
    midnight = dt.datetime.combine(date, dt.time())
    return [
        (
            (midnight + dt.timedelta(minutes=_minutes(start, ""))).replace(tzinfo=zone).astimezone(dt.UTC),
            (midnight + dt.timedelta(minutes=_minutes(end, ""))).replace(tzinfo=zone).astimezone(dt.UTC),
        )
        for start, end in hours.get(DAYS[date.weekday()], [])
    ]


def is_open(hours: Hours, zone: str, at: dt.datetime) -> bool:
    if not hours:
        return True
    local = ZoneInfo(zone)
    return any(start <= at < end for start, end in _spans(hours, at.astimezone(local).date(), local))


def opens_at(hours: Hours, zone: str, at: dt.datetime) -> dt.datetime | None:
    """When the next span begins; None while open, or when there is none at all."""
    if is_open(hours, zone, at):
        return None
    local = ZoneInfo(zone)
    today = at.astimezone(local).date()
    for days in range(8):
        for start, _end in _spans(hours, today + dt.timedelta(days=days), local):
            if start > at:
                return start
    return None
