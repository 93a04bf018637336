"""Two web processes that share nothing but a folder would lose each other's messages for seconds at a time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatsite import alone
from tests.house.tree import ROOT

HOLD = (
    "import fcntl, sys; lock = open(sys.argv[1], 'a'); fcntl.flock(lock, fcntl.LOCK_EX); "
    "print('held', flush=True); sys.stdin.read()"
)


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.DATA_DIR = tmp_path
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    yield
    while alone._held:
        alone._held.pop().close()


@pytest.fixture
def other_process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "web.lock")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_first_process_gets_the_place() -> None:
    alone.claim()


def test_a_second_process_is_refused(other_process: subprocess.Popen[str]) -> None:
    with pytest.raises(alone.AnotherProcess):
        alone.claim()


def test_the_place_is_free_again_when_its_process_was_killed(other_process: subprocess.Popen[str]) -> None:
    other_process.kill()
    other_process.wait()
    alone.claim()


def test_with_redis_there_is_a_place_for_everybody(other_process: subprocess.Popen[str], settings: Any) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer"}}
    alone.claim()
