"""The lab that browsers open, and the same in torch in float64."""

from __future__ import annotations

import copy
from typing import Any

from app.lab.trained import Lab, the_lab
from app.studies.browser_data import browser_data
from tests.node import answer_of


def lab_in_float64() -> Lab:
    """The shipped lab, whose networks train in float64 if that is torch's default dtype."""
    lab = the_lab()
    rewards = {
        kind: [copy.deepcopy(model).double() for model in models]
        for kind, models in lab.reward_models.items()
    }
    reference = copy.deepcopy(lab.reference_policy).double()
    return Lab(lab.world, lab.seed, reference, rewards, [], {})


def answer_with_lab(script: str, **asked: Any) -> Any:
    """What a script of tests/js makes of something and of the data of the lab."""
    return answer_of(script, {"data": browser_data(), **asked})
