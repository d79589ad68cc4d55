from __future__ import annotations

import pytest
import torch

from app.lab.optimum import optimal_logps
from app.lab.trained import the_lab
from app.lab.world import all_responses, the_world
from app.widgets.common.phrases import scored_phrases

SOME = torch.tensor([0, 1, 777, 4321, 7775])


@pytest.mark.parametrize("prompt", [0, 4])
def test_phrases_in_order_make_up_the_response_and_its_log_ratio(prompt: int) -> None:
    facts = the_lab().facts(prompt)
    optimal = optimal_logps(facts.reference_logps, facts.true_quality, 0.5)
    responses = all_responses()[SOME].tolist()
    scored = scored_phrases(prompt, responses, optimal, facts.reference_logps)
    assert len(scored) == len(SOME)
    for n, response, phrases in zip(SOME.tolist(), responses, scored, strict=True):
        assert [phrase.slot for phrase in phrases] == list(the_world().slots)
        assert " ".join(phrase.text for phrase in phrases) == the_world().text(prompt, response)
        log_ratio = optimal[n] - facts.reference_logps[n]
        assert sum(p.log_ratio for p in phrases) == pytest.approx(float(log_ratio), abs=1e-9)
        for phrase in phrases:
            assert phrase.log_ratio == phrase.policy_logp - phrase.reference_logp
            assert phrase.reference_logp <= 0
