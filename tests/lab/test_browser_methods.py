"""The seven methods on the browser's lab, whole runs compared with torch in float64."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import pytest

from app.lab.methods import METHODS, MethodRun, train_run
from app.lab.reward_model import RewardKind
from tests.lab.named_lab import answer_with_lab, lab_in_float64

NATS = 1e-6

RUNS = [
    MethodRun(1, "ppo", 0.3, 4, RewardKind.additive),
    MethodRun(3, "ppo_true", 0.2, 1, RewardKind.additive),
    MethodRun(0, "dpo", 0.2, 2, RewardKind.network),
    MethodRun(4, "ipo", 0.04, 5),
    MethodRun(2, "preferred_ft", 50, 3),
    MethodRun(5, "unlikelihood", 0.1, 6),
    MethodRun(0, "best_of_n", 16, 7),
]


@pytest.fixture(scope="module")
def made() -> Any:
    return answer_with_lab("methods.js", runs=[asdict(run) for run in RUNS])


def test_methods_are_the_same(made: Any) -> None:
    assert made["methods"] == {
        name: asdict(method) | {"strengths": [*method.strengths]}
        for name, method in METHODS.items()
    }
    assert made["params"] == [field.name for field in fields(MethodRun)]


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("place", range(len(RUNS)), ids=[run.method for run in RUNS])
def test_a_run_ends_as_in_torch(place: int, made: Any) -> None:
    logps, learned = train_run(lab_in_float64(), RUNS[place])
    there_logps, there_learned = made["runs"][place]
    assert there_logps == pytest.approx(logps.tolist(), abs=NATS)
    assert there_learned == pytest.approx(learned.tolist(), abs=NATS)
