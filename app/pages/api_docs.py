"""The OpenAPI document as data for the page /docs, which needs no script and no other host."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FieldDoc:
    """A parameter or a field of a result."""

    name: str
    type: str
    allowed: str
    default: str
    description: str


@dataclass(frozen=True)
class OperationDoc:
    """One operation."""

    group: str
    anchor: str
    method: str
    path: str
    summary: str
    description: str
    parameters: list[FieldDoc]
    result: list[FieldDoc]
    example: str
    body_example: str


def operation_docs(openapi: dict[str, Any]) -> dict[str, list[OperationDoc]]:
    """All operations of an OpenAPI document by group, in order."""
    schemas = openapi.get("components", {}).get("schemas", {})
    groups: dict[str, list[OperationDoc]] = {}
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            found = _operation(method, path, operation, schemas)
            groups.setdefault(found.group, []).append(found)
    return groups


def _operation(
    method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]
) -> OperationDoc:
    body = _schema(operation.get("requestBody", {}), schemas)
    parameters = [
        _field(p["name"], {**p["schema"], "description": p.get("description", "")}, schemas)
        for p in operation.get("parameters", [])
    ]
    return OperationDoc(
        group=operation.get("tags", ["others"])[0],
        anchor=re.sub(r"[^a-z0-9_]+", "-", f"{method}{path}".lower()).strip("-"),
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        parameters=parameters + _fields(body, schemas),
        result=_fields(_schema(operation["responses"].get("200", {}), schemas), schemas),
        example=operation.get("x-example") or _plain_example(method, path, operation),
        body_example=json.dumps(body.get("example", {}), indent=2),
    )


def _plain_example(method: str, path: str, operation: dict[str, Any]) -> str:
    """The path of a GET that needs no parameters."""
    needed = [p for p in operation.get("parameters", []) if p.get("required")]
    return path if method == "get" and not needed else ""


def _schema(holder: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    for media in holder.get("content", {}).values():
        return _resolved(media.get("schema", {}), schemas)
    return {}


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return {**schemas[schema["$ref"].rsplit("/", 1)[1]], **schema}
    return schema


def _fields(schema: dict[str, Any], schemas: dict[str, Any], prefix: str = "") -> list[FieldDoc]:
    found = []
    for name, raw in schema.get("properties", {}).items():
        part = _resolved(raw, schemas)
        found.append(_field(prefix + name, part, schemas))
        if part.get("type") == "array":
            inner = _resolved(part.get("items", {}), schemas)
            found += _fields(inner, schemas, f"{prefix}{name}[].")
        else:
            found += _fields(part, schemas, f"{prefix}{name}.")
    return found


def _field(name: str, schema: dict[str, Any], schemas: dict[str, Any]) -> FieldDoc:
    options = [_resolved(part, schemas) for part in schema.get("anyOf", [])] or [
        _resolved(schema, schemas)
    ]
    merged: dict[str, Any] = {}
    for option in options:
        if option.get("type") != "null":
            merged = {**merged, **option}
    return FieldDoc(
        name=name,
        type=str(merged.get("type", "")),
        allowed=_allowed(merged),
        default="" if "default" not in schema else str(schema["default"]),
        description=schema.get("description") or merged.get("description", ""),
    )


def _allowed(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"])
    signs = {
        "minimum": "≥ {:g}",
        "exclusiveMinimum": "> {:g}",
        "maximum": "≤ {:g}",
        "exclusiveMaximum": "< {:g}",
    }
    range_ = ", ".join(text.format(schema[key]) for key, text in signs.items() if key in schema)
    return " ".join(part for part in (range_, schema.get("unit", "")) if part)
