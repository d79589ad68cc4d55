"""Where in its figure a page stands: a step, a place of the scrub and a guess, beside the parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.state.query import refuse
from app.web.problem import InvalidParams
from app.widgets.base import Widget

MOST_DIGITS = 9
"""of a number in an address"""


@dataclass(frozen=True)
class Place:
    """Where in a figure the page stands, beside its parameters."""

    step: int | None = None
    """as given in the address, from 1"""
    at: int | None = None
    """a place of the scrub, from 0, or of a figure to leaf through, from 1"""
    guess: str = ""
    """a token of the step's choices"""


NOWHERE = Place()
"""the place of an address that names none"""


def address_name(widget: Widget, part: str) -> str:
    """How addresses name the step, ``at`` or guess of a widget on any page."""
    return f"{widget.name}.{part}"


def place_names(widget: Widget, *, alone: bool = False) -> dict[str, str]:
    """The parts of a place that a widget has, by their names in addresses.

    Args:
        alone: whether the page has no other widget, so that the bare names say the same, except
            where they are parameters
    """
    parts = tuple(_parts(widget))
    names = {address_name(widget, part): part for part in parts}
    if alone:
        names |= {part: part for part in parts if part not in widget.params.model_fields}
    return names


def parameter_names(widget: Widget) -> dict[str, str]:
    """The parameters of a widget by their names in addresses: the bare one and, which wins, ``N.param``."""
    fields = widget.params.model_fields
    bare = {name: name for name in fields}
    own = {f"{widget.name}.{name}": name for name in fields}
    return bare | {name: field for name, field in own.items() if name not in place_names(widget)}


def address_names(widget: Widget) -> set[str]:
    """All that the address of a page with several figures may say of one."""
    return {*parameter_names(widget), *place_names(widget)}


def place_of(widget: Widget, query: Mapping[str, str], *, alone: bool = False) -> Place:
    """The place in a query that may have other parameters as well; ``alone`` as for place_names().

    Whether a guess is one of the choices of its step depends on the parameters and is not checked.

    Raises:
        InvalidParams: the widget has no such step or place, or a part is given by both of its names
    """
    given: dict[str, str] = {}
    for name, part in place_names(widget, alone=alone).items():
        if name not in query:
            continue
        if part in given:
            refuse([given[part], name], "given twice")
        given[part] = name
    step, at = given.get("step"), given.get("at")
    return Place(
        step=_whole(step, query[step], 1, len(widget.steps)) if step else None,
        at=_whole(at, query[at], 1 if widget.opens else 0, widget.places) if at else None,
        guess=query[given["guess"]] if "guess" in given else "",
    )


def _parts(widget: Widget) -> Iterator[str]:
    if widget.steps:
        yield "step"
    if widget.places:
        yield "at"
    if widget.ask or any(step.ask for step in widget.steps):
        yield "guess"


def _whole(name: str, text: str, low: int, high: int) -> int:
    allowed = f"a whole number from {low} to {high}"
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise InvalidParams.of(name, "not a whole number", allowed)
    if not low <= int(text) <= high:
        raise InvalidParams.of(name, "out of range", allowed)
    return int(text)
