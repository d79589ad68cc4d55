"""Any preference loss on a batch of pairs, with gradients, to compare a training loop with."""

from __future__ import annotations

from typing import Annotated, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic.config import JsonDict
from torch import Tensor

from app.lab.losses import (
    NEEDS_LENGTHS,
    REFERENCE_FREE,
    LossParams,
    PairLogps,
    implicit_rewards,
    preference_loss,
)
from app.web.problem import InvalidParams
from app.widgets.common.bodies import limit_fields
from app.widgets.common.loss_types import LOSS_LABELS, LossType, smoothing_suits_the_loss

MAX_PAIRS = 10_000

Logp = Annotated[float, Field(ge=-1e6, le=0, allow_inf_nan=False)]
Logps = Annotated[list[Logp], Field(min_length=1, max_length=MAX_PAIRS)]
Lengths = Annotated[
    list[Annotated[int, Field(ge=1, le=1_000_000)]], Field(min_length=1, max_length=MAX_PAIRS)
]

TORCHTUNE: JsonDict = {
    "loss_type": "sigmoid",
    "beta": 0.1,
    "policy_chosen_logps": [-0.5, -10, -1],
    "policy_rejected_logps": [-0.1, -30, -21],
    "reference_chosen_logps": [-0.5, -10.1, -0.1],
    "reference_rejected_logps": [-0.1, -20.1, -0.1],
}
"""the published test case of torchtune: losses 0.693147, 0.313262, 0.126928"""


class PairBatch(BaseModel):
    """Log-probabilities of a batch of pairs: sums over completion tokens, in nats."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        use_enum_values=True,
        validate_default=True,
        json_schema_extra={"example": TORCHTUNE},
    )

    loss_type: LossType = Field(
        LossType("sigmoid"),
        description="which loss; names as in TRL, except that its length-averaged ipo is ipo_norm",
        json_schema_extra={"labels": dict(LOSS_LABELS)},
    )
    beta: float = Field(
        0.1, gt=0, le=100, description="temperature; for orpo the weight lambda of the odds ratio"
    )
    label_smoothing: float = Field(
        0.0, ge=0, lt=0.5, description="assumed share of flipped labels: sigmoid, robust, exo_pair"
    )
    simpo_gamma: float = Field(0.5, ge=0, le=100, description="target margin of simpo")
    kto_reference_point: float = Field(
        0.0, ge=0, le=1e6, description="z0 of kto in nats, an estimate of KL(pi_theta || pi_ref)"
    )
    policy_chosen_logps: Logps = Field(description="log pi_theta(y_w | x) of each pair, nats")
    policy_rejected_logps: Logps = Field(description="log pi_theta(y_l | x) of each pair, nats")
    reference_chosen_logps: Logps | None = Field(
        None, description="log pi_ref(y_w | x), nats; only simpo and orpo do without"
    )
    reference_rejected_logps: Logps | None = Field(
        None, description="log pi_ref(y_l | x), nats; only simpo and orpo do without"
    )
    chosen_lengths: Lengths | None = Field(
        None, description="completion tokens of y_w: ipo_norm, sigmoid_norm, simpo, orpo need them"
    )
    rejected_lengths: Lengths | None = Field(
        None, description="completion tokens of y_l: ipo_norm, sigmoid_norm, simpo, orpo need them"
    )

    _few = model_validator(mode="before")(limit_fields)
    _smoothing = field_validator("label_smoothing")(smoothing_suits_the_loss)

    @field_validator("reference_chosen_logps", "reference_rejected_logps")
    @classmethod
    def _require_reference(cls, value: object, info: ValidationInfo) -> object:
        loss_type = info.data.get("loss_type")
        if value is None and loss_type is not None and loss_type not in REFERENCE_FREE:
            raise ValueError(f"required: {loss_type} compares with the reference")
        return value

    @field_validator("chosen_lengths", "rejected_lengths")
    @classmethod
    def _require_lengths(cls, value: object, info: ValidationInfo) -> object:
        loss_type = info.data.get("loss_type")
        if value is None and loss_type in NEEDS_LENGTHS:
            raise ValueError(f"required: {loss_type} averages over completion tokens")
        return value

    @field_validator(
        "policy_rejected_logps",
        "reference_chosen_logps",
        "reference_rejected_logps",
        "chosen_lengths",
        "rejected_lengths",
    )
    @classmethod
    def _one_value_per_pair(
        cls, value: list[float] | None, info: ValidationInfo
    ) -> list[float] | None:
        pairs = info.data.get("policy_chosen_logps")
        if value is not None and pairs is not None and len(value) != len(pairs):
            raise ValueError(f"has {len(value)} values, but policy_chosen_logps has {len(pairs)}")
        return value

    @model_validator(mode="after")
    def _both_references_or_neither(self) -> Self:
        if (self.reference_chosen_logps is None) != (self.reference_rejected_logps is None):
            raise ValueError(
                "reference_chosen_logps and reference_rejected_logps must be given together"
            )
        return self


class LogpGradients(BaseModel):
    """Derivatives of each pair's loss, by autograd."""

    policy_chosen_logps: list[float] = Field(description="d losses[i] / d policy_chosen_logps[i]")
    policy_rejected_logps: list[float] = Field(
        description="d losses[i] / d policy_rejected_logps[i]"
    )


