from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest

from app.content.sources import references
from app.widgets.win_rates.results import MethodComparison, MethodResult
from app.widgets.win_rates.widget import LABELS, Params, Result, compute

RATED = [name for name in LABELS if name != "imdb"]


def result(benchmark: str) -> Result:
    return compute(Params(benchmark=benchmark))


def comparison(benchmark: str) -> MethodComparison:
    found = result(benchmark).comparison
    assert found is not None
    return found


def method(benchmark: str, name: str, **setting: object) -> MethodResult:
    return next(
        m
        for m in result(benchmark).methods
        if m.name == name and all(getattr(m, k) == v for k, v in setting.items())
    )


def test_the_values_that_the_text_prints_are_those_of_the_counts() -> None:
    dpo, ppo = (method("tldr", name, temperature=0) for name in ("DPO", "PPO"))
    assert (dpo.wins, dpo.n, dpo.printed_as) == (158, 256, "approximately 61%")
    assert math.floor(100 * dpo.value) == 61
    assert (ppo.wins, ppo.n, ppo.printed_as) == (146, 256, "57%")
    assert f"{ppo.value:.0%}" == "57%"


@pytest.mark.parametrize(
    ("benchmark", "name", "temperature", "percentage"),
    [
        ("tldr", "DPO", 1, "38.7%"),
        ("tldr", "PPO", 1, "7.0%"),
        ("tldr", "Best of 128", 0.5, "57.4%"),
        ("tldr", "GPT-J (0-shot)", 0.5, "9.8%"),
        ("hh", "DPO", 1, "62.9%"),
        ("hh", "DPO", 0.25, "37.1%"),
        ("hh", "Best of 128", 1, "60.8%"),
        ("hh", "Best of 128", 0.25, "54.2%"),
        ("cnn_dailymail", "DPO", 0, "36%"),
        ("cnn_dailymail", "DPO", 0.25, "31%"),
        ("cnn_dailymail", "PPO", 0, "26%"),
        ("cnn_dailymail", "PPO", 0.25, "23%"),
    ],
)
def test_published_values(benchmark: str, name: str, temperature: float, percentage: str) -> None:
    assert method(benchmark, name, temperature=temperature).percentage == percentage


@pytest.mark.parametrize("benchmark", RATED)
def test_every_rate_is_wins_over_n_and_its_standard_error_binomial(benchmark: str) -> None:
    for m in result(benchmark).methods:
        if m.wins is not None and m.n is not None:
            assert m.value == m.wins / m.n
        n = m.n or m.comparisons
        if n is None:
            assert m.standard_error is None
        else:
            variance = m.value * (1 - m.value) * m.design_effect / n
            assert m.standard_error == pytest.approx(math.sqrt(variance))
        judged_twice = m.n is not None and m.comparisons is not None
        assert (m.design_effect > 1) == judged_twice


def test_people_judged_150_comparisons_of_dpo_twice_but_for_one_volunteer_and_ties() -> None:
    people = method("human", "DPO", judge="people")
    assert (people.n, people.comparisons) == (272, 150)
    assert people.design_effect == pytest.approx(1.25, abs=0.005)
    # Independent judgments would put the rate 2.6 standard errors from even.
    z = comparison("human").z
    assert z is not None
    assert 2.3 < z < 2.4


def test_neither_prompt_moves_gpt_4_from_even_by_more_than_chance() -> None:
    simple, concise = result("human").further_comparisons[:2]
    for found, size in ((simple, 0.7), (concise, 1.0)):
        assert found.first.startswith("DPO, judged by GPT-4")
        assert found.z is not None
        assert abs(found.z) == pytest.approx(size, abs=0.05)
        assert found.verdict == "could be chance"


