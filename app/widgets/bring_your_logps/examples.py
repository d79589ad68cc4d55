"""Log-probabilities as a run would log them, made by the lab: one sound batch, and the same
batch with mistakes that app/check/findings/pairs looks for.

The pairs are training pairs of the lab under its reference and its DPO policy. Lab responses all have
five tokens, so each is cut after two to five of them, as a limit on new tokens would: a sum over
the first tokens is the log-probability of that beginning. A conversation is some responses in a row, each
to a prompt of its own; as each is one of 7,776, it can stand for a token of a large vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable
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
    "start": "step 0, as it should be: the policy is its reference",
    "no_reference": "a reference of 0",
    "one_swapped": "chosen and rejected swapped in the reference",
    "frozen": "a policy that has not moved in 400 steps",
    "prompt_counted": "a prompt counted in the policy only",
    "not_shifted": "labels not shifted by one token, where a token is a whole response",
    "truncated": "responses cut to a common beginning",
    "batch_means": "a row for each batch of eight, not for each pair",
    "few_pairs": "six pairs",
}

FEW_PAIRS = 6
BATCH = 8
STEPS = {"step_zero": 0.0, "start": 0.0, "frozen": 400.0}
"""gradient steps before each pair, where the example says so"""
MOST_TURNS = 5


@dataclass(frozen=True)
class _Batch:
    """The pairs of the example. Shapes: (2, pairs), chosen then rejected, float64."""

    policy: Tensor
    reference: Tensor
    lengths: Tensor

    def each(self, change: Callable[[Tensor], Tensor]) -> _Batch:
        """The same change of all three."""
        return _Batch(change(self.policy), change(self.reference), change(self.lengths))


@lru_cache(maxsize=2)
@torch.no_grad()
def _phrase_logps(ahead: int = 0) -> tuple[Tensor, Tensor]:
    """log pi of the phrases of all pairs under policy and reference. Shapes: (2, pairs, 5), float64.

    Each response is scored after the prompt that is so many ahead of its own.
    """
    lab = the_lab()
    policy: list[Tensor] = []
    reference: list[Tensor] = []
    for prompt in range(PROMPTS):
        responses = lab.training_comparisons(prompt)[:PAIRS_OF_A_PROMPT].both()
        after = (prompt + ahead) % PROMPTS
        for model, logps in (
            (lab.dpo_policies[after], policy),
            (lab.reference_policy, reference),
        ):
            scored = model.phrase_logps(after, responses).double()
            logps.append(scored.view(2, PAIRS_OF_A_PROMPT, SLOTS))
    return torch.cat(policy, 1), torch.cat(reference, 1)


def _cut(lengths: Tensor) -> _Batch:
    """Each response cut after so many phrases. Shape: (2, pairs)."""
    kept = torch.arange(SLOTS) < lengths.unsqueeze(-1)
    policy, reference = ((logps * kept).sum(-1) for logps in _phrase_logps())
    return _Batch(policy, reference, lengths.double())


def _conversations(ahead: int = 0) -> _Batch:
    """Conversations of two to five turns, each a response to the prompt after that of the turn before.

    With ``ahead`` each response is scored at a later turn than its own.
    """
    turns = _lengths()
    kept = torch.arange(MOST_TURNS)[:, None, None] < turns
    policy, reference = (
        (_later_turns(logps.sum(-1)) * kept).sum(0) for logps in _phrase_logps(ahead)
    )
    return _Batch(policy, reference, turns.double())


def _later_turns(logps: Tensor) -> Tensor:
    """Those of the same pair number, one prompt later in each row. Shapes: (2, pairs) -> (turns, 2, pairs)."""
    return torch.stack([logps.roll(-PAIRS_OF_A_PROMPT * turn, 1) for turn in range(MOST_TURNS)])


def _lengths() -> Tensor:
    """From two to five. Shape: (2, pairs)."""
    return 2 + Draws(CUT_SEED, Stream.EXAMPLE).integers(SLOTS - 1, 2, PROMPTS * PAIRS_OF_A_PROMPT)


def _of(name: str) -> _Batch:
    """The log-probabilities of one of ``EXAMPLES``."""
    if name == "not_shifted":
        return _conversations(ahead=1)
    if name == "truncated":
        # One limit for both responses, so that some pairs differ only beyond it.
        return _cut((_lengths()[0] - 1).expand(2, -1))
    right = _cut(_lengths())
    policy, reference, lengths = right.policy, right.reference, right.lengths
    if name == "mean":
        return _Batch(policy / lengths, reference / lengths, lengths)
    if name == "swapped":
        return _Batch(reference, policy, lengths)
    if name == "no_reference":
        return _Batch(policy, torch.zeros_like(reference), lengths)
    if name == "one_swapped":
        return _Batch(policy, reference.flip(0), lengths)
    if name in ("start", "frozen"):
        return _Batch(reference, reference, lengths)
    if name == "prompt_counted":
        # The turns before a response, the same before the chosen one and the rejected one.
        prompt = _conversations().policy[0].roll(-PAIRS_OF_A_PROMPT)
        return _Batch(policy + prompt, reference, lengths)
    if name == "few_pairs":
        return right.each(lambda column: column[:, :FEW_PAIRS])
    return right


def example_table(name: str, *, loss_type: str, beta: float, label_smoothing: float) -> LogpsTable:
    """One of ``EXAMPLES`` as a table, with the loss that its trainer would report.

    Raises:
        KeyError: there is no such example
    """
    if name not in EXAMPLES:
        raise KeyError(name)
    batch = _of(name)
    reported_beta = beta * beta if name == "beta_twice" else beta
    pairs = PairLogps(*batch.policy, *batch.reference, *batch.lengths)
    run = RunSettings(loss_type, reported_beta, label_smoothing=label_smoothing)
    losses = losses_of(pairs, run)
    if name == "batch_means":
        batch, losses = batch.each(_means), _means(losses)
    columns = {
        **{c: _rounded(v) for c, v in zip(LOGPS, (*batch.policy, *batch.reference), strict=True)},
        **{c: v.tolist() for c, v in zip(LENGTHS, batch.lengths, strict=True)},
    }
    if bool(torch.isfinite(losses).all()):
        columns["loss"] = _rounded(losses)
    if name in STEPS:
        columns["step"] = [STEPS[name]] * len(losses)
    # The first line of CSV is its header.
    return LogpsTable(columns, list(range(2, 2 + len(losses))), "CSV")


def _means(column: Tensor) -> Tensor:
    """Of each batch of eight pairs. Shapes: (..., pairs) -> (..., batches)."""
    return column.view(*column.shape[:-1], -1, BATCH).mean(-1)


def _rounded(values: Tensor) -> list[float]:
    return [round(value, 6) for value in values.tolist()]
