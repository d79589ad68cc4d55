"""The loss of a run with its parameters, as fields of a request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic.config import JsonDict

from app.check.trainers import trainers
from app.lab.more_losses import (
    ALL_LOSSES,
    ALL_THAT_SMOOTH,
    F_DIVERGENCES,
    FDivergence,
    check_loss_params,
)

if TYPE_CHECKING:
    LossName: TypeAlias = str
    DivergenceName: TypeAlias = str
else:
    LossName = Literal[tuple(ALL_LOSSES)]
    DivergenceName = Literal[F_DIVERGENCES]

MOST_LOSSES = 8
"""of a weighted list"""


def _other_names() -> JsonDict:
    """What trainers call each loss, so that a refusal can say which one was meant."""
    called: dict[str, list[str]] = {name: [name] for name in ALL_LOSSES}
    for trainer in trainers().values():
        for loss in trainer.losses:
            if loss.here in called and loss.loss_type not in called:
                called[loss.here].append(loss.loss_type)
    return {"labels": {name: " ".join(names) for name, names in called.items()}}


def losses_in(info: ValidationInfo) -> Sequence[str]:
    """The losses that were validated; none if they were refused."""
    one = info.data.get("loss_type")
    several: Sequence[str] = info.data.get("loss_types", ())
    return several or (() if one is None else (one,))


class MoreLossFields(BaseModel):
    """Parameters beside beta and label smoothing, each read by the losses that have it."""

    simpo_gamma: float = Field(
        0.5, title="γ of SimPO", ge=0, le=100, description="target margin of simpo and alphapo"
    )
    kto_reference_point: float = Field(
        0.0,
        title="z₀ of KTO",
        ge=0,
        le=1e6,
        description="z0 of kto in nats, an estimate of KL(pi_theta || pi_ref)",
    )
    desirable_weight: float = Field(
        1.0,
        title="Weight of chosen",
        ge=0,
        le=1000,
        description="weight of the chosen half: kto, apo_zero_unpaired",
    )
    undesirable_weight: float = Field(
        1.0,
        title="Weight of rejected",
        ge=0,
        le=1000,
        description="weight of the rejected half: kto, apo_zero_unpaired",
    )
    reward_shift: float = Field(
        0.0,
        title="Reward shift of BCO",
        ge=-1e6,
        le=1e6,
        description="delta of bco_pair: TRL 0.24 has the running mean of rewards, TRL 1.16 has 0",
    )
    discopop_tau: float = Field(
        0.05, title="τ of DiscoPOP", ge=0.001, le=100, description="temperature of discopop's mix"
    )


class _LossHead(BaseModel):
    """Which loss, and the parameters that most have."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    loss_type: LossName = Field(
        "sigmoid",
        title="Loss",
        description="which loss; names as in TRL's DPOTrainer and KTOTrainer, except that its "
        "length-averaged ipo is ipo_norm; those of its CPOTrainer begin with cpo_",
        json_schema_extra=_other_names(),
    )
    beta: float = Field(
        0.1,
        title="β",
        gt=0,
        le=100,
        description="temperature; for orpo the weight lambda of the odds ratio",
    )
    loss_types: Annotated[tuple[LossName, ...], Field(max_length=MOST_LOSSES)] = Field(
        (),
        title="Several losses",
        description="several losses that are added up, in the place of loss_type; as text, with commas",
    )
    loss_weights: Annotated[
        tuple[Annotated[float, Field(ge=0, le=1000)], ...], Field(max_length=MOST_LOSSES)
    ] = Field((), title="Their weights", description="of each of loss_types; all 1 unless given")
    label_smoothing: float = Field(
        0.0,
        title="Label smoothing",
        ge=0,
        lt=0.5,
        description=f"assumed share of flipped labels: {', '.join(sorted(ALL_THAT_SMOOTH))}; exo_pair "
        "takes 0 as 0.001",
    )

    @field_validator("loss_type", mode="before")
    @classmethod
    def _one_loss(cls, value: object) -> object:
        if isinstance(value, list):
            raise ValueError("give several losses as loss_types, and their weights as loss_weights")
        return value

    @field_validator("loss_types", "loss_weights", mode="before")
    @classmethod
    def _with_commas(cls, value: object) -> object:
        return [part.strip() for part in value.split(",")] if isinstance(value, str) else value

    @field_validator("loss_weights")
    @classmethod
    def _a_weight_for_each(
        cls, value: tuple[float, ...], info: ValidationInfo
    ) -> tuple[float, ...]:
        losses = info.data.get("loss_types")
        if value and losses is not None and len(value) != len(losses):
            raise ValueError(f"has {len(value)} values, but loss_types has {len(losses)}")
        return value

    @field_validator("label_smoothing", mode="before")
    @classmethod
    def _smoothing_suits_the_loss(cls, value: object, info: ValidationInfo) -> object:
        losses = losses_in(info)
        if losses and not ALL_THAT_SMOOTH.intersection(losses):
            try:
                number = float(value)  # type: ignore[arg-type]
            except (TypeError, ValueError):
                return value
            check_loss_params(losses, number)
        return value


class LossFields(MoreLossFields, _LossHead):
    """A loss, or several that are added up, with all that trainers can be told of it."""

    alphapo_alpha: float = Field(
        0.0, title="α of AlphaPO", ge=-10, le=10, description="of alphapo; 0 is SimPO's reward"
    )
    f_divergence_type: DivergenceName = Field(
        "reverse_kl",
        title="f-divergence",
        description="what holds the policy near the reference; for losses that compare two rewards",
    )
    f_alpha_divergence_coef: float = Field(
        0.5,
        title="α of the divergence",
        ge=-10,
        le=10,
        description="of alpha_divergence, as in TRL 1.16; TRL 0.24 writes 1 - alpha for it",
    )

    @field_validator("f_divergence_type")
    @classmethod
    def _divergence_suits_the_loss(cls, value: str, info: ValidationInfo) -> str:
        if losses := losses_in(info):
            check_loss_params(losses, 0.0, FDivergence(value))
        return value

    def of_loss(self) -> dict[str, Any]:
        """The fields of this class alone, which ``RunSettings`` takes."""
        return {name: getattr(self, name) for name in LossFields.model_fields}
