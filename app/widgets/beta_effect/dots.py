"""A quantile dot plot: where each of its dots stands, so that server and script draw the same.

Above the axis the dots of a distribution, below it those of the reference. Places are whole cells:
the axis is cut into bins, and the dots of a bin are stacked, so many abreast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pydantic import BaseModel, Field

from app.charts.scales import nice_step, tick_text
from app.lab.optima import PARTS

DOTS = PARTS
"""number of dots of a distribution"""

BINS = 28

ABREAST = (0, 1)
"""cells of a row of a bin, in the order in which they are filled"""

COLUMNS = BINS * len(ABREAST)
ROWS = DOTS // len(ABREAST)
"""rows of the highest possible stack"""

REFERENCE_ROWS = 7
"""rows below the axis: as many as the reference of any prompt fills"""

MOST_TICKS = 7


class Dot(BaseModel):
    """One hundredth of the probability: where it is under pi_r, and where under the reference."""

    reward: float = Field(description="at the (k + 0.5) / 100 quantile under pi_r")
    reference_reward: float = Field(description="at the same quantile under pi_ref")
    column: int = Field(description="where it is drawn: cells from the left")
    row: int = Field(description="where it is drawn: cells from the axis, upwards")
    reference_column: int = Field(description="the same under pi_ref")
    reference_row: int = Field(description="the same under pi_ref, downwards from the axis")


class DotTick(BaseModel):
    """A tick of the axis of dots."""

    at: float = Field(description="share of the axis from the left, 0 to 1")
    text: str = Field(description="the number, as written")


class DotAxis(BaseModel):
    """The axis of the dots; the same for every beta."""

    title: str = Field(description="what it measures")
    low: float = Field(description="reward at its left end: that of the reference's lowest dot")
    high: float = Field(description="reward at its right end: the highest of all responses")
    ticks: list[DotTick] = Field(description="its numbers")
    columns: int = Field(description="cells along it")
    rows: int = Field(description="cells above it, enough for all dots on one stack")
    reference_rows: int = Field(description="cells below it")


def stacked(values: Sequence[float], low: float, high: float) -> list[tuple[int, int]]:
    """Column and row of each value, in the order given; columns count from ``low`` to ``high``.

    Values outside the range go to the bin at that end. Raises ValueError unless low < high.
    """
    if not low < high:
        raise ValueError(f"an axis from {low} to {high} has no length")
    filled, places = [0] * BINS, []
    for value in values:
        number = min(max(int((value - low) / (high - low) * BINS), 0), BINS - 1)
        row, abreast = divmod(filled[number], len(ABREAST))
        places.append((number * len(ABREAST) + ABREAST[abreast], row))
        filled[number] += 1
    return places


def dots(after: Sequence[float], before: Sequence[float], high: float) -> list[Dot]:
    """The dots at these rewards under optimum and reference, both ascending, on an axis from the lowest of these.

    No dot of the optimum lies lower: it makes a response the likelier, the higher its reward, so
    that each of its quantiles is at least the reference's.
    """
    low = before[0]
    return [
        Dot(
            reward=reward,
            reference_reward=reference_reward,
            column=place[0],
            row=place[1],
            reference_column=reference_place[0],
            reference_row=reference_place[1],
        )
        for reward, reference_reward, place, reference_place in zip(
            after, before, stacked(after, low, high), stacked(before, low, high), strict=True
        )
    ]


def axis(title: str, low: float, high: float) -> DotAxis:
    """The axis, with its numbers."""
    step = nice_step(high - low, MOST_TICKS)
    steps = range(math.ceil(low / step), math.floor(high / step) + 1)
    numbers = [DotTick(at=(step * n - low) / (high - low), text=tick_text(step * n)) for n in steps]
    return DotAxis(
        title=title,
        low=low,
        high=high,
        ticks=numbers,
        columns=COLUMNS,
        rows=ROWS,
        reference_rows=REFERENCE_ROWS,
    )
