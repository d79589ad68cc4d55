"""Log-probabilities as a run would log them, made by the lab: one sound batch, and the same
batch with mistakes that app/check/findings/pairs looks for.

The pairs are training pairs of the lab under its reference and its DPO policy. Lab responses all have
five tokens, so each is cut after two to five of them, as a limit on new tokens would: a sum over
the first tokens is the log-probability of that beginning.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from app.check.losses import losses_of
from app.check.settings import RunSettings
from app.check.tables import LENGTHS, LOGPS, LogpsTable
from app.lab.draws import Draws, Stream
from app.lab.losses import PairLogps
from app.lab.trained import the_lab
from app.lab.world import PROMPTS, SLOTS

PAIRS_OF_A_PROMPT = 40
CUT_SEED = 3

EXAMPLES = {
    "right": "without a mistake",
    "mean": "a mean over tokens, not a sum",
    "swapped": "policy and reference swapped",
    "beta_twice": "a loss with β applied twice",
    "step_zero": "step 0, started from another checkpoint than the reference",
}


@dataclass(frozen=True)
class _Batch:
    """The pairs of the example, chosen then rejected. Shapes: (2, pairs), float64."""

    policy: Tensor
    reference: Tensor
    lengths: Tensor


@lru_cache(maxsize=1)
@torch.no_grad()
def _batch() -> _Batch:
    lab = the_lab()
    policy, reference = [], []
    for prompt in range(PROMPTS):
        responses = lab.training_comparisons(prompt)[:PAIRS_OF_A_PROMPT].both()
        shape = (2, PAIRS_OF_A_PROMPT, SLOTS)
        policy.append(lab.dpo_policies[prompt].phrase_logps(prompt, responses).double().view(shape))
        reference.append(lab.reference_policy.phrase_logps(prompt, responses).double().view(shape))
    # From two phrases to all five.
    cuts = Draws(CUT_SEED, Stream.EXAMPLE).integers(SLOTS - 1, 2, PROMPTS * PAIRS_OF_A_PROMPT)
    lengths = 2 + cuts
    kept = torch.arange(SLOTS) < lengths.unsqueeze(-1)
    policy_logps, reference_logps = (
        (torch.cat(of_prompts, 1) * kept).sum(-1) for of_prompts in (policy, reference)
    )
    return _Batch(policy_logps, reference_logps, lengths.double())


def example_table(name: str, *, loss_type: str, beta: float, label_smoothing: float) -> LogpsTable:
    """One of ``EXAMPLES`` as a table, with the loss that its trainer would report.

    Raises:
        KeyError: there is no such example
    """
    batch, reported_beta = _batch(), beta
    policy, reference = batch.policy, batch.reference
    if name == "mean":
        policy, reference = policy / batch.lengths, reference / batch.lengths
    elif name == "swapped":
        policy, reference = reference, policy
    elif name == "beta_twice":
        reported_beta = beta * beta
    elif name not in EXAMPLES:
        raise KeyError(name)
    pairs = PairLogps(
        policy[0],
        policy[1],
        reference[0],
        reference[1],
        batch.lengths[0],
        batch.lengths[1],
    )
    run = RunSettings(loss_type, reported_beta, label_smoothing=label_smoothing)
    losses = losses_of(pairs, run)
    columns = {
        **{c: _rounded(v) for c, v in zip(LOGPS, (*policy, *reference), strict=True)},
        **{c: v.tolist() for c, v in zip(LENGTHS, batch.lengths, strict=True)},
    }
    if bool(torch.isfinite(losses).all()):
        columns["loss"] = _rounded(losses)
    if name == "step_zero":
        columns["step"] = [0.0] * len(losses)
    # The first line of CSV is its header.
    return LogpsTable(columns, list(range(2, 2 + len(losses))), "CSV")


def _rounded(values: Tensor) -> list[float]:
    return [round(value, 6) for value in values.tolist()]
