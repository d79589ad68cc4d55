"""The state of a page as its address gives it, read without computing anything."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from app.state.controls import changed, controls_of, query_string
from app.state.flags import NAMES, NO_FLAGS, Flags
from app.state.places import Place
from app.state.query import flags_in, params_of, query_of, refuse_unknown
from app.widgets.base import WidgetParams
from app.widgets.registry import WIDGETS


@dataclass(frozen=True)
class PageState:
    """Parameters of each widget on a page, and the flags of the page."""

    params: dict[str, WidgetParams]
    flags: Flags

    @property
    def main(self) -> str | None:
        """The widget that the page is about: the first whose parameters were changed, or the first."""
        moved = (name for name, params in self.params.items() if changes(params))
        return next(moved, next(iter(self.params), None))

    @property
    def card_query(self) -> str:
        """The state of all widgets as a query string, without the flags, which no card shows."""
        values: dict[str, str] = {}
        for params in self.params.values():
            values |= changes(params)
        return query_string(values)


def page_state(request: Request, place: Place) -> PageState:
    """What the query of a request says of a page. InvalidParams if the page would refuse it."""
    flagged = place.widget is not None
    query = query_of(request)
    widgets = [WIDGETS[name] for name in place.widgets]
    known = {field for widget in widgets for field in widget.params.model_fields}
    refuse_unknown(query, known | set(NAMES) if flagged else known)
    flags = flags_in(query, widgets[0]) if flagged else NO_FLAGS
    return PageState({widget.name: params_of(widget, query) for widget in widgets}, flags)


def changes(params: WidgetParams) -> dict[str, str]:
    """Parameters that differ from their defaults, as a query has them."""
    return changed(controls_of(params))
