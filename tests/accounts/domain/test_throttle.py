"""Limits: so many per so long, for one key, wherever the cache is."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest
import time_machine
from django.core.cache import cache
from redis.exceptions import ConnectionError as RedisDown

from accounts.domain import throttle

NOON = 1_800_000_000.0


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def tries(number: int, key: str = "one") -> list[bool]:
    return [throttle.wait_for("test", key, count=3, seconds=60) == 0.0 for _ in range(number)]


def test_the_count_is_allowed_and_no_more() -> None:
    assert tries(5) == [True, True, True, False, False]


def test_another_key_has_its_own_count() -> None:
    tries(3)
    assert tries(1, key="other") == [True]


def test_the_wait_is_told_and_is_true(clock: time_machine.Traveller) -> None:
    tries(3)
    wait = throttle.wait_for("test", "one", count=3, seconds=60)
    assert 0 < wait <= 60
    clock.shift(120)
    assert tries(1) == [True]


def test_a_border_between_windows_gives_no_second_helping(clock: time_machine.Traveller) -> None:
    start_of_window = NOON - NOON % 60
    clock.move_to(start_of_window + 59.5)
    assert tries(3) == [True, True, True]
    clock.move_to(start_of_window + 60.5)
    assert tries(1) == [False]


def test_a_refused_try_is_not_counted(clock: time_machine.Traveller) -> None:
    tries(50)
    clock.shift(120)
    assert tries(3) == [True, True, True]


def test_a_cache_that_is_down_leaves_each_process_its_own_count() -> None:
    throttle._own_memory.clear()
    with patch.object(cache, "add", side_effect=RedisDown):
        assert tries(5) == [True, True, True, False, False]


def test_the_cache_does_not_learn_the_key() -> None:
    seen: list[str] = []
    real = cache.add

    def spy(key: str, value: int, timeout: float) -> bool:
        seen.append(key)
        return real(key, value, timeout=timeout)

    with patch.object(cache, "add", spy):
        throttle.wait_for("sign in", "alice@harbour.example", count=3, seconds=60)
    assert seen
    assert "alice" not in "".join(seen)
