"""Number formats of pages. static/format.js has the same; a browser test compares the two."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context

_FOUR_DIGITS = Context(prec=4, rounding=ROUND_HALF_UP)


def fixed(digits: int) -> Callable[[float], str]:
    """A fixed number of decimals, with a real minus sign and no negative zero."""

    def write(value: float) -> str:
        text = f"{value:.{digits}f}"
        if float(text) == 0:
            text = text.removeprefix("-")
        return text.replace("-", "−")

    return write


def signed(value: float, digits: int = 2) -> str:
    """With an explicit sign, unless it rounds to zero."""
    text = fixed(digits)(value)
    return text if text.startswith("−") or float(text) == 0 else f"+{text}"


def percent(digits: int) -> Callable[[float], str]:
    """A fraction as a percentage."""
    return lambda value: f"{fixed(digits)(100 * value)}%"


def scientific(value: float) -> str:
    """Two significant digits; with a power of ten, unless from 0.01 to 99 in size."""
    if value == 0:
        return "0"
    mantissa, power = f"{value:.1e}".split("e")
    exponent = int(power)
    text = f"{value:.{1 - exponent}f}" if -2 <= exponent <= 1 else f"{mantissa}e{exponent}"
    return text.replace("-", "−")


def count(value: float) -> str:
    """A whole number with commas between thousands."""
    return f"{round(value):,}".replace("-", "−")


def significant(value: float) -> str:
    """Four significant digits at most, however small the number is; digits before the point are all kept."""
    # Rounds as JavaScript's toPrecision does: exactly, and halves away from zero.
    rounded = float(_FOUR_DIGITS.create_decimal_from_float(value))
    if abs(rounded) >= 1000:
        return count(math.copysign(math.floor(abs(value) + 0.5), value))
    mantissa, _, power = f"{rounded + 0:.4g}".partition("e")
    text = f"{mantissa}e{int(power)}" if power else mantissa
    return text.replace("-", "−")


FORMATS: dict[str, Callable[[float], str]] = {
    **{f"fixed{digits}": fixed(digits) for digits in range(5)},
    "percent0": percent(0),
    "percent1": percent(1),
    "percent2": percent(2),
    "scientific": scientific,
    "significant": significant,
    "count": count,
}


def format_value(value: object, how: str = "text") -> str:
    """A value as a page shows it; None is a dash."""
    if value is None:
        return "–"
    if how == "text" or not isinstance(value, int | float):
        return str(value)
    return FORMATS[how](value)
