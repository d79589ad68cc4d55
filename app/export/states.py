"""The states of widgets in a copy, and the file of each result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import parse_qsl

from app.state.controls import Control, controls_of
from app.widgets.base import Widget
from app.widgets.plan import Every, Grid, Plan, Value, even

ParamValues = dict[str, Value]
Axes = dict[str, Sequence[Value]]


@dataclass(frozen=True)
class StateTable:
    """All combinations of some values, the last axis fastest, and the file that holds their results."""

    axes: Axes
    file: str

    def states(self) -> list[ParamValues]:
        """The combinations, in order."""
        return [
            dict(zip(self.axes, values, strict=True)) for values in product(*self.axes.values())
        ]


def tables(widget: Widget, plan: Plan) -> Iterator[StateTable]:
    """The grids, then single states, each in one file and with all parameters named; none if computed."""
    if plan.computed:
        return
    controls = controls_of(widget.params())
    defaults: Axes = {control.name: (control.value,) for control in controls.values()}
    suggested = (widget.example, *widget.suggested) if plan.suggested else ()
    queries = ("", *plan.states, *suggested)
    singles = [_values(query, controls) for query in queries]
    wanted = [{**defaults, **_axes(grid, controls)} for grid in plan.grids]
    for single in singles:
        axes = {**defaults, **{key: (value,) for key, value in single.items()}}
        if not any(_holds(grid, axes) for grid in wanted):
            wanted.append(axes)
    for axes in wanted:
        for value in axes[plan.split] if plan.split else ("",):
            split: Axes = {plan.split: (value,)} if plan.split else {}
            yield StateTable(axes | split, f"{widget.name}-{value}" if plan.split else widget.name)


def index(widget: Widget, plan: Plan) -> dict[str, Any]:
    """The index that ``static/offline.js`` reads."""
    controls = controls_of(widget.params())
    found = list(tables(widget, plan))
    starts: dict[str, int] = {}
    listed = []
    for table in found:
        start = starts.get(table.file, 0)
        axes = {axis: list(values) for axis, values in table.axes.items()}
        listed.append({"axes": axes, "file": table.file, "start": start})
        starts[table.file] = start + len(table.states())
    return {
        "says": plan.says,
        "computed": plan.computed,
        "params": {control.name: _parameter(control, found) for control in controls.values()},
        "tables": listed,
    }


def states_by_file(widget: Widget, plan: Plan) -> dict[str, list[ParamValues]]:
    """The states of each file, in the order of its results."""
    files: dict[str, list[ParamValues]] = {}
    for table in tables(widget, plan):
        files.setdefault(table.file, []).extend(table.states())
    return files


def _axes(grid: Grid, controls: Mapping[str, Control]) -> Axes:
    """The values of a grid; those that controls offer where it names none."""
    return {
        name: _offered(controls[name]) if isinstance(values, Every) else values
        for name, values in grid.items()
    }


def _offered(control: Control) -> Sequence[Value]:
    """All options of a choice, or all positions of a slider, in the slider's own notation."""
    if control.options:
        return tuple(value for value, _ in control.options)
    return control.slider_values


def _holds(grid: Axes, axes: Axes) -> bool:
    return all(axes[key][0] in values for key, values in grid.items())


def _values(query: str, controls: Mapping[str, Control]) -> ParamValues:
    return {
        key: _number(text) if controls[key].minimum is not None else text
        for key, text in parse_qsl(query)
    }


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _parameter(control: Control, tables: Iterable[StateTable]) -> dict[str, Any]:
    """How the script compares values of a parameter, and the positions of its slider."""
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
    axis = max((table.axes[control.name] for table in tables), key=len, default=())
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
