"""Widgets in the state that a request's query asks for, refusing what they do not know."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import Request
from pydantic import ValidationError

from app.pages.errors import FieldError, RefusedParams, refused_params
from app.pages.helpers import WidgetView
from app.state.controls import controls_of, fields_of
from app.state.flags import NAMES, NO_FLAGS, BadFlag, Flags, flags_of
from app.state.query import query_of, refuse_unknown
from app.widgets.base import Widget, WidgetParams
from app.widgets.registry import WIDGETS


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


def flags_in(query: dict[str, str], widget: Widget) -> Flags:
    """The flags in a query."""
    try:
        return flags_of(query, widget.params.model_fields)
    except BadFlag as bad:
        error = FieldError(field=bad.field, message=bad.message, allowed=bad.allowed)
        raise RefusedParams([error]) from bad


async def view(
    request: Request, widget: Widget, query: dict[str, str], flags: Flags = NO_FLAGS
) -> WidgetView:
    """One widget, computed."""
    params = params_of(widget, query)
    result = await request.app.state.memo.result(widget, params)
    return WidgetView(widget, params, result, controls_of(params), flags)


def params_of(widget: Widget, query: dict[str, str]) -> WidgetParams:
    """The parameters of a widget in a query that may have others as well."""
    given = {key: value for key, value in query.items() if key in widget.params.model_fields}
    try:
        return widget.params.model_validate(given)
    except ValidationError as error:
        raise refused_params(error.errors(), fields_of(widget.params)) from error
