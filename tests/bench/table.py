"""One table, and the ratios that are asked for."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.traffic import Result


@dataclass
class Row:
    part: str
    system: str
    figures: dict[str, str] = field(default_factory=dict)


@dataclass
class Needed:
    """A figure that is asked for. It is printed, never a test's verdict: this machine is shared and noisy."""

    what: str
    value: float
    limit: float
    at_most: bool = False
    unit: str = "x"

    @property
    def holds(self) -> bool:
        return self.value <= self.limit if self.at_most else self.value >= self.limit

    def line(self) -> str:
        sign = "<=" if self.at_most else ">="
        return f"{'pass' if self.holds else 'FAIL'}  {self.what}: {self.value:.2f} {self.unit} ({sign} {self.limit:g})"


def median(results: Sequence[Result]) -> Result:
    """The round in the middle by rate."""
    return sorted(results, key=lambda result: result.rate)[(len(results) - 1) // 2]


def spread(results: Sequence[Result]) -> str:
    rates = [result.rate for result in results]
    return f"{min(rates):,.0f}-{max(rates):,.0f}" if len(rates) > 1 else ""


def load_row(part: str, system: str, results: Sequence[Result]) -> Row:
    middle = median(results)
    lost = sum(result.lost for result in results)
    return Row(
        part,
        system,
        {
            "msg/s": f"{middle.rate:,.0f}",
            "rounds": spread(results),
            "p50 ms": f"{statistics.median(result.p50 for result in results):.2f}",
            "p99 ms": f"{statistics.median(result.p99 for result in results):.2f}",
            "us/msg": f"{middle.cpu_per_message:,.0f}",
            "lost": str(lost) if lost else "",
        },
    )


def render(rows: Sequence[Row]) -> str:
    """Rows of one part share their columns; a new part begins with a heading line."""
    lines: list[str] = []
    part = None
    for row in rows:
        if row.part != part:
            part = row.part
            members = [other for other in rows if other.part == part]
            columns = [
                name
                for name in dict.fromkeys(name for other in members for name in other.figures)
                if any(other.figures.get(name) for other in members)
            ]
            widths = {
                name: max(len(name), *(len(other.figures.get(name, "")) for other in members)) for name in columns
            }
            lines += ["", part, "  " + " " * 34 + "  ".join(name.rjust(widths[name]) for name in columns)]
        cells = "  ".join(row.figures.get(name, "").rjust(widths[name]) for name in columns)
        lines.append(f"  {row.system:<34}{cells}")
    return "\n".join(lines)
