"""Any preference loss on a batch of pairs, with gradients, to compare a training loop with."""

from __future__ import annotations

from typing import Annotated, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic.config import JsonDict
from torch import Tensor

from app.check.loss_fields import LossFields, losses_in
from app.check.settings import RunSettings
from app.lab.losses import PairLogps
from app.lab.more_losses import (
    ALL_LOSSES,
    ALL_REFERENCE_FREE,
    ALL_THAT_NEED_LENGTHS,
    desensitized,
    logged,
    weighted_loss,
)
from app.lab.rewards import accuracy, rewarded, rewards
from app.web.problem import InvalidParams
from app.widgets.common.bodies import limit_fields

MAX_PAIRS = 10_000

Logp = Annotated[float, Field(ge=-1e6, le=0, allow_inf_nan=False)]
Logps = Annotated[list[Logp], Field(min_length=1, max_length=MAX_PAIRS)]
Lengths = Annotated[
    list[Annotated[int, Field(ge=1, le=1_000_000)]], Field(min_length=1, max_length=MAX_PAIRS)
]

Weight = Annotated[float, Field(ge=0, le=1000)]

FURTHER = tuple(
    f"{whose}_{which}_further_logps"
    for whose in ("policy", "reference")
    for which in ("chosen", "rejected")
)
FREE = ", ".join(name for name in ALL_LOSSES if name in ALL_REFERENCE_FREE)
AVERAGED = ", ".join(name for name in ALL_LOSSES if name in ALL_THAT_NEED_LENGTHS)

TORCHTUNE: JsonDict = {
    "loss_type": "sigmoid",
    "beta": 0.1,
    "policy_chosen_logps": [-0.5, -10, -1],
    "policy_rejected_logps": [-0.1, -30, -21],
    "reference_chosen_logps": [-0.5, -10.1, -0.1],
    "reference_rejected_logps": [-0.1, -20.1, -0.1],
}
"""the published test case of torchtune: losses 0.693147, 0.313262, 0.126928"""


