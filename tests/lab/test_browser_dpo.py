"""Whole runs of DPO in the browser's lab, compared with torch in float64 from the same seed."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from app.lab.baselines import training_loss
from app.lab.dpo import DPOConfig, pair_logps, reference_logps
from app.lab.draws import Draws, Stream
from app.lab.exact import exact_logps
from app.lab.measure import measure
from app.lab.network.policy import Policy
from app.lab.trained import the_lab
from tests.lab.browser_runs import (
    IN_FLOAT32,
    BrowserRun,
    in_the_browser,
    logps_apart,
    reference_in_float64,
)

NATS = 1e-7
"""by which log-probabilities may differ at the end of a run"""
NATS_IN_FLOAT32 = 1e-4
"""the same, if the browser's lab computes in float32; torch in float32 comes to 6e-5"""
OF_A_GRADIENT = 1e-9
"""by which numbers of a gradient may differ"""

RUNS = {
    "the run of the site": BrowserRun(1, 2000, DPOConfig(seed=7)),
    "smoothed": BrowserRun(0, 500, DPOConfig(seed=1, label_smoothing=0.1, beta=0.1, steps=60)),
    "ipo": BrowserRun(2, 500, DPOConfig(seed=2, loss_type="ipo", steps=60)),
    "kto": BrowserRun(3, 500, DPOConfig(seed=3, loss_type="kto", beta=1.0, steps=60)),
    "simpo": BrowserRun(4, 500, DPOConfig(seed=4, loss_type="simpo", beta=2.0, steps=60)),
    "orpo": BrowserRun(5, 500, DPOConfig(seed=5, loss_type="orpo", steps=60)),
    "hinge": BrowserRun(0, 500, DPOConfig(seed=6, loss_type="hinge", steps=60)),
    "a batch of all": BrowserRun(1, 90, DPOConfig(seed=8, loss_type="preferred_ft", steps=40)),
    "unlikelihood": BrowserRun(2, 500, DPOConfig(seed=9, loss_type="unlikelihood", steps=40)),
    "the last seed": BrowserRun(
        3, 500, DPOConfig(seed=2**32 - 1, loss_type="sigmoid_nll", steps=60)
    ),
}


@pytest.fixture(scope="module")
def reference() -> Policy:
    return reference_in_float64()


@pytest.fixture(scope="module")
def made(reference: Policy) -> dict[str, Any]:
    """What the browser's lab makes of all runs."""
    return dict(zip(RUNS, in_the_browser(reference, list(RUNS.values())), strict=True))


@pytest.mark.parametrize("name", RUNS)
def test_a_run_goes_and_ends_as_in_torch(
    name: str, reference: Policy, made: dict[str, Any]
) -> None:
    run, there = RUNS[name], made[name]
    pairs = run.pairs(reference)
    assert there["pairs"] == [pairs.chosen.flatten().tolist(), pairs.rejected.flatten().tolist()]
    trainer, rows = run.trained(reference)
    for row, theirs in zip(rows, there["rows"], strict=True):
        assert theirs["step"] == row.step
        assert theirs["accuracy"] == row.accuracy
        for ours, field in (
            (row.loss, "loss"),
            (row.margin, "margin"),
            (row.chosen_logps, "chosenLogps"),
            (row.rejected_logps, "rejectedLogps"),
        ):
            assert theirs[field] == pytest.approx(ours, abs=NATS)
    logps = exact_logps(trainer.policy, run.prompt)
    assert logps_apart(there, logps) < NATS
    facts = the_lab().facts(run.prompt)
    measured = measure(logps, facts, facts.learned_reward)
    for number, field in (
        (measured.kl, "kl"),
        (measured.reward, "reward"),
        (measured.true_quality, "true_quality"),
        (measured.entropy, "entropy"),
    ):
        assert there["measured"][field] == pytest.approx(number, abs=NATS)
    assert there["measured"]["favorite"] == measured.favorite
    assert there["bound"] == pytest.approx(facts.frontier.bound(1), abs=1e-9)


@pytest.mark.parametrize("arithmetic", IN_FLOAT32)
def test_in_float32_a_run_ends_nearly_as_in_torch(arithmetic: str, reference: Policy) -> None:
    run = RUNS["the run of the site"]
    (there,) = in_the_browser(reference, [run], arithmetic)
    trainer, _ = run.trained(reference)
    assert logps_apart(there, exact_logps(trainer.policy, run.prompt)) < NATS_IN_FLOAT32


@pytest.mark.parametrize("name", RUNS)
def test_the_first_gradient_is_that_of_autograd(
    name: str, reference: Policy, made: dict[str, Any]
) -> None:
    run = RUNS[name]
    config, pairs = run.config, run.pairs(reference)
    order = Draws(config.seed, Stream.DPO).order(len(pairs))[: config.batch_size]
    policy = copy.deepcopy(reference)
    of_reference = reference_logps(reference, pairs)[:, order]
    batch = pair_logps(policy, pairs[order], of_reference, config.label_smoothing)
    training_loss(config.loss_type, batch, config.beta).mean().backward()  # type: ignore[no-untyped-call]
    head, *trunk = (weight.grad for weight in policy.parameters())
    assert head is not None
    expected = torch.cat(
        [head[run.prompt].flatten(), *(part.flatten() for part in trunk if part is not None)]
    )
    gradient = torch.tensor(made[name]["gradient"], dtype=torch.float64)
    assert float((gradient - expected).abs().max()) < OF_A_GRADIENT
