"""A run on its pairs beside the exact optimum at the same KL: what falls, and where the probability is."""

from __future__ import annotations

import math
from collections.abc import Iterable

from app.charts.scales import nice_step
from app.charts.stage import (
    Anchor,
    Axis,
    Box,
    Panel,
    Stage,
    StagePoint,
    by_place,
    by_place_filled,
    number,
)
from app.formatting import fixed, percent, signed
from app.widgets.likelihood_displacement import (
    LEAST,
    DisplacementRow,
    OptimumAtKL,
    Params,
    Result,
)

LEAVE_OUT = ("history", "mass")

FURTHER = 1.0
"""nats of displacement that the words speak of"""
MISSING = 0.3
"""true quality that the words speak of"""
NEAR = (110, 140, 80, 170, 200, 230, 50)
"""steps near which names are tried, of 300"""
COLUMNS = ((0.0, 0.4), (0.6, 1.0))
"""where the columns lie, as shares of their panel"""
ROWS = ((1.0, 0.56), (0.44, 0.0))

UNSEEN = 2
CSS = ("f-opt", "f-rej", "hatch s-mut")
SIDES = (("chosen", "f-opt"), ("rejected", "f-rej"), ("in no pair", ""))
WHOSE = ("this run", "the optimum")

Span = tuple[float, float]
Masses = tuple[float, float, float]
"""probability of chosen and rejected responses, and of those in no pair"""


def stage(params: Params, result: Result) -> Stage:
    """The stage of a run."""
    rows, first = result.history, result.first
    last = rows[-1].step
    made = Stage(
        _title(result),
        asking_title="What becomes of the chosen responses?",
        wide=392,
        narrow=340,
        readout=by_place_filled(_readout(row, result) for row in rows),
        alt="Change of the log-probability of chosen and rejected responses over the steps; beside it, "
        "where the probability is",
        places=len(rows),
        known=0,
        after=_after(result),
        more={
            "play": {"ms": 3000},
            "settings": f"{params.prompt} prompt, {params.loss}, β {params.beta:g}, seed {params.seed}",
        },
    )
    curves = {
        "opt": [row.chosen_logps - first.chosen_logps for row in rows],
        "rej": [row.rejected_logps - first.rejected_logps for row in rows],
    }
    optima = [row.optimum for row in rows]
    there = optima[: optima.index(None)] if None in optima else optima
    best = {
        "opt": [at.chosen_logp - first.chosen_logps for at in there if at],
        "rej": [at.rejected_logp - first.rejected_logps for at in there if at],
    }
    values = [v for drawn in (*curves.values(), *best.values()) for v in drawn]
    low, high = min(-1.0, *values), max(0.0, *values)
    x, y = Axis(0, last), Axis(low - 0.06 * (high - low), high + 0.06 * (high - low))
    main = made.panel(x, y, wide=Box(40, 306, 10, 336), narrow=Box(30, 10, 10, 186))
    for most, only in ((6, "wide"), (3, "narrow")):
        step = nice_step(high - low, most)
        ticks = [step * n for n in range(math.ceil(low / step), 1)]
        main.y_grid(ticks, fixed(0 if step >= 1 else 1), only=only)
    main.line(main.pt(0, 0), main.pt(last, 0), "axis")
    main.text(main.spot(1, y.share(0), -4, 18), "as under the reference", "", "end", only="wide")
    steps = [row.step for row in rows]
    for role in ("opt", "rej"):
        main.curve(steps[: len(there)], best[role], f"dashed s-{role}", thin=False, cut="known")
    for role in ("opt", "rej"):
        main.curve(steps, curves[role], f"s-{role}", thin=False, cut="known")
    main.text(main.spot(0.5, 0.5), "?", "lab f-opt", "middle", when="asking")

    main.track(0, 10)
    ends = [main.spot(x.share(step), 0, 0, 10) for step in steps]
    for shown, only in ((range(0, last, 50), "wide"), (range(0, last, 100), "narrow")):
        main.x_ticks(shown, fixed(0), 36, only=only)
    main.text(main.spot(1, 0, 6, 36), f"{last} steps", "tick", "end")
    main.line(
        by_place(main.pt(s, v) for s, v in zip(steps, curves["opt"], strict=True)),
        by_place(ends),
        "drop s-ink",
    )
    for role in ("rej", "opt"):
        main.point(
            by_place(main.pt(s, v) for s, v in zip(steps, curves[role], strict=True)), f"f-{role}"
        )
    for role, name, shifts in (
        ("opt", "chosen", (-14, -22, 26)),
        ("rej", "rejected", (26, 34, -14)),
    ):
        places = _near(main, steps, curves[role], shifts)
        main.name(name, f"f-{role}", places, when="answered")
    if there:
        under = _near(main, steps, best["rej"], (34, 48, -26))
        corner: list[tuple[StagePoint, Anchor]] = [
            (main.spot(0, 0, 8, -10), "start"),
            (main.spot(1, 0, -60, -10), "end"),
            (main.spot(1, 1, -8, 40), "end"),
        ]
        for name, only in (
            ("dashed: the best policy at the same KL", "wide"),
            ("dashed: the optimum", "narrow"),
        ):
            main.name(name, "thin-name f-ink", [*corner, *under], only=only, when="answered")
    _draw_columns(made, rows)
    _draw_rows(made, rows)
    made.handle("at", None, "ink", ends)
    return made