@pytest.mark.parametrize("benchmark", RATED)
def test_every_method_has_its_sample_size_on_the_page_or_says_that_none_is_printed(
    benchmark: str,
) -> None:
    found = result(benchmark)
    table = found.tables[-1]
    place = table.columns.index("Sample")
    for m, cells in zip(found.methods, table.rows, strict=True):
        assert cells[0] == m.name
        if m.n is None:
            taken = "" if m.comparisons is None else f", taken as {m.comparisons}"
            assert cells[place] == f"n not printed{taken}"
        else:
            assert str(m.n) in cells[place]
            assert str(m.comparisons or m.n) in cells[place]


@pytest.mark.parametrize("benchmark", LABELS)
def test_only_what_the_text_or_a_table_prints_is_marked_as_printed(benchmark: str) -> None:
    printed = {(m.name, m.temperature) for m in result(benchmark).methods if m.printed}
    if benchmark == "tldr":
        assert printed == {("DPO", 0), ("PPO", 0)}
    elif benchmark in ("cnn_dailymail", "human"):
        assert all(m.printed for m in result(benchmark).methods)
    else:
        assert not printed


@pytest.mark.parametrize(
    ("benchmark", "points", "error", "z", "verdict"),
    [
        ("tldr", 4.7, 4.3, 1.1, "could be chance"),
        ("hh", 2.1, 4.3, 0.5, "could be chance"),
        ("hh_training", 6.9, 4.4, 1.6, "could be chance"),
        ("human", 8.0, 3.4, 2.3, "more than chance"),
    ],
)
def test_the_difference_and_whether_it_is_more_than_chance(
    benchmark: str, points: float, error: float, z: float, verdict: str
) -> None:
    found = comparison(benchmark)
    assert found.standard_error is not None
    assert found.z is not None
    assert round(100 * found.difference, 1) == points
    assert round(100 * found.standard_error, 1) == error
    assert round(found.z, 1) == z
    assert found.verdict == verdict
    assert found.gap == f"{points} ± {error} points"


def test_at_temperature_0_25_best_of_128_beats_dpo_on_dialogue_by_more_than_chance() -> None:
    cold = result("hh").further_comparisons[-1]
    assert (cold.first, cold.second) == ("DPO, T 0.25", "Best of 128, T 0.25")
    assert cold.z is not None
    assert cold.z < -3
    assert cold.verdict == "more than chance"


def test_there_is_no_ppo_result_on_dialogue_and_the_finding_says_so() -> None:
    found = result("hh")
    assert "PPO" not in {m.name for m in found.methods}
    assert found.finding.startswith("There is no PPO result here.")


def test_without_a_sample_size_nothing_is_tested_and_assumed_sizes_say_that_they_are() -> None:
    found = comparison("cnn_dailymail")
    assert (found.standard_error, found.z, found.p_value) == (None, None, None)
    assert found.gap == "10.0 points"
    assumed = result("cnn_dailymail").tables[1]
    assert assumed.columns[0] == "n, assumed"
    z = {cells[0]: cells[2] for cells in assumed.rows}
    assert (z["100"], z["256"], z["500"]) == ("1.5", "2.5", "3.4")


def test_the_three_judges_stand_side_by_side_with_their_agreement() -> None:
    judges = {m.judge: m for m in result("human").methods if m.name == "DPO"}
    assert {j: round(100 * m.value) for j, m in judges.items()} == {
        "people": 58,
        "GPT-4 (S)": 47,
        "GPT-4 (C)": 54,
    }
    agreement = {j: m.agreement_with_people for j, m in judges.items()}
    assert agreement == {"people": 0.65, "GPT-4 (S)": 0.70, "GPT-4 (C)": 0.67}
    assert method("human", "SFT", judge="people").agreement_with_people is None


def test_points_dominated_by_dpo_are_those_counted_by_hand() -> None:
    assert {s.name: (s.dominated, s.points) for s in result("imdb").frontier} == {
        "DPO": (None, 33),
        "Unlikelihood": (30, 31),
        "PPO": (26, 27),
        "PPO-GT": (28, 29),
        "PPO-GT (TRL)": (34, 35),
        "Preferred-FT": (21, 22),
    }


