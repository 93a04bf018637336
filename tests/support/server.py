"""The real server as a process of its own, with demo data in its own folder, that can be killed and brought back."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
START_WITHIN = 60.0
STOP_WITHIN = 30.0
# What the suite sets for itself and the server must not inherit.
UNWANTED = {
    "MODE",
    "SECRET_KEY",
    "DATA_DIR",
    "ALLOWED_HOSTS",
    "INSECURE_HTTP",
    "DJANGO_SETTINGS_MODULE",
    "DATABASE_URL",
    "REDIS_URL",
}


def free_port() -> int:
    """A port nobody listens on, whose next one is free too (the demo page's)."""
    for _attempt in range(200):
        with socket.socket() as probe, socket.socket() as neighbour:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
            with contextlib.suppress(OSError, OverflowError):
                neighbour.bind(("127.0.0.1", port + 1))
                return port
    raise RuntimeError("no two neighbouring free ports")


class LiveServer:
    """`start()` migrates, makes the demo data (see `demo`) and serves; `kill()` is SIGKILL, `stop()` SIGTERM."""

    def __init__(self, data_dir: Path, *, port: int | None = None, env: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data_dir / f"serve-{self.port}.log"
        self.demo: dict[str, Any] = {}
        self.process: subprocess.Popen[bytes] | None = None
        kept = {name: value for name, value in os.environ.items() if name not in UNWANTED}
        self.env = {
            **kept,
            "MODE": "demo",
            "DATA_DIR": str(data_dir),
            "PORT": str(self.port),
            "DJANGO_SETTINGS_MODULE": "chatsite.settings",
            "PYTHONUNBUFFERED": "1",
            **(env or {}),
        }

    def manage(self, *arguments: str) -> str:
        """The output of a management command in the server's own environment."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"manage.py {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def prepare(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.manage("migrate", "--verbosity", "0")
        self.demo = json.loads(self.manage("demo", "--json"))

    def start(self) -> LiveServer:
        if not self.demo:
            self.prepare()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=ROOT,
                env=self.env,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_it_answers()
        return self

    def kill(self) -> None:
        """As a crash or the kernel would: no goodbye."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def restart(self) -> None:
        if self.process is not None:
            self.stop()
        self.start()

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def _end(self, sign: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(sign)
        try:
            process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise RuntimeError(f"the server did not end within {STOP_WITHIN:.0f} s:\n{self.output()[-4000:]}") from None

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_WITHIN
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/widget.js", timeout=5):
                    return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.1)
        output = self.output()[-4000:]
        self.kill()
        raise RuntimeError(f"the server did not answer on port {self.port}:\n{output}")
