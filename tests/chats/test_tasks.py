"""The clocks' job: when it may take chats from holders who were not seen."""

from __future__ import annotations

from django.conf import settings

from chats.tasks import AWAY_SECONDS, Steadiness

GRACE = settings.LIVE_HOLDER_GRACE_SECONDS


def _run_every_ten_seconds(steadiness: Steadiness, start: float, end: float) -> bool:
    steady, at = False, start
    while at <= end:
        steady = steadiness.ran(at)
        at += 10
    return steady


def test_holders_are_judged_once_the_clocks_ran_for_the_grace_time() -> None:
    assert not _run_every_ten_seconds(Steadiness(), 0, GRACE - 10)
    assert _run_every_ten_seconds(Steadiness(), 0, GRACE)


def test_after_an_outage_the_grace_time_begins_anew() -> None:
    steadiness = Steadiness()
    assert _run_every_ten_seconds(steadiness, 0, GRACE)
    back = GRACE + AWAY_SECONDS + 1
    assert not steadiness.ran(back)
    assert _run_every_ten_seconds(steadiness, back + 10, back + GRACE + 10)


def test_a_run_that_failed_begins_it_anew_too() -> None:
    steadiness = Steadiness()
    assert _run_every_ten_seconds(steadiness, 0, GRACE)
    steadiness.broke()
    assert not steadiness.ran(GRACE + 10)