class PairBatch(LossFields):
    """Log-probabilities of a batch of pairs: sums over completion tokens, in nats."""

    model_config = ConfigDict(validate_default=True, json_schema_extra={"example": TORCHTUNE})

    policy_chosen_logps: Logps = Field(description="log pi_theta(y_w | x) of each pair, nats")
    policy_rejected_logps: Logps = Field(description="log pi_theta(y_l | x) of each pair, nats")
    reference_chosen_logps: Logps | None = Field(
        None, description=f"log pi_ref(y_w | x), nats; {FREE} do without"
    )
    reference_rejected_logps: Logps | None = Field(
        None, description=f"log pi_ref(y_l | x), nats; {FREE} do without"
    )
    chosen_lengths: Lengths | None = Field(
        None, description=f"completion tokens of y_w: {AVERAGED} need them"
    )
    rejected_lengths: Lengths | None = Field(
        None, description=f"completion tokens of y_l: {AVERAGED} need them"
    )
    pair_weights: Annotated[list[Weight], Field(min_length=1, max_length=MAX_PAIRS)] | None = Field(
        None, description="what the loss of each pair is multiplied by, such as the weights of WPO"
    )
    ld_alpha: float | None = Field(
        None,
        ge=0,
        le=1,
        description="how much the tokens count by which a response is longer than the other (LD-DPO); "
        "their sums are the four further_logps",
    )
    policy_chosen_further_logps: Logps | None = Field(
        None,
        description="the part of policy_chosen_logps on those tokens, nats; 0 if there are none",
    )
    policy_rejected_further_logps: Logps | None = Field(None, description="the same of y_l")
    reference_chosen_further_logps: Logps | None = Field(
        None,
        description="the same of the reference; without it the policy alone is weighted, as TRL 0.24 and "
        "LLaMA-Factory do",
    )
    reference_rejected_further_logps: Logps | None = Field(None, description="the same of y_l")

    _few = model_validator(mode="before")(limit_fields)

    @property
    def settings(self) -> RunSettings:
        """The losses and their parameters."""
        return RunSettings(**self.of_loss())

    @field_validator("reference_chosen_logps", "reference_rejected_logps")
    @classmethod
    def _require_reference(cls, value: object, info: ValidationInfo) -> object:
        compared = [name for name in losses_in(info) if name not in ALL_REFERENCE_FREE]
        if value is None and compared:
            raise ValueError(f"required: {compared[0]} compares with the reference")
        return value

    @field_validator("chosen_lengths", "rejected_lengths")
    @classmethod
    def _require_lengths(cls, value: object, info: ValidationInfo) -> object:
        averaged = [name for name in losses_in(info) if name in ALL_THAT_NEED_LENGTHS]
        if value is None and averaged:
            raise ValueError(f"required: {averaged[0]} averages over completion tokens")
        return value

    @field_validator("policy_chosen_further_logps", "policy_rejected_further_logps")
    @classmethod
    def _require_further(cls, value: object, info: ValidationInfo) -> object:
        if value is None and info.data.get("ld_alpha") is not None:
            raise ValueError("required: ld_alpha weights it")
        return value

    @field_validator(
        "policy_rejected_logps",
        "reference_chosen_logps",
        "reference_rejected_logps",
        "chosen_lengths",
        "rejected_lengths",
        "pair_weights",
        *FURTHER,
    )
    @classmethod
    def _one_value_per_pair(
        cls, value: list[float] | None, info: ValidationInfo
    ) -> list[float] | None:
        pairs = info.data.get("policy_chosen_logps")
        if value is not None and pairs is not None and len(value) != len(pairs):
            raise ValueError(f"has {len(value)} values, but policy_chosen_logps has {len(pairs)}")
        return value

    @field_validator(*FURTHER)
    @classmethod
    def _part_of_the_sum(
        cls, value: list[float] | None, info: ValidationInfo
    ) -> list[float] | None:
        whole = info.data.get(str(info.field_name).replace("_further", ""))
        if value is None:
            return None
        if info.data.get("ld_alpha") is None:
            raise ValueError("is read with ld_alpha alone")
        if whole is not None and any(
            part < total for part, total in zip(value, whole, strict=False)
        ):
            raise ValueError("is lower than the sum that it is a part of")
        return value

    @model_validator(mode="after")
    def _both_references_or_neither(self) -> Self:
        for kind in ("logps", "further_logps"):
            chosen, rejected = f"reference_chosen_{kind}", f"reference_rejected_{kind}"
            if (getattr(self, chosen) is None) != (getattr(self, rejected) is None):
                raise ValueError(f"{chosen} and {rejected} must be given together")
        return self


class LogpGradients(BaseModel):
    """Derivatives of the sum of losses, by autograd.

    Of all losses but aot, aot_unpaired and sft, those of pair i are those of losses[i].
    """

    policy_chosen_logps: list[float] = Field(description="d losses[i] / d policy_chosen_logps[i]")
    policy_rejected_logps: list[float] = Field(
        description="d losses[i] / d policy_rejected_logps[i]"
    )


class PairLosses(BaseModel):
    """What a trainer would log for this batch, in float64."""

    loss: float = Field(description="mean of losses")
    logged_loss: float = Field(
        description="loss as trainers log it: half of it for kto and apo_zero_unpaired, which they average "
        "over single responses; else the same"
    )
    losses: list[float] = Field(
        description="of each pair; kto and apo_zero_unpaired: the sum of both halves; aot, aot_unpaired: of "
        "each rank, the lowest first; sft: the mean over all tokens of the batch"
    )
    chosen_rewards: list[float] = Field(
        description="rewards of the chosen responses under this loss: beta (log pi_theta - log pi_ref); a "
        "mean over tokens for ipo_norm and sigmoid_norm; beta times the mean of log pi_theta over tokens for "
        "simpo, orpo and cpo_ipo; beta log pi_theta for cpo_sigmoid and cpo_hinge; beta (1 - p^-alpha) / "
        "alpha for alphapo; those of the first of several losses"
    )
    rejected_rewards: list[float] = Field(description="the same of the rejected responses")
    margins: list[float] = Field(description="chosen_rewards - rejected_rewards")
    accuracy: float = Field(
        description="share of pairs with a margin above 0; a tie counts as wrong"
    )
    gradients: LogpGradients


