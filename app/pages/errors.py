"""Errors: problem+json (RFC 9457) for programs, a readable page elsewhere; each names the field."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.sse import format_sse_event
from pydantic import AfterValidator, BaseModel, Field
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.lab.weights import BadWeights
from app.pages.helpers import templates
from app.runs.failures import Busy, RunFailed, RunLost, RunTooLong
from app.state.controls import fields_of
from app.web.logs import request_id
from app.web.request_paths import path_of

UNEXPECTED = "Something went wrong on our side; it has been logged."

STOPPING = "The server is stopping. Ask again."

FOR_PROGRAMS = ("/oembed", "/healthz", "/readyz", "/metrics", "/openapi.json")
"""addresses beside those of the API whose problems are JSON"""

UNKNOWN = "unknown parameter"

MOST_ERRORS = 10
"""told one by one; of others it is said how many there are"""

LONGEST_NAME = 100
LONGEST_TEXT = 500
"""characters of what an answer says that may repeat what was asked"""

log = logging.getLogger(__name__)


def shortened(text: str, most: int = LONGEST_TEXT) -> str:
    """A text, cut where it is longer than an answer should repeat."""
    return text if len(text) <= most else f"{text[:most]}…"


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: Annotated[str, AfterValidator(lambda name: shortened(name, LONGEST_NAME))] = Field(
        description="name of the parameter or of the place in the body"
    )
    message: Annotated[str, AfterValidator(shortened)] = Field(description="what is wrong")
    allowed: str | None = Field(
        None, description="the allowed range or choices, where there is one"
    )


class Problem(BaseModel):
    """A problem in the form of RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldError] = Field([], description=f"{MOST_ERRORS} at most")
    more: int = Field(0, description="how many errors there are beside these")
    request_id: str | None = Field(
        None,
        description="where the fault is ours: what the log calls this request, and the header X-Request-ID",
    )
    retry_after: int | None = Field(
        None, description="seconds after which to ask again, where that may help"
    )

    def document(self) -> dict[str, Any]:
        """As it is sent: without what does not apply."""
        if_any = ("more", "request_id", "retry_after")
        return self.model_dump(exclude={name for name in if_any if not getattr(self, name)})


class RefusedParams(ValueError):
    """Parameters were refused; carries what a page or a problem shows, and how many errors it leaves out."""

    def __init__(self, errors: list[FieldError], more: int = 0) -> None:
        super().__init__(detail_of(errors, more))
        self.errors = errors
        self.more = more


def refused_params(
    errors: Sequence[Mapping[str, Any]], schemas: Mapping[str, Mapping[str, Any]]
) -> RefusedParams:
    """Pydantic's errors in our words.

    Args:
        schemas: JSON schemas of the fields by name, from which the whole range is read
    """
    told = [_field_error(error, schemas) for error in errors[:MOST_ERRORS]]
    unknown = next((error for error in told if error.message == UNKNOWN), None)
    if unknown is not None and schemas:
        unknown.allowed = f"one of: {', '.join(schemas)}"
    return RefusedParams(told, more=len(errors) - len(told))


def _field_error(error: Mapping[str, Any], schemas: Mapping[str, Mapping[str, Any]]) -> FieldError:
    path = [str(part) for part in error["loc"] if part not in ("query", "body", "path", "header")]
    field = ".".join(path) or "body"
    if error["type"] == "extra_forbidden":
        return FieldError(field=field, message=UNKNOWN)
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


def detail_of(errors: list[FieldError], more: int = 0) -> str:
    """Errors in one line, with how many there are beside them."""
    lines = [f"{e.field}: {e.message}" + (f" ({e.allowed})" if e.allowed else "") for e in errors]
    return "; ".join([*lines, f"and {more:,} more"] if more else lines)