class PairLosses(BaseModel):
    """What a trainer would log for this batch, in float64."""

    loss: float = Field(description="mean of losses")
    losses: list[float] = Field(description="of each pair")
    chosen_rewards: list[float] = Field(
        description="implicit rewards beta (log pi_theta - log pi_ref) of the chosen responses; "
        "without a reference beta log pi_theta, as TRL's CPOTrainer logs it"
    )
    rejected_rewards: list[float] = Field(description="the same of the rejected responses")
    margins: list[float] = Field(description="chosen_rewards - rejected_rewards")
    accuracy: float = Field(description="share of pairs with a margin above 0")
    gradients: LogpGradients


def pair_losses(batch: PairBatch) -> PairLosses:
    """The losses, rewards and gradients of a batch.

    Raises:
        InvalidParams: the loss overflows at these log-probabilities
    """
    chosen = _column(batch.policy_chosen_logps).requires_grad_()
    rejected = _column(batch.policy_rejected_logps).requires_grad_()
    zeros = torch.zeros_like(chosen)
    pairs = PairLogps(
        chosen,
        rejected,
        _column(batch.reference_chosen_logps, zeros),
        _column(batch.reference_rejected_logps, zeros),
        None if batch.chosen_lengths is None else _column(batch.chosen_lengths),
        None if batch.rejected_lengths is None else _column(batch.rejected_lengths),
        LossParams(batch.label_smoothing, batch.simpo_gamma, batch.kto_reference_point),
    )
    losses = preference_loss(batch.loss_type, pairs, batch.beta)
    chosen_gradient, rejected_gradient = torch.autograd.grad(
        losses.sum(), [chosen, rejected], materialize_grads=True
    )
    _refuse_overflow(batch, losses.detach(), chosen_gradient, rejected_gradient)
    rewards_chosen, rewards_rejected = implicit_rewards(pairs, batch.beta)
    margins = rewards_chosen - rewards_rejected
    return PairLosses(
        loss=losses.mean().item(),
        losses=losses.tolist(),
        chosen_rewards=rewards_chosen.tolist(),
        rejected_rewards=rewards_rejected.tolist(),
        margins=margins.tolist(),
        accuracy=(margins > 0).double().mean().item(),
        gradients=LogpGradients(
            policy_chosen_logps=chosen_gradient.tolist(),
            policy_rejected_logps=rejected_gradient.tolist(),
        ),
    )


def _column(values: list[float] | list[int] | None, default: Tensor | None = None) -> Tensor:
    if values is None:
        assert default is not None
        return default
    return torch.tensor(values, dtype=torch.float64)


MIN_BETA = 1e-150
"""the square of 1 / (2 beta), summed over a batch, still fits into float64"""

MAX_LOGP = -1e-290
"""nats: above it, the odds of a response or their derivative overflow"""


def _refuse_overflow(batch: PairBatch, losses: Tensor, *gradients: Tensor) -> None:
    """Raise InvalidParams for the field that makes float64 overflow."""
    finite = torch.isfinite(torch.stack([losses, *gradients])).all(0)
    if bool(finite.all()) and bool(torch.isfinite(losses.mean())):
        return
    if batch.beta < MIN_BETA:
        raise InvalidParams.of(
            "beta",
            f"{batch.loss_type} aims at 1 / (2 beta), whose square overflows",
            f"from {MIN_BETA:g} to 100 for {batch.loss_type}",
        )
    pair = int(finite.logical_not().nonzero()[0])
    certain = batch.policy_chosen_logps[pair] > MAX_LOGP
    side = "policy_chosen_logps" if certain else "policy_rejected_logps"
    raise InvalidParams.of(
        f"{side}.{pair}",
        f"{batch.loss_type} is not finite where a response is certain",
        f"from -1e+06 to {MAX_LOGP:g} for {batch.loss_type}",
    )
