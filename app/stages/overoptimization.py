"""What a reward model promises and what it is worth, over the distance that a policy has climbed."""

from __future__ import annotations

from app.charts.stage import Anchor, Axis, Box, Only, Panel, Stage, StagePoint, by_place, number
from app.formatting import count, fixed, signed
from app.lab.overoptimization import DRAWS
from app.stages.predictions import rise_level_or_fall
from app.widgets.overoptimization import ClimbPoint, FittedForm, Params, Result

LEAVE_OUT = ("path", "other_sizes", "sizes")

KNOWN = 3
"""the last place that is drawn while the question is open: best of 8"""
ENDS = {
    # distance, and the least that the axis of rewards shows
    "best_of_n": (2.8, -0.6, 6.2),
    "ppo": (3.9, -7.8, 8.0),
}
TICKS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    # nats, on wide and on narrow pages
    "best_of_n": ((0, 0.5, 1, 2, 3, 4, 5, 6), (0, 1, 3, 5)),
    "ppo": ((0, 1, 2, 4, 6, 9, 12), (0, 1, 4, 9)),
}
WIDTHS: tuple[Only, Only] = ("wide", "narrow")
LOST = 0.1
"""true quality below its peak from which a climb has turned round"""

SLIGHT = 0.3
"""of true quality: a fall that is hardly one"""


def stage(params: Params, result: Result) -> Stage:
    """The stage of one climb."""
    path = result.path
    peak = max(range(len(path)), key=lambda n: path[n].true_quality)
    made = Stage(
        _title(result.all_fits),
        asking_title="What a reward model promises, and what is true",
        wide=392,
        narrow=318,
        readout=by_place(_readout(params, path, at, peak) for at in range(len(path))),
        alt="Learned reward and true quality over the distance from the reference",
        places=len(path),
        known=min(KNOWN, len(path) - 1),
        after=rise_level_or_fall(path[-1].true_quality <= path[peak].true_quality - LOST),
        more={"settings": _settings(params), "play": {"ms": 2600}},
    )
    far, low, high = ENDS[params.method]
    high = max(high, *(place.learned_reward + 0.4 for place in path))
    x = Axis(0, far)
    main = made.panel(x, Axis(low, high), wide=Box(36, 168, 12, 334), narrow=Box(28, 10, 12, 254))
    rail = made.panel(x, Axis(0, 1), wide=Box(36, 168, 346, 352), narrow=Box(28, 10, 264, 270))
    step = 2 if high - low < 12 else 4
    main.y_grid(range(-8, int(high) + 1, step)[_first(low, step) :], fixed(0))
    main.line(main.pt(0, 0), main.pt(far, 0), "axis")
    for other in result.other_sizes:
        main.curve(
            other.distances, other.true_quality, "thin faint s-true", free=True, when="answered"
        )
    _climb(main, path, made.known)

    top = main.pt(path[peak].distance, path[peak].true_quality)
    if 0 < peak < len(path) - 1:
        main.point(top, "f-true", 5, when="answered")
        main.name(
            f"peak {signed(path[peak].true_quality)}",
            "f-true",
            _around(top, (26, -14, 40, -26)),
            when="answered",
        )
    rail.track()
    ends = [rail.pt(place.distance, 0) for place in path]
    here = by_place(main.pt(place.distance, place.learned_reward) for place in path)
    below = by_place(main.pt(place.distance, place.true_quality) for place in path)
    main.line(here, by_place(ends), "drop s-ink")
    main.point(here, "f-ref")
    main.point(below, "f-true")
    _names(main, path, made.known)
    for shown, only in zip(TICKS[params.method], WIDTHS, strict=True):
        for kl in shown:
            at = rail.spot(x.share(kl**0.5), 0, 0, 26)
            rail.text(at, f"{kl:g}", "tick", "middle", only=only)
    rail.text(rail.spot(1, 0, 12, 26), "nats of KL →", only="wide")
    rail.text(rail.spot(1, 0, 0, 26), "nats →", "", "end", only="narrow")
    made.handle("at", None, "ink", ends)
    return made


def _first(low: float, step: int) -> int:
    """How many of the values from -8 on lie below the axis."""
    return sum(value < low for value in range(-8, 0, step))