def _near(
    panel: Panel, steps: list[int], values: list[float], shifts: Iterable[float]
) -> list[tuple[StagePoint, Anchor]]:
    last = steps[-1]
    places = [round(near / 300 * (len(values) - 1)) for near in NEAR]
    return [
        (panel.spot(steps[at] / last, panel.y.share(values[at]), 0, dy), "middle")
        for at in places
        for dy in shifts
    ]


def _masses(row: DisplacementRow, which: int) -> Masses | None:
    """Those of the run or of the optimum."""
    if which == 0:
        return row.mass_chosen, row.mass_rejected, row.unseen
    best = row.optimum
    return None if best is None else (best.mass_chosen, best.mass_rejected, best.mass_unseen)


def _quality(row: DisplacementRow, which: int) -> str:
    if which == 0:
        return signed(row.true_quality)
    return signed(row.optimum.true_quality) if row.optimum else "–"


def _spans(rows: list[DisplacementRow], which: int) -> list[list[Span]]:
    """For chosen, rejected and in no pair: where the part begins and ends, at each place."""
    found: list[list[Span]] = [[], [], []]
    for row in rows:
        begun = 0.0
        for kind, mass in enumerate(_masses(row, which) or (0.0, 0.0, 0.0)):
            # A thousandth is a quarter of a pixel.
            found[kind].append((round(begun, 3), round(begun + mass, 3)))
            begun += mass
    return found


def _draw_columns(made: Stage, rows: list[DisplacementRow]) -> None:
    """The probability as two columns, on wide pages."""
    panel = made.panel(
        Axis(0, 1), Axis(0, 1), wide=Box((1, -212), 12, 40, 312), narrow=Box(0, 0, 0, 1)
    )
    panel.text(panel.spot(0, 1, -4, -16), "where the probability is", "strong", only="wide")
    for which, (left, right) in enumerate(COLUMNS):
        middle = (left + right) / 2
        for kind, span in enumerate(_spans(rows, which)):
            panel.rect(
                by_place(panel.spot(left, low) for low, _ in span),
                by_place(panel.spot(right, high) for _, high in span),
                CSS[kind],
                only="wide",
            )
            panel.text(
                by_place(panel.spot(middle, (low + high) / 2, 0, 5) for low, high in span),
                by_place(_share(low, high, 0.06) for low, high in span),
                "lab f-ink" if kind == UNSEEN else "strong f-paper",
                "middle",
                only="wide",
            )
            if which == 0:
                name, css = SIDES[kind]
                panel.text(
                    by_place(panel.spot(0, (low + high) / 2, -8, 4) for low, high in span),
                    by_place(name if high - low > 0.05 else "" for low, high in span),
                    css,
                    "end",
                    only="wide",
                )
        panel.text(
            panel.spot(middle, 0, 0, 20), WHOSE[which], "strong f-ink", "middle", only="wide"
        )
        panel.text(
            panel.spot(middle, 0, 0, 44),
            by_place(f"quality {_quality(row, which)}" for row in rows),
            "strong f-true",
            "middle",
            only="wide",
        )


