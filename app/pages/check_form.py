"""The fields of the form on /check: those of ``RunParams``, with what a reader is told of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.check.params import RunParams
from app.check.trainers import trainers
from app.web.route_params import field_schemas
from app.widgets.common.loss_types import LOSS_LABELS

MAIN = ("trainer", "loss_type", "beta")
"""fields that are always shown; the others are folded up"""


@dataclass(frozen=True)
class FormField:
    """A field of the form."""

    name: str
    title: str
    hint: str
    value: str
    """as it was sent; empty if it was not"""
    usual: str
    """what counts where it is empty"""
    options: tuple[tuple[str, str], ...] = ()
    """values and labels of a choice; empty for numbers and texts"""
    number: bool = False

    @property
    def main(self) -> bool:
        """Whether it is shown beside the text."""
        return self.name in MAIN


def form_fields(values: Mapping[str, str]) -> list[FormField]:
    """The fields in order, filled with what was sent."""
    return [
        FormField(
            name=name,
            title=str(schema.get("title", name)),
            hint=str(schema.get("description", "")),
            value=values.get(name, ""),
            usual=_usual(name),
            options=_options(name, [str(value) for value in schema.get("enum", [])]),
            number=schema.get("type") == "number",
        )
        for name, schema in field_schemas(RunParams).items()
    ]


def _usual(name: str) -> str:
    default = RunParams.model_fields[name].default
    return f"{default:g}" if isinstance(default, float) else ""


def _options(name: str, values: list[str]) -> tuple[tuple[str, str], ...]:
    """The values of a choice with their labels; the first stands for what nobody says."""
    if name == "trainer":
        told = {key: f"{trainer.name} {trainer.version}" for key, trainer in trainers().items()}
        return (("", "the one whose names these are"), *((value, told[value]) for value in values))
    if not values:
        return ()
    labels = LOSS_LABELS if name == "loss_type" else {}
    usual = RunParams.model_fields[name].default
    return (
        ("", f"the file’s, or else {usual}"),
        *((value, labels.get(value, value.replace("_", " "))) for value in values),
    )
