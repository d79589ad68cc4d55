"""Widgets in the state that a query asks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import HTTPException, Request

from app.state.controls import Control, changed, controls_of, query_string
from app.state.flags import NAMES, NO_FLAGS, Flags
from app.state.query import flags_in, params_of, query_of, refuse_unknown
from app.widgets.base import Widget, WidgetParams, WidgetResult
from app.widgets.registry import WIDGETS


@dataclass(frozen=True)
class WidgetView:
    """All that a widget's template sees."""

    widget: Widget
    params: WidgetParams
    result: WidgetResult
    controls: dict[str, Control]
    flags: Flags = NO_FLAGS

    @cached_property
    def values(self) -> dict[str, Any]:
        """The result as JSON has it, made once for all outputs of the page."""
        return self.result.model_dump(mode="json")

    @property
    def query(self) -> str:
        """The state as a query string; what has its default is left out."""
        return self.query_with()

    def query_with(self, **changes: object) -> str:
        """The same with some parameters changed: what the API is asked."""
        return query_string(changed(self.controls, **changes))

    @property
    def page_query(self) -> str:
        """The state and the flags of the page: the address of the page as it stands."""
        return self.page_query_with()

    def page_query_with(self, **changes: object) -> str:
        """The same with some parameters changed: where a link to another state leads."""
        return query_string(changed(self.controls, **changes) | self.flags.given)

    @property
    def tries(self) -> dict[str, str]:
        """Suggestions that leave alone what the reader can not change, each with those values kept."""
        kept = {
            name: value for name, value in changed(self.controls).items() if name in self.flags.held
        }
        found = {}
        for query, label in self.widget.tries.items():
            wanted = dict(parse_qsl(query))
            asked = type(self.params).model_validate(wanted)
            held = self.flags.held & wanted.keys()
            if any(getattr(asked, name) != getattr(self.params, name) for name in held):
                continue
            found[urlencode(wanted | kept) if kept else query] = label
        return found


def widget_named(name: str) -> Widget:
    """The widget of that name. Raises HTTPException 404 if there is none."""
    if name not in WIDGETS:
        raise HTTPException(404, f"There is no widget {name!r}.")
    return WIDGETS[name]


async def views(request: Request, names: Iterable[str]) -> dict[str, WidgetView]:
    """Widgets in the state that the query asks for; a parameter goes to all that know it."""
    widgets = [WIDGETS[name] for name in names]
    query = query_of(request)
    known = {field for widget in widgets for field in widget.params.model_fields}
    refuse_unknown(query, known)
    return {widget.name: await view(request, widget, query) for widget in widgets}


async def flagged_view(request: Request, widget: Widget, apart: Iterable[str] = ()) -> WidgetView:
    """One widget with the flags of its page; parameters in ``apart`` are left to the caller."""
    query = query_of(request)
    refuse_unknown(query, {*widget.params.model_fields, *NAMES, *apart})
    return await view(request, widget, query, flags_in(query, widget))


async def view(
    request: Request, widget: Widget, query: dict[str, str], flags: Flags = NO_FLAGS
) -> WidgetView:
    """One widget, computed."""
    params = params_of(widget, query)
    result = await request.app.state.memo.result(widget, params)
    return WidgetView(widget, params, result, controls_of(params), flags)