def _climb(main: Panel, path: list[ClimbPoint], known: int) -> None:
    """The two curves, the gap between them, and the band of seeds."""
    distances = [place.distance for place in path]
    rewards = [place.learned_reward for place in path]
    truths = [place.true_quality for place in path]
    low, high = main.y.low, main.y.high
    upper = [min(high, place.true_quality + place.true_quality_sd) for place in path]
    lower = [max(low, place.true_quality - place.true_quality_sd) for place in path]
    for when, end in (("answered", len(path)), ("asking", known + 1)):
        xs = distances[:end]
        main.area(main.pts(xs, upper[:end]), main.pts(xs, lower[:end]), "f-true band", when=when)
        main.area(main.pts(xs, rewards[:end]), main.pts(xs, truths[:end]), "f-rej wash", when=when)
    main.curve(distances, rewards, "s-ref", thin=False)
    main.curve(distances, truths, "s-true", cut="known", clip=False)
    start = main.pt(distances[known], truths[known])
    # Three ways that true quality may go on.
    for by in (0.25, 0, -0.25):
        main.line(start, main.spot(0.7, start[2] + by), "line thin dashed s-true", when="asking")
    main.text(main.spot(0.72, start[2], 0, 8), "?", "lab f-true", when="asking")


def _names(main: Panel, path: list[ClimbPoint], known: int) -> None:
    for text, field, role, shift in (
        ("learned reward", "learned_reward", "f-ref", -14.0),
        ("true quality", "true_quality", "f-true", 24.0),
    ):
        last, seen = path[-1], path[known]
        end = main.pt(last.distance, getattr(last, field))
        side = main.spot(1, end[2], 12, 5)
        main.text(side, text, f"lab {role}", only="wide", when="answered")
        if role == "f-true":
            main.text(main.spot(1, end[2], 12, 24), "band: ten seeds", only="wide", when="answered")
            open_end = main.pt(seen.distance, seen.true_quality, 14, 8)
            main.text(open_end, text, f"lab {role}", when="asking")
        else:
            main.text(side, text, f"lab {role}", only="wide", when="asking")
        near = [path[round(part * (len(path) - 1))] for part in (0.3, 0.45, 0.2, 0.6, 0.8)]
        sides: tuple[tuple[float, Anchor], ...] = ((-8, "end"), (10, "start"))
        places = [
            (main.pt(place.distance, getattr(place, field), dx, way * shift), anchor)
            for way in (1, -1, 1.6)
            for place in near
            for dx, anchor in sides
        ]
        when = "answered" if role == "f-true" else ""
        main.name(text, role, places, only="narrow", when=when)


def _around(top: StagePoint, shifts: tuple[float, ...]) -> list[tuple[StagePoint, Anchor]]:
    return [([*top[:3], dx, dy], "middle") for dy in shifts for dx in (0.0, -40.0, 40.0)]


def _title(fits: list[FittedForm]) -> str:
    few, many = fits[0], fits[-1]
    if many.end > few.end - LOST:
        return "A reward model that is rich enough makes use of more labels"
    if many.peak > few.peak:
        return "More labels: a higher peak, a deeper fall"
    return "More labels, and a deeper fall"


def _settings(params: Params) -> str:
    how = "best of N" if params.method == "best_of_n" else "PPO"
    labels = count(int(params.comparisons))
    return f"{params.studied} prompt, {how}, {params.reward_model}, {labels} comparisons"


def _readout(params: Params, path: list[ClimbPoint], at: int, peak: int) -> str:
    here, lost = path[at], path[peak].true_quality - path[at].true_quality
    best_of = f"Best of {number(count(DRAWS[at]))}" if params.method == "best_of_n" else ""
    said = (
        f"{best_of or f'{number(fixed(1)(here.kl))} nats out'}: the reward model promises "
        f"{number(signed(here.learned_reward), 'ref')}, true quality is "
        f"{number(signed(here.true_quality), 'true')}. "
    )
    if at == 0:
        return said + "This is the reference, so nothing has been gained or lost."
    if at < peak:
        return said + "Both still rise, so the reward model can be trusted this far."
    if at == peak == len(path) - 1:
        return said + "It has not turned yet, so optimizing further still helps."
    if lost < 0.05:
        return said + "This is the peak, so going on is over-optimization."
    if lost < SLIGHT:
        return said + "Quality is just past its peak, so going on gains nothing."
    return said + "Quality is past its peak, so more reward means worse answers."
