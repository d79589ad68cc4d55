"""Published win rates with their standard errors, over temperatures, judges, training steps or KL."""

from __future__ import annotations

from dataclasses import dataclass

from app.charts.stage import (
    Axis,
    Box,
    Only,
    Panel,
    Role,
    Stage,
    StagePoint,
    by_place,
    number,
)
from app.formatting import fixed, percent
from app.widgets.win_rates.columns import column_of
from app.widgets.win_rates.results import COULD_BE, MethodComparison, MethodResult
from app.widgets.win_rates.widget import Params, Result

LEAVE_OUT = ("methods", "columns", "further_comparisons", "over_temperature")

TITLES = {
    "tldr": "As the temperature rises, PPO falls early and DPO late",
    "human": "DPO’s win rate depends on who judges, and how",
    "hh": "On dialogue, Best of 128 keeps up with DPO or leads",
    "hh_training": "Most of what DPO gains comes in its first 300 steps",
    "cnn_dailymail": "On news both lose to the reference, DPO by less",
    "imdb": "On IMDb, DPO gets the most reward for its KL",
}
EVEN = {
    "tldr": "as good as a person’s summary",
    "human": "as good as PPO at temperature 0",
    "hh": "as good as the reply marked chosen",
    "hh_training": "as good as the reply marked chosen",
    "cnn_dailymail": "as good as the reference summary",
}
"""what a win rate of one half means"""

AXES = {
    # lowest and highest value, and those that are written
    "hh_training": (0.25, 0.72, (0.3, 0.4, 0.6, 0.7)),
    "imdb": (0.4, 1.03, (0.4, 0.6, 0.8, 1.0)),
}
USUAL_AXIS = (0, 0.72, (0, 0.2, 0.4, 0.6))

CAPTIONS = {"human": "", "hh_training": "training steps", "imdb": "most nats of KL"}
JUDGES = {
    # names on wide and on narrow pages, and in a sentence
    "people": ("people", "people", "people"),
    "GPT-4 (S)": ("GPT-4, simple prompt", "GPT-4, S", "GPT-4 with the simple prompt"),
    "GPT-4 (C)": ("GPT-4, concise prompt", "GPT-4, C", "GPT-4 with the concise prompt"),
}
ROLES: dict[str, Role] = {
    "DPO": "opt",
    "PPO": "ref",
    "PPO-GT": "true",
    "Best of 128": "ink",
    "temperature 1": "opt",
    "temperature 0.7": "opt",
}
THIN = ("temperature 0.7",)
SHORT = {
    "Preferred-FT": "Pref-FT",
    "Best of 128": "best/128",
    "Pythia-2.8B (2-shot)": "Pythia",
    "GPT-J (0-shot)": "GPT-J",
    "temperature 1": "T 1",
    "temperature 0.7": "T 0.7",
    "PPO-GT (TRL)": "GT, TRL",
    "Unlikelihood": "Unlikelih.",
}
WIDTHS: tuple[Only, Only] = ("wide", "narrow")
WIDE, NARROW = Box(44, 150, 26, 346), Box(36, 70, 24, 276)
HELPS = 0.01
"""reward that the true reward has to add to PPO's to be of help"""
TWICE = 5
"""pixels by which two values of one column are moved apart"""


@dataclass(frozen=True)
class _Value:
    """One mark; a second one in its column stands beside it."""

    place: int
    value: float
    error: float
    printed: bool
    shift: int


@dataclass(frozen=True)
class _MethodLine:
    """The values of a method over the columns."""

    name: str
    role: Role
    bold: bool
    values: list[_Value]


def stage(_: Params, result: Result) -> Stage:
    """The stage of one benchmark."""
    benchmark = result.benchmark
    low, high, ticks = AXES.get(benchmark, USUAL_AXIS)
    shares = _shares(result)
    series = _series(result)
    made = Stage(
        TITLES[benchmark],
        wide=400,
        narrow=330,
        readout=by_place(_readout(result, place) for place in range(len(shares))),
        alt=f"{result.title}: {result.metric}, with standard errors where they are known",
        places=len(shares),
        more={
            "temperatures": bool(result.over_temperature["data"]),
            "valuetext": by_place(_in_words(result, place) for place in range(len(shares))),
        },
    )
    main = made.panel(Axis(0, 1), Axis(low, high), wide=WIDE, narrow=NARROW)
    main.y_grid(ticks, fixed(1) if benchmark == "imdb" else percent(0))
    base = [main.spot(share, 0) for share in shares]
    if benchmark in EVEN:
        main.line(main.pt(0, 0.5), main.pt(1, 0.5), "axis")
        main.text(main.pt(0, 0.5, -8, 4), "50%", "strong", "end")
        main.text(main.spot(0, 1, 0, -10), f"50%: {EVEN[benchmark]}")
    main.line(by_place(main.spot(share, 1) for share in shares), by_place(base), "drop s-ink")
    for one in series:
        _line(main, one, shares, dashed=benchmark == "human")
    for one in series:
        _marks(main, one, shares)
    _names(main, series, benchmark)
    _ticks(main, result, shares)
    main.track()
    made.handle("at", None, "ink", base)
    return made


