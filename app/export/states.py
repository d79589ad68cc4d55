"""The states of a widget whose results a copy holds, and the file of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import parse_qsl

from app.state.controls import Control, controls_of
from app.widgets.base import Widget

Value = str | int | float
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


def tables(widget: Widget) -> Iterator[StateTable]:
    """All combinations that the plan names, then what is suggested beyond them, with all parameters."""
    plan = widget.export
    if plan.computed:
        return
    controls = controls_of(widget.params())
    defaults: Axes = {name: (control.default,) for name, control in controls.items()}
    wanted = [defaults | {name: _all_values(controls[name]) for name in plan.every}]
    for query in (widget.example, *widget.suggested):
        axes = defaults | {key: (_value(controls[key], text),) for key, text in parse_qsl(query)}
        if not any(_holds(table, axes) for table in wanted):
            wanted.append(axes)
    for axes in wanted:
        for value in axes[plan.split] if plan.split else ("",):
            split: Axes = {plan.split: (value,)} if plan.split else {}
            yield StateTable(axes | split, f"{widget.name}-{value}" if plan.split else widget.name)


def index(widget: Widget) -> dict[str, Any]:
    """The index that ``static/offline.js`` reads."""
    starts: dict[str, int] = {}
    listed = []
    for table in tables(widget):
        start = starts.get(table.file, 0)
        axes = {axis: list(values) for axis, values in table.axes.items()}
        listed.append({"axes": axes, "file": table.file, "start": start})
        starts[table.file] = start + len(table.states())
    return {"says": widget.export.says, "computed": widget.export.computed, "tables": listed}


def states_by_file(widget: Widget) -> dict[str, list[ParamValues]]:
    """The states of each file, in the order of its results."""
    files: dict[str, list[ParamValues]] = {}
    for table in tables(widget):
        files.setdefault(table.file, []).extend(table.states())
    return files


def _all_values(control: Control) -> Sequence[Value]:
    """All options of a choice, or all positions of a slider."""
    return tuple(value for value, _ in control.options) or control.slider_values


def _value(control: Control, text: str) -> Value:
    if control.minimum is None:
        return text
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _holds(table: Axes, axes: Axes) -> bool:
    return all(axes[name][0] in values for name, values in table.items())
