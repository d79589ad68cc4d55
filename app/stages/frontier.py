"""Seven methods over their strengths, under a ceiling that no policy can pass; the chosen one speaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from app.charts.stage import Anchor, Axis, Box, Panel, Role, Stage, StagePoint, by_place, number
from app.formatting import fixed, signed
from app.stages.speech import speaker, speech
from app.widgets.frontier import MethodCurve, Params, Result, StrengthSummary

LEAVE_OUT = ("ceiling", "whole")

ROLES: dict[str, Role] = {
    "ppo": "ref",
    "ppo_true": "true",
    "dpo": "opt",
    "ipo": "tmp",
    "best_of_n": "ink",
}
NAMES = {"ppo": "PPO, learned reward", "ppo_true": "PPO, true reward", "best_of_n": "Best of N"}
UNITS = {"kl_coefficient": "a nat costs ", "beta": "β = ", "n": "N = ", "alpha": "weight "}
RISING = ("preferred_ft", "unlikelihood", "best_of_n")
"""methods that go farther with more strength; the others are held by theirs"""

FLOOR, ROOF = -0.35, 3.75
"""true quality at the ends of the axis, unless a method that falls is chosen"""
NEAR = 0.1
"""of the best possible quality: a policy that lacks no more is close to the frontier"""
ROOM = 1.0
"""quality below the ceiling from which a name fits between"""
WIDE, NARROW = Box(34, 16, 12, 356), Box(28, 10, 10, 226)


@dataclass(frozen=True)
class _Place:
    """A point that can be chosen."""

    name: str
    strength: str
    role: Role
    row: int
    kl: float
    quality: float
    bound: float
    sample: str
    readout: str
    spread: tuple[float, float] = (0, 0)
    """standard deviations of KL and of true quality"""


def stage(params: Params, result: Result) -> Stage:
    """The stage of the study, with the reader's own run as its last place."""
    places = _places(params, result)
    lowest = min(place.quality for place in places)
    falls = [min(q.true_quality for q in curve.places) < FLOOR for curve in result.curves]
    falls.append(bool(result.own and result.own.true_quality < FLOOR))
    zoomed = [falls[place.row] for place in places]
    made = Stage(
        "Seven methods, one frontier, and a long way down"
        if lowest < 0
        else "Seven methods under one frontier",
        wide=390,
        narrow=262,
        readout=by_place(place.readout for place in places),
        alt="True quality over KL for seven methods at several strengths, under the best possible quality",
        places=len(places),
        more={
            "beside": 1,
            "rows": _rows(places),
            "settings": f"{params.prompt} prompt, {params.reward_model} reward model",
        }
        | speech(
            params.prompt,
            speaker(
                by_place(f"{place.name}, {place.strength} <i>says</i>" for place in places),
                by_place(place.role for place in places),
                params.prompt,
                [place.sample for place in places],
            ),
        ),
    )
    low = min(FLOOR, lowest - 0.3)
    x = Axis(0, result.ceiling[-1].kl, lambda kl: kl**0.4)
    main = made.panel(
        x,
        Axis(low, ROOF),
        wide=by_place(WIDE if out else _near(WIDE, low) for out in zoomed),
        narrow=by_place(NARROW if out else _near(NARROW, low) for out in zoomed),
    )
    frame = made.panel(x, Axis(0, 1), wide=WIDE, narrow=NARROW)
    _ground(main, frame, result, zoomed)
    for row, curve in enumerate(result.curves):
        _curve(main, row, curve, places, zoomed)
    for place in places:
        if place.row == len(result.curves):
            main.point(main.pt(place.kl, place.quality), "f-rej", 6)
    _chosen(main, frame, places)
    _names(main, places, zoomed)
    made.handle(
        "at",
        by_place(main.pt(place.kl, place.quality) for place in places),
        by_place(place.role for place in places),
        [main.pt(place.kl, place.quality) for place in places],
        along="points",
        r=9,
        grip=False,
    )
    return made


def _near(box: Box, low: float) -> Box:
    """The box whose part above ``FLOOR`` fills the given one."""
    hidden = (FLOOR - low) / (ROOF - low)
    return Box(box.left, box.right, box.top, box.top + (box.bottom - box.top) / (1 - hidden))


# ---- what can be chosen --------------------------------------------------------------------------


