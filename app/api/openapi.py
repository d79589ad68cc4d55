"""The OpenAPI document, with schema names that make good class names in generated clients."""

from __future__ import annotations

import json
import re
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

_MODULE = re.compile(r"^app__(?:widgets__)?(?P<module>\w+?)(?:__widget)?__(?P<name>[A-Z]\w*)$")


def operation_id(route: APIRoute) -> str:
    """The name of an operation in generated clients: that of its function."""
    return route.name


def install(app: FastAPI) -> None:
    """Install the document, which is built once."""
    by_default = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = with_problems(with_schema_names(by_default()))
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def with_schema_names(document: dict[str, Any]) -> dict[str, Any]:
    """Name schemas after their widgets, such as BetaEffectResult, and set their titles.

    Every widget has a ``Result``; by default these schemas are named by module and all have the same title.
    """
    schemas: dict[str, Any] = document["components"]["schemas"]
    names = {name: _schema_name(name) for name in schemas}
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


REFUSALS = {
    "413": "the body is too large",
    "429": "this client has too many runs waiting",
    "503": "there is no room for another run just now, or the one behind this was cut off",
}
"""errors of any operation, besides 422"""


def with_problems(document: dict[str, Any]) -> dict[str, Any]:
    """Document the errors of every operation, as problem+json."""
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            responses = operation["responses"]
            refusals = {code: REFUSALS[code] for code in ("429", "503")}
            if method == "post":
                refusals["413"] = REFUSALS["413"]
            if "{" in path:
                refusals["404"] = "there is none of that name"
            if path.startswith("/api/"):
                for code, description in refusals.items():
                    responses.setdefault(code, {"description": description, "content": problem})
            for code, response in responses.items():
                if code.startswith(("4", "5")):
                    response["content"] = problem
    return document


def _schema_name(name: str) -> str:
    found = _MODULE.match(name)
    if found is None:
        return name
    words = found["module"].split("__")[-1].split("_")
    return "".join(word.capitalize() for word in words) + found["name"]
