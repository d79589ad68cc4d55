"""Form controls, derived from the fields of Params, which define names, ranges and units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from app.web.route_params import field_schemas
from app.widgets.base import WidgetParams


@dataclass(frozen=True)
class Control:
    """What a template needs to render one control in its state."""

    name: str
    title: str
    description: str
    value: Any
    default: Any
    minimum: float | None
    maximum: float | None
    step: float | None
    unit: str
    log_scale: bool
    options: list[tuple[str, str]]
    """value and label of each choice; empty for numbers"""

    @property
    def positions(self) -> int:
        """Steps of a logarithmic slider: twenty for each factor of ten.

        An arrow key moves it by one step, which always changes the value as displayed with two digits.
        """
        assert self.minimum
        assert self.maximum
        return round(20 * math.log10(self.maximum / self.minimum))

    @property
    def slider_values(self) -> tuple[float, ...]:
        """All values of the slider in order, rounded as static/widget.js rounds them."""
        assert self.minimum is not None
        assert self.maximum is not None
        if self.log_scale:
            factor = self.maximum / self.minimum
            fractions = (step / self.positions for step in range(self.positions + 1))
            return tuple(float(f"{self.minimum * factor**part:.2g}") for part in fractions)
        assert self.step
        count = math.floor((self.maximum - self.minimum) / self.step + 1e-9)
        return tuple(round(self.minimum + self.step * n, 9) for n in range(count + 1))


def controls_of(params: WidgetParams) -> dict[str, Control]:
    """The controls of a widget in the state of ``params``, by field name."""
    return {
        name: _control(name, schema, getattr(params, name))
        for name, schema in field_schemas(type(params)).items()
    }


def non_defaults(controls: Mapping[str, Control], **overrides: object) -> dict[str, str]:
    """The values that differ from their defaults, as query parameters."""
    values = {name: control.value for name, control in controls.items()} | overrides
    return {
        name: str(plain(value))
        for name, value in values.items()
        if value is not None and value != controls[name].default
    }


def non_defaults_of(params: WidgetParams) -> dict[str, str]:
    """The parameters that differ from their defaults, as query parameters."""
    return non_defaults(controls_of(params))


def plain(value: Any) -> Any:
    """A whole number without its decimal point, as browsers write it in addresses."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def query_string(values: Mapping[str, str]) -> str:
    """A query string with its question mark, or an empty string."""
    return f"?{urlencode(values, safe=',')}" if values else ""


def _control(name: str, schema: Mapping[str, Any], value: Any) -> Control:
    labels: dict[str, str] = schema.get("labels", {})
    choices = schema.get("enum", [])
    return Control(
        name=name,
        title=schema.get("title", name),
        description=schema.get("description", ""),
        value=plain(value),
        default=plain(schema.get("default")),
        minimum=plain(schema.get("minimum")),
        maximum=plain(schema.get("maximum")),
        step=schema.get("step", 1 if schema.get("type") == "integer" else None),
        unit=schema.get("unit", ""),
        log_scale=schema.get("log_scale", False),
        options=[(str(c), labels.get(str(c), str(c))) for c in choices],
    )
