"""Widgets in the state that a request's query asks for, refusing what they do not know."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import Request
from pydantic import ValidationError

from app.controls import controls_of
from app.embedding_flags import NAMES, NO_FLAGS, BadFlag, Flags, flags_of
from app.problems import FieldError, RefusedParams, field_errors
from app.rendering import WidgetView
from app.widgets.base import Widget, WidgetParams
from app.widgets.registry import WIDGETS


async def views(request: Request, names: Iterable[str]) -> dict[str, WidgetView]:
    """Widgets in the state that the query asks for; a parameter goes to all that know it."""
    widgets = [WIDGETS[name] for name in names]
    query = once_each(request)
    known = {field for widget in widgets for field in widget.params.model_fields}
    refuse_unknown(query, known)
    return {widget.name: await view(request, widget, query) for widget in widgets}


async def flagged_view(request: Request, widget: Widget, apart: Iterable[str] = ()) -> WidgetView:
    """One widget with the flags of its page; parameters in ``apart`` are left to the caller."""
    # A form that has a box for each name sends a list as parameters of one name.
    query = once_each(request, lists=("hide", "lock"))
    refuse_unknown(query, {*widget.params.model_fields, *NAMES, *apart})
    return await view(request, widget, query, flags_in(query, widget))


def flags_in(query: dict[str, str], widget: Widget) -> Flags:
    """The flags in a query."""
    try:
        return flags_of(query, widget.params.model_fields)
    except BadFlag as bad:
        error = FieldError(field=bad.field, message=bad.message, allowed=bad.allowed)
        raise RefusedParams([error]) from bad


def refuse_unknown(query: Iterable[str], known: Iterable[str]) -> None:
    """Refuse parameters that nothing on a page knows."""
    unknown = [key for key in query if key not in known]
    if unknown:
        allowed = f"one of: {', '.join(sorted(known))}"
        raise RefusedParams(
            [FieldError(field=key, message="unknown parameter", allowed=allowed) for key in unknown]
        )


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
        properties = widget.params.model_json_schema()["properties"]
        raise RefusedParams(field_errors(error.errors(), properties)) from error


def no_parameters(request: Request) -> None:
    """Refuse parameters on a page that has none."""
    if request.query_params:
        raise RefusedParams(
            [
                FieldError(field=key, message="this page takes no parameters")
                for key in request.query_params
            ]
        )


def once_each(request: Request, lists: tuple[str, ...] = ()) -> dict[str, str]:
    """Query parameters, each given at most once; an empty one counts as not given.

    Those in ``lists`` may be given more than once: their values are joined by commas.
    """
    query: dict[str, str] = {}
    for key, value in request.query_params.multi_items():
        if key in query and key in lists:
            query[key] += f",{value}"
            continue
        if key in query:
            raise RefusedParams([FieldError(field=key, message="given twice")])
        query[key] = value
    return {key: value for key, value in query.items() if value != ""}
