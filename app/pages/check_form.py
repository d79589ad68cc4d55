"""The fields of the form on /check: those of ``RunParams``, with what a reader is told of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.check.params import RunParams
from app.check.trainers import trainers
from app.web.route_params import field_schemas
from app.widgets.common.loss_types import LOSS_LABELS

MAIN = ("trainer", "loss_type", "beta")
"""fields that are always shown; the others are folded up"""


LABELS = {
    **LOSS_LABELS,
    "aot": "aot: AOT on pairs",
    "aot_unpaired": "aot_unpaired: AOT on single responses",
    "sft": "sft: log-likelihood of the chosen",
    "apo_zero_unpaired": "apo_zero_unpaired: APO-zero on single responses",
    "alphapo": "alphapo: AlphaPO",
    "cpo_sigmoid": "cpo_sigmoid: CPO",
    "cpo_hinge": "cpo_hinge: CPO with hinge",
    "cpo_ipo": "cpo_ipo: CPO with IPO",
}
"""of all losses, those that no figure has among them"""


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
    bounds: Mapping[str, str] = field(default_factory=dict)
    """of numbers: low and high, whether they are themselves left out, and the range in words"""

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
            bounds=_bounds(schema),
        )
        for name, schema in field_schemas(RunParams).items()
    ]


def _bounds(schema: Mapping[str, Any]) -> Mapping[str, str]:
    """The range of a number, or of each number of a list."""
    item = schema.get("items", schema)
    low = item.get("minimum", item.get("exclusiveMinimum"))
    high = item.get("maximum", item.get("exclusiveMaximum"))
    if low is None or high is None:
        return {}
    above, below = "exclusiveMinimum" in item, "exclusiveMaximum" in item
    words = (
        f"a number {'above' if above else 'from'} {low:g} {'and below' if below else 'to'} {high:g}"
    )
    ends = {name: "1" for name, left_out in (("above", above), ("below", below)) if left_out}
    return {"low": f"{low:g}", "high": f"{high:g}", "allowed": words, **ends}


def _usual(name: str) -> str:
    default = RunParams.model_fields[name].default
    return f"{default:g}" if isinstance(default, float) else ""


def _options(name: str, values: list[str]) -> tuple[tuple[str, str], ...]:
    """The values of a choice with their labels; the first stands for what nobody says."""
    if name == "trainer":
        told = {
            key: f"{trainer.name} {re.split(r'[,(]', trainer.version)[0].strip()}"
            for key, trainer in trainers().items()
        }
        return (("", "recognized from its names"), *((value, told[value]) for value in values))
    if not values:
        return ()
    usual = str(RunParams.model_fields[name].default)
    if name == "loss_type":
        first = ("", f"the file’s, or else {usual}")
        return (first, *((value, LABELS[value]) for value in values))
    others = (value for value in values if value != usual)
    return (("", usual.replace("_", " ")), *((value, value.replace("_", " ")) for value in others))
