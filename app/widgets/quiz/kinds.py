"""The two kinds of question, and how an answer to each is marked."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

TOLERANCE = 0.01
"""relative tolerance of a right number, or of a known mistake"""


@dataclass(frozen=True)
class Citation:
    """Where a claim comes from: a key of references.json and a place in it."""

    key: str
    where: str = ""


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is correct, and why."""

    correct: bool | None
    """None for a text that cannot be read, which leaves the question open"""
    feedback: str


# ---- choices -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChoiceQuestion:
    """A question with options, one of which is right."""

    id: str
    section: str
    text: str
    right: str
    """id of the right option"""
    options: dict[str, str]
    """texts by id"""
    feedback: dict[str, str]
    """by id: why the option is right, or the misconception behind it"""
    sources: tuple[Citation, ...] = ()
    receipt: str | None = None
    """a torch expression behind the right answer, where a number decides it"""

    def mark(self, answer: str) -> Verdict:
        """The verdict on an option, by its id. Raises KeyError if there is none."""
        return Verdict(answer == self.right, self.feedback[answer])


# ---- numbers -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Unit:
    """The unit of a number."""

    name: str
    hint: str
    percent: float | None = None
    """factor of a percent sign; None if the answer cannot be a percentage"""

    def write(self, value: float) -> str:
        """An answer with its unit: three significant digits, a real minus sign."""
        number = f"{value:.3g}".replace("-", "−")
        if self is SHARE:
            return f"{number} ({100 * value:.3g}%)"
        return number if self is REWARD else f"{number} {self.name}"


SHARE = Unit(
    "probability", "As a share such as 0.25, or as a percentage with its sign, 25%.", percent=0.01
)
POINTS = Unit("percentage points", "A percent sign may follow, but need not.", percent=1.0)
NATS = Unit("nats", "Natural logarithms.")
REWARD = Unit("reward", "In the units of the score.")


@dataclass(frozen=True)
class WrongValue:
    """A wrong value that a known mistake leads to."""

    value: float
    feedback: str


@dataclass(frozen=True)
class NumberProblem:
    """A number question with its numbers filled in and its answer computed."""

    text: str
    value: float
    receipt: str
    """the torch expression that gives the value"""
    right: str
    """why the right value is right"""
    method: str
    """how to get there, for answers that match no known mistake"""
    mistakes: tuple[WrongValue, ...]


@dataclass(frozen=True)
class NumberQuestion:
    """A question whose answer is a number; ``build`` makes the problem of one of ``cases``."""

    id: str
    section: str
    unit: Unit
    cases: tuple[tuple[float, ...], ...]
    build: Callable[..., NumberProblem]
    sources: tuple[Citation, ...] = ()

    @property
    def hint(self) -> str:
        """How to write the answer, and how exact it has to be."""
        return (
            f"{self.unit.hint} Three significant digits are enough: "
            f"within {TOLERANCE:.0%} of the exact value counts."
        )

    def mark(self, problem: NumberProblem, answer: str) -> Verdict:
        """The verdict on a written answer; a text that is no number gets none."""
        try:
            given = read_number(answer, self.unit)
        except NotANumber as error:
            return Verdict(None, str(error))
        if _apart(given, problem.value) <= TOLERANCE:
            return Verdict(True, problem.right)
        nearest = min(problem.mistakes, key=lambda mistake: _apart(given, mistake.value))
        if _apart(given, nearest.value) <= TOLERANCE:
            return Verdict(False, nearest.feedback)
        return Verdict(False, f"This matches none of the usual slips. {problem.method}")


class NotANumber(ValueError):
    """A text is not a number; the message says how to write one."""


_DIGITS = r"(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?"
_TERM = rf"(?:(?:ln|log)\s*)?(?:{_DIGITS}|\(\s*{_DIGITS}\s*\))"
_UNSIGNED = re.compile(_DIGITS, re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(rf"([+-]?)\s*({_TERM})(?:\s*/\s*({_TERM}))?\s*(%?)", re.ASCII | re.IGNORECASE)


def _term(text: str | None) -> float:
    """A number, or the natural logarithm of one; NaN where there is none."""
    found = _UNSIGNED.search(text or "1")
    assert found is not None
    value = float(found[0])
    if not (text or "").lower().startswith("l"):
        return value
    return math.log(value) if value > 0 else math.nan


def _quotient(dividend: str, divisor: str | None) -> float:
    below = _term(divisor)
    return _term(dividend) / below if below else math.inf


def read_number(text: str, unit: Unit) -> float:
    """A written number: point or comma, plain or real minus sign, a percent sign where one fits.

    A quotient such as 1/4 and a logarithm such as ln 2 are numbers too.

    Raises NotANumber if it cannot be read, is not finite, or has a percent sign out of place.
    """
    plain = text.strip().replace("−", "-")
    if "." not in plain:
        plain = plain.replace(",", ".")
    found = _NUMBER.fullmatch(plain)
    value = _quotient(found[2], found[3]) if found else math.nan
    if found is None or math.isnan(value):
        raise NotANumber(f"“{text}” is not a number. Write one such as 0.25, -1.5, 1/4 or ln 2.")
    if not math.isfinite(value):
        raise NotANumber(f"“{text}” is too large for a number here.")
    if found[1] == "-":
        value = -value
    if not found[4]:
        return value
    if unit.percent is None:
        raise NotANumber(f"The answer is in {unit.name}: write it without a percent sign.")
    return value * unit.percent


def _apart(given: float, value: float) -> float:
    """Relative distance from ``value``, which is not 0."""
    return abs(given - value) / abs(value)