def pair_losses(batch: PairBatch) -> PairLosses:
    """The losses, rewards and gradients of a batch.

    Raises:
        InvalidParams: the loss overflows at these log-probabilities
    """
    settings = batch.settings
    chosen = _column(batch.policy_chosen_logps).requires_grad_()
    rejected = _column(batch.policy_rejected_logps).requires_grad_()
    pairs = _pairs(batch, chosen, rejected)
    weights = None if batch.pair_weights is None else _column(batch.pair_weights)
    losses, halved = (
        weighted_loss(listed, pairs, batch.beta, settings.divergence, weights)
        for listed in (settings.losses, logged(settings.losses))
    )
    chosen_gradient, rejected_gradient = torch.autograd.grad(
        losses.sum(), [chosen, rejected], materialize_grads=True
    )
    rewards_chosen, rewards_rejected = rewards(rewarded(settings.losses), pairs, batch.beta)
    margins = rewards_chosen - rewards_rejected
    _refuse_overflow(batch, losses.detach(), chosen_gradient, rejected_gradient, margins)
    return PairLosses(
        loss=losses.mean().item(),
        logged_loss=halved.mean().item(),
        losses=losses.tolist(),
        chosen_rewards=rewards_chosen.tolist(),
        rejected_rewards=rewards_rejected.tolist(),
        margins=margins.tolist(),
        accuracy=accuracy(margins),
        gradients=LogpGradients(
            policy_chosen_logps=chosen_gradient.tolist(),
            policy_rejected_logps=rejected_gradient.tolist(),
        ),
    )


def _pairs(batch: PairBatch, chosen: Tensor, rejected: Tensor) -> PairLogps:
    """The batch for the lab, with its further tokens weighted."""
    zeros = torch.zeros_like(chosen)
    logps = [
        chosen,
        rejected,
        _column(batch.reference_chosen_logps, zeros),
        _column(batch.reference_rejected_logps, zeros),
    ]
    if batch.ld_alpha is not None:
        further = [_column(getattr(batch, name), zeros) for name in FURTHER]
        logps = [
            desensitized(logp, part, batch.ld_alpha)
            for logp, part in zip(logps, further, strict=True)
        ]
    policy_chosen, policy_rejected, reference_chosen, reference_rejected = logps
    return PairLogps(
        policy_chosen,
        policy_rejected,
        reference_chosen,
        reference_rejected,
        None if batch.chosen_lengths is None else _column(batch.chosen_lengths),
        None if batch.rejected_lengths is None else _column(batch.rejected_lengths),
        batch.settings.loss_params,
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


def _refuse_overflow(batch: PairBatch, losses: Tensor, *others: Tensor) -> None:
    """Raise InvalidParams for the field that makes float64 overflow."""
    finite = torch.isfinite(torch.stack([losses, *others])).all(0)
    if bool(finite.all()) and bool(torch.isfinite(losses.mean())):
        return
    names = [loss.loss_type for loss in batch.settings.losses]
    told = " and ".join(names)
    if batch.beta < MIN_BETA:
        raise InvalidParams.of(
            "beta",
            f"{told} aims at 1 / (2 beta), whose square overflows",
            f"from {MIN_BETA:g} to 100 for {told}",
        )
    if batch.f_divergence_type != "reverse_kl":
        raise InvalidParams.of(
            "f_divergence_type",
            f"{batch.f_divergence_type} overflows at these log-ratios",
            "reverse_kl for these log-ratios",
        )
    if "alphapo" in names and batch.alphapo_alpha != 0:
        raise InvalidParams.of(
            "alphapo_alpha", "p^-alpha overflows at these log-probabilities", "nearer to 0"
        )
    if "orpo" not in names:
        raise InvalidParams.of(
            "beta", f"{told} overflows at these log-probabilities", "a smaller one"
        )
    pair = int(finite.logical_not().nonzero()[0])
    certain = batch.policy_chosen_logps[pair] > MAX_LOGP
    side = "policy_chosen_logps" if certain else "policy_rejected_logps"
    raise InvalidParams.of(
        f"{side}.{pair}",
        f"{told} is not finite where a response is certain",
        f"from -1e+06 to {MAX_LOGP:g} for {told}",
    )
