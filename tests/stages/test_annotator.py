"""The dots of the annotator, and what is said of them."""

from __future__ import annotations

import pytest

from app.formatting import percent
from app.stages.annotator import stage
from app.stages.speech import flattery, phrase_ids
from app.widgets.annotator import MOST, Params, compute
from tests.judges import JUDGES

SOME = [Params(labels=("abba" * 8)[:count]) for count in (0, 1, 5, 10, MOST)]


@pytest.mark.parametrize("params", SOME, ids=lambda p: str(len(p.labels)))
def test_a_dot_stands_right_of_the_middle_if_its_weight_is_positive(params: Params) -> None:
    result = compute(params)
    points = [m["pt"] for m in stage(params, result).marks if m["k"] == "circle"]
    for point, weight in zip(points, result.weights, strict=True):
        assert 0 < point[1] < 1
        if abs(weight.mean) > 1e-3:
            assert (point[1] > 0.5) == (weight.mean > 0)


@pytest.mark.parametrize("params", SOME, ids=lambda p: str(len(p.labels)))
def test_the_answers_are_those_of_the_pair_to_label(params: Params) -> None:
    result = compute(params)
    answers = stage(params, result).more["answers"]
    texts = [" ".join(text for text, _ in answer["phrases"]) for answer in answers]
    if result.next_pair:
        assert texts == [result.next_pair.first, result.next_pair.second]
    assert not any(flat for answer in answers for _, flat in answer["phrases"])


def test_an_aligned_policy_is_said_beside_the_reference_with_its_flattery() -> None:
    query = dict(part.split("=") for part in JUDGES["flattered"].split("&"))
    params = Params.model_validate(query)
    result = compute(params)
    assert result.aligned is not None
    made = stage(params, result)
    for answer, policy in zip(
        made.more["answers"], (result.aligned.before, result.aligned.after), strict=True
    ):
        assert " ".join(text for text, _ in answer["phrases"]) == policy.text
        assert percent(0)(policy.flatters) in made.readout
        flat = flattery(params.prompt, phrase_ids(params.prompt, policy.text))
        assert [bool(flag) for _, flag in answer["phrases"]] == flat
