"""Both pipelines over the seconds of one run: networks in memory as bars, sampled answers as dots."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.charts.scales import nice_step
from app.charts.stage import Axis, Box, Only, Panel, Stage, by_place, number
from app.formatting import count, fixed, signed
from app.widgets.pipeline_comparison import DONE, PLACES, Params, PipelineLeg, Result

LEAVE_OUT = ("legs",)

ROWS = {
    # top and bottom on wide and on narrow pages
    "policy": (26, 55, 26, 50),
    "value model": (59, 88, 53, 77),
    "reference": (92, 121, 80, 104),
    "reward model": (125, 154, 107, 131),
    "samples": (160, 194, 136, 152),
    "DPO policy": (236, 265, 190, 214),
    "DPO reference": (269, 298, 217, 241),
    "rail": (322, 326, 264, 268),
}
DOTS: tuple[tuple[Only, int, int, float], ...] = (("wide", 1, 3, 3.4), ("narrow", 2, 2, 2.4))
"""how many legs make a column of dots, how many dots it has, and their radius"""

LEFT: tuple[tuple[Only, int], ...] = (("wide", 104), ("narrow", 92))
"""pixels before the bars, for the names of the networks"""

RIGHT: tuple[tuple[Only, int, tuple[int, int, int], str], ...] = (
    ("wide", 16, (-8, 16, 34), "true quality"),
    ("narrow", 8, (-7, 13, 29), "quality"),
)
"""pixels to the right of the bars, heights of three lines, and the name of the first one"""
CAPTION: tuple[tuple[Only, int], ...] = (("wide", 49), ("narrow", 46))
"""pixels from the rail down to its caption"""

HEADS = {
    # above which row, and what is said on wide and on narrow pages
    "policy": (
        "RLHF",
        "ref",
        "the reward model first, then PPO with four networks in memory",
        "reward model first, then PPO",
    ),
    "DPO policy": (
        "DPO",
        "opt",
        "reads the same comparisons, samples nothing",
        "reads the same pairs",
    ),
}


@dataclass(frozen=True)
class _TimedRun:
    """One pipeline's policy after each leg."""

    legs: list[PipelineLeg]

    @property
    def start(self) -> float:
        """When the training of the policy began, in seconds."""
        return self.legs[0].seconds

    @property
    def end(self) -> float:
        return self.legs[-1].seconds

    def at(self, seconds: float) -> PipelineLeg:
        """The last measurement by that time."""
        return [leg for leg in self.legs if leg.seconds <= seconds or leg is self.legs[0]][-1]


def times(rlhf: _TimedRun, dpo: _TimedRun) -> list[float]:
    """The seconds of the places: evenly to when the first pipeline is done, then evenly to the last."""
    first, last = sorted((rlhf.end, dpo.end))
    return [
        first * place / DONE
        if place < DONE
        else first + (last - first) * (place - DONE) / (PLACES - DONE)
        for place in range(PLACES + 1)
    ]


def stage(params: Params, result: Result) -> Stage:
    """The stage of one pair of runs."""
    rlhf, dpo = (
        _TimedRun([leg for leg in result.legs if leg.method == method])
        for method in ("rlhf", "dpo")
    )
    seconds = times(rlhf, dpo)
    made = Stage(
        "RLHF holds four networks and samples; DPO holds two and reads",
        wide=384,
        narrow=322,
        readout=by_place(_readout(rlhf, dpo, t) for t in seconds),
        alt="Two lanes over one line of seconds: networks in memory, answers sampled, quality reached",
        places=len(seconds),
        more={
            "play": {"ms": 3600},
            "valuetext": by_place(f"{fixed(2)(t)} seconds" for t in seconds),
            "settings": f"{params.prompt} prompt, {params.reward_model}, seed {params.seed}",
        },
    )
    x = Axis(0, seconds[-1])
    rows = {
        name: made.panel(
            x,
            Axis(0, 1),
            wide=Box(LEFT[0][1], 132, wide_top, wide_bottom),
            narrow=Box(LEFT[1][1], 62, narrow_top, narrow_bottom),
        )
        for name, (wide_top, wide_bottom, narrow_top, narrow_bottom) in ROWS.items()
    }
    _trained(rows["policy"], "policy", rlhf.start, rlhf.end)
    _trained(rows["value model"], "value model", rlhf.start, rlhf.end)
    _frozen(rows["reference"], "reference", rlhf.start, rlhf.end)
    _frozen(rows["reward model"], "reward model", rlhf.start, rlhf.end)
    _bar(rows["reward model"], 0, rlhf.start, "f-opt")
    _samples(rows["samples"], rlhf)
    _trained(rows["DPO policy"], "policy", 0, dpo.end)
    _frozen(rows["DPO reference"], "reference", 0, dpo.end)

    top, below, rail = rows["policy"], rows["DPO reference"], rows["rail"]
    shares = [x.share(t) for t in seconds]
    # What is to come is pale.
    made.add(
        "rect",
        "veil f-paper",
        a=by_place(top.spot(share, 1, 0, -1) for share in shares),
        b=below.spot(1, 0, 6, 1),
        rx=0,
    )
    ends = [rail.spot(share, 0.5) for share in shares]
    made.add(
        "line",
        "divider s-ink",
        a=by_place(top.spot(share, 1, 0, -5) for share in shares),
        b=by_place(ends),
    )
    done = by_place("done" if t >= dpo.end else "" for t in seconds)
    below.text(below.pt(dpo.end, 1, 10, 3), done, "lab f-opt")
    _heads(rows)
    for name, run in (("value model", rlhf), ("DPO policy", dpo)):
        _reached(rows[name], [run.at(t) for t in seconds])
    _axis(rail, seconds[-1])
    made.handle("at", None, "ink", ends)
    return made


