"""Errors: problem+json (RFC 9457) for programs, a readable page elsewhere; each names the field."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.lab.weights import BadWeights
from app.logs import request_id
from app.rendering import templates
from app.runs.limits import Busy
from app.runs.processes import RunFailed, RunLost

UNEXPECTED = "Something went wrong on our side; it has been logged."

FOR_PROGRAMS = ("/oembed", "/readyz", "/metrics")
"""addresses beside those of the API whose problems are JSON"""

log = logging.getLogger(__name__)


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str = Field(description="name of the parameter or of the place in the body")
    message: str = Field(description="what is wrong")
    allowed: str | None = Field(
        None, description="the allowed range or choices, where there is one"
    )


class Problem(BaseModel):
    """A problem in the form of RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []
    request_id: str | None = Field(
        None,
        description="where the fault is ours: what the log calls this request, and the header X-Request-ID",
    )


class RefusedParams(ValueError):
    """Parameters of a page were refused; carries what a page or a problem shows."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(detail_of(errors))
        self.errors = errors


def field_errors(
    errors: Iterable[Mapping[str, Any]], schemas: Mapping[str, Mapping[str, Any]] | None = None
) -> list[FieldError]:
    """Pydantic's errors in our words.

    Args:
        schemas: JSON schemas of the fields by name, from which the whole range is read
    """
    return [_field_error(error, schemas or {}) for error in errors]


def _field_error(error: Mapping[str, Any], schemas: Mapping[str, Mapping[str, Any]]) -> FieldError:
    path = [str(part) for part in error["loc"] if part not in ("query", "body", "path")]
    field = ".".join(path) or "body"
    if error["type"] == "extra_forbidden":
        known = ", ".join(schemas) if schemas else None
        return FieldError(
            field=field, message="unknown parameter", allowed=known and f"one of: {known}"
        )
    message = str(error["msg"]).removeprefix("Value error, ")
    return FieldError(
        field=field,
        message=message,
        # The schema of a list says nothing of the range of what is in it.
        allowed=_allowed(error, schemas.get(field)),
    )


BOUNDS = {
    # in JSON schema, in pydantic's errors, in words
    "minimum": ("ge", "at least"),
    "exclusiveMinimum": ("gt", "above"),
    "maximum": ("le", "at most"),
    "exclusiveMaximum": ("lt", "below"),
}


def _allowed(error: Mapping[str, Any], schema: Mapping[str, Any] | None) -> str | None:
    """The range as a reader would write it: the whole one, where the schema is known."""
    bounds = {key: schema[key] for key in BOUNDS if key in schema} if schema is not None else {}
    if set(bounds) == {"minimum", "maximum"}:
        whole = "a whole number " if schema is not None and schema.get("type") == "integer" else ""
        return f"{whole}from {bounds['minimum']:g} to {bounds['maximum']:g}"
    context = error.get("ctx") or {}
    if "expected" in context:
        return str(context["expected"])
    if not bounds:
        bounds = {key: context[short] for key, (short, _) in BOUNDS.items() if short in context}
    if not bounds and schema is not None:
        return _allowed_text(schema)
    return " and ".join(f"{BOUNDS[key][1]} {bound:g}" for key, bound in bounds.items()) or None


def _allowed_text(schema: Mapping[str, Any]) -> str | None:
    """What a text may be."""
    if "enum" in schema:
        return f"one of: {', '.join(str(option) for option in schema['enum'] if option)}"
    if "maxLength" in schema:
        matching = f" that match {schema['pattern']}" if "pattern" in schema else ""
        return f"text of at most {schema['maxLength']} characters{matching}"
    return None


def detail_of(errors: list[FieldError]) -> str:
    """All errors in one line."""
    lines = [f"{e.field}: {e.message}" + (f" ({e.allowed})" if e.allowed else "") for e in errors]
    return "; ".join(lines)


def respond(
    request: Request,
    status: int,
    detail: str,
    errors: list[FieldError] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The one place that decides between problem+json and a page."""
    problem = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        errors=errors or [],
        request_id=request_id.get() or None if status >= 500 else None,
    )
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    if path.startswith("/api") or path in FOR_PROGRAMS:
        return JSONResponse(
            problem.model_dump(exclude=None if problem.request_id else {"request_id"}),
            status,
            headers=dict(headers or {}),
            media_type="application/problem+json",
        )
    context = {"problem": problem, "path": request.url.path}
    return templates.TemplateResponse(
        request, "error.html", context, status_code=status, headers=dict(headers or {})
    )


def install(app: FastAPI) -> None:
    """Register the handlers."""

    @app.exception_handler(RequestValidationError)
    async def refused(request: Request, error: RequestValidationError) -> Response:
        errors = field_errors(error.errors(), _schemas_of(request))
        return respond(request, 422, detail_of(errors), errors)

    @app.exception_handler(RefusedParams)
    async def refused_page(request: Request, error: RefusedParams) -> Response:
        return respond(request, 422, str(error), error.errors)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        return respond(request, error.status_code, str(error.detail), headers=error.headers)

    @app.exception_handler(Busy)
    async def busy(request: Request, error: Busy) -> Response:
        headers = {"Retry-After": str(error.retry_after)}
        return respond(request, error.status, str(error), headers=headers)

    @app.exception_handler(RunLost)
    async def lost(request: Request, _: RunLost) -> Response:
        detail = "The training run behind this was cut off. Ask again."
        return respond(request, 503, detail, headers={"Retry-After": "5"})

    @app.exception_handler(BadWeights)
    async def damaged(request: Request, error: BadWeights) -> Response:
        return respond(request, 503, str(error), headers={"Retry-After": "60"})

    @app.exception_handler(RunFailed)
    async def failed(request: Request, error: RunFailed) -> Response:
        # The process that was to make the run found it; see app/runs/worker.py.
        name, _, said = str(error).partition(": ")
        if name == BadWeights.__name__:
            return await damaged(request, BadWeights(said))
        log.error("a run failed: %s", name, exc_info=error)
        return respond(request, 500, UNEXPECTED)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, _: Exception) -> Response:
        return respond(request, 500, UNEXPECTED)

    app.add_middleware(AnswerUnexpected)


class AnswerUnexpected:
    """Answers where the code failed, inside of all other middleware, so that the answer is like any other.

    What fails when an answer has begun goes on to the server, which logs it and closes the connection.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception:
            if begun or scope["type"] != "http":
                raise
            log.exception("not expected")
            await respond(Request(scope), 500, UNEXPECTED)(scope, receive, send)


def _schemas_of(request: Request) -> Mapping[str, Mapping[str, Any]]:
    """Field schemas of the route that refused, so that an error can tell the whole range."""
    model = getattr(request.scope.get("endpoint"), "params_model", None)
    if model is None:
        return {}
    properties: Mapping[str, Mapping[str, Any]] = model.model_json_schema()["properties"]
    return properties
