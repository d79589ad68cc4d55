"""States of widgets that a copy holds: grids of parameters, and where each result lies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal
from urllib.parse import parse_qsl

from pydantic import BaseModel

from app.state.controls import Control, controls_of
from app.widgets.registry import WIDGETS

Value = str | int | float
State = dict[str, Value]
Grid = Mapping[str, Sequence[Value]]
Kind = Literal["live", "gridded", "recorded"]


@dataclass(frozen=True)
class Plan:
    """Which states of a widget are computed for a copy."""

    kind: Kind
    """live: everything that its controls can say; gridded: sliders stand on a grid; recorded: some runs"""
    says: str
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

    def tables(self, name: str) -> Iterator[Table]:
        """The grids, then single states, each in one file and with all parameters named."""
        controls = controls_of(WIDGETS[name].params())
        defaults: dict[str, Sequence[Value]] = {
            control.name: (control.value,)
            for control in controls.values()
            if control.name not in self.free
        }
        widget = WIDGETS[name]
        suggested = (widget.example, *widget.tries) if self.tries else ()
        queries = ("", *self.states, *suggested)
        singles = [_values(query, controls) for query in queries]
        wanted = [{**defaults, **grid} for grid in self.grids]
        for single in singles:
            axes = {**defaults, **{key: (single[key],) for key in single if key in defaults}}
            if not any(_holds(grid, axes) for grid in wanted):
                wanted.append(axes)
        for axes in wanted:
            for value in axes[self.split] if self.split else ("",):
                split: dict[str, Sequence[Value]] = {self.split: (value,)} if self.split else {}
                yield Table(axes | split, f"{name}-{value}" if self.split else name)

    def index(self, name: str) -> dict[str, Any]:
        """What ``static/offline.js`` has to know."""
        controls = controls_of(WIDGETS[name].params())
        tables = list(self.tables(name))
        starts: dict[str, int] = {}
        listed = []
        for table in tables:
            start = starts.get(table.file, 0)
            axes = {axis: list(values) for axis, values in table.axes.items()}
            listed.append({"axes": axes, "file": table.file, "start": start})
            starts[table.file] = start + len(table.states())
        return {
            "says": self.says,
            "off": self.off,
            "rows": self.rows,
            "params": {
                control.name: _parameter(control, tables)
                for control in controls.values()
                if control.name not in self.free
            },
            "tables": listed,
        }


@dataclass(frozen=True)
class Table:
    """All combinations of some values, the last axis fastest, and the file that holds their results."""

    axes: dict[str, Sequence[Value]]
    file: str

    def states(self) -> list[State]:
        """The combinations, in order."""
        return [
            dict(zip(self.axes, values, strict=True)) for values in product(*self.axes.values())
        ]


def states_by_file(name: str, plan: Plan) -> dict[str, list[State]]:
    """The states of each file, in the order of its results."""
    files: dict[str, list[State]] = {}
    for table in plan.tables(name):
        files.setdefault(table.file, []).extend(table.states())
    return files


def _holds(grid: Grid, axes: Grid) -> bool:
    return all(axes[key][0] in values for key, values in grid.items())


def _values(query: str, controls: Mapping[str, Control]) -> State:
    return {
        key: _number(text) if controls[key].minimum is not None else text
        for key, text in parse_qsl(query)
    }


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _parameter(control: Control, tables: Iterable[Table]) -> dict[str, Any]:
    """How the script compares values of a parameter, and how its slider moves."""
    if control.minimum is None:
        kind = "choice" if control.options else "text"
        return {"kind": kind, "default": control.default}
    about = {
        "kind": "number",
        "default": control.default,
        "low": control.minimum,
        "high": control.maximum,
        "log": control.log_scale,
    }
    axis = max((table.axes[control.name] for table in tables), key=len)
    about["slider"] = _slider(control, [float(value) for value in axis]) if len(axis) > 2 else None
    return about


def _slider(control: Control, values: list[float]) -> dict[str, float] | None:
    """First and last position of a slider on an even grid, and the step between; None on others."""
    first, last, places = values[0], values[-1], len(values) - 1
    if not control.log_scale:
        step = round((last - first) / places, 6)
        spread = even(first, last, step)
        return {"min": first, "max": last, "step": step} if spread == tuple(values) else None
    if control.positions % places:
        return None
    stride = control.positions // places
    spread = control.slider_values[::stride]
    return {"min": 0, "max": control.positions, "step": stride} if spread == tuple(values) else None


def even(low: float, high: float, step: float) -> tuple[float, ...]:
    """Numbers from low to high, a step apart."""
    return tuple(round(low + step * i, 6) for i in range(round((high - low) / step) + 1))


def slider(name: str, parameter: str, stride: int = 1) -> tuple[float, ...]:
    """Every so many positions of a slider with a logarithmic scale, written as it writes them."""
    return controls_of(WIDGETS[name].params())[parameter].slider_values[::stride]
