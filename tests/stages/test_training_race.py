from __future__ import annotations

import re
from typing import Any

import pytest

from app.charts.stage import Stage
from app.charts.stage_svg import svg
from app.formatting import fixed
from app.stages.speech import flattery, phrase_ids
from app.stages.training_race import stage
from app.widgets.training_race import PLACES, Params, RacePoint, Result, compute

pytestmark = pytest.mark.slow

Made = tuple[Stage, Result]


@pytest.fixture(scope="module", params=[{}, {"reward_model": "additive"}], ids=str)
def made(request: pytest.FixtureRequest) -> Made:
    params = Params(**request.param)
    result = compute(params)
    return stage(params, result), result


def slower(result: Result) -> float:
    return max(result.dpo_last.seconds, result.rlhf_last.seconds)


def times(result: Result) -> list[float]:
    """The seconds at each place: the slower run's, in equal parts."""
    return [slower(result) * place / PLACES for place in range(PLACES + 1)]


def measured(path: list[RacePoint], seconds: float) -> RacePoint:
    """What is known of a run at a time."""
    return [path[0], *(p for p in path if p.seconds <= seconds + 1e-9)][-1]


def texts(drawn: Stage) -> list[str]:
    assert isinstance(drawn.readout, dict)
    return drawn.readout["at"]


def marks(drawn: Stage, css: str) -> list[dict[str, Any]]:
    return [mark for mark in drawn.marks if mark["c"] == css]


def test_each_place_tells_what_was_last_measured_at_its_second(made: Made) -> None:
    drawn, result = made
    for seconds, said in zip(times(result), texts(drawn), strict=True):
        for path, role in ((result.dpo, "opt"), (result.rlhf, "ref")):
            here = measured(path, seconds)
            if here.leg:
                assert f'c-{role}">{fixed(2)(here.bound - here.true_quality)}</b>' in said
            elif role == "ref":
                assert f"c-{role}" not in said


def test_each_path_is_drawn_as_far_as_it_has_been_measured(made: Made) -> None:
    drawn, result = made
    plane = drawn.panels[0]
    for path, role in ((result.dpo, "opt"), (result.rlhf, "ref")):
        (curve,) = (m for m in marks(drawn, f"line s-{role}") if "cut" in m)
        point = marks(drawn, f"point f-{role}")[0]
        for place, seconds in enumerate(times(result)):
            here = measured(path, seconds)
            assert path[curve["cut"]["at"][place]] == here
            assert point["pt"]["at"][place] == plane.pt(here.kl, here.true_quality)


def test_no_policy_is_in_the_hatch(made: Made) -> None:
    _, result = made
    for point in (*result.dpo, *result.rlhf):
        assert point.true_quality <= point.bound + 1e-9
    assert [p.kl for p in result.frontier] == sorted(p.kl for p in result.frontier)
    assert result.frontier[-1].kl > max(p.kl for p in (*result.dpo, *result.rlhf))


def test_while_the_question_is_open_no_path_is_drawn(made: Made) -> None:
    drawn, _ = made
    for narrow in (False, True):
        for at in (0, PLACES):
            asking = svg(drawn.json, width=564, narrow=narrow, at=at, asking=True)
            assert not re.search(r'class="line[^"]* s-(opt|ref)', asking)


def test_the_answer_is_the_run_that_ends_nearer_to_the_frontier(made: Made) -> None:
    drawn, result = made
    gaps = {
        "a": result.dpo_last.bound - result.dpo_last.true_quality,
        "b": result.rlhf_last.bound - result.rlhf_last.true_quality,
    }
    right = min(gaps, key=lambda token: gaps[token])
    said = [token for token, text in drawn.after.items() if "Right" in text]
    assert said == [right]
    other = {"a": "b", "b": "a"}[right]
    assert {"a": "DPO", "b": "RLHF"}[right] in drawn.after[other]


def test_lanes_are_as_long_as_the_training_took(made: Made) -> None:
    drawn, result = made
    for last, role in ((result.dpo_last, "opt"), (result.rlhf_last, "ref")):
        (lane,) = marks(drawn, f"f-{role} faint")
        assert lane["b"][1] == pytest.approx(last.seconds / slower(result), abs=1e-3)


def test_the_title_speaks_of_a_peak_only_where_one_is_passed(made: Made) -> None:
    drawn, result = made
    fell = max(p.true_quality for p in result.rlhf) - result.rlhf_last.true_quality > 1
    assert drawn.title == (
        "RLHF climbs past its peak" if fell else "The same comparisons, two ways up"
    )
    assert ("RLHF is past its peak" in texts(drawn)[-1]) == fell


def test_with_a_reward_model_that_adds_up_phrases_rlhf_ends_in_flattery() -> None:
    """A step says so."""
    result = compute(Params(reward_model="additive"))
    said = flattery("lock", phrase_ids("lock", result.rlhf_last.sample))
    assert sum(said) > sum(flattery("lock", phrase_ids("lock", result.dpo_last.sample)))
