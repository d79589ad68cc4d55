"""The OpenAPI document, with a name of its own for every schema: generated clients make classes of them."""

from __future__ import annotations

import json
import re
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

_MODULE = re.compile(r"^app__(?:widgets__)?(?P<module>\w+?)__(?P<name>[A-Z]\w*)$")


def operation_id(route: APIRoute) -> str:
    """What a client calls the operation: the name of its function."""
    return route.name


def install(app: FastAPI) -> None:
    """Give an application its document, made once."""
    by_default = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = with_own_names(by_default())
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def with_own_names(document: dict[str, Any]) -> dict[str, Any]:
    """Name schemas after their widgets, such as BetaEffectResult, and give each that title.

    Several widgets have a ``Result``; by default their schemas are told apart by the names of modules,
    but all have the same title.
    """
    schemas: dict[str, Any] = document["components"]["schemas"]
    names = {name: _own_name(name) for name in schemas}
    if len(set(names.values())) < len(names):
        raise ValueError(f"two schemas have one name: {sorted(names.values())}")
    text = json.dumps(document)
    for old, new in names.items():
        text = text.replace(f'"#/components/schemas/{old}"', f'"#/components/schemas/{new}"')
    renamed: dict[str, Any] = json.loads(text)
    renamed["components"]["schemas"] = {
        names[name]: {**schema, "title": names[name]}
        for name, schema in renamed["components"]["schemas"].items()
    }
    return renamed


def _own_name(name: str) -> str:
    found = _MODULE.match(name)
    if found is None:
        return name
    words = found["module"].split("__")[-1].split("_")
    return "".join(word.capitalize() for word in words) + found["name"]
