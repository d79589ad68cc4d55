"""Log-probabilities as a run would log them, made by the lab: one sound batch, and the same
batch with mistakes that app/check/findings/pairs looks for.

The pairs are training pairs of the lab under its reference and its DPO policy. Lab responses all have
five tokens, so each is cut after two to five of them, as a limit on new tokens would: a sum over
the first tokens is the log-probability of that beginning. A conversation is some responses in a row, each
to a prompt of its own; as each is one of 7,776, it can stand for a token of a large vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from app.check.losses import losses_of
from app.check.settings import RunSettings
from app.check.tables import LENGTHS, LOGPS, LogpsTable
from app.lab.draws import Draws, Stream
from app.lab.exact import phrase_logps
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


PairColumns = tuple[Tensor, Tensor]
"""chosen and rejected, shapes: (pairs,), float64"""
Phrases = list[list[float]]
"""a log-probability for each phrase of each response, nats"""


@dataclass(frozen=True)
class _Batch:
    """The pairs of the example."""

    policy: PairColumns
    reference: PairColumns
    lengths: PairColumns

    def each(self, change: Callable[[Tensor], Tensor]) -> _Batch:
        """The same change of all columns."""
        policy, reference, lengths = (
            (change(chosen), change(rejected))
            for chosen, rejected in (self.policy, self.reference, self.lengths)
        )
        return _Batch(policy, reference, lengths)


@lru_cache(maxsize=2)
def _phrase_logps(ahead: int = 0) -> tuple[tuple[Phrases, Phrases], tuple[Phrases, Phrases]]:
    """log pi of the phrases of all pairs under policy and reference: of chosen, then of rejected responses.

    Each response is scored after the prompt that is so many ahead of its own.
    """
    lab = the_lab()
    policy: tuple[Phrases, Phrases] = ([], [])
    reference: tuple[Phrases, Phrases] = ([], [])
    for prompt in range(PROMPTS):
        after = (prompt + ahead) % PROMPTS
        for side, responses in enumerate(lab.training_pairs(prompt, PAIRS_OF_A_PROMPT)):
            policy[side].extend(phrase_logps(lab.dpo_logps(after), responses))
            reference[side].extend(phrase_logps(lab.facts(after).reference_logps, responses))
    return policy, reference


def _cut(chosen: list[int], rejected: list[int]) -> _Batch:
    """Each response cut after so many phrases."""
    policy, reference = (
        (_beginnings(of[0], chosen), _beginnings(of[1], rejected)) for of in _phrase_logps()
    )
    return _Batch(policy, reference, (_column(chosen), _column(rejected)))


def _beginnings(responses: Phrases, lengths: list[int]) -> Tensor:
    pairs = zip(responses, lengths, strict=True)
    return _column([sum(phrases[:length]) for phrases, length in pairs])


def _conversations(ahead: int = 0) -> _Batch:
    """Conversations of two to five turns, each a response to the prompt after that of the turn before.

    With ``ahead`` each response is scored at a later turn than its own.
    """
    chosen, rejected = _lengths()
    policy, reference = (
        (_turns(of[0], chosen), _turns(of[1], rejected)) for of in _phrase_logps(ahead)
    )
    return _Batch(policy, reference, (_column(chosen), _column(rejected)))


def _turns(responses: Phrases, turns: list[int]) -> Tensor:
    """The sum over so many responses of the same pair number, each of one prompt later."""
    whole = [sum(phrases) for phrases in responses]
    return _column(
        [
            sum(whole[(n + PAIRS_OF_A_PROMPT * turn) % len(whole)] for turn in range(many))
            for n, many in enumerate(turns)
        ]
    )


def _lengths() -> tuple[list[int], list[int]]:
    """From two to five, of chosen and rejected responses."""
    pairs = PROMPTS * PAIRS_OF_A_PROMPT
    drawn = Draws(CUT_SEED, Stream.EXAMPLE).integers(SLOTS - 1, 2 * pairs).tolist()
    lengths = [2 + more for more in drawn]
    return lengths[:pairs], lengths[pairs:]


def _column(values: Sequence[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def _of(name: str) -> _Batch:
    """The log-probabilities of one of ``EXAMPLES``."""
    if name == "not_shifted":
        return _conversations(ahead=1)
    if name == "truncated":
        # One limit for both responses, so that some pairs differ only beyond it.
        shorter = [length - 1 for length in _lengths()[0]]
        return _cut(shorter, shorter)
    right = _cut(*_lengths())
    policy, reference, lengths = right.policy, right.reference, right.lengths
    if name == "mean":
        return _Batch(_per_token(policy, lengths), _per_token(reference, lengths), lengths)
    if name == "swapped":
        return _Batch(reference, policy, lengths)
    if name == "no_reference":
        none = torch.zeros_like(reference[0])
        return _Batch(policy, (none, none), lengths)
    if name == "one_swapped":
        return _Batch(policy, (reference[1], reference[0]), lengths)
    if name in ("start", "frozen"):
        return _Batch(reference, reference, lengths)
    if name == "prompt_counted":
        # The turns before a response, the same before the chosen one and the rejected one.
        turns = _conversations().policy[0]
        prompt = torch.cat([turns[PAIRS_OF_A_PROMPT:], turns[:PAIRS_OF_A_PROMPT]])
        return _Batch((policy[0] + prompt, policy[1] + prompt), reference, lengths)
    if name == "few_pairs":
        return right.each(lambda column: column[:FEW_PAIRS])
    return right


def _per_token(logps: PairColumns, lengths: PairColumns) -> PairColumns:
    return logps[0] / lengths[0], logps[1] / lengths[1]


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
    """Of each batch of eight pairs. Shapes: (pairs,) -> (batches,)."""
    batches = range(0, len(column), BATCH)
    return torch.stack([column[first : first + BATCH].mean() for first in batches])


def _rounded(values: Tensor) -> list[float]:
    return [round(value, 6) for value in values.tolist()]
