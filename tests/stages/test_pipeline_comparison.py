from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from app.charts.stage import Stage
from app.formatting import count, fixed, signed
from app.stages.pipeline_comparison import stage
from app.widgets.pipeline_comparison import DONE, PLACES, WIDGET, Params, PipelineLeg

ENDS = pytest.mark.parametrize(
    ("fitted", "rlhf", "dpo"), [(0.67, 2.3, 0.73), (0.1, 2.31, 1.04), (0.5, 1.0, 1.6)]
)
"""seconds at which the reward model was fitted and each pipeline was done"""


def legs(method: str, begin: float, end: float, samples: int) -> list[PipelineLeg]:
    return [
        PipelineLeg.model_validate(
            {
                "method": method,
                "seconds": begin + (end - begin) * n / 50,
                "samples_generated": samples * n // 50,
                "kl": 0.05 * n,
                "true_quality": (0.04 if method == "dpo" else 0.03) * n,
            }
        )
        for n in range(51)
    ]


def runs(fitted: float, rlhf: float, dpo: float) -> dict[str, list[PipelineLeg]]:
    return {"rlhf": legs("rlhf", fitted, rlhf, 19_200), "dpo": legs("dpo", 0.005, dpo, 0)}


def made(both: dict[str, list[PipelineLeg]], **given: Any) -> Stage:
    # The drawing is that of the legs alone.
    result: Any = SimpleNamespace(legs=[*both["rlhf"], *both["dpo"]])
    return stage(Params(**given), result)


def seconds_of(drawn: Stage) -> list[float]:
    """Where the divider stands, by the axis."""
    (handle,) = drawn.handles
    return [x * drawn.panels[0].x.high for _, x, *_ in handle["track"]]


@ENDS
def test_the_divider_runs_evenly_to_when_one_is_done_and_on_to_the_end_of_the_other(
    fitted: float, rlhf: float, dpo: float
) -> None:
    seconds = seconds_of(made(runs(fitted, rlhf, dpo)))
    assert len(seconds) == PLACES + 1
    assert seconds[0] == 0
    assert seconds[DONE] == pytest.approx(min(rlhf, dpo), abs=1e-3)
    assert seconds[-1] == pytest.approx(max(rlhf, dpo))
    for part in (seconds[: DONE + 1], seconds[DONE:]):
        ways = [after - before for before, after in pairwise(part)]
        assert ways == pytest.approx([ways[0]] * len(ways), abs=1e-3)


@ENDS
def test_what_is_said_is_the_last_measurement_by_the_divider(
    fitted: float, rlhf: float, dpo: float
) -> None:
    both = runs(fitted, rlhf, dpo)
    drawn = made(both)
    assert isinstance(drawn.readout, dict)
    texts = [mark["t"]["at"] for mark in drawn.marks if isinstance(mark.get("t"), dict)]
    first, last = sorted((rlhf, dpo))
    before = [first * place / DONE for place in range(DONE)]
    rest = PLACES - DONE
    after = [first + (last - first) * place / rest for place in range(rest + 1)]
    for place, (said, at) in enumerate(zip(drawn.readout["at"], [*before, *after], strict=True)):
        now = {
            method: [leg for leg in run if leg.seconds <= at or leg == run[0]][-1]
            for method, run in both.items()
        }
        assert f"{fixed(2)(at)} seconds" == drawn.more["valuetext"]["at"][place]
        assert f">{signed(now['dpo'].true_quality)}</b>" in said
        assert ("still fitting" in said) == (at < fitted)
        if at >= fitted:
            assert f">{count(now['rlhf'].samples_generated)}</b>" in said
            assert f">{signed(now['rlhf'].true_quality)}</b>" in said
        assert ("DPO is done" in said) == (at >= dpo)
        shown = [text[place] for text in texts]
        for leg in now.values():
            assert signed(leg.true_quality) in shown
            assert f"{fixed(1)(leg.kl)} nats" in shown
        assert ("done" in shown) == (at >= dpo)


@ENDS
def test_a_bar_is_solid_while_its_network_is_trained_and_hollow_while_it_is_frozen(
    fitted: float, rlhf: float, dpo: float
) -> None:
    drawn = made(runs(fitted, rlhf, dpo))
    high = drawn.panels[0].x.high

    def spans(css: str) -> list[tuple[float, float]]:
        bars = [m for m in drawn.marks if m["k"] == "rect" and m["c"] == css]
        return [(m["a"][1] * high, m["b"][1] * high) for m in bars]

    solid = [(fitted, rlhf), (fitted, rlhf), (0, fitted), (0.0, dpo)]
    hollow = [(fitted, rlhf), (fitted, rlhf), (0.0, dpo)]
    for found, expected in ((spans("f-opt"), solid), (spans("hollow s-ref"), hollow)):
        assert sorted(found) == [pytest.approx(span, abs=1e-3) for span in sorted(expected)]


@ENDS
def test_dots_stand_for_all_answers_and_are_few(fitted: float, rlhf: float, dpo: float) -> None:
    dots = {m["only"]: m["pts"] for m in made(runs(fitted, rlhf, dpo)).marks if m["k"] == "dots"}
    assert {only: 19_200 / len(pts) for only, pts in dots.items()} == {"wide": 128, "narrow": 384}
    for pts in dots.values():
        assert all(0 < x <= 1 and 0 < y < 1 for _, x, y, *_ in pts)


def test_a_view_changes_nothing_that_is_drawn_or_said() -> None:
    both = runs(0.1, 2.31, 1.04)
    assert made(both, view=0).json == made(both, view=100).json == made(both).json


def test_the_step_of_dpo_s_end_is_where_it_is_done_to_the_last_digit() -> None:
    (step,) = [step for step in WIDGET.steps if "DPO is done" in step.say]
    assert step.at is not None
    for hundredth in range(40, 140):
        drawn = made(runs(0.1, 2.31, hundredth / 100))
        assert isinstance(drawn.readout, dict)
        said = drawn.readout["at"]
        assert "DPO is done" in said[step.at]
        assert "DPO is done" not in said[step.at - 1]
