"""A real PostgreSQL and a real Redis from the system's binaries, on free loopback ports, in folders that vanish.

    with Postgres() as postgres, Redis() as redis:
        environment = {"DATABASE_URL": postgres.url, "REDIS_URL": redis.url}
        redis.stop(); redis.start()      # the same port again
        postgres.kill()                  # SIGKILL: what a machine that dies looks like

Both refuse to run as root, so root starts them as `postgres`, `redis` or `nobody`, whichever exists.
From a shell: `.ci/services run -- command …`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

START_SECONDS = 30.0
STOP_SECONDS = 20.0
LOCALE = {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}


class ServiceMissing(RuntimeError):
    """A binary is not installed; the message names the packages that bring it."""


class ServiceFailed(RuntimeError):
    """A service did not come up; the message ends with the tail of its log."""


def free_port() -> int:
    """A loopback port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def find_binary(name: str) -> str:
    """`name` on the PATH, or in Debian's versioned PostgreSQL folders (newest first), which are not on it."""
    found = shutil.which(name)
    if found:
        return found
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    for folder in folders:
        if (folder / name).exists():
            return str(folder / name)
    raise ServiceMissing(f"{name} is not installed (Debian and Ubuntu: apt-get install postgresql redis-server).")


def unprivileged_user(*wanted: str) -> str | None:
    """Whom root runs a service as; None when this process is not root and simply runs it itself."""
    if os.geteuid() != 0:
        return None
    for name in (*wanted, "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise ServiceMissing("root needs an unprivileged user (postgres, redis or nobody) to run the services as.")


class Service:
    """One server process with its own folder. `start` after `stop` or `kill` comes back with the same port and data."""

    name = "service"
    users: Sequence[str] = ()
    stop_signal = signal.SIGTERM

    def __init__(self, *, port: int | None = None) -> None:
        self.port = port or free_port()
        self.user = unprivileged_user(*self.users)
        # Another user must be able to walk there, and root's TMPDIR may be root's alone.
        self.folder = Path(tempfile.mkdtemp(prefix=f"chatsite-{self.name}-", dir="/tmp" if self.user else None))
        if self.user:
            shutil.chown(self.folder, user=self.user)
        self.log = self.folder / "server.log"
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def prepare(self) -> None:
        """What must exist before the first start."""

    def settle(self) -> None:
        """What is done once, when it answers for the first time."""

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        if self.running:
            return
        with self.log.open("ab") as log:
            # A session of its own, so that Ctrl-C reaches the tests and they stop the service in their own order.
            self.process = subprocess.Popen(
                self.command(), cwd=self.folder, env={**os.environ, **LOCALE}, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, user=self.user, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ServiceFailed(f"{self.name} did not start on port {self.port}:\n{self.log_tail()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """An orderly stop."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """SIGKILL, without a word: nothing is flushed."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def freeze(self) -> None:
        """The process stops answering but its connections stay open, as behind a broken network."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        if self.process:
            os.killpg(self.process.pid, signal.SIGCONT)

    def log_tail(self, lines: int = 20) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            self.thaw()
            self.process.send_signal(how)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(STOP_SECONDS)
        self.process = None

    def __enter__(self) -> Self:
        try:
            self.prepare()
            self.start()
            self.settle()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Postgres(Service):
    """PostgreSQL as it comes: fsync on, so that figures and promises are those of production."""

    name = "postgres"
    users = ("postgres",)
    # "fast": sessions are cut off and the server shuts down cleanly.
    stop_signal = signal.SIGINT

    def __init__(self, *, port: int | None = None, settings: dict[str, str] | None = None) -> None:
        super().__init__(port=port)
        self.settings = {"max_connections": "200", **(settings or {})}

    @property
    def url(self) -> str:
        return self.url_of("chatsite")

    def url_of(self, database: str) -> str:
        return f"postgres://chatsite@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        done = subprocess.run(
            [
                find_binary("initdb"), "--pgdata", str(self.folder / "data"), "--username", "chatsite",
                "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync",
            ],
            cwd=self.folder, env={**os.environ, **LOCALE}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            user=self.user, check=False,
        )  # fmt: skip
        if done.returncode:
            raise ServiceFailed(f"initdb failed:\n{done.stdout}{done.stderr}")

    def command(self) -> list[str]:
        fixed = {"listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": ""}
        flags = [part for name, value in (fixed | self.settings).items() for part in ("-c", f"{name}={value}")]
        return [find_binary("postgres"), "-D", str(self.folder / "data"), *flags]

    def answers(self) -> bool:
        import psycopg  # slow import, and the Redis half does not need it

        try:
            with psycopg.connect(self.url_of("postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def settle(self) -> None:
        self.create_database("chatsite")

    def kill(self) -> None:
        """The whole machine dies: the backends too, which have sessions of their own and would linger for a moment."""
        if self.process is not None and self.running:
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
            super().kill()
            for child in children.split():
                with suppress(ProcessLookupError):
                    os.kill(int(child), signal.SIGKILL)

    def create_database(self, name: str) -> str:
        """A new, empty database beside the first one; returns its URL."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url_of(name)


class Redis(Service):
    """Redis without a disk: what it holds for Chatsite may be lost at any time, and a restart proves it."""

    name = "redis"
    users = ("redis",)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        return [
            find_binary("redis-server"), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
            "--appendonly", "no", "--dir", str(self.folder), "--daemonize", "no",
        ]  # fmt: skip

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


@contextmanager
def services() -> Iterator[dict[str, str]]:
    """Both at once, as the environment that makes Chatsite use them."""
    with Postgres() as postgres, Redis() as redis:
        yield {"DATABASE_URL": postgres.url, "REDIS_URL": redis.url}


def main(arguments: Sequence[str]) -> int:
    """`run -- command …`: the command's exit status, with the services up while it runs."""
    if len(arguments) < 2 or arguments[0] != "run":
        sys.stderr.write("usage: .ci/services run -- command …\n")
        return 2
    command = list(arguments[2:] if arguments[1] == "--" else arguments[1:])
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        with services() as environment:
            return subprocess.run(command, env={**os.environ, **environment}, check=False).returncode
    except (ServiceMissing, ServiceFailed) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