def problem_of(
    status: int,
    detail: str,
    errors: list[FieldError] | None = None,
    retry_after: int | None = None,
    more: int = 0,
) -> Problem:
    """A problem in the request that is being answered; ``retry_after`` in seconds."""
    return Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        errors=errors or [],
        more=more,
        request_id=request_id.get() or None if status >= 500 else None,
        retry_after=retry_after,
    )


def problem_behind(error: Exception) -> Problem:
    """What readers are told of an error that ended their run or their request. One of ours is logged."""
    match error:
        case Busy():
            return problem_of(error.status, str(error), retry_after=error.retry_after)
        case RunLost():
            detail = "The training run behind this was cut off. Ask again."
            return problem_of(503, detail, retry_after=5)
        case RunTooLong():
            detail = (
                f"The training run behind this was stopped. {error} Ask again when fewer are made."
            )
            return problem_of(503, detail, retry_after=60)
        case BadWeights():
            return problem_of(503, str(error), retry_after=60)
        case RunFailed(kind=BadWeights.__name__):
            # The process that was to make the run found it; see app/runs/worker.py.
            return problem_of(503, error.message, retry_after=60)
        case RunFailed():
            log.error("a run failed: %s", error.kind, exc_info=error)
        case _:
            log.error("not expected", exc_info=error)
    return problem_of(500, UNEXPECTED)


def answer(
    request: Request, problem: Problem, headers: Mapping[str, str] | None = None
) -> Response:
    """The one place that decides between problem+json and a page."""
    headers = dict(headers or {})
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    path = path_of(request.scope)
    if path.startswith("/api") or path in FOR_PROGRAMS:
        return JSONResponse(
            problem.document(),
            problem.status,
            headers=headers,
            media_type="application/problem+json",
        )
    context = {"problem": problem, "path": request.url.path}
    return templates.TemplateResponse(
        request, "error.html", context, status_code=problem.status, headers=headers
    )


def refused(request: Request, error: RefusedParams) -> Response:
    """The answer to parameters that were refused."""
    return answer(request, problem_of(422, str(error), error.errors, more=error.more))


def install(app: FastAPI) -> None:
    """Register the handlers."""

    @app.exception_handler(RequestValidationError)
    async def not_valid(request: Request, error: RequestValidationError) -> Response:
        model = getattr(request.scope.get("endpoint"), "params_model", None)
        schemas = {} if model is None else fields_of(model)
        return refused(request, refused_params(error.errors(), schemas))

    @app.exception_handler(RefusedParams)
    async def refused_page(request: Request, error: RefusedParams) -> Response:
        return refused(request, error)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        detail, errors = shortened(str(error.detail)), getattr(error, "errors", None)
        return answer(request, problem_of(error.status_code, detail, errors), error.headers)

    async def ended(request: Request, error: Exception) -> Response:
        return answer(request, problem_behind(error))

    for kind in (Busy, RunLost, RunTooLong, RunFailed, BadWeights, Exception):
        app.add_exception_handler(kind, ended)

    app.add_middleware(AnswerUnexpected)


class AnswerUnexpected:
    """Answers where the code failed, inside of all other middleware, so that the answer is like any other.

    What fails when an answer has begun goes on to the server, which logs it and closes the connection. A
    stream that is cut off because the server stops says so before it ends.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        begun, streamed = False, False

        async def noted(message: Message) -> None:
            nonlocal begun, streamed
            begun = True
            if message["type"] == "http.response.start":
                kind = Headers(raw=message["headers"]).get("content-type", "")
                streamed = kind.startswith("text/event-stream")
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            await answer(Request(scope), problem_behind(error))(scope, receive, send)
        except asyncio.CancelledError:
            # Only a server that stops cancels a request; one whose reader has left ends by itself.
            if streamed:
                event = error_event(problem_of(503, STOPPING, retry_after=5))
                with suppress(OSError):
                    await send({"type": "http.response.body", "body": event})
            raise


def error_event(problem: Problem) -> bytes:
    """The last event of a stream that ends before its time."""
    return format_sse_event(event="error", data_str=json.dumps(problem.document()))
