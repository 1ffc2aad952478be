"""Figures, their targets, and the arithmetic behind them. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

__all__ = ["Figure", "best", "growth_exponent", "median", "percentile", "table"]


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    name: str
    value: float
    unit: str
    limit: float
    """The target, in ``unit``, or as a multiple of the floor where ``relative``."""
    floor: float | None = None
    """What the bare page, or an idle server, needs; in ``unit``."""
    relative: bool = False
    at_least: bool = False
    note: str = ""

    @property
    def compared(self) -> float:
        """What is held against the target."""
        return self.value / self.floor if self.relative and self.floor else self.value

    @property
    def reached(self) -> bool:
        """Whether the target is met."""
        return self.compared >= self.limit if self.at_least else self.compared <= self.limit

    def row(self) -> tuple[str, ...]:
        """Return the figure as the cells of a table."""
        sign = ">=" if self.at_least else "<="
        target = f"{sign} {self.limit:g}x floor" if self.relative else f"{sign} {self.limit:g} {self.unit}"
        ratio = f" ({self.compared:.2f}x)" if self.relative else ""
        floor = "" if self.floor is None else f"{self.floor:.3g} {self.unit}"
        value = f"{self.value:.3g} {self.unit}{ratio}".strip()
        return (
            self.name,
            target.strip(),
            value,
            floor.strip(),
            "yes" if self.reached else "**no**",
            self.note,
        )


HEADINGS = ("what", "target", "measured", "floor", "reached", "note")


def table(figures: Sequence[Figure]) -> str:
    """Return a Markdown table whose columns also line up as plain text."""
    rows = [HEADINGS, *(figure.row() for figure in figures)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least ``percent`` of the values do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)]


def growth_exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Return the slope of cost over size on logarithmic scales, by least squares: 1 is linear."""
    x, y = [math.log(size) for size in sizes], [math.log(cost) for cost in costs]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    covariance = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return covariance / sum((a - mean_x) ** 2 for a in x)


def best(values: Sequence[float]) -> float:
    """Return the smallest of several rounds: noise of the machine only ever adds."""
    return min(values)
