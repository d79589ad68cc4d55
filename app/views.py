"""Widgets in the state that a request's query asks for, refusing what they do not know."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import Request
from pydantic import ValidationError

from app.controls import controls_of
from app.problems import FieldError, RefusedParams, field_errors
from app.rendering import WidgetView
from app.widgets.base import Widget, WidgetParams
from app.widgets.registry import WIDGETS


def views(request: Request, names: Iterable[str]) -> dict[str, WidgetView]:
    """Widgets in the state that the query asks for; a parameter goes to all that know it."""
    widgets = [WIDGETS[name] for name in names]
    query = once_each(request)
    known = {field for widget in widgets for field in widget.params.model_fields}
    unknown = [key for key in query if key not in known]
    if unknown:
        allowed = f"one of: {', '.join(sorted(known))}"
        raise RefusedParams(
            [FieldError(field=key, message="unknown parameter", allowed=allowed) for key in unknown]
        )
    return {widget.name: view(request, widget, query) for widget in widgets}


def view(request: Request, widget: Widget, query: dict[str, str]) -> WidgetView:
    """One widget, computed."""
    given = {key: value for key, value in query.items() if key in widget.params.model_fields}
    try:
        params: WidgetParams = widget.params.model_validate(given)
    except ValidationError as error:
        properties = widget.params.model_json_schema()["properties"]
        raise RefusedParams(field_errors(error.errors(), properties)) from error
    result = request.app.state.memo.result(widget, params)
    return WidgetView(widget, params, result, controls_of(params))


def no_parameters(request: Request) -> None:
    """Refuse parameters on a page that has none."""
    if request.query_params:
        raise RefusedParams(
            [
                FieldError(field=key, message="this page takes no parameters")
                for key in request.query_params
            ]
        )


def once_each(request: Request) -> dict[str, str]:
    """Query parameters, each given at most once; an empty one counts as not given."""
    query: dict[str, str] = {}
    for key, value in request.query_params.multi_items():
        if key in query:
            raise RefusedParams([FieldError(field=key, message="given twice")])
        query[key] = value
    return {key: value for key, value in query.items() if value != ""}
