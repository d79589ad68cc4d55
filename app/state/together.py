"""The widgets of one page: the states that its query says, and the names that tell these apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace

from app.state.place import address_names, parameter_names, place_names
from app.state.query import refuse_unknown
from app.state.widget_state import WidgetState, state_of
from app.widgets.base import Widget


def states_of(
    widgets: Iterable[Widget], query: dict[str, str], *, linked: bool = True
) -> list[WidgetState]:
    """The widgets of a page without flags in the state of its query.

    A parameter sets every widget that has one of its name; among several widgets, ``N.param`` sets that
    of the widget ``N`` alone, whatever the bare name says.

    Args:
        linked: whether links inside the widgets lead to this page, rather than to those of each widget

    Raises:
        InvalidParams: a parameter or a part of a place is unknown or refused
    """
    widgets = tuple(widgets)
    fields = Counter(name for widget in widgets for name in widget.params.model_fields)
    places = {name for widget in widgets for name in place_names(widget)}
    several = len(widgets) > 1
    qualified = {name for widget in widgets for name in parameter_names(widget) if several}
    refuse_unknown(query, fields.keys() | places | qualified)
    states = [state_of(widget, query) for widget in widgets]
    if not several or not linked:
        return states
    shared = frozenset(name for name, count in fields.items() if count > 1)
    states = [replace(state, shared=shared) for state in states]
    values = [state.card_values for state in states]
    return [
        replace(
            state, beside={k: v for other in values if other is not own for k, v in other.items()}
        )
        for state, own in zip(states, values, strict=True)
    ]


def addressed(widgets: Iterable[Widget], query: Collection[str]) -> set[str]:
    """The names of those widgets of a page that its query means: it has a name that is theirs alone."""
    widgets = tuple(widgets)
    known = Counter(name for widget in widgets for name in address_names(widget))
    return {
        widget.name
        for widget in widgets
        if any(known[name] == 1 for name in address_names(widget).intersection(query))
    }
