"""What an offline copy holds of a widget: which of its states are computed when the copy is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

Value = str | int | float
Kind = Literal["live", "gridded", "recorded"]


@dataclass(frozen=True)
class Every:
    """Every so many positions of a slider on a logarithmic scale, or all options of a choice."""

    stride: int = 1


ALL = Every()

Grid = Mapping[str, Sequence[Value] | Every]


@dataclass(frozen=True)
class Plan:
    """Which states of a widget are computed for a copy: by default its first, its example and its tries."""

    kind: Kind = "recorded"
    """live: everything that its controls can say; gridded: sliders stand on a grid; recorded: some runs"""
    says: str = "The states that are suggested above are here. Others need a server."
    """to the reader, in the widget"""
    grids: tuple[Grid, ...] = ({},)
    """all combinations of these values each; a parameter that is not named has its default"""
    states: tuple[str, ...] = ()
    """further states, as queries"""
    tries: bool = True
    """whether all that the widget suggests is here"""
    split: str = ""
    """a parameter that has a file for each of its values: so a page loads what it shows"""
    leave_out: tuple[str, ...] = ()
    """fields that no page shows"""
    free: tuple[str, ...] = ()
    """parameters that the result does not depend on"""
    rows: tuple[str, ...] = ()
    """of a streamed run: the fields of its result that hold its rows, one row of each in turn"""
    beside: Callable[[Any], BaseModel] | None = None
    """what else a copy needs of a state: what a stream sends ahead of its rows, verdicts of the quiz"""
    off: str = ""
    """a selector of controls that need a server"""


def even(low: float, high: float, step: float) -> tuple[float, ...]:
    """Numbers from low to high, a step apart."""
    return tuple(round(low + step * i, 6) for i in range(round((high - low) / step) + 1))
