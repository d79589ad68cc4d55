"""The parameters that a route declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from fastapi.routing import APIRoute
from pydantic import BaseModel


def params_models(route: APIRoute) -> Iterator[type[BaseModel]]:
    """The models of a route's query and body."""
    for parameter in (*route.dependant.query_params, *route.dependant.body_params):
        model = _model_of(parameter.field_info.annotation)
        if model is not None:
            yield model


def query_names(route: APIRoute) -> set[str]:
    """The names of a route's query parameters, alone or as the fields of a model."""
    names: set[str] = set()
    for parameter in route.dependant.query_params:
        model = _model_of(parameter.field_info.annotation)
        names |= {parameter.alias} if model is None else model.model_fields.keys()
    return names


def _model_of(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return None


@cache
def field_schemas(model: type[BaseModel]) -> Mapping[str, Mapping[str, Any]]:
    """The JSON schema of each field of a model, by name, with references resolved."""
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    return {name: _resolved(field, definitions) for name, field in schema["properties"].items()}


def _resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A field's schema with the enumeration that it refers to, or the non-null half of an optional type."""
    for part in [schema, *schema.get("allOf", []), *schema.get("anyOf", [])]:
        if "$ref" in part:
            return {**definitions[part["$ref"].rsplit("/", 1)[1]], **schema}
        if part is not schema and part.get("type") != "null":
            schema = {**part, **schema}
    return schema
