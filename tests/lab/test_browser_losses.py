"""Losses of the browser's lab (static/lab/losses.js) and their gradients are those of torch and autograd."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from app.lab.baselines import BASELINES, training_loss
from app.lab.losses import (
    LOSSES,
    USES_LABEL_SMOOTHING,
    LossParams,
    PairLogps,
    check_label_smoothing,
)
from tests.node import answer_of, camel_case

ALL = [*LOSSES, *BASELINES]

BETAS = (0.01, 0.1, 0.5, 1.0, 10.0)
RATIOS = (-60.0, -37.5, -20.0, -5.0, -1.0, -0.25, 0.0, 0.5, 1.0, 8.0, 37.5, 60.0)
LENGTHS = ((1, 1), (300, 1), (7, 12), (300, 299))
SMOOTHINGS = [{"label_smoothing": e} for e in (0.0, 0.1, 0.3)]
PARAMS: dict[str, list[dict[str, float]]] = {
    "sigmoid": SMOOTHINGS,
    "robust": SMOOTHINGS,
    "exo_pair": SMOOTHINGS,
    "sigmoid_nll": SMOOTHINGS,
    "simpo": [{}, {"simpo_gamma": 0.0}, {"simpo_gamma": 3.0}],
    "bco_pair": [{}, {"reward_shift": -2.5}, {"reward_shift": 4.0}],
    # At tau = 5 the exponential loss overflows.
    "discopop": [{}, {"discopop_tau": 0.5}, {"discopop_tau": 2.0}, {"discopop_tau": 5.0}],
    "kto": [
        {},
        {"kto_reference_point": 5.0, "desirable_weight": 1.3, "undesirable_weight": 0.7},
    ],
}


@dataclass(frozen=True)
class Case:
    loss_type: str
    beta: float = 0.1
    params: dict[str, float] = field(default_factory=dict)


CASES = [
    Case(name, beta, params) for name in ALL for beta in BETAS for params in PARAMS.get(name, [{}])
]


def batch() -> PairLogps:
    """A grid of log-ratios with all lengths, and pairs by chance; no log-probability is above 0."""
    grid = torch.tensor(
        [
            (*ratios, *lengths)
            for ratios in itertools.product(RATIOS, RATIOS)
            for lengths in LENGTHS
        ],
        dtype=torch.float64,
    )
    generator = torch.Generator().manual_seed(0)
    ratios = 120 * torch.rand(200, 2, dtype=torch.float64, generator=generator) - 60
    lengths = torch.randint(1, 301, (200, 2), generator=generator)
    chosen, rejected, *both_lengths = torch.cat([grid, torch.cat([ratios, lengths], 1)]).T
    # From nearly certain to hopeless; in binary fractions, which keep the grid and the kink of hinge exact.
    certainty = torch.tensor([2.0**-20, 0.5, 40.0, 1200.0, 3.0], dtype=torch.float64)
    place = torch.arange(len(chosen))
    policy = (
        -certainty[place % 5] - (-chosen).relu(),
        -certainty[place // 5 % 5] - (-rejected).relu(),
    )
    return PairLogps(*policy, policy[0] - chosen, policy[1] - rejected, *both_lengths)


def in_javascript(pairs: PairLogps, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """For each case its columns (loss, d chosen, d rejected), or what it is refused with."""
    columns = {name: value for name, value in vars(pairs).items() if isinstance(value, Tensor)}
    asked = {
        "batch": {camel_case(name): column.tolist() for name, column in columns.items()},
        "cases": [
            {
                "lossType": case.loss_type,
                "beta": case.beta,
                "params": {camel_case(name): value for name, value in case.params.items()},
            }
            for case in cases
        ],
    }
    answers: list[dict[str, Any]] = answer_of("lab_losses.js", asked)
    return answers


def in_torch(pairs: PairLogps, case: Case) -> Tensor:
    """Losses and autograd's gradients. Shape: (3, pairs)."""
    policy = (
        pairs.policy_chosen.clone().requires_grad_(),
        pairs.policy_rejected.clone().requires_grad_(),
    )
    asked = replace(
        pairs,
        policy_chosen=policy[0],
        policy_rejected=policy[1],
        params=LossParams(**case.params),
    )
    losses = training_loss(case.loss_type, asked, case.beta)
    gradients = torch.autograd.grad(losses.sum(), policy, materialize_grads=True)
    return torch.stack([losses.detach(), *gradients])


def column(values: Sequence[float | str]) -> list[float]:
    return [float(value) for value in values]


@pytest.fixture(scope="module")
def compared() -> list[tuple[Case, Tensor, Tensor]]:
    """Each case with what JavaScript and what torch has. Shapes: (3, pairs)."""
    pairs = batch()
    return [
        (
            case,
            torch.tensor([column(values) for values in answer["columns"]], dtype=torch.float64),
            in_torch(pairs, case),
        )
        for case, answer in zip(CASES, in_javascript(pairs, CASES), strict=True)
    ]


@pytest.mark.parametrize("name", ALL)
def test_losses_and_gradients_are_those_of_torch(
    compared: list[tuple[Case, Tensor, Tensor]], name: str
) -> None:
    """Where torch overflows so does JavaScript; infinity and NaN count as the same."""
    for case, found, expected in compared:
        if case.loss_type != name:
            continue
        finite = expected.isfinite()
        assert bool((found.isfinite() == finite).all()), case
        differences = (found - expected).abs() / expected.abs().clamp(min=1)
        assert differences[finite].max().item() <= 1e-9, case


def test_only_discopop_overflows(compared: list[tuple[Case, Tensor, Tensor]]) -> None:
    overflowing = {
        case.loss_type for case, _, expected in compared if not expected.isfinite().all()
    }
    assert overflowing == {"discopop"}


def refusal(case: Case) -> str | None:
    """What the lab on the server says of it; of the baselines only one has a term for flipped labels."""
    try:
        check_label_smoothing(
            case.loss_type, case.params["label_smoothing"], USES_LABEL_SMOOTHING | {"sigmoid_nll"}
        )
    except ValueError as error:
        return str(error)
    return None


def test_label_smoothing_that_a_loss_cannot_use_is_refused() -> None:
    smoothings = (-0.1, 0.0, 0.1, 0.49, 0.5, 1.0)
    cases = [Case(name, params={"label_smoothing": e}) for name in ALL for e in smoothings]
    answers = in_javascript(batch(), cases)
    assert [answer.get("refused") for answer in answers] == [refusal(case) for case in cases]


@pytest.mark.parametrize("name", ["dpo", "", "constructor"])
def test_an_unknown_loss_is_refused(name: str) -> None:
    (answer,) = in_javascript(batch(), [Case(name)])
    assert answer["refused"].startswith("loss_type must be one of sigmoid, robust, ")
