"""Both pipelines on the browser's lab, leg by leg, compared with torch in float64."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from app.lab.dpo import DPOConfig
from app.lab.pipelines import DPOPipeline, RLHFPipeline
from app.lab.ppo import PPOConfig
from app.lab.race import race
from app.lab.reward_model import RewardKind
from tests.lab.named_lab import answer_with_lab, lab_in_float64

NATS = 1e-6
LEGS = 5

RACES = {
    "additive": (1, DPOConfig(seed=7, steps=50), PPOConfig(seed=7, iterations=12)),
    "network": (4, DPOConfig(seed=2, steps=40, beta=1.0), PPOConfig(seed=2, iterations=10)),
}


@pytest.fixture(scope="module")
def made() -> Any:
    asked = [
        {"prompt": prompt, "dpo": asdict(dpo), "ppo": asdict(ppo), "kind": kind, "legs": LEGS}
        for kind, (prompt, dpo, ppo) in RACES.items()
    ]
    return answer_with_lab("race.js", races=asked)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("kind", RACES)
def test_both_pipelines_go_as_in_torch(kind: str, made: dict[str, Any]) -> None:
    legs = race(lab_in_float64(), *RACES[kind], RewardKind(kind), LEGS)
    for leg, there in zip(legs, made["races"][list(RACES).index(kind)], strict=True):
        ours = asdict(leg) | {"parameters_in_memory": leg.parameters_in_memory}
        measured, theirs = ours.pop("measured"), there.pop("measured")
        assert theirs.pop("favorite") == measured.pop("favorite")
        assert theirs == pytest.approx(measured, abs=NATS)
        logps, last = there.pop("logps"), ours.pop("logps")
        assert (logps is None) == (last is None)
        if last is not None:
            assert logps == pytest.approx(last.tolist(), abs=NATS)
        assert there.pop("seconds") == there.pop("wall_seconds") > 0
        del ours["seconds"], ours["wall_seconds"]
        assert there == ours


def test_pipelines_consist_of_what_they_do_in_torch(made: dict[str, Any]) -> None:
    assert made["pipelines"] == [
        {
            "method": kind.method,
            "stages": kind.stages,
            "hyperparameters": kind.hyperparameters,
        }
        for kind in (RLHFPipeline, DPOPipeline)
    ]


def test_a_race_of_the_site_starts_at_the_reference(made: dict[str, Any]) -> None:
    assert made["first"]["kl"] == pytest.approx(0, abs=1e-12)