def _places(params: Params, result: Result) -> list[_Place]:
    found = [
        _place(row, curve, summary)
        for row, curve in enumerate(result.curves)
        for summary in sorted(
            curve.places, key=lambda p: p.strength if curve.method in RISING else -p.strength
        )
    ]
    own = result.own
    if own is None:
        return found
    curve = next(curve for curve in result.curves if curve.method == params.method)
    strength = _strength(curve, params.strength)
    name = f"Your {_name(curve)}"
    readout = (
        f"{name} earns a true quality of "
        f"{number(signed(own.true_quality), 'true')} at {number(_nats(own.kl), 'rej')} nats, "
        f"{number(fixed(1)(own.bound - own.true_quality))} below the best possible. "
        f"{_meaning(own.true_quality, own.bound)}"
    )
    mine = _Place(
        name,
        strength,
        "rej",
        len(result.curves),
        own.kl,
        own.true_quality,
        own.bound,
        own.sample,
        readout,
    )
    return [*found, mine]


def _meaning(quality: float, bound: float) -> str:
    if quality < 0:
        return "Worse than doing nothing, so all of this KL is spent in vain."
    if bound - quality <= NEAR * bound:
        return "It is close to the frontier, so hardly any KL is wasted."
    return "A policy on the frontier does better at the same KL, so part of this KL is wasted."


def _place(row: int, curve: MethodCurve, at: StrengthSummary) -> _Place:
    gap = at.bound - at.true_quality
    readout = (
        f"Over {_seeds(at.seeds)} {_name(curve)} earns a true quality of "
        f"{number(signed(at.true_quality), 'true')} ± {fixed(2)(at.true_quality_sd)} (SD) at "
        f"{number(_nats(at.kl), 'rej')} nats, {number(fixed(1)(gap))} below the best possible."
    )
    if at == curve.best and at.true_quality > 0:
        readout += " This is its best strength, so going further only loses quality."
    else:
        readout += f" {_meaning(at.true_quality, at.bound)}"
    return _Place(
        _name(curve),
        _strength(curve, at.strength),
        ROLES.get(curve.method, "mut"),
        row,
        at.kl,
        at.true_quality,
        at.bound,
        at.sample,
        readout,
        (at.kl_sd, at.true_quality_sd),
    )


def _rows(places: list[_Place]) -> list[list[int]]:
    """The places of each method, for arrow keys."""
    rows: dict[int, list[int]] = {}
    for at, place in enumerate(places):
        rows.setdefault(place.row, []).append(at)
    return list(rows.values())


def _name(curve: MethodCurve) -> str:
    return NAMES.get(curve.method, curve.label)


def _strength(curve: MethodCurve, strength: float) -> str:
    if curve.strength_name == "steps":
        return f"{strength:g} steps"
    return f"{UNITS[curve.strength_name]}{strength:g}"


def _nats(kl: float) -> str:
    return fixed(2 if kl < 1 else 1)(kl)


def _seeds(count: int) -> str:
    return "ten seeds" if count == 10 else f"{count} seeds"


# ---- what is drawn -------------------------------------------------------------------------------


def _ground(main: Panel, frame: Panel, result: Result, zoomed: list[bool]) -> None:
    kls = [point.kl for point in result.ceiling]
    bounds = [point.true_quality for point in result.ceiling]
    main.area(main.pts(kls, bounds), [main.spot(0, 1), main.spot(1, 1)], "hatch")
    for value in range(int(main.y.low), 4):
        share = main.y.share(value)
        ends = main.spot(0, share), main.spot(1, share)
        if value >= 0:
            main.line(*ends, "grid" if value else "axis")
            main.text(main.spot(0, share, -8, 4), f"{value}", "tick", "end")
        elif value % 2 == 0:
            main.line(ends[0], by_place(ends[out] for out in zoomed), "grid")
            written = by_place(fixed(0)(value) if out else "" for out in zoomed)
            main.text(main.spot(0, share, -8, 4), written, "tick", "end")
    main.curve(kls, bounds, "thin s-true")
    for ticks, only in (((0, 0.1, 0.5, 1, 2, 4, 6), "wide"), ((0, 0.1, 1, 2, 5), "narrow")):
        frame.x_ticks(ticks, lambda kl: f"{kl:g}", 22, only=only)
    for text, only in (("nats of KL →", "wide"), ("nats →", "narrow")):
        frame.text(frame.spot(1, 0, 0, 22), text, "", "end", only=only)
    frame.text(frame.spot(0, 1, 12, 20), "no policy can be up here", "f-true")


