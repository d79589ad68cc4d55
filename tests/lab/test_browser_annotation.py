"""What the browser's lab makes of a reader's labels is what torch makes of them in float64."""

from __future__ import annotations

from typing import Any

import pytest
from torch import Tensor

from app.lab.annotation import (
    Pairs,
    Posterior,
    align,
    chance_of_first,
    coin_flips,
    draw_pairs,
    feature_differences,
    fit,
    flattery,
    flattery_choices,
    parted,
    ranked_alike,
    ranked_alike_by,
)
from app.lab.exact import exact_logps
from app.lab.preferences import Comparisons
from app.lab.world import the_world
from tests.lab.named_lab import answer_with_lab, lab_in_float64

EXACT = 1e-9
NATS = 1e-6
COUNT = 30

CASES = {
    "no labels": (0, 0, ""),
    "three labels": (1, 3, "aab"),
    "a judge": (4, 0, "aaabaaababbaabbbabab"),
    "all labels": (2, 9999, "ab" * 10 + "b" * 10),
}

Made = dict[str, Any]


@pytest.fixture(scope="module")
def made() -> Made:
    asked = [
        {"prompt": prompt, "seed": seed, "labels": labels}
        for prompt, seed, labels in CASES.values()
    ]
    answers = answer_with_lab("annotation.js", cases=asked, count=COUNT)
    return dict(zip(CASES, answers, strict=True))


def _pairs(name: str) -> Pairs:
    prompt, seed, _ = CASES[name]
    return draw_pairs(lab_in_float64().reference_policy, prompt, COUNT, seed)


def _parts(name: str) -> tuple[Comparisons, Comparisons]:
    return parted(_pairs(name).labeled([label == "a" for label in CASES[name][2]]))


def _differences(name: str) -> Tensor:
    return feature_differences(the_world(), _parts(name)[0])


def _posterior(name: str) -> Posterior:
    return fit(_differences(name))


@pytest.mark.parametrize("name", CASES)
def test_pairs_are_the_same(name: str, made: Made) -> None:
    pairs = _pairs(name)
    assert made[name]["pairs"] == [[*pairs.responses(place)] for place in range(COUNT)]


@pytest.mark.parametrize("name", CASES)
def test_labels_are_parted_alike(name: str, made: Made) -> None:
    train, test = _parts(name)
    assert made[name]["lengths"] == [len(CASES[name][2]), len(train), len(test)]
    assert made[name]["coin"] == [*coin_flips(len(test))]


@pytest.mark.parametrize("name", CASES)
def test_the_weights_are_those_of_torch(name: str, made: Made) -> None:
    for theirs, ours in zip(made[name]["weights"], _posterior(name).weights, strict=True):
        assert theirs == pytest.approx(ours, abs=EXACT)


@pytest.mark.parametrize("name", CASES)
def test_chances_are_those_of_torch(name: str, made: Made) -> None:
    pairs, posterior = _pairs(name), _posterior(name)
    chances = [chance_of_first(the_world(), pairs, place, posterior) for place in range(COUNT)]
    assert made[name]["chances"] == pytest.approx(chances, abs=EXACT)


@pytest.mark.parametrize("name", CASES)
def test_choices_are_counted_alike(name: str, made: Made) -> None:
    differences = _differences(name)
    assert made[name]["choices"] == [*flattery_choices(differences)]
    test = feature_differences(the_world(), _parts(name)[1])
    assert made[name]["alike"] == ranked_alike(test, _posterior(name))


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", ["a judge", "all labels"])
def test_the_aligned_policy_is_that_of_torch(name: str, made: Made) -> None:
    lab, prompt, there = lab_in_float64(), CASES[name][0], made[name]
    train, test = _parts(name)
    logps = exact_logps(align(lab.reference_policy, train), prompt)
    assert there["logps"] == pytest.approx(logps.tolist(), abs=NATS)
    assert there["flattery"] == pytest.approx(flattery(the_world(), prompt, logps), abs=NATS)
    reference = lab.facts(prompt).reference_logps
    assert there["alike_by_policy"] == ranked_alike_by(logps, reference, test)