def _shares(result: Result) -> list[float]:
    """Where the columns stand: at their temperature or step, else at equal distances."""
    names = [column.name for column in result.columns]
    even = result.benchmark in ("human", "imdb")
    values = [float(number) for number in range(len(names))] if even else [float(n) for n in names]
    inset = 0.13 if even else 0.025
    first, last = values[0], values[-1]
    return [inset + (1 - 2 * inset) * (value - first) / (last - first) for value in values]


def _series(result: Result) -> list[_MethodLine]:
    if result.frontier:
        return [
            _one(f.name, [(k, v or 0.0, 0.0, False) for k, v in enumerate(rewards)])
            for f in result.frontier
            for rewards in [(f.best_at_kl_2, f.best_at_kl_5, f.best_at_kl_10, f.highest_reward)]
        ]
    places = {column.name: place for place, column in enumerate(result.columns)}
    found: dict[str, list[tuple[int, float, float, bool]]] = {}
    for m in result.methods:
        name = m.name if m.step is None else f"temperature {m.temperature:g}"
        mark = (places[column_of(m)], m.value, m.standard_error or 0.0, m.printed)
        found.setdefault(name, []).append(mark)
    return [_one(name, marks) for name, marks in found.items()]


def _one(name: str, marks: list[tuple[int, float, float, bool]]) -> _MethodLine:
    at = [place for place, *_ in marks]
    values = []
    for nth, (place, value, error, printed) in enumerate(marks):
        before = at[:nth].count(place)
        shift = 0 if at.count(place) == 1 else TWICE * (2 * before - 1)
        values.append(_Value(place, value, error, printed, shift))
    bold = name in ROLES and name not in THIN
    return _MethodLine(name, ROLES.get(name, "mut"), bold, values)


def _line(main: Panel, one: _MethodLine, shares: list[float], *, dashed: bool) -> None:
    css = f"s-{one.role}" + ("" if one.bold else " thin pale") + (" dashed" if dashed else "")
    main.curve(
        [shares[v.place] for v in one.values], [v.value for v in one.values], css, thin=False
    )


def _marks(main: Panel, one: _MethodLine, shares: list[float]) -> None:
    """Whiskers and marks, those of the chosen column larger."""
    for v in one.values:
        if v.error:
            main.line(
                _pt(main, shares, v, -v.error),
                _pt(main, shares, v, v.error),
                f"whisker s-{one.role}",
            )
    columns = range(len(shares))
    for nth in range(2 if any(v.shift for v in one.values) else 1):
        chosen = [_nth(one, place, nth) for place in columns]
        if any(v.error for v in chosen):
            low, high = (
                by_place(_pt(main, shares, v, sign * v.error) for v in chosen) for sign in (-1, 1)
            )
            main.line(low, high, f"whisker chosen-one s-{one.role}")
    for printed, css in ((True, f"f-{one.role}"), (False, "f-paper")):
        those = [v for v in one.values if v.printed == printed]
        if those:
            css = f"mark s-{one.role} {css}"
            main.dots([_pt(main, shares, v) for v in those], css, [4.5, 4])
            here = by_place([_pt(main, shares, v) for v in those if v.place == p] for p in columns)
            main.dots(here, css, [7, 6])


def _nth(one: _MethodLine, place: int, nth: int) -> _Value:
    """The first or second value of a column, or the only one."""
    found = [v for v in one.values if v.place == place]
    return found[min(nth, len(found) - 1)]


def _pt(main: Panel, shares: list[float], v: _Value, by: float = 0) -> StagePoint:
    return main.pt(shares[v.place], v.value + by, v.shift)


def _names(main: Panel, series: list[_MethodLine], benchmark: str) -> None:
    """The names of the methods beside the last values, moved apart."""
    for only, box, line in zip(WIDTHS, (WIDE, NARROW), (19, 17), strict=True):
        apart = line / (box.bottom - box.top) * (main.y.high - main.y.low)
        ends = _moved_apart([one.values[-1].value for one in series], apart, main.y.low)
        for one, end in zip(series, ends, strict=True):
            text = one.name if only == "wide" else SHORT.get(one.name, one.name)
            if benchmark == "human" and one.name == "PPO":
                text = "PPO, temperature 1" if only == "wide" else "PPO, T 1"
            css = "lab" + ("" if one.bold else " thin-name") + f" f-{one.role}"
            main.text(main.pt(1, end, 14 if only == "wide" else 6, 5), text, css, only=only)


def _moved_apart(ends: list[float], apart: float, low: float) -> list[float]:
    """Heights near the ends, at least so far apart, and above the axis."""
    order = sorted(range(len(ends)), key=lambda nth: ends[nth])
    heights = list(ends)
    floor = low + apart / 2
    for nth in order:
        heights[nth] = max(heights[nth], floor)
        floor = heights[nth] + apart
    return heights