def _bar(row: Panel, begin: float, end: float, css: str, inset: float = 0) -> None:
    """A network's time in memory, with a gap to the next."""
    row.rect(row.pt(begin, 1, inset, inset), row.pt(end, 0, -1.5 - inset, -inset), css, rx=3)


def _label(row: Panel, name: str, role: str) -> None:
    row.text(row.spot(0, 0.5, -8, 5), name, f"lab f-{role}", "end")


def _trained(row: Panel, name: str, begin: float, end: float) -> None:
    _bar(row, begin, end, "f-opt")
    _label(row, name, "opt")


def _frozen(row: Panel, name: str, begin: float, end: float) -> None:
    _bar(row, begin, end, "f-ref wash", 1)
    _bar(row, begin, end, "hollow s-ref", 1)
    _label(row, name, "ref")


def _samples(row: Panel, run: _TimedRun) -> None:
    """Dots for sampled answers, each as of the leg by whose end they were drawn."""
    row.text(row.spot(0, 0.5, -8, 5), "answers", "lab f-rej", "end")
    for only, legs, high, r in DOTS:
        ends = run.legs[legs::legs]
        pts = [
            row.pt(leg.seconds, 1 - (nth + 0.5) / high, -r - 1)
            for leg in ends
            for nth in range(high)
        ]
        apart = (run.end - run.start) / len(ends) / row.x.high
        row.dots(pts, "f-rej", r, cell=apart, only=only)
        each = count(run.legs[-1].samples_generated / len(pts))
        if only == "wide":
            row.text(row.spot(1, 0.5, 16, -4), f"a dot: {each}", only=only)
            row.text(row.spot(1, 0.5, 16, 13), "sampled answers", only=only)
        else:
            row.text(row.spot(1, 0.5, 8, 5), f"{each} a dot", only=only)


def _heads(rows: dict[str, Panel]) -> None:
    for name, (head, role, *says) in HEADS.items():
        row = rows[name]
        for (only, left), text in zip(LEFT, says, strict=True):
            row.text(row.spot(0, 1, -left, -10), head, f"lab f-{role}", only=only)
            row.text(row.spot(0, 1, 50 - left, -10), text, "lab thin-name f-mut", only=only)


def _reached(row: Panel, legs: list[PipelineLeg]) -> None:
    """True quality and KL at the right, as of the divider."""
    quality = by_place(signed(leg.true_quality) for leg in legs)
    kl = by_place(f"{fixed(1)(leg.kl)} nats" for leg in legs)
    for only, right, heights, name in RIGHT:
        first, second, third = heights
        row.text(row.spot(1, 0.5, right, first), quality, "lab big f-true", only=only)
        row.text(row.spot(1, 0.5, right, second), name, only=only)
        row.text(row.spot(1, 0.5, right, third), kl, only=only)


def _axis(rail: Panel, end: float) -> None:
    rail.track(0.5)
    step = nice_step(end, 5)
    for nth in range(math.floor(end / step) + 1):
        text = fixed(0 if step >= 1 else 1)(nth * step) if nth else "0"
        rail.text(rail.pt(nth * step, 0.5, 0, 28), text, "tick", "middle")
    for only, down in CAPTION:
        caption = "seconds of this run, on one CPU thread"
        rail.text(rail.spot(0.5, 0.5, 0, down), caption, "", "middle", only=only)


def _readout(rlhf: _TimedRun, dpo: _TimedRun, seconds: float) -> str:
    here, there = rlhf.at(seconds), dpo.at(seconds)
    if seconds < rlhf.start:
        said = "RLHF is still fitting its reward model"
    else:
        said = (
            f"RLHF holds four networks, has sampled {number(count(here.samples_generated), 'rej')} answers "
            f"and stands at {number(signed(here.true_quality), 'true')}"
        )
    quality = number(signed(there.true_quality), "true")
    if seconds >= dpo.end:
        return f"{said}. DPO is done at {quality} and needed none."
    return f"{said}. DPO holds two and stands at {quality}, so it needs no reward model."
