"""The contract as data: routes with parameters, result paths and status codes; the command line.

``python -m tests.contract`` records it in contract.json; test_contract.py holds the project to that file.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from app.cli import command_line
from app.content.sections import SECTIONS
from app.main import create_app
from app.settings import Settings

FILE = Path(__file__).with_suffix(".json")

RANGE = ("default", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "enum")

Schema = Mapping[str, Any]


def routes(document: Schema) -> dict[str, Any]:
    """Each operation of an OpenAPI document, by method and path."""
    schemas = document["components"]["schemas"]
    found = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            described: dict[str, Any] = {
                "parameters": {
                    parameter["name"]: {
                        "required": parameter.get("required", False),
                        **allowed(parameter["schema"], schemas),
                    }
                    for parameter in operation.get("parameters", [])
                },
                "statuses": sorted(operation["responses"]),
            }
            if not path.endswith("/range"):  # the number of results in one response may change
                result = _content(operation["responses"]["200"])
                described["result"] = dict(leaves(result, schemas))
            if "requestBody" in operation:
                body = _resolved(_content(operation["requestBody"]), schemas)
                described["body"] = {
                    name: {"required": name in body["required"], **allowed(field, schemas)}
                    for name, field in body["properties"].items()
                }
            found[f"{method.upper()} {path}"] = described
    return found


def allowed(schema: Schema, schemas: Schema) -> dict[str, Any]:
    """Type, range, choices and default of a parameter."""
    resolved = _resolved(schema, schemas)
    told = {key: resolved[key] for key in RANGE if key in resolved}
    kinds = sorted(_resolved(one, schemas)["type"] for one in resolved.get("anyOf", [resolved]))
    return {"type": "|".join(kinds), **told}


def leaves(schema: Schema, schemas: Schema, path: str = "") -> Iterator[tuple[str, str]]:
    """Each value of a result by its path, such as history[].kl, with its JSON type.

    Objects without declared properties, such as Plotly figures, count as values.
    """
    resolved = _resolved(schema, schemas)
    several = resolved.get("anyOf") or resolved.get("oneOf")
    if several:
        kinds = []
        for one in several:
            kind = _resolved(one, schemas).get("type", "any")
            if kind in ("object", "array"):
                yield from leaves(one, schemas, path)
            kinds.append(kind)
        yield path, "|".join(sorted(kinds))
    elif "properties" in resolved:
        for name, inner in resolved["properties"].items():
            yield from leaves(inner, schemas, f"{path}.{name}".lstrip("."))
    elif resolved.get("type") == "array" and "items" in resolved:
        yield from leaves(resolved["items"], schemas, f"{path}[]")
    elif isinstance(resolved.get("additionalProperties"), Mapping):
        yield from leaves(resolved["additionalProperties"], schemas, f"{path}.*")
    else:
        yield path, resolved.get("type", "any")


def commands(parser: argparse.ArgumentParser) -> dict[str, Any]:
    """The options of each command."""
    (subparsers,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return {
        name: {
            " ".join(action.option_strings) or action.dest: {
                "default": action.default,
                "choices": list(action.choices or []),
                "nargs": action.nargs,
            }
            for action in command._actions
            if action.dest != "help"
        }
        for name, command in subparsers.choices.items()
    }


def statuses(client: TestClient, requests: list[str]) -> dict[str, int]:
    """Status codes of requests, each a method and an address; redirects are not followed."""
    answered = {}
    for request in requests:
        method, address = request.split(" ", 1)
        answered[request] = client.request(method, address, follow_redirects=False).status_code
    return answered


def _content(message: Schema) -> Schema:
    """The schema of a message's first kind of content."""
    for content in message.get("content", {}).values():
        schema: Schema = content.get("schema", {})
        return schema
    return {}


def _resolved(schema: Schema, schemas: Schema) -> Schema:
    """Resolve a reference to a schema; keys beside the reference, such as a default, are kept."""
    beside = {key: value for key, value in schema.items() if key != "$ref"}
    if "$ref" not in schema:
        return beside
    return {**schemas[schema["$ref"].rsplit("/", 1)[1]], **beside}


def main() -> None:
    """Record the present state, for the requests that the file lists."""
    recorded = json.loads(FILE.read_text("utf-8"))
    with TestClient(create_app(Settings(warm=False)), raise_server_exceptions=False) as client:
        contract = {
            "routes": routes(client.get("/openapi.json").json()),
            "commands": commands(command_line()),
            "sections": [section.slug for section in SECTIONS],
            "statuses": statuses(client, list(recorded["statuses"])),
        }
    FILE.write_text(json.dumps(contract, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()