def _draw_rows(made: Stage, rows: list[DisplacementRow]) -> None:
    """The same as two rows, on narrow pages."""
    panel = made.panel(Axis(0, 1), Axis(0, 1), wide=Box(0, 0, 0, 1), narrow=Box(4, 70, 266, 334))
    panel.text(panel.spot(0, 1, 0, -10), "where the probability is", "strong", only="narrow")
    panel.text(panel.spot(1, 1, 66, -10), "quality", "strong f-true", "end", only="narrow")
    for which, (top, bottom) in enumerate(ROWS):
        middle, spans = (top + bottom) / 2, _spans(rows, which)
        for kind, span in enumerate(spans):
            panel.rect(
                by_place(panel.spot(low, bottom) for low, _ in span),
                by_place(panel.spot(high, top) for _, high in span),
                CSS[kind],
                only="narrow",
            )
        panel.text(
            by_place(panel.spot(high, middle, -8, 5) for _, high in spans[UNSEEN]),
            by_place(
                f"{WHOSE[which]}: {_share(low, high, 0)} in no pair"
                if high - low > 0.6
                else _share(low, high, 0.14)
                for low, high in spans[UNSEEN]
            ),
            "strong f-ink",
            "end",
            only="narrow",
        )
        quality = by_place(_quality(row, which) for row in rows)
        panel.text(panel.spot(1, middle, 66, 5), quality, "lab f-true", "end", only="narrow")


def _share(low: float, high: float, least: float) -> str:
    return percent(0)(high - low) if high - low >= least else ""


# ---- words -------------------------------------------------------------------------------------


def _title(result: Result) -> str:
    if result.chosen_change >= -LEAST:
        return "Chosen responses do not fall here"
    if result.chosen_alignment is None or result.chosen_displacement is None:
        return "Chosen responses fall, further out than any optimum"
    if result.chosen_displacement < -FURTHER:
        return "Chosen responses fall, further than at the optimum"
    if result.chosen_alignment < -LEAST:
        return "Chosen responses fall, at the optimum too"
    return "Chosen responses fall a little"


def _after(result: Result) -> dict[str, str]:
    fell = result.chosen_change < -LEAST
    return {"a": "They are not." if fell else "Right.", "b": "Right." if fell else "They are not."}


def _readout(row: DisplacementRow, result: Result) -> tuple[str, ...]:
    """What is said of a step: the form of the words, and their numbers."""
    if row.step == 0:
        return ("Before the first step the policy is the reference, so nothing has moved.",)
    chosen = row.chosen_logps - result.first.chosen_logps
    opt = number("{}", "opt")
    form = f"After {number('{}')} steps chosen responses moved by {opt} nats"
    words = [str(row.step), signed(chosen, 1)]
    best = row.optimum
    if best is None:
        return f"{form}, so far out that no optimum compares.", *words
    aligned = best.chosen_logp - result.first.chosen_logps
    words.append(signed(aligned, 1))
    return (
        f"{form}, and by {opt} at the optimum{_so(row, best, chosen, aligned)}.",
        *words,
    )


def _so(row: DisplacementRow, best: OptimumAtKL, chosen: float, aligned: float) -> str:
    if chosen - aligned < -FURTHER:
        return ", so the rest of the fall is displacement"
    if best.true_quality - row.true_quality <= MISSING:
        return ", so nothing is displaced"
    if chosen >= -LEAST:
        return ", but quality is below the optimum’s, so this is no merit"
    return ". So the fall is alignment, but quality is below the optimum’s"
