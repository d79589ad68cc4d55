"""Widgets in the state that a query asks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import HTTPException, Request

from app.state.controls import Control, controls_of, non_defaults, query_string
from app.state.flags import NAMES, NO_FLAGS, Flags, flags_of
from app.state.pending import described, result_for_page
from app.state.query import params_of, query_of, refuse_unknown
from app.widgets.base import Widget, WidgetParams, WidgetResult
from app.widgets.registry import WIDGETS


@dataclass(frozen=True)
class WidgetView:
    """A widget in one state, as its template gets it."""

    widget: Widget
    params: WidgetParams
    result: WidgetResult
    controls: dict[str, Control]
    flags: Flags = NO_FLAGS
    shown: WidgetParams | None = None
    """whose result it is, while the run of ``params`` is made"""

    @property
    def pending(self) -> str:
        """The state that is shown while the run of this one is made; empty once it is there."""
        return described(self.shown, self.controls) if self.shown is not None else ""

    @cached_property
    def values(self) -> dict[str, Any]:
        """The result as JSON, dumped once for all outputs of the page."""
        return self.result.model_dump(mode="json")

    @property
    def query(self) -> str:
        """The state as a query string without defaults."""
        return self.query_with()

    def query_with(self, **changes: object) -> str:
        """The query string of the API with some parameters changed."""
        return query_string(non_defaults(self.controls, **changes))

    @property
    def page_query(self) -> str:
        """The query string of the page in this state, with its flags."""
        return self.page_query_with()

    def page_query_with(self, **changes: object) -> str:
        """The query string of the page with some parameters changed."""
        return query_string(non_defaults(self.controls, **changes) | self.flags.given)

    @property
    def tries(self) -> dict[str, str]:
        """Suggested states, with the values that the reader cannot change; none that would change these."""
        held = {
            name: value
            for name, value in non_defaults(self.controls).items()
            if name in self.flags.held
        }
        found = {}
        for query, label in self.widget.tries.items():
            wanted = dict(parse_qsl(query))
            params = type(self.params).model_validate(wanted)
            conflicts = self.flags.held & wanted.keys()
            if any(getattr(params, name) != getattr(self.params, name) for name in conflicts):
                continue
            found[urlencode(wanted | held) if held else query] = label
        return found


def widget_named(name: str) -> Widget:
    """The widget of that name. Raises HTTPException 404 if there is none."""
    if name not in WIDGETS:
        raise HTTPException(404, f"There is no widget {name!r}.")
    return WIDGETS[name]


async def widget_views(
    request: Request, names: Iterable[str], *, wait: bool = True
) -> dict[str, WidgetView]:
    """Widgets in the state of the query; widgets share parameters of the same name."""
    widgets = [WIDGETS[name] for name in names]
    query = query_of(request)
    known = {field for widget in widgets for field in widget.params.model_fields}
    refuse_unknown(query, known)
    return {widget.name: await widget_view(request, widget, query, wait=wait) for widget in widgets}


async def flagged_view(
    request: Request, widget: Widget, extra: Iterable[str] = (), *, wait: bool = True
) -> WidgetView:
    """A widget with the flags of its page.

    Args:
        extra: further parameters that the caller reads
    """
    query = query_of(request)
    refuse_unknown(query, {*widget.params.model_fields, *NAMES, *extra})
    flags = flags_of(query, widget.params.model_fields)
    return await widget_view(request, widget, query, flags, wait=wait)


async def widget_view(
    request: Request,
    widget: Widget,
    query: dict[str, str],
    flags: Flags = NO_FLAGS,
    *,
    wait: bool = True,
) -> WidgetView:
    """A widget in the state of a query, computed.

    Args:
        wait: whether to wait for a run, rather than show another result while it is made
    """
    params, state = params_of(widget, query), request.app.state
    if wait:
        result, shown = await state.memo.result(widget, params), params
    else:
        result, shown = await result_for_page(state, widget, params)
    made = shown == params
    return WidgetView(widget, params, result, controls_of(params), flags, None if made else shown)
