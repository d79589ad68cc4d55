"""Scales of axes, their ranges and their ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.formatting import count, fixed, scientific

AxisValue = float | str

PADDED = 0.05
"""share of the axis kept free beyond a marker or a bar, as in Plotly"""


@dataclass(frozen=True)
class Scale:
    """An axis. ``low`` and ``high`` are its ends: exponents of ten where it is logarithmic, numbers
    of categories where it has those; ``low`` may be the larger one, then the axis is reversed."""

    low: float
    high: float
    log: bool = False
    categories: tuple[str, ...] = ()

    def place(self, value: AxisValue) -> float:
        """A value in the unit of the ends."""
        if isinstance(value, str):
            return float(self.categories.index(value))
        return math.log10(value) if self.log else float(value)

    def share(self, value: AxisValue) -> float:
        """Position of a value as a share of the axis: 0 at its start, 1 at its end."""
        return self.share_of_place(self.place(value))

    def share_of_place(self, place: float) -> float:
        """The same for a value in the unit of the ends."""
        return (place - self.low) / (self.high - self.low)


def padded_range(values: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """The tightest range in which every (value, share) keeps that share from both ends."""
    extremes: dict[float, tuple[float, float]] = {}
    for value, share in values:
        low, high = extremes.get(share, (value, value))
        extremes[share] = min(low, value), max(high, value)
    best = (0.0, 0.0, 0.0, 0.0)
    for left, (low, _) in extremes.items():
        for right, (_, high) in extremes.items():
            length = (high - low) / (1 - left - right)
            best = max(best, (length, low, left, right))
    length, low, left, _ = best
    if length == 0:
        only = next((low for low, _ in extremes.values()), 0.0)
        return only - 1, only + 1
    return low - left * length, low - left * length + length


def aired_range(values: Sequence[float]) -> tuple[float, float]:
    """The range of values with air above and below for names; static/plot.js does the same."""
    low, high = min(values), max(values)
    air = 0.09 * ((high - low) or 1)
    return low - air, high + air


# ---- ticks -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AxisTick:
    """Position of a tick, as a share of the axis, and its label."""

    at: float
    text: str


def ticks(scale: Scale, most: int, given: Sequence[float] | None = None) -> list[AxisTick]:
    """At most about so many ticks at round values within the ends, or ticks at the ``given`` values."""
    if scale.categories:
        return [AxisTick(scale.share(name), name) for name in scale.categories]
    if given is not None:
        values = list(given)
    elif scale.log:
        values = _decades(scale, most) or _steps(10**scale.low, 10**scale.high, most)
    else:
        values = _steps(scale.low, scale.high, most)
    texts = tick_texts(values)
    found = [AxisTick(scale.share(v), text) for v, text in zip(values, texts, strict=True)]
    return [tick for tick in found if -1e-9 <= tick.at <= 1 + 1e-9]


def nice_step(span: float, most: int) -> float:
    """The smallest of 1, 2, 5, 10, 20, 50, ... that divides a span into at most so many steps."""
    rough = span / most
    base = 10.0 ** math.floor(math.log10(rough))
    return next(base * nice for nice in (1, 2, 5, 10) if base * nice >= rough * (1 - 1e-9))


def _steps(one: float, other: float, most: int) -> list[float]:
    low, high = min(one, other), max(one, other)
    step = nice_step(high - low, most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    if last - first < 1:
        # A single number does not show the scale.
        return _steps(low, high, most + 1)
    return [number * step for number in range(first, last + 1)]


LOG_STEPS = ((1, 2, 5), (1, 3), (1,))
"""digits at which a power of ten may have ticks, the densest first"""


def _decades(scale: Scale, most: int) -> list[float]:
    """Ticks at some digits of each power of ten: as dense as so many ticks in all leave room for."""
    low, high = min(scale.low, scale.high), max(scale.low, scale.high)
    powers = range(math.floor(low), math.ceil(high) + 1)
    for digits in LOG_STEPS:
        closest = min(math.log10(b / a) for a, b in pairwise((*digits, 10)))
        if closest * most / (high - low) >= 1.05:
            break
    values = [digit * 10.0**power for power in powers for digit in digits]
    found = [value for value in values if low - 1e-9 <= math.log10(value) <= high + 1e-9]
    return found if len(found) > 1 else []


def tick_texts(values: Sequence[float]) -> list[str]:
    """Numbers in the pages' format, without trailing zeros."""
    digits = max((_digits(value) for value in values), default=0)
    largest = max((abs(value) for value in values), default=0)
    if digits > 4 or largest >= 1e7:
        return [scientific(value) for value in values]
    if largest >= 1000 and digits == 0:
        return [count(value) for value in values]
    return [_stripped(fixed(digits)(value)) for value in values]


def _digits(value: float) -> int:
    text = f"{value:.10f}".rstrip("0")
    return len(text.partition(".")[2])


def _stripped(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
