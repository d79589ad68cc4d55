"""Steps of axes, how their values are written, and points along them."""

from __future__ import annotations

import math

from app.formatting import fixed


def nice_step(span: float, most: int) -> float:
    """The smallest of 1, 2, 5, 10, 20, 50, ... that divides a span into at most so many steps."""
    rough = span / most
    base = 10.0 ** math.floor(math.log10(rough))
    return next(base * nice for nice in (1, 2, 5, 10) if base * nice >= rough * (1 - 1e-9))


def tick_text(value: float) -> str:
    """A value of an axis, without trailing zeros."""
    digits = len(f"{value:.6f}".rstrip("0").partition(".")[2])
    return fixed(digits)(value)


def evenly(low: float, high: float, count: int) -> list[float]:
    """So many numbers from low to high, the same distance apart."""
    return [low + (high - low) * n / (count - 1) for n in range(count)]