def _curve(
    main: Panel, row: int, curve: MethodCurve, places: list[_Place], zoomed: list[bool]
) -> None:
    """A method, thin; bold and with its spread while one of its points is chosen."""
    mine = [place for place in places if place.row == row]
    role = ROLES.get(curve.method, "mut")
    dashed = " dashed" if curve.method == "ipo" else ""
    chosen = [place.row == row for place in places]
    line = _line(main, mine)
    inside = _above(line, main.y.share(FLOOR))
    about = {"p": main.number, "free": 0} | (
        {"x": [x for x, _ in line], "y": [y for _, y in line]}
        if inside == line
        else {
            axis: by_place([point[n] for point in (line if out else inside)] for out in zoomed)
            for n, axis in enumerate("xy")
        }
    )
    main.stage.add("curve", f"line thin other s-{role}{dashed}", **about)
    main.dots(_seen(main, mine, zoomed), f"point other f-{role}", [4, 3.4])
    upper, lower = (
        [main.pt(place.kl, place.quality + way * place.spread[1]) for place in mine]
        for way in (1, -1)
    )
    main.stage.add(
        "area",
        f"f-{role} wash",
        a=by_place(upper if on else [] for on in chosen),
        b=by_place(lower if on else [] for on in chosen),
    )
    main.stage.add(
        "curve",
        f"line s-{role}{dashed}",
        p=main.number,
        x=by_place([x for x, _ in line] if on else [] for on in chosen),
        y=by_place([y for _, y in line] if on else [] for on in chosen),
    )
    spots = [main.pt(place.kl, place.quality) for place in mine]
    main.dots(by_place(spots if on else [] for on in chosen), f"point f-{role}", [5.5, 4.5])


def _line(main: Panel, places: list[_Place]) -> list[tuple[float, float]]:
    return [(p[1], p[2]) for p in (main.pt(place.kl, place.quality) for place in places)]


def _above(line: list[tuple[float, float]], floor: float) -> list[tuple[float, float]]:
    """The beginning of a line, down to where it first leaves the drawing."""
    found = line[:1]
    for (ax, ay), (bx, by) in pairwise(line):
        if by < floor:
            part = (ay - floor) / (ay - by)
            return [*found, (round(ax + part * (bx - ax), 4), floor)]
        found.append((bx, by))
    return found


def _seen(main: Panel, places: list[_Place], zoomed: list[bool]) -> Any:
    """Points of places, without those below the drawing unless it is zoomed out."""
    every = [main.pt(place.kl, place.quality) for place in places]
    near = [pt for pt, place in zip(every, places, strict=True) if place.quality >= FLOOR]
    return every if near == every else by_place(every if out else near for out in zoomed)


def _chosen(main: Panel, frame: Panel, places: list[_Place]) -> None:
    """From the chosen point up to the ceiling and down to the axis, and its spread over seeds."""

    def each(at: Callable[[_Place], StagePoint]) -> dict[str, list[Any]]:
        return by_place(at(place) for place in places)

    here = each(lambda p: main.pt(p.kl, p.quality))
    main.line(here, each(lambda p: main.pt(p.kl, p.bound)), "drop s-true")
    main.line(here, each(lambda p: frame.spot(frame.x.share(p.kl), 0)), "drop s-mut")
    for down, up in (
        (
            each(lambda p: main.pt(max(0, p.kl - p.spread[0]), p.quality)),
            each(lambda p: main.pt(p.kl + p.spread[0], p.quality)),
        ),
        (
            each(lambda p: main.pt(p.kl, p.quality - p.spread[1])),
            each(lambda p: main.pt(p.kl, p.quality + p.spread[1])),
        ),
    ):
        main.line(down, up, "line thin s-ink")


def _names(main: Panel, places: list[_Place], zoomed: list[bool]) -> None:
    """The chosen method's name, and on wide pages those of the others where there is room."""
    rows = {place.row: place for place in places}
    for row, first in rows.items():
        mine = [place for place in places if place.row == row]
        chosen = [place.row == row for place in places]
        far = sorted((p for p in mine if p.quality > FLOOR + 0.4), key=lambda p: -p.kl) or mine
        candidates = [spot for place in far for spot in _around(main, place)]
        css = f"lab f-{first.role}"
        main.stage.add(
            "name", css, t=by_place(first.name if on else "" for on in chosen), places=candidates
        )
        main.stage.add(
            "name",
            css,
            "wide",
            t=by_place(
                "" if on or out else first.name for on, out in zip(chosen, zoomed, strict=True)
            ),
            places=candidates,
            maybe=1,
        )


def _around(main: Panel, place: _Place) -> list[list[Any]]:
    """Places for a name at the side of a point that is away from the ceiling."""
    shifts: tuple[tuple[float, float, Anchor], ...] = (
        (11, 16, "start"),
        (11, 5, "start"),
        (8, 26, "start"),
        (0, 30, "middle"),
        (14, 40, "start"),
        (-8, 34, "end"),
    )
    if place.bound - place.quality > ROOM:
        shifts = ((12, -6, "start"), *shifts)
    return [[*main.pt(place.kl, place.quality)[:3], dx, dy, anchor] for dx, dy, anchor in shifts]