def test_best_rewards_within_a_kl_are_the_published_ones() -> None:
    best = {
        s.name: (s.best_at_kl_2, s.best_at_kl_5, s.best_at_kl_10) for s in result("imdb").frontier
    }
    assert best == {
        "DPO": pytest.approx((0.906, 0.990, 0.995)),
        "Unlikelihood": pytest.approx((0.645, 0.923, 0.985)),
        "PPO": pytest.approx((0.488, 0.720, 0.884)),
        "PPO-GT": pytest.approx((0.488, 0.718, 0.885)),
        "PPO-GT (TRL)": pytest.approx((0.512, 0.615, 0.730)),
        "Preferred-FT": pytest.approx((0.585, 0.585, 0.663)),
    }


def traces(figure: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = figure["data"]
    return found


@pytest.mark.parametrize("benchmark", ["tldr", "hh", "cnn_dailymail", "human"])
def test_bars_are_named_by_method_and_setting_and_carry_their_errors(benchmark: str) -> None:
    by_label = {m.label: m for m in result(benchmark).methods}
    for bar in traces(result(benchmark).figure):
        (label,), (value,) = bar["y"], bar["x"]
        m = by_label[label]
        assert value == pytest.approx(100 * m.value, rel=1e-4)
        if m.standard_error is None:
            assert "error_x" not in bar
        else:
            assert bar["error_x"]["array"] == pytest.approx([100 * m.standard_error])


def curves(figure: dict[str, Any]) -> list[dict[str, Any]]:
    """The traces with markers: those without are the edges of bands."""
    return [trace for trace in traces(figure) if "marker" in trace]


def test_a_bar_shows_the_best_temperature_and_the_curve_all_of_them() -> None:
    found = result("tldr")
    assert len(traces(found.figure)) == len(curves(found.over_temperature)) == 6
    for bar, curve in zip(traces(found.figure), curves(found.over_temperature), strict=True):
        assert bar["name"] == curve["name"]
        assert bar["x"][0] == max(curve["y"])
        assert curve["x"] == [0, 0.25, 0.5, 0.75, 1]


@pytest.mark.parametrize("benchmark", ["tldr", "hh", "hh_training"])
def test_curves_differ_by_symbol_and_dash_and_have_a_name_at_their_end(benchmark: str) -> None:
    found = result(benchmark)
    figure: Any = found.figure if benchmark == "hh_training" else found.over_temperature
    drawn = curves(figure)
    looks = {(curve["marker"]["symbol"], curve["line"]["dash"]) for curve in drawn}
    assert len(looks) == len(drawn)
    labels = figure["layout"]["annotations"]
    assert {label["text"] for label in labels} == {curve["name"] for curve in drawn}
    heights = sorted(label["y"] for label in labels)
    assert all(high - low > 5 for low, high in pairwise(heights))


def test_bands_are_one_standard_error_either_way() -> None:
    found = result("tldr")
    by_name = {trace["name"]: trace for trace in traces(found.over_temperature)}
    dpo = [m for m in found.methods if m.name == "DPO"]
    for sign, edge in ((-1, "DPO, −1 standard error"), (1, "DPO, +1 standard error")):
        expected = [100 * (m.value + sign * (m.standard_error or 0)) for m in dpo]
        assert by_name[edge]["y"] == pytest.approx(expected, rel=1e-4)


def test_the_frontier_figure_holds_all_points_and_tells_methods_apart_by_symbol() -> None:
    drawn = traces(result("imdb").figure)
    assert [len(trace["x"]) for trace in drawn] == [33, 31, 27, 29, 35, 22]
    assert len({trace["marker"]["symbol"] for trace in drawn}) == 6


@pytest.mark.parametrize("benchmark", LABELS)
def test_the_source_names_the_paper_and_the_place_in_it(benchmark: str) -> None:
    source = result(benchmark).source
    assert references()[source.reference].url == source.url
    assert source.where.startswith(("Fig.", "Table"))
