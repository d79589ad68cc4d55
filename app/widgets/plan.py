"""Export plans: which states of a widget an offline copy holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Value = str | int | float
Kind = Literal["live", "gridded"]


class Every:
    """All positions of a slider on a logarithmic scale, or all options of a choice."""


ALL = Every()

COMPUTED = "Everything is computed on your machine, with the same algorithms and random draws as on a server with PyTorch."
"""what a copy says of a widget that the reader's browser computes"""

Grid = Mapping[str, Sequence[Value] | Every]


@dataclass(frozen=True)
class Plan:
    """Which states of a widget are computed for a copy: by default its first, its example and those that it suggests."""

    kind: Kind = "gridded"
    """live: everything that its controls can say; gridded: some states"""
    says: str = "The states that are suggested above are here. Others need a server."
    """shown to readers in the widget"""
    grids: tuple[Grid, ...] = ({},)
    """grids of values, each taken in all combinations; other parameters have their defaults"""
    states: tuple[str, ...] = ()
    """further states, as queries"""
    suggested: bool = True
    """whether to include the states that the widget suggests"""
    split: str = ""
    """parameter with a file for each of its values, so that a page loads only what it shows"""
    leave_out: tuple[str, ...] = ()
    """fields that no page shows"""
    computed: bool = False
    """whether the reader's browser computes it (tools/to_javascript); then the copy holds no results"""


def even(low: float, high: float, step: float) -> tuple[float, ...]:
    """Numbers from low to high, a step apart."""
    return tuple(round(low + step * i, 6) for i in range(round((high - low) / step) + 1))
