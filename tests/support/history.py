"""What the clients of a run did and saw, with monotonic times: the evidence that `invariants` is checked against."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Happening:
    """`what`: open, welcome, send, sent, shown, reset, error, close, dead."""

    order: int
    at: float
    client: str
    what: str
    facts: dict[str, Any]


@dataclass
class History:
    happenings: list[Happening] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)

    def record(self, client: str, what: str, **facts: Any) -> None:
        self.happenings.append(Happening(next(self._order), time.monotonic(), client, what, facts))

    def of(self, what: str, client: str | None = None) -> list[Happening]:
        return [
            happening
            for happening in self.happenings
            if happening.what == what and (client is None or happening.client == client)
        ]

    def write(self, path: Path) -> None:
        """JSON lines, for a look after a failure."""
        with path.open("w", encoding="utf-8") as file:
            for one in self.happenings:
                line = {"at": round(one.at, 4), "client": one.client, "what": one.what, **one.facts}
                file.write(json.dumps(line, default=str) + "\n")
