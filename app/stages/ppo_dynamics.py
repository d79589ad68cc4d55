"""A run of PPO over its iterations: the reward that it climbs, the quality that it loses, what it says."""

from __future__ import annotations

from app.charts.stage import (
    Anchor,
    Axis,
    Box,
    Panel,
    Stage,
    StagePoint,
    by_place,
    number,
    sqrt_axis,
)
from app.formatting import fixed, signed
from app.stages.predictions import rise_level_or_fall
from app.stages.speech import flattery, how_many_flatter, phrase_ids, speaker, speech
from app.widgets.ppo_dynamics import IterationRow, Params, Result

LEAVE_OUT = ("history", "optimum", "peak")

KNOWN = 12
"""the last iteration that is drawn while the question is open"""
NEAR = (90, 100, 70, 120, 60, 110, 40)
"""iterations near which names are tried, of 150"""
LEAST_HEIGHT = 166
"""of the curves in pixels, on narrow pages"""
LOST = 0.2
"""quality below its peak that counts as lost"""


def stage(params: Params, result: Result) -> Stage:
    """The stage of a run."""
    rows = result.history
    last = rows[-1].iteration
    ids = [phrase_ids(params.prompt, row.sample) for row in rows]
    flat = [flattery(params.prompt, said) for said in ids]
    made = Stage(
        _title(result),
        wide=392,
        narrow=250,
        readout=by_place(
            _readout(row, result, how_many_flatter(params.prompt, said))
            for row, said in zip(rows, ids, strict=True)
        ),
        alt="Learned reward and true quality over the iterations of PPO",
        places=len(rows),
        known=min(KNOWN, last),
        after=rise_level_or_fall(_overoptimized(result)),
        more={
            "beside": 1,
            "play": {"ms": 3600, "bend": 0.5},
            "settings": f"{params.prompt} prompt, seed {params.seed}",
        }
        | speech(
            params.prompt,
            speaker(
                by_place(
                    f"What the policy says most often, {number(fixed(1)(row.kl), 'rej')} nats of KL away"
                    for row in rows
                ),
                "mut",
                params.prompt,
                [row.sample for row in rows],
            ),
        ),
    )
    values = [value for row in rows for value in (row.reward, row.true_quality)]
    low, high = min(-2.0, min(values) - 0.3), max(4.0, max(values) + 0.3)
    x = sqrt_axis(0, last)
    main = made.panel(
        x, Axis(low, high), wide=Box(34, 20, 18, 310), narrow=Box(30, 12, 14, 14 + LEAST_HEIGHT)
    )
    rail = made.panel(x, Axis(0, 1), wide=Box(34, 20, 318, 346), narrow=Box(30, 12, 184, 206))
    for step, only in ((2, "wide"), (4, "narrow")):
        first = int(low // step + 1) * step
        main.y_grid(range(first, int(high) + 1, step), fixed(0), only=only)
    main.line(main.pt(0, 0), main.pt(last, 0), "axis")
    main.text(main.spot(1, main.y.share(0), 0, -7), "the reference", "", "end")
    iterations = [row.iteration for row in rows]
    made.more["grows"] = [
        {
            "p": main.number,
            "c": css,
            "x": {"field": "iteration", "low": 0, "high": last, "root": True},
            "y": {"field": field, "low": low, "high": high},
        }
        for field, css in (("reward", "s-ref"), ("true_quality", "s-true"))
    ]
    rewards, truths = [row.reward for row in rows], [row.true_quality for row in rows]
    main.area(
        main.pts(iterations, rewards), main.pts(iterations, truths), "f-rej wash", when="answered"
    )
    main.curve(iterations, rewards, "s-ref", thin=False)
    main.curve(iterations, truths, "s-true", cut="known", clip=False)
    _guesses(main, rows)

    # Which of the five phrases flatter, at each iteration.
    for slot in range(5):
        top = 1 - slot / 5
        for first, end in _stretches([flags[slot] for flags in flat]):
            for until, when in ((end, "answered"), (min(end, KNOWN), "asking")):
                if until > first:
                    rail.rect(
                        rail.spot(x.share(first), top),
                        rail.spot(x.share(until), top - 0.14),
                        "f-rej",
                        when=when,
                    )
    ends = [rail.spot(x.share(i), 0, 0, 12) for i in iterations]
    rail.track(0, 12)
    ticks = [v for v in (0, 1, 5, 10, 20, 40, 70, 150, 200, 300) if v <= last]
    for shown, only in (
        (ticks, "wide"),
        ([v for v in ticks if v in (0, 5, 20, 70, 150, 300)], "narrow"),
    ):
        rail.x_ticks(shown, fixed(0), 38, only=only)
    rail.text(rail.spot(x.share(0.69 * last), 0, 0, 38), "iterations", "", "middle", only="wide")
    here = by_place(main.pt(row.iteration, row.reward) for row in rows)
    below = by_place(main.pt(row.iteration, row.true_quality) for row in rows)
    main.line(here, by_place(ends), "drop s-ink")
    main.point(here, "f-ref")
    main.point(below, "f-true")
    for text, only in (
        ("learned reward, which it maximizes", "wide"),
        ("learned reward", "narrow"),
    ):
        main.name(text, "f-ref", _places(main, rows, "reward", (26, 34, -14, 22, -12)), only=only)
    for text, only in (("true quality, which it never sees", "wide"), ("true quality", "narrow")):
        main.name(
            text,
            "f-true",
            _places(main, rows, "true_quality", (-15, -22, 28, 34)),
            only=only,
            when="answered",
        )
    made.handle("at", None, "ink", ends)
    return made


def _places(
    panel: Panel, rows: list[IterationRow], field: str, shifts: tuple[float, ...]
) -> list[tuple[StagePoint, Anchor]]:
    last = rows[-1].iteration
    near = [rows[round(at * last / 150)] for at in NEAR]
    return [
        (panel.pt(row.iteration, getattr(row, field), 0, dy), "middle")
        for row in near
        for dy in shifts
        # Not on what is drawn below.
        if dy + 4 < panel.y.share(getattr(row, field)) * LEAST_HEIGHT
    ]


def _guesses(main: Panel, rows: list[IterationRow]) -> None:
    """Three ways that true quality may go on."""
    known = rows[min(KNOWN, len(rows) - 1)]
    start = main.x.share(known.iteration), main.y.share(known.true_quality)
    for end in (0.93, 0.75, 0.18):
        xs = [start[0] + (0.62 - start[0]) * k / 20 for k in range(21)]
        ys = [start[1] + (end - start[1]) * _eased(k / 20) for k in range(21)]
        main.stage.add(
            "curve",
            "line thin dashed s-true",
            p=main.number,
            x=[round(v, 4) for v in xs],
            y=[round(v, 4) for v in ys],
            when="asking",
        )
    main.text(main.spot(0.6, 0.5), "?", "lab f-true", "middle", when="asking")


def _eased(part: float) -> float:
    return part * part * (3 - 2 * part)


def _stretches(flags: list[bool]) -> list[tuple[int, int]]:
    """First place and end of each stretch of flags that are set."""
    found, first = [], None
    for place, flag in enumerate([*flags, False]):
        if flag and first is None:
            first = place
        if not flag and first is not None:
            found.append((first, min(place, len(flags) - 1)))
            first = None
    return found


def _overoptimized(result: Result) -> bool:
    return result.last.true_quality < result.peak.true_quality - LOST


def _title(result: Result) -> str:
    if _overoptimized(result):
        return "PPO climbs its reward model, wherever that leads"
    return "PPO climbs its reward model, and stops where it is told"


def _readout(row: IterationRow, result: Result, flattering: str) -> str:
    said = (
        f"Iteration {number(str(row.iteration))}: learned reward {number(signed(row.reward, 1), 'ref')}, "
        f"true quality {number(signed(row.true_quality, 1), 'true')}. "
    )
    if row.iteration == 0:
        return said + "The policy is still the reference, so nothing has been gained or lost."
    if not _overoptimized(result):
        return (
            said
            + "The price of KL holds it near the reference, so more reward means better answers."
        )
    if row.iteration <= result.peak.iteration:
        return said + "Both still climb, so the reward model can be trusted this far."
    if flattering == "none":
        return said + "It is past its peak, and nothing in its reward says so."
    return said + (
        f"It is past its peak: {flattering} of its phrases flatter, and the reward model pays for that."
    )
