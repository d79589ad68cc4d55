"""Numbers as evidence has them, and what several rules compute."""

from __future__ import annotations

import math

from torch import Tensor

from app.formatting import fixed, scientific


def correlation(one: Tensor, other: Tensor) -> float | None:
    """Pearson's correlation, or None if one of the two is constant. Shapes: (pairs,), (pairs,)."""
    if len(one) < 2 or bool((one == one[0]).all()) or bool((other == other[0]).all()):
        return None
    # Scaled by the largest deviation, so that no square underflows or overflows.
    deviations = [values - values.mean() for values in (one, other)]
    largest = [float(values.abs().max()) for values in deviations]
    if min(largest) <= 0:
        return None
    x, y = (values / most for values, most in zip(deviations, largest, strict=True))
    x, y = x - x.mean(), y - y.mean()
    together = float((x * y).sum() / (x.square().sum() * y.square().sum()).sqrt())
    return max(-1.0, min(1.0, together))


def loss_text(losses: Tensor) -> str:
    """A mean loss as the page writes it."""
    mean = float(losses.mean())
    if not math.isfinite(mean):
        return "not finite"
    return fixed(3)(mean) if abs(mean) < 1e6 else scientific(mean)


def three_digits(value: float) -> str:
    """A number with three significant digits."""
    if not abs(value) < 1e6:
        return f"{value:.1e}"
    # A negative zero is none.
    digits = f"{value + 0.0:.3g}"
    return (f"{float(digits):,.0f}" if "e+" in digits else digits).replace("-", "−")
