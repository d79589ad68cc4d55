"""The file of published results: complete, consistent, and refused when it is not."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from app.widgets.win_rates.data import FILE, PublishedResults, published_results


def test_the_file_has_the_six_benchmarks() -> None:
    ids = [benchmark.id for benchmark in published_results().benchmarks]
    assert ids == ["tldr", "hh", "hh_training", "cnn_dailymail", "human", "imdb"]


def test_every_method_has_every_setting_of_its_benchmark_once() -> None:
    sizes = {"tldr": (6, 5), "hh": (4, 3), "cnn_dailymail": (2, 2), "human": (3, 3)}
    for name, (methods, settings) in sizes.items():
        rows = published_results().benchmark(name).rows
        keys = {(row.method, row.temperature, row.judge) for row in rows}
        assert len({row.method for row in rows}) == methods
        assert len(rows) == len(keys) == methods * settings


def test_training_was_evaluated_every_300_steps_and_twice_at_step_1500() -> None:
    rows = published_results().benchmark("hh_training").rows
    for temperature in (0.7, 1.0):
        steps = [row.step for row in rows if row.temperature == temperature]
        assert steps == sorted([*range(0, 3301, 300), 1500])


def test_the_second_evaluation_at_step_1500_is_the_value_of_the_dialogue_benchmark() -> None:
    dialogue = published_results().benchmark("hh").rows
    training = published_results().benchmark("hh_training").rows
    for temperature in (0.7, 1.0):
        at_1500 = [r for r in training if (r.step, r.temperature) == (1500, temperature)]
        there = next(r for r in dialogue if (r.method, r.temperature) == ("DPO", temperature))
        assert (at_1500[1].wins, at_1500[1].n) == (there.wins, there.n)


def test_all_counts_are_out_of_what_the_figures_allow() -> None:
    for row in published_results().benchmark("tldr").rows:
        assert row.n == 256
    for name in ("hh", "hh_training"):
        for row in published_results().benchmark(name).rows:
            assert row.n in range(248, 252)


def test_the_frontier_has_the_points_of_the_figure_in_order_of_kl() -> None:
    frontier = published_results().benchmark("imdb").frontier
    assert [len(f.points) for f in frontier] == [33, 31, 27, 29, 35, 22]
    for method in frontier:
        kls = [point.kl for point in method.points]
        assert kls == sorted(kls)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("0.rows.0.wins", 257, "at most n"),
        ("0.rows.0.wins", None, "either wins or a rate"),
        ("3.rows.0.printed_as", None, "the paper prints"),
        ("0.comparisons.0.first.temperature", 0.3, "0 rows answer"),
        ("0.source.reference", "nobody1999", "nobody1999"),
        ("1.id", "tldr", "same id"),
        ("0.typo", 1, "typo"),
    ],
)
def test_what_is_inconsistent_is_refused(place: str, value: object, message: str) -> None:
    content = json.loads(FILE.read_text(encoding="utf-8"))
    changed = content["benchmarks"]
    *keys, last = place.split(".")
    for key in keys:
        changed = changed[int(key) if key.isdigit() else key]
    changed[last] = value
    with pytest.raises(ValidationError, match=message):
        PublishedResults.model_validate(content)
