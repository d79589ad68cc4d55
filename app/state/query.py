"""Queries, read in one way by every page and endpoint."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar
from urllib.parse import urlencode

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.types import ASGIApp, Receive, Scope, Send

from app.pages.errors import MOST_ERRORS, UNKNOWN, FieldError, RefusedParams, refused
from app.web.request_paths import is_file

LISTS = ("hide", "lock")
"""parameters that a form sends once for each box that is ticked; their values are joined by commas"""

Route = TypeVar("Route", bound=Callable[..., object])


def query_of(request: Request) -> dict[str, str]:
    """Parameters by name. An empty one counts as not given, for forms send those.

    Raises:
        RefusedParams: one is given twice
    """
    query: dict[str, str] = {}
    twice: set[str] = set()
    for name, value in request.query_params.multi_items():
        if name not in query:
            query[name] = value
        elif name in LISTS:
            query[name] += f",{value}"
        else:
            twice.add(name)
    if twice:
        refuse(sorted(twice), "given twice")
    return {name: value for name, value in query.items() if value != ""}


def refuse_unknown(query: Collection[str], known: Collection[str]) -> None:
    """Refuse parameters that nothing at an address knows."""
    unknown = [name for name in query if name not in known]
    if unknown and known:
        refuse(unknown, UNKNOWN, f"one of: {', '.join(sorted(known))}")
    if unknown:
        refuse(unknown, "this address takes no parameters")


def refuse(names: Collection[str], message: str, allowed: str | None = None) -> None:
    """Raise RefusedParams for parameters with the same fault; the first one tells what is allowed."""
    listed = list(names)[:MOST_ERRORS]
    errors = [FieldError(field=name, message=message) for name in listed]
    errors[0].allowed = allowed
    raise RefusedParams(errors, more=len(names) - len(listed))


def checks_query(route: Route) -> Route:
    """Mark a route that knows only as it answers which parameters there are, and refuses others itself."""
    route.checks_query = True  # type: ignore[attr-defined]
    return route


async def refuse_undeclared(request: Request) -> None:
    """A dependency of all routes: a parameter that a route does not declare is refused."""
    if not getattr(request.scope["endpoint"], "checks_query", False):
        refuse_unknown(request.query_params, _declared(request.scope["route"]))


class ReadQueries:
    """Hands every query on as ``query_of`` reads it; a file has none."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        answer: ASGIApp = self.app
        if scope["type"] == "http" and scope.get("query_string") and not is_file(scope):
            request = Request(scope)
            try:
                scope["query_string"] = urlencode(query_of(request)).encode()
            except RefusedParams as error:
                answer = refused(request, error)
        await answer(scope, receive, send)


def _declared(route: APIRoute) -> set[str]:
    """The names that a route has in its signature, alone or as the fields of a model."""
    names: set[str] = set()
    for parameter in route.dependant.query_params:
        annotation = parameter.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            names |= annotation.model_fields.keys()
        else:
            names.add(parameter.alias)
    return names
