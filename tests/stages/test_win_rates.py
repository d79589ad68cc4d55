from __future__ import annotations

from typing import Any

import pytest

from app.charts.stage import Stage
from app.formatting import fixed
from app.stages.win_rates import stage
from app.widgets.win_rates.columns import column_of
from app.widgets.win_rates.data import published_results
from app.widgets.win_rates.widget import LABELS, WIDGET, Params, Result, compute

EACH = pytest.mark.parametrize("benchmark", LABELS)
COUNTED = pytest.mark.parametrize("benchmark", ["tldr", "hh", "cnn_dailymail", "human"])


def made(benchmark: str) -> tuple[Stage, Result]:
    params = Params(benchmark=benchmark)
    result = compute(params)
    return stage(params, result), result


def readouts(drawn: Stage) -> list[str]:
    assert isinstance(drawn.readout, dict)
    return drawn.readout["at"]


def marks(drawn: Stage, css: str) -> list[Any]:
    return [mark for mark in drawn.marks if css in mark["c"].split()]


def test_every_benchmark_has_its_step() -> None:
    assert {step.query.removeprefix("benchmark=") or "tldr" for step in WIDGET.steps} == set(LABELS)


@EACH
def test_a_step_stands_at_a_column_and_the_last_place_is_that_of_the_longest(
    benchmark: str,
) -> None:
    columns = compute(Params(benchmark=benchmark)).columns
    (step,) = [s for s in WIDGET.steps if (s.query or "benchmark=tldr").endswith(f"={benchmark}")]
    assert step.at is not None
    assert step.at < len(columns) <= WIDGET.places + 1


@EACH
def test_no_mark_and_no_whisker_leaves_the_panel(benchmark: str) -> None:
    drawn, _ = made(benchmark)
    points = [
        pt for mark in marks(drawn, "mark") if isinstance(mark["pts"], list) for pt in mark["pts"]
    ]
    points += [m[end] for m in marks(drawn, "whisker") for end in "ab" if isinstance(m[end], list)]
    assert points
    assert all(x >= 0 and 0 <= y <= 1 for _, x, y, *_ in points)


@EACH
def test_each_value_has_its_mark_hollow_unless_the_paper_prints_it(benchmark: str) -> None:
    drawn, result = made(benchmark)
    still = [m for m in marks(drawn, "mark") if isinstance(m["pts"], list) and m["pts"][0][1] < 1]
    hollow = sum(len(m["pts"]) for m in still if "f-paper" in m["c"].split())
    solid = sum(len(m["pts"]) for m in still) - hollow
    printed = sum(m.printed for m in result.methods)
    values = 4 * len(result.frontier) or len(result.methods)
    assert (solid, hollow) == (printed, values - printed)


@EACH
def test_whiskers_are_one_standard_error_either_way_and_only_where_it_is_known(
    benchmark: str,
) -> None:
    drawn, result = made(benchmark)
    still = [m for m in marks(drawn, "whisker") if isinstance(m["a"], list)]
    up = drawn.panels[0].y
    lengths = [abs(m["b"][2] - m["a"][2]) * (up.high - up.low) for m in still]
    errors = [2 * m.standard_error for m in result.methods if m.standard_error]
    assert sorted(lengths) == pytest.approx(sorted(errors), abs=2e-4)


@COUNTED
def test_the_readout_has_the_values_of_its_column_and_whether_they_differ(benchmark: str) -> None:
    drawn, result = made(benchmark)
    for said, column in zip(readouts(drawn), result.columns, strict=True):
        comparison = column.comparison
        assert comparison is not None
        here = {m.name: m for m in result.methods if column_of(m) == column.name}
        named = ["DPO"] + [name for name in here if comparison.second.startswith(f"{name},")]
        assert len(named) == (1 if benchmark == "human" else 2)
        for name in named:
            assert f">{here[name].percentage}</b>" in said
        assert ("more than chance" in said) == (comparison.verdict == "more than chance")
        assert ("could be chance" in said) == (comparison.verdict == "could be chance")


def test_the_readout_of_a_step_has_its_evaluations() -> None:
    drawn, result = made("hh_training")
    for said, column in zip(readouts(drawn), result.columns, strict=True):
        here = [m for m in result.methods if column_of(m) == column.name]
        assert len(here) == (4 if column.name == "1500" else 2)
        told = [m for m in here if m.temperature == 1] if column.name == "1500" else here
        assert all(f">{m.percentage}</b>" in said for m in told)


def test_the_readout_of_a_distance_has_the_best_reward_within_it() -> None:
    drawn, _ = made("imdb")
    for said, most in zip(readouts(drawn), (2, 5, 10, 1000), strict=True):
        for method in published_results().benchmark("imdb").frontier:
            if method.method in ("DPO", "PPO"):
                best = max(p.reward for p in method.points if p.kl <= most)
                assert f">{fixed(3)(best)}</b>" in said


def test_columns_of_temperatures_stand_at_their_temperature() -> None:
    for benchmark in ("tldr", "hh", "cnn_dailymail"):
        drawn, result = made(benchmark)
        (handle,) = drawn.handles
        xs = [x for _, x, *_ in handle["track"]]
        values = [float(column.name) for column in result.columns]
        shares = [(v - values[0]) / (values[-1] - values[0]) for v in values]
        assert [(x - xs[0]) / (xs[-1] - xs[0]) for x in xs] == pytest.approx(shares, abs=1e-3)


def rates(benchmark: str, name: str) -> list[float]:
    return [m.value for m in compute(Params(benchmark=benchmark)).methods if m.name == name]


def test_the_titles_are_true_of_the_numbers() -> None:
    dpo, ppo = rates("tldr", "DPO"), rates("tldr", "PPO")
    assert ppo[0] - ppo[2] > 0.15 > 0.03 > dpo[0] - dpo[2]
    assert dpo[2] - dpo[4] > 0.2
    judged = compute(Params(benchmark="human")).columns
    assert len({c.comparison.verdict for c in judged if c.comparison}) == 2
    best = rates("hh", "Best of 128")
    assert all(d - b < 0.03 for d, b in zip(rates("hh", "DPO"), best, strict=True))
    news = rates("cnn_dailymail", "DPO"), rates("cnn_dailymail", "PPO")
    assert all(p < d < 0.5 for d, p in zip(*news, strict=True))
    for temperature in (1, 0.7):
        run = [
            m
            for m in compute(Params(benchmark="hh_training")).methods
            if m.temperature == temperature
        ]
        assert run[1].value - run[0].value > (run[-1].value - run[0].value) / 2
    for field in ("best_at_kl_2", "best_at_kl_5", "best_at_kl_10", "highest_reward"):
        dpo_best, *others = (getattr(f, field) for f in compute(Params(benchmark="imdb")).frontier)
        assert all(other < dpo_best for other in others)
