"""Widgets in the state that a query asks for, computed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from fastapi import HTTPException, Request

from app.stages import page_values
from app.state.flags import NAMES, flags_of
from app.state.pending import described, result_for_page
from app.state.place import place_names
from app.state.query import query_of, refuse_unknown
from app.state.together import states_of
from app.state.widget_state import WidgetState, state_of
from app.widgets.base import Widget, WidgetParams, WidgetResult
from app.widgets.registry import WIDGETS


@dataclass(frozen=True)
class WidgetView(WidgetState):
    """A widget in one state with its result, as its template gets it."""

    result: WidgetResult = field(kw_only=True)
    shown: WidgetParams | None = None
    """whose result it is, while the run of ``params`` is made"""

    @property
    def pending(self) -> str:
        """The state that is shown while the run of this one is made; empty once it is there."""
        return described(self.shown, self.controls) if self.shown is not None else ""

    @cached_property
    def values(self) -> dict[str, Any]:
        """The result as JSON, dumped once for all outputs of the page."""
        return page_values(self.widget, self.shown or self.params, self.result)

    @property
    def scene(self) -> Any:
        """The stage of a figure, as JSON; None for a widget without one."""
        return self.values.get("scene")

    @property
    def shown_at(self) -> int:
        """The place of the scrub that is shown."""
        last: int = max(0, self.scene["places"] - 1)
        return last if self.at is None else min(self.at, last)


def widget_named(name: str) -> Widget:
    """The widget of that name. Raises HTTPException 404 if there is none."""
    if name not in WIDGETS:
        raise HTTPException(404, f"There is no widget {name!r}.")
    return WIDGETS[name]


async def page_views(
    request: Request, widgets: Iterable[Widget], extra: Iterable[str] = (), *, linked: bool = True
) -> dict[str, WidgetView]:
    """The widgets of a page in the state of its query.

    Args:
        extra: further parameters that the caller reads
        linked: as for states_of()
    """
    query = {name: value for name, value in query_of(request).items() if name not in extra}
    states = states_of(widgets, query, linked=linked)
    return {state.widget.name: await view_of(request, state, wait=False) for state in states}


async def flagged_view(
    request: Request, widget: Widget, extra: Iterable[str] = (), *, wait: bool = True
) -> WidgetView:
    """A widget alone on its page, with the flags of the page.

    Args:
        extra: further parameters that the caller reads
    """
    query = query_of(request)
    params = widget.params.model_fields
    refuse_unknown(query, {*params, *place_names(widget, alone=True), *NAMES, *extra})
    state = state_of(widget, query, flags_of(query, params), alone=True)
    return await view_of(request, state, wait=wait)


async def unplaced_view(request: Request, widget: Widget) -> WidgetView:
    """A widget in the state of a query that says its parameters and nothing of a page."""
    return await view_of(request, unplaced_state(request, widget))


def unplaced_state(request: Request, widget: Widget) -> WidgetState:
    """The same, before it is computed."""
    query = query_of(request)
    refuse_unknown(query, widget.params.model_fields)
    return state_of(widget, query)


async def view_of(request: Request, state: WidgetState, *, wait: bool = True) -> WidgetView:
    """A state, computed.

    Args:
        wait: whether to wait for a run, rather than show another result while it is made
    """
    widget, params, app = state.widget, state.params, request.app.state
    if wait:
        result, shown = await app.memo.result(widget, params), params
    else:
        result, shown = await result_for_page(app, widget, params)
    other = None if shown == params else shown
    own = {part.name: getattr(state, part.name) for part in fields(WidgetState)}
    return WidgetView(**own, result=result, shown=other)
