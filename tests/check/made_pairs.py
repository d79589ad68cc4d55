"""Pairs with the sizes of real runs, healthy or with one known mistake, for tests of findings."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from app.check.batch import batch_of
from app.check.losses import losses_of
from app.check.settings import RunSettings
from app.check.tables import LENGTHS, LOGPS, LogpsTable

Columns = dict[str, Tensor]


@dataclass(frozen=True)
class Made:
    """How pairs are drawn; log-ratios in nats."""

    pairs: int = 64
    seed: int = 0
    chosen: float = -0.5
    """mean log-ratio of chosen responses"""
    margin: float = 6.0
    """mean difference of log-ratios"""
    spread: float = 0.8
    """standard deviation of log-ratios, as a share of the margin"""
    tokens: float = 180.0
    """of a typical response"""
    per_token: float = 0.0
    """nats that each token more adds to a log-ratio"""


def made(how: Made) -> Columns:
    """Pairs of a run: responses of different lengths, whose log-probabilities grow with them."""
    draws = torch.Generator().manual_seed(how.seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=draws, dtype=torch.float64)

    n = how.pairs
    lengths = (how.tokens * torch.exp(0.35 * normal(n) + 0.3 * normal(2, n))).clamp(30, 600).round()
    costs = lengths * 1.2 * torch.exp(0.2 * normal(n) + 0.12 * normal(2, n))
    ratios = torch.tensor([[how.chosen], [how.chosen - how.margin]], dtype=torch.float64)
    ratios = ratios + how.spread * how.margin * (0.6 * normal(2, n) + 0.4 * normal(n))
    ratios = ratios + how.per_token * (lengths - how.tokens)
    values = [*(ratios - costs).clamp(max=-0.5), *-costs]
    return dict(zip((*LOGPS, *LENGTHS), (*values, *lengths), strict=True))


def table(columns: Columns) -> LogpsTable:
    """The columns as a table that was read."""
    pairs = len(columns[LOGPS[0]])
    return LogpsTable(
        {name: values.tolist() for name, values in columns.items()},
        list(range(2, 2 + pairs)),
        "CSV",
    )


def with_losses(columns: Columns, settings: RunSettings, *, mean: bool = False) -> Columns:
    """Columns with the losses that a trainer would report, for each pair or for the batch."""
    losses = losses_of(batch_of(table(columns), settings).pairs, settings)
    losses = losses.mean().expand(len(losses)) if mean else losses
    return {**columns, "loss": (losses * 1e4).round() / 1e4}


def at_step(columns: Columns, step: float) -> Columns:
    """Columns of one step."""
    return {**columns, "step": torch.full_like(columns[LOGPS[0]], step)}


def at_the_reference(columns: Columns) -> Columns:
    """Columns of a policy that has not moved."""
    return {**columns, LOGPS[0]: columns[LOGPS[2]], LOGPS[1]: columns[LOGPS[3]]}


def exchanged(columns: Columns, *both: tuple[str, str]) -> Columns:
    """Columns that have changed places."""
    places = {one: other for pair in both for one, other in (pair, pair[::-1])}
    return {name: columns[places.get(name, name)] for name in columns}


def scaled(
    columns: Columns, names: Sequence[str], factor: Callable[[int], Tensor | float]
) -> Columns:
    """Log-probabilities times a factor for each side: 0 is chosen, 1 rejected."""
    return columns | {name: columns[name] * factor(LOGPS.index(name) % 2) for name in names}


def blocks(columns: Columns, size: int) -> Columns:
    """Means of batches of so many pairs, a row each."""
    return {name: values.unfold(0, size, size).mean(1) for name, values in columns.items()}


PC, PR, RC, RR = LOGPS
RUN = RunSettings()


def _of_tokens(columns: Columns) -> Callable[[int], Tensor]:
    return lambda side: 1 / columns[LENGTHS[side]]


def _prompted(columns: Columns, names: Sequence[str], seed: int) -> Columns:
    draws = torch.Generator().manual_seed(seed)
    prompts = 120 * torch.exp(0.5 * torch.randn(len(columns[PC]), generator=draws)).double()
    return columns | {name: columns[name] - prompts for name in names}


@dataclass(frozen=True)
class Fault:
    """A mistake that can be made of healthy pairs."""

    finding: str
    make: Callable[[int], Columns]
    """by a seed"""
    says: str
    """words of the message"""


def _with(finding: str, says: str, make: Callable[[Columns], Columns], **how: float) -> Fault:
    return Fault(finding, lambda seed: make(made(Made(seed=seed, **how))), says)  # type: ignore[arg-type]


def _sigmoid(**settings: float | str) -> RunSettings:
    return RunSettings(**settings)  # type: ignore[arg-type]


FAULTS = {
    "policy and reference swapped": _with(
        "swapped", "policy and reference", lambda c: exchanged(c, (PC, RC), (PR, RR))
    ),
    "chosen and rejected swapped": _with(
        "swapped", "chosen and rejected", lambda c: exchanged(c, (PC, PR), (RC, RR), LENGTHS)
    ),
    "swapped in the reference": _with(
        "swapped_in_one", "in the reference", lambda c: exchanged(c, (RC, RR))
    ),
    "swapped in the policy": _with(
        "swapped_in_one", "in the policy", lambda c: exchanged(c, (PC, PR))
    ),
    "mean over tokens": _with(
        "mean_not_sum", "means over tokens", lambda c: scaled(c, LOGPS, _of_tokens(c))
    ),
    "mean over tokens, without lengths": _with(
        "mean_not_sum",
        "chosen_lengths",
        lambda c: {n: v for n, v in scaled(c, LOGPS, _of_tokens(c)).items() if n in LOGPS},
    ),
    "mean over a padded width": _with(
        "mean_not_sum", "padded", lambda c: scaled(c, LOGPS, lambda _: 1 / 1024)
    ),
    "mean in the policy only": _with(
        "mean_not_sum", "of the policy, but not", lambda c: scaled(c, (PC, PR), _of_tokens(c))
    ),
    "beta twice": _with(
        "beta_twice", "twice", lambda c: with_losses(c, _sigmoid(beta=0.01)), margin=20.0
    ),
    "another loss": _with(
        "other_loss", "hinge", lambda c: with_losses(c, _sigmoid(loss_type="hinge"))
    ),
    "another loss, its mean": _with(
        "other_loss", "ipo", lambda c: with_losses(c, _sigmoid(loss_type="ipo"), mean=True)
    ),
    "another beta": _with("other_loss", "β = 0.5", lambda c: with_losses(c, _sigmoid(beta=0.5))),
    "another loss and beta": _with(
        "other_loss",
        "apo_zero with β = 0.3",
        lambda c: with_losses(c, _sigmoid(loss_type="apo_zero", beta=0.3)),
    ),
    "label smoothing": _with(
        "other_loss",
        "label smoothing = 0.2",
        lambda c: with_losses(c, _sigmoid(label_smoothing=0.2)),
        margin=20.0,
    ),
    "a likelihood term": _with(
        "other_loss",
        "0.2 times the mean token log-likelihood",
        lambda c: (w := with_losses(c, RUN)) | {"loss": w["loss"] - 0.2 * c[PC] / c[LENGTHS[0]]},
    ),
    "another start": _with("step_zero", "another checkpoint", lambda c: at_step(c, 0)),
    "losses of accumulated batches": _with(
        "step_zero",
        "8 times",
        lambda c: at_step(
            at_the_reference(c) | {"loss": torch.full_like(c[PC], 8 * math.log(2))}, 0
        ),
    ),
    "a policy that stays": _with(
        "not_moved", "not be trained", lambda c: at_step(at_the_reference(c), 500)
    ),
    "no reference": _with(
        "reference_missing", "no log-probabilities", lambda c: {n: c[n] for n in (PC, PR)}
    ),
    "a reference of 0": _with(
        "reference_missing", "of 0", lambda c: scaled(c, (RC, RR), lambda _: 0.0)
    ),
    "a constant reference": _with(
        "reference_missing",
        "the same",
        lambda c: c | {n: c[n].mean().expand(len(c[n])) for n in (RC, RR)},
    ),
    "truncated responses": _with(
        "equal_sides",
        "truncated",
        lambda c: (
            c | {o: torch.where(c[LENGTHS[0]] > 200, c[n], c[o]) for n, o in ((PC, PR), (RC, RR))}
        ),
    ),
    "displacement": _with("displacement", "lose", lambda c: c, chosen=-60.0, margin=12.0),
    "suppression": _with("suppression", "come", lambda c: c, chosen=-1.0, margin=110.0),
    "saturation": _with(
        "saturated", "hundredth", lambda c: c, chosen=20.0, margin=150.0, spread=0.3
    ),
    "length": _with("length", "longer", lambda c: c, per_token=0.15, margin=3.0),
    "NaN": _with(
        "not_finite", "line 5", lambda c: c | {RC: c[RC].index_fill(0, torch.tensor([3]), math.nan)}
    ),
    "rows that are means": Fault(
        "batch_means",
        lambda seed: {
            name: values
            for name, values in blocks(
                with_losses(made(Made(seed=seed, pairs=512, margin=20.0)), RUN), 16
            ).items()
            if name not in LENGTHS
        },
        "Jensen",
    ),
    "means written for each pair": _with(
        "batch_means",
        "blocks",
        lambda c: {n: v.repeat_interleave(8) for n, v in blocks(c, 8).items() if n in LOGPS},
    ),
    "labels that are not shifted": _with(
        "implausible_sums", "shifted", lambda c: scaled(c, LOGPS, lambda _: 9.0)
    ),
    "the prompt in the policy": Fault(
        "prompt_counted",
        lambda seed: _prompted(made(Made(seed=seed)), (PC, PR), seed),
        "The policy may count",
    ),
    "the prompt in the reference": Fault(
        "prompt_counted",
        lambda seed: _prompted(made(Made(seed=seed)), (RC, RR), seed),
        "The reference may count",
    ),
    "five pairs": _with("few_pairs", "little", lambda c: {n: v[:5] for n, v in c.items()}),
}