def _ticks(main: Panel, result: Result, shares: list[float]) -> None:
    """The names of the columns, the chosen one bold, and what they are."""
    last = len(shares) - 1
    for only, dy, below in zip(WIDTHS, (28, 26), (48, 45), strict=True):
        names = [_tick(result, place, only) for place in range(len(shares))]
        every = 1 if last < 6 else 2 if only == "wide" else 3
        for place, (name, share) in enumerate(zip(names, shares, strict=True)):
            if place % every == 0:
                near = every - 1
                shown = by_place("" if abs(at - place) <= near else name for at in range(last + 1))
                main.text(main.spot(share, 0, 0, dy), shown, "tick", "middle", only=only)
        chosen = by_place(main.spot(share, 0, 0, dy) for share in shares)
        main.text(chosen, by_place(names), "strong", "middle", only=only)
        caption = CAPTIONS.get(result.benchmark, "sampling temperature")
        if caption:
            main.text(main.spot(0.5, 0, 0, below), caption, "", "middle", only=only)
        if result.frontier or not all(m.printed for m in result.methods):
            says, left = ("read off the figure", 18) if only == "wide" else ("read off", 10)
            main.dots([main.spot(1, 0, left, below - 5)], "mark s-mut f-paper", 4, only=only)
            main.text(main.spot(1, 0, left + 10, below), says, only=only)


def _tick(result: Result, place: int, only: Only) -> str:
    name = result.columns[place].name
    if name in JUDGES:
        return JUDGES[name][0 if only == "wide" else 1]
    return name


def _in_words(result: Result, place: int) -> str:
    name = result.columns[place].name
    if name in JUDGES:
        return JUDGES[name][2]
    if result.frontier:
        return "any KL" if name == "any" else f"{name} nats"
    return f"step {name}" if result.benchmark == "hh_training" else f"temperature {name}"


# ---- words --------------------------------------------------------------------------------------


def _readout(result: Result, place: int) -> str:
    column = result.columns[place]
    if result.frontier:
        return _of_frontier(result, place)
    here = [m for m in result.methods if column_of(m) == column.name]
    if column.comparison is None:
        return _of_training(here, column.name)
    dpo = next(m for m in here if m.name == "DPO")
    if column.name in JUDGES:
        return _of_judge(dpo, column.comparison, JUDGES[column.name][2])
    rival = next(m for m in here if f"{m.name}," in column.comparison.second)
    role = ROLES[rival.name]
    said = (
        f"At temperature {number(column.name)} DPO wins {_won(dpo)} and {rival.name} "
        f"{_won(rival, role)}"
    )
    if column.comparison.z is None:
        return f"{said}. How many articles were judged is not printed, so the gap may be chance."
    return f"{said}, so the gap {_verdict(column.comparison)}."


def _won(method: MethodResult, role: Role = "opt") -> str:
    error = "" if method.standard_error is None else f" ±\u00a0{method.error_in_points}"
    return f"{number(method.percentage, role)}{error}"


def _verdict(comparison: MethodComparison) -> str:
    return "could be chance" if comparison.verdict == COULD_BE else "is more than chance"


def _of_judge(dpo: MethodResult, comparison: MethodComparison, judge: str) -> str:
    z = comparison.z or 0.0
    sample = f"{dpo.n} judgments" if dpo.n else f"{dpo.comparisons} comparisons"
    return (
        f"Judged by {judge}, DPO wins {_won(dpo)} of {sample}. That is {number(fixed(1)(abs(z)))} standard "
        f"errors {'above' if z > 0 else 'below'} even, so it {_verdict(comparison)}."
    )


def _of_training(here: list[MethodResult], step: str) -> str:
    hot, cool = ([m for m in here if m.temperature == t] for t in (1.0, 0.7))
    when = "Before training" if step == "0" else f"After {number(step)} steps"
    said = f"{when} DPO wins {' or '.join(_won(m) for m in hot)} at the higher temperature"
    if len(hot) > 1:
        return f"{said}, so two evaluations of one policy may differ by this much."
    said += f" and {_won(cool[0])} at the lower one"
    if step == "0":
        return f"{said}, so it starts out losing to the chosen answers."
    return f"{said}, so most of the gain has been made."


def _of_frontier(result: Result, place: int) -> str:
    field = ("best_at_kl_2", "best_at_kl_5", "best_at_kl_10", "highest_reward")[place]
    reward = {f.name: getattr(f, field) for f in result.frontier}
    name = result.columns[place].name
    within = "At any KL" if name == "any" else f"Within {number(name)} nats of KL"
    said = (
        f"{within} DPO reaches a reward of {number(fixed(3)(reward['DPO']), 'opt')} and PPO "
        f"{number(fixed(3)(reward['PPO']), 'ref')}"
    )
    if reward["PPO-GT"] - reward["PPO"] < HELPS:
        return f"{said}. The true reward does not help PPO, so its reward model is not to blame."
    return f"{said}, so DPO makes better use of its KL."
