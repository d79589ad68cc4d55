"""Query strings, read the same way by every page and endpoint."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import urlencode

from fastapi import Request
from pydantic import ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from app.web import errors
from app.web.problem import (
    MAX_ERRORS,
    UNKNOWN,
    FieldError,
    InvalidParams,
    invalid_params,
)
from app.web.repeated import refuse_repeated
from app.web.request_paths import is_file
from app.web.route_params import field_schemas, query_names
from app.widgets.base import Widget, WidgetParams

LISTS = ("hide", "lock")
"""parameters that a form sends once for each ticked box; their values are joined by commas"""

Route = TypeVar("Route", bound=Callable[..., object])


def query_of(request: Request) -> dict[str, str]:
    """Parameters by name. An empty one counts as not given, as forms send those.

    Raises:
        InvalidParams: a parameter is given twice
    """
    given = request.query_params.multi_items()
    refuse_repeated(given, LISTS)
    query: dict[str, list[str]] = {}
    for name, value in given:
        query.setdefault(name, []).append(value)
    return {name: joined for name, values in query.items() if (joined := ",".join(values)) != ""}


def refuse_unknown(query: Collection[str], known: Collection[str]) -> None:
    """Raise InvalidParams if the query has parameters that the address does not know."""
    unknown = [name for name in query if name not in known]
    if unknown and known:
        refuse(unknown, UNKNOWN, f"one of: {', '.join(sorted(known))}")
    if unknown:
        refuse(unknown, "this address takes no parameters")


def refuse(names: Collection[str], message: str, allowed: str | None = None) -> None:
    """Raise InvalidParams for parameters with the same error; only the first one says what is allowed."""
    listed = list(names)[:MAX_ERRORS]
    field_errors = [FieldError(field=name, message=message) for name in listed]
    field_errors[0].allowed = allowed
    raise InvalidParams(field_errors, more=len(names) - len(listed))


def params_of(
    widget: Widget, values: Mapping[str, str], names: Mapping[str, str] = MappingProxyType({})
) -> WidgetParams:
    """The parameters of a widget.

    Args:
        names: what the query calls parameters that it does not call by their own names

    Raises:
        InvalidParams: one is refused
    """
    try:
        return widget.params.model_validate(values)
    except ValidationError as error:
        refused = invalid_params(error.errors(), field_schemas(widget.params))
        for found in refused.errors:
            found.field = names.get(found.field, found.field)
        raise InvalidParams(refused.errors, refused.more) from error


def checks_query(route: Route) -> Route:
    """Mark a route whose parameters depend on its path, and which refuses unknown ones itself."""
    route.checks_query = True  # type: ignore[attr-defined]
    return route


async def refuse_undeclared(request: Request) -> None:
    """Dependency of all routes that refuses parameters which the route does not declare."""
    if not getattr(request.scope["endpoint"], "checks_query", False):
        refuse_unknown(request.query_params, query_names(request.scope["route"]))


class NormalizeQueries:
    """Rewrites the query of every request as ``query_of`` reads it; static files ignore theirs."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app: ASGIApp = self.app
        if scope["type"] == "http" and scope.get("query_string") and not is_file(scope):
            request = Request(scope)
            try:
                scope["query_string"] = urlencode(query_of(request)).encode()
            except InvalidParams as error:
                app = errors.refusal(request, error)
        await app(scope, receive, send)
