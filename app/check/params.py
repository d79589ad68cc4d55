"""How a run was trained, as its owner says it: to the API, to the page or to the command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from app.check.given import settings_given
from app.check.loss_fields import LossFields
from app.check.settings import RunSettings
from app.check.trainers import TRAINERS, loss_here

if TYPE_CHECKING:
    TrainerName: TypeAlias = str
else:
    TrainerName = Literal[TRAINERS]


class _OfTrainer(BaseModel):
    """The trainer, which goes before the loss that it names."""

    trainer: TrainerName | None = Field(
        None,
        title="Trainer",
        description="what wrote the file; unless given, it is recognized by its names. Its own names of "
        "losses are then read too",
    )


class RunParams(LossFields, _OfTrainer):
    """The loss of a run with its parameters; what is not given is assumed."""

    @field_validator("loss_type", mode="before")
    @classmethod
    def _named_by_the_trainer(cls, value: object, info: ValidationInfo) -> object:
        trainer = info.data.get("trainer")
        if trainer is None or not isinstance(value, str):
            return value
        return loss_here(trainer, value)

    def settings(self) -> RunSettings:
        """The same for a check, with what nobody gave marked as assumed."""
        values = {"trainer": self.trainer, **self.of_loss()}
        return settings_given(
            {name: value for name, value in values.items() if name in self.model_fields_set}
        )
