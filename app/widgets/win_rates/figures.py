"""Charts of published results: bars with error bars, curves with bands, and the IMDb frontier."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.charts.figures import Trace, band, bars, curve_figure, line, points
from app.widgets.win_rates.data import Benchmark
from app.widgets.win_rates.results import MethodResult, at_best_temperature, points_of

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "cross")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
WIN_RATE = "win rate (%)"

ROOM_FOR_TWO_LINES = 6
"""most bars with room for a second line beside each"""

LABEL_GAP = 5.5
"""least distance of labels at the ends of curves, in percentage points"""


def main_figure(benchmark: Benchmark, methods: list[MethodResult]) -> dict[str, object]:
    """The chart that fits the data: frontier, curve over training, or bars."""
    if benchmark.frontier:
        return _frontier(benchmark)
    if any(method.step is not None for method in methods):
        return _curves(
            methods,
            x="training step",
            place=lambda m: float(m.step or 0),
            curve=lambda m: f"T {m.temperature:g}",
        )
    return _bars(at_best_temperature(methods) if _many_temperatures(methods) else methods)


def temperature_figure(methods: list[MethodResult]) -> dict[str, object]:
    """Win rates over the sampling temperature; without traces if there are too few temperatures."""
    return _curves(
        methods if _many_temperatures(methods) else [],
        x="sampling temperature",
        place=lambda m: m.temperature or 0.0,
        curve=lambda m: m.name,
    )


def _many_temperatures(methods: list[MethodResult]) -> bool:
    one_judge = all(method.judge is None and method.step is None for method in methods)
    return one_judge and len({method.temperature for method in methods} - {None}) > 2


def _bars(methods: list[MethodResult]) -> dict[str, object]:
    """One bar per method and setting, the first on top, with its value written beside it."""
    traces = [
        bars(
            method.name,
            [method.label],
            [100 * method.value],
            role=_role(method),
            errors=None if method.standard_error is None else [100 * method.standard_error],
            horizontal=True,
        )
        for method in methods
    ]
    figure = curve_figure(
        traces,
        x=WIN_RATE,
        y="method",
        # Room on the right for the values.
        x_range=(0, 165),
        barmode="overlay",
        bargap=0.35,
        showlegend=False,
        annotations=[
            _value_beside(method, len(methods) <= ROOM_FOR_TWO_LINES) for method in methods
        ],
        shapes=[_even_split("x")],
    )
    layout: Any = figure["layout"]
    layout["xaxis"]["tickvals"] = [0, 25, 50, 75, 100]
    layout["yaxis"] |= {"autorange": "reversed", "showgrid": False}
    return figure


def _value_beside(method: MethodResult, with_origin: bool) -> dict[str, Any]:
    text = method.percentage
    if method.standard_error is not None:
        text += f" ± {method.error_in_points}"
    if with_origin:
        text += f"<br>{'printed' if method.printed else 'recovered'}"
    return {
        "x": 1,
        "xref": "paper",
        "xanchor": "right",
        "y": method.label,
        "text": text,
        "showarrow": False,
    }


def _curves(
    methods: list[MethodResult],
    *,
    x: str,
    place: Callable[[MethodResult], float],
    curve: Callable[[MethodResult], str],
) -> dict[str, object]:
    """Curves with bands, distinguished by symbol, dash and a name at the end of each."""
    by_curve: dict[str, list[MethodResult]] = {}
    for method in methods:
        by_curve.setdefault(curve(method), []).append(method)
    traces = []
    for number, (name, members) in enumerate(by_curve.items()):
        traces += _curve(name, members, place, number)
    places = [place(method) for method in methods] or [0.0]
    first, last = min(places), max(places)
    longest = max((len(name) for name in by_curve), default=0)
    ends = {name: 100 * members[-1].value for name, members in by_curve.items()}
    figure = curve_figure(
        traces,
        x=x,
        y=WIN_RATE,
        # Room on the right for the names.
        x_range=(first - 0.03 * last, (1.08 + 0.03 * longest) * last) if methods else None,
        showlegend=False,
        annotations=[_name_at(name, last, y) for name, y in _spread(ends).items()] or None,
        shapes=[_even_split("y")] if methods else None,
    )
    layout: Any = figure["layout"]
    layout["xaxis"]["tickvals"] = sorted(set(places))[:: 2 if len(set(places)) > 6 else 1]
    return figure


def _curve(
    name: str, members: list[MethodResult], place: Callable[[MethodResult], float], number: int
) -> list[Trace]:
    """One curve, with a band of one standard error either way if it is known."""
    x = [place(method) for method in members]
    values = [100 * method.value for method in members]
    role = _role(members[0])
    trace = line(name, x, values, role=role, dash=DASHES[number % len(DASHES)])
    trace.update(
        mode="lines+markers",
        marker={
            "symbol": SYMBOLS[number % len(SYMBOLS)],
            "size": 8,
            "color": trace["line"]["color"],
        },
    )
    errors = [100 * (method.standard_error or 0.0) for method in members]
    return (
        [*band(name, x, values, errors, role=role, of="standard error"), trace]
        if any(errors)
        else [trace]
    )


def _spread(ends: dict[str, float]) -> dict[str, float]:
    """Heights of labels near the ends of their curves, at least ``LABEL_GAP`` apart."""
    order = sorted(ends, key=lambda name: ends[name])
    heights = [ends[name] for name in order]
    for _ in range(100):
        for below in range(len(heights) - 1):
            overlap = LABEL_GAP - (heights[below + 1] - heights[below])
            if overlap > 0:
                heights[below] -= overlap / 2
                heights[below + 1] += overlap / 2
    return {name: round(height, 2) for name, height in zip(order, heights, strict=True)}


def _name_at(name: str, x: float, y: float) -> dict[str, Any]:
    return {"x": x, "y": y, "xanchor": "left", "xshift": 10, "text": name, "showarrow": False}


def _frontier(benchmark: Benchmark) -> dict[str, object]:
    traces = []
    for number, frontier in enumerate(benchmark.frontier):
        rows = points_of(frontier)
        traces.append(
            points(
                frontier.method,
                rows[:, 0],
                rows[:, 1],
                role=ROLES.get(frontier.method, "other"),
                symbol=SYMBOLS[number % len(SYMBOLS)],
            )
        )
    return curve_figure(traces, x="KL to the reference (nats)", y="mean reward")


ROLES = {
    "DPO": "optimised",
    "PPO": "rejected",
    "PPO-GT": "true",
    "PPO-GT (TRL)": "true",
    "SFT": "reference",
    "GPT-J (0-shot)": "reference",
    "Pythia-2.8B (2-shot)": "reference",
}
"""Color roles as elsewhere: DPO green, PPO red, true reward gold, starting points blue."""


def _role(method: MethodResult) -> str:
    if method.judge is not None and method.judge != "people":
        return "other"
    return ROLES.get(method.name, "other")


def _even_split(axis: str) -> dict[str, Any]:
    """A dotted line at 50% across the chart."""
    other = "y" if axis == "x" else "x"
    return {
        "type": "line",
        f"{axis}0": 50,
        f"{axis}1": 50,
        f"{other}0": 0,
        f"{other}1": 1,
        f"{other}ref": "paper",
        "line": {"dash": "dot", "width": 1, "color": "#888888"},
    }
