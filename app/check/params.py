"""How a run was trained, as its owner says it: to the API, to the page or to the command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic.config import JsonDict

from app.check.settings import RunSettings
from app.check.trainers import TRAINERS, trainers
from app.lab.losses import LOSSES, check_label_smoothing

if TYPE_CHECKING:
    TrainerName: TypeAlias = str
    LossName: TypeAlias = str
else:
    TrainerName = Literal[TRAINERS]
    LossName = Literal[tuple(LOSSES)]


def _other_names() -> JsonDict:
    """What trainers call each loss, so that a refusal can say which one was meant."""
    called: dict[str, list[str]] = {name: [name] for name in LOSSES}
    for trainer in trainers().values():
        for loss in trainer.losses:
            if loss.here in called and loss.loss_type not in called:
                called[loss.here].append(loss.loss_type)
    return {"labels": {name: " ".join(names) for name, names in called.items()}}


class RunParams(BaseModel):
    """The loss of a run with its parameters; what is not given is assumed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    trainer: TrainerName | None = Field(
        None,
        title="Trainer",
        description="what wrote the file; unless given, it is recognized by its names",
    )
    loss_type: LossName = Field(
        "sigmoid",
        title="Loss",
        description="the loss by its name here, or, where the trainer is given, by its name there",
        json_schema_extra=_other_names(),
    )
    beta: float = Field(
        0.1,
        title="β",
        gt=0,
        le=100,
        description="temperature; unless given, the default of the trainer, or 0.1",
    )
    label_smoothing: float = Field(
        0.0, title="Label smoothing", ge=0, lt=0.5, description="assumed share of flipped labels"
    )
    simpo_gamma: float = Field(
        0.5, title="γ of SimPO", ge=0, le=100, description="target margin of simpo"
    )
    kto_reference_point: float = Field(
        0.0, title="z₀ of KTO", ge=0, le=1e6, description="reference point of kto, nats"
    )

    @field_validator("loss_type", mode="before")
    @classmethod
    def _named_by_the_trainer(cls, value: object, info: ValidationInfo) -> object:
        trainer = info.data.get("trainer")
        if trainer is None or not isinstance(value, str):
            return value
        named = trainers()[trainer].convention(value)
        return value if named is None or named.here is None else named.here

    @field_validator("label_smoothing")
    @classmethod
    def _smoothing_suits_the_loss(cls, value: float, info: ValidationInfo) -> float:
        if "loss_type" in info.data:
            check_label_smoothing(info.data["loss_type"], value)
        return value

    def settings(self) -> RunSettings:
        """The same for a check, with what nobody gave marked as assumed."""
        names = RunParams.model_fields.keys()
        values: dict[str, Any] = {name: getattr(self, name) for name in names}
        usual = None if self.trainer is None else trainers()[self.trainer].beta
        if "beta" not in self.model_fields_set and usual is not None:
            values["beta"] = usual
        return RunSettings(**values, assumed=frozenset(names - self.model_fields_set))
