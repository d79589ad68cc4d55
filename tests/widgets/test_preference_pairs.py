from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.lab.trained import the_lab
from app.lab.world import response_number, the_world
from app.widgets.base import PROMPT_TEXTS
from app.widgets.preference_pairs import PAIRS, Params, Result, compute

prompts = st.sampled_from(sorted(PROMPT_TEXTS))
pairs = st.integers(1, PAIRS)
splits = st.sampled_from(["train", "test"])


@given(prompt=prompts, pair=pairs, split=splits)
@settings(deadline=None, max_examples=30)
def test_the_scores_of_a_pair_are_those_of_the_lab(prompt: str, pair: int, split: str) -> None:
    result = compute(Params(prompt=prompt, pair=pair, split=split))
    lab, number = the_lab(), the_world().prompt_number(prompt)
    drawn = lab.training_comparisons if split == "train" else lab.held_out_comparisons
    for scored, responses in (
        (result.chosen, drawn(number).chosen),
        (result.rejected, drawn(number).rejected),
    ):
        response = responses[pair - 1]
        place = response_number(response)
        assert scored.text == lab.world.text(number, response.tolist())
        assert scored.true_quality == lab.facts(number).true_quality[place]
        assert scored.learned_reward == lab.facts(number).learned_reward[place]
        assert scored.reference_logp == lab.facts(number).reference_logps[place]
        assert scored.policy_logp == lab.dpo_logps(number)[place]


@given(prompt=prompts, pair=pairs, split=splits)
@settings(deadline=None)
def test_probabilities_are_bradley_terry_on_the_margins(prompt: str, pair: int, split: str) -> None:
    result = compute(Params(prompt=prompt, pair=pair, split=split))
    for name in ("true_quality", "learned_reward", "implicit_reward"):
        judge = getattr(result.judges, name)
        margin = getattr(result.chosen, name) - getattr(result.rejected, name)
        assert judge.margin == pytest.approx(margin, abs=1e-9)
        assert judge.probability == pytest.approx(1 / (1 + math.exp(-margin)), rel=1e-9)
        assert judge.agrees == (margin > 1e-9)
    assert result.probability == result.judges.true_quality.probability
    assert result.label_follows_quality == (result.probability > 0.5 - 1e-9)


@given(prompt=prompts, pair=pairs, split=splits)
@settings(deadline=None)
def test_phrases_add_up_to_their_response(prompt: str, pair: int, split: str) -> None:
    result = compute(Params(prompt=prompt, pair=pair, split=split))
    beta = the_lab().report["dpo"]["config"]["beta"]
    for scored in (result.chosen, result.rejected):
        assert scored.text == " ".join(phrase.text for phrase in scored.phrases)
        for name in ("reference_logp", "policy_logp", "log_ratio"):
            total = sum(getattr(phrase, name) for phrase in scored.phrases)
            assert total == pytest.approx(getattr(scored, name), abs=1e-9)
        assert scored.log_ratio == scored.policy_logp - scored.reference_logp
        assert scored.implicit_reward == pytest.approx(beta * scored.log_ratio, abs=1e-12)


@pytest.fixture(scope="module", params=["train", "test"])
def all_of_a_prompt(request: pytest.FixtureRequest) -> list[Result]:
    return [
        compute(Params(prompt="gravity", pair=pair, split=request.param))
        for pair in range(1, PAIRS + 1)
    ]


def test_the_next_surprise_is_the_next_pair_that_goes_against_quality(
    all_of_a_prompt: list[Result],
) -> None:
    against = [r.pair for r in all_of_a_prompt if not r.label_follows_quality]
    for result in all_of_a_prompt:
        later = [pair for pair in against if pair > result.pair]
        assert result.next_surprise == (later or against)[0]


def test_the_counts_are_those_of_the_single_pairs(all_of_a_prompt: list[Result]) -> None:
    against = [r for r in all_of_a_prompt if not r.label_follows_quality]
    for result in (all_of_a_prompt[0], all_of_a_prompt[-1]):
        assert result.surprises == len(against)
        assert result.surprises_reward_model == sum(r.judges.learned_reward.agrees for r in against)
        assert result.surprises_policy == sum(r.judges.implicit_reward.agrees for r in against)


def test_the_finding_says_what_the_coin_did(all_of_a_prompt: list[Result]) -> None:
    for result in all_of_a_prompt:
        if abs(result.judges.true_quality.margin) > 1e-9:
            way = "better" if result.label_follows_quality else "worse"
            assert f"chose the {way} response" in result.finding
            assert f"{result.probability:.0%}" in result.finding


def test_a_response_drawn_twice_leaves_nothing_to_prefer() -> None:
    found = 0
    for number, prompt in enumerate(the_world().prompts):
        drawn = the_lab().training_comparisons(number)[:PAIRS]
        same = (drawn.chosen == drawn.rejected).all(1).nonzero().flatten().tolist()
        for place in same:
            result = compute(Params(prompt=prompt.id, pair=place + 1))
            assert result.probability == 0.5
            assert result.label_follows_quality
            assert "drawn twice" in result.finding
            assert result.judges.learned_reward.verdict == "sees no difference"
            found += 1
    assert found


def test_the_policy_follows_more_wrong_labels_where_it_was_trained_on_them() -> None:
    def followed(split: str) -> float:
        results = [compute(Params(prompt=prompt, split=split)) for prompt in PROMPT_TEXTS]
        return sum(r.surprises_policy for r in results) / sum(r.surprises for r in results)

    assert followed("train") > followed("test")


def test_flattering_phrases_are_those_of_the_world() -> None:
    slots = the_world().prompts[the_world().prompt_number("poem")].phrases
    authored = {phrase.text for slot in slots for phrase in slot if phrase.flattering}
    for pair in range(1, 30):
        result = compute(Params(prompt="poem", pair=pair))
        for scored in (result.chosen, result.rejected):
            marked = [phrase.text for phrase in scored.phrases if phrase.flattering]
            assert marked == [phrase.text for phrase in scored.phrases if phrase.text in authored]
            assert scored.flattering == len(marked)


def test_the_figure_draws_the_three_margins() -> None:
    result = compute(Params(prompt="bleach", pair=9))
    drawn = {trace["name"]: trace["x"][0] for trace in result.figure["data"]}  # type: ignore[attr-defined]
    assert drawn == {
        "true quality": pytest.approx(result.judges.true_quality.margin, rel=1e-4),
        "reward model": pytest.approx(result.judges.learned_reward.margin, rel=1e-4),
        "DPO policy": pytest.approx(result.judges.implicit_reward.margin, rel=1e-4),
    }
    low, high = result.figure["layout"]["xaxis"]["range"]  # type: ignore[index]
    assert low == -high
    assert all(low < margin < high for margin in drawn.values())


def test_dpo_follows_far_fewer_wrong_labels_on_held_out_pairs() -> None:
    trained, held_out = (compute(Params(prompt="gravity", split=s)) for s in ("train", "test"))
    assert held_out.surprises_policy < trained.surprises_policy / 2
