"""Plots drawn on the server as plain SVG, so that a page needs no script to show its figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 640
HEIGHT = 200
LEFT = 40
BOTTOM = 24
GAP = 0.3
STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Bar:
    label: str
    value: float
    x: float
    y: float
    width: float
    height: float
    named: bool

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True)
class Line:
    value: float
    y: float


@dataclass(frozen=True)
class Plot:
    """`title` and `unit` name what is counted, `axis` what it is counted over."""

    title: str
    unit: str
    axis: str
    bars: Sequence[Bar]
    lines: Sequence[Line]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    base: int = HEIGHT - BOTTOM


def round_step(highest: float, *, wanted: int = 4) -> float:
    """A distance between grid lines that people read easily: 1, 2 or 5 times a power of ten."""
    power = 1.0
    while True:
        for step in STEPS:
            if step * power * wanted >= highest:
                return step * power
        power *= 10


def bars(*, title: str, unit: str, axis: str, points: Sequence[tuple[str, float]], names: int = 8) -> Plot:
    step = round_step(max((value for _, value in points), default=0))
    count = max(1, -(-int(max((value for _, value in points), default=0)) // int(step)))
    room = HEIGHT - BOTTOM - 8
    slot = (WIDTH - LEFT) / max(1, len(points))
    every = -(-len(points) // names) or 1
    drawn = []
    for position, (label, value) in enumerate(points):
        height = room * value / (step * count)
        drawn.append(
            Bar(
                label=label,
                value=value,
                x=round(LEFT + slot * (position + GAP / 2), 2),
                y=round(HEIGHT - BOTTOM - height, 2),
                width=round(slot * (1 - GAP), 2),
                height=round(height, 2),
                named=position % every == 0,
            )
        )
    lines = [Line(value=step * k, y=round(HEIGHT - BOTTOM - room * k / count, 2)) for k in range(count + 1)]
    return Plot(title=title, unit=unit, axis=axis, bars=drawn, lines=lines)
