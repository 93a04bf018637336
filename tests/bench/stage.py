"""What a run has at hand: the services, the systems (started when first asked for), the rows collected so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.systems import Chatsite, Relay, System, Textbook
from tests.bench.table import Needed, Row
from tests.support.services import Postgres, Redis

OURS = "(d) Chatsite, PostgreSQL + Redis"
OURS_SQLITE = "(d) Chatsite, SQLite + memory"


@dataclass
class Stage:
    folder: Path
    postgres: Postgres
    redis: Redis
    first_port: int
    quick: bool
    systems: list[str]
    levels: list[int]
    say: Callable[[str], None]
    rows: list[Row] = field(default_factory=list)
    needed: list[Needed] = field(default_factory=list)
    running: dict[str, System] = field(default_factory=dict)
    _ports: int = 0
    _databases: int = 0

    def port(self) -> int:
        self._ports += 1
        return self.first_port + self._ports - 1

    def services(self, database: str, redis: int) -> dict[str, str]:
        """A database of its own, also for a system that is started a second time."""
        self._databases += 1
        url = self.postgres.create_database(f"{database}_{self._databases}")
        return {"DATABASE_URL": url, "REDIS_URL": f"redis://127.0.0.1:{self.redis.port}/{redis}"}

    def system(self, key: str) -> System:
        """`a`, `b`, `c`, `sqlite`, `postgres`; the same running process for every part that asks."""
        if key not in self.running:
            self.say(f"# starting {key}")
            system = self.make(key)
            system.start()
            self.running[key] = system
        return self.running[key]

    def make(self, key: str) -> System:
        if key == "a":
            return Relay(port=self.port(), folder=self.folder)
        if key == "b":
            return Relay(port=self.port(), folder=self.folder, dsn=self.services("relay", 0)["DATABASE_URL"])
        if key == "c":
            return Textbook(port=self.port(), folder=self.folder, services=self.services("textbook", 1))
        if key == "sqlite":
            return self.chatsite(OURS_SQLITE, {})
        if key == "postgres":
            return self.chatsite(OURS, self.services("ours", 2))
        raise ValueError(key)

    def chatsite(
        self, name: str, services: Mapping[str, str], *, processes: int = 1, extra: Mapping[str, str] | None = None
    ) -> Chatsite:
        ports = [self.port() for _ in range(processes)]
        return Chatsite(name, ports=ports, folder=self.folder, services=services, extra=extra)

    def all_systems(self) -> dict[str, System]:
        return {key: self.system(key) for key in self.systems}

    def ours(self) -> Chatsite | None:
        """The one that the needed figures are about."""
        system = self.system("postgres") if "postgres" in self.systems else None
        return system if isinstance(system, Chatsite) else None

    def row(self, row: Row) -> None:
        self.rows.append(row)
        figures = "  ".join(f"{name} {value}" for name, value in row.figures.items() if value)
        self.say(f"{row.part} | {row.system} | {figures}")

    def stop(self) -> None:
        for system in self.running.values():
            system.stop()
