"""`python -m tests.bench [--quick] [--only closed,desk,memory,cost,two,restart,inbox]`"""

from __future__ import annotations

import argparse
import asyncio
import gc
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import parts
from tests.bench.stage import Stage
from tests.bench.systems import System
from tests.bench.table import render
from tests.bench.wire import Connector
from tests.support.services import Postgres, Redis

ALL = ("closed", "desk", "memory", "cost", "two", "restart", "inbox")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", default=",".join(part for part in ALL if part != "inbox"), help=f"of {','.join(ALL)}")
    parser.add_argument("--quick", action="store_true", help="one short round: enough to see a difference of two")
    parser.add_argument("--light", action="store_true", help="the lighter generator (see tests/bench/wire.py)")
    parser.add_argument("--ports", type=int, default=8260, help="the first of twelve ports")
    parser.add_argument("--levels", default="1,64,256", help="chats in the closed loop")
    parser.add_argument("--systems", default="a,b,c,sqlite,postgres", help="which rows to measure")
    return parser.parse_args()


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    chosen = options()
    names = chosen.only.split(",")
    System.connect = Connector(light=chosen.light)
    if unknown := set(names) - set(ALL):
        raise SystemExit(f"no such part: {', '.join(sorted(unknown))}")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 16384)), hard))
    folder = Path(tempfile.mkdtemp(prefix="chatsite-bench-"))
    started = time.monotonic()
    try:
        with Postgres() as postgres, Redis() as redis:
            stage = Stage(
                folder=folder, postgres=postgres, redis=redis, first_port=chosen.ports, quick=chosen.quick,
                systems=chosen.systems.split(","), levels=[int(level) for level in chosen.levels.split(",")], say=say,
            )  # fmt: skip
            gc.disable()
            try:
                for name in names:
                    asyncio.run(getattr(parts, name)(stage))
                    gc.collect()
            finally:
                stage.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say(render(stage.rows))
    say("\nNeeded (figures of this run; a noisy machine may be run again):")
    for needed in stage.needed:
        say("  " + needed.line())
    say(f"\n{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
