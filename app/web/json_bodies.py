"""JSON bodies as programs mean them: a field that is given twice has no value."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from app.web.problem import InvalidParams
from app.web.repeated import refuse_repeated


def json_of(body: bytes) -> Any:
    """What a body says.

    Raises:
        InvalidParams: it is not JSON, not text, or has a field twice
    """
    try:
        return json.loads(body, object_pairs_hook=_once)
    except UnicodeDecodeError as error:
        message = f"not text: byte {error.object[error.start]:#04x} at position {error.start}"
        raise InvalidParams.of("body", message, "JSON in UTF-8") from error
    except json.JSONDecodeError as error:
        message = f"not JSON: {error.msg} at character {error.pos}"
        raise InvalidParams.of("body", message) from error
    except RecursionError as error:
        raise InvalidParams.of("body", "not JSON that can be read: nested too deeply") from error
    except InvalidParams:
        raise
    except ValueError as error:
        raise InvalidParams.of("body", f"not JSON that can be read: {error}") from error


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        refuse_repeated((name, json.dumps(value)) for name, value in pairs)
    return fields


class _JsonRequest(Request):
    async def json(self) -> Any:
        return json_of(await self.body())


class JsonRoute(APIRoute):
    """A route whose JSON body is read by ``json_of``. FastAPI wraps what that raises in a 400."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await handler(_JsonRequest(request.scope, request.receive))

        return handle
