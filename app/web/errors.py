"""Exception handlers: problem+json for programs, a page for people."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.sse import format_sse_event
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.problem import InvalidParams, Problem, invalid_params, problem_of, truncated
from app.web.request_paths import path_of
from app.web.route_params import field_schemas, params_models
from app.web.templating import templates

UNEXPECTED = "Something went wrong on our side; it has been logged."

STOPPING = "The server is stopping."

log = logging.getLogger(__name__)


def install(app: FastAPI, json_paths: str) -> None:
    """Register the handlers.

    Args:
        json_paths: regular expression of the paths whose errors are problem+json
    """
    app.state.json_paths = re.compile(json_paths, re.DOTALL)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(InvalidParams, _invalid_params)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected_error)
    app.add_middleware(UnexpectedErrors)


def respond(
    request: Request, problem: Problem, headers: Mapping[str, str] | None = None
) -> Response:
    """A problem as a response, in the form that suits the path."""
    headers = dict(headers or {})
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    if request.app.state.json_paths.fullmatch(path_of(request.scope)):
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


def refusal(request: Request, error: InvalidParams) -> Response:
    """The response to parameters that were refused."""
    return respond(request, problem_of(422, str(error), error.errors, more=error.more))


def unexpected(error: Exception) -> Problem:
    """Log an error of ours; clients are not told what it was."""
    log.error("unexpected error", exc_info=error)
    return problem_of(500, UNEXPECTED)


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    schemas: dict[str, Mapping[str, Any]] = {}
    for model in params_models(request.scope["route"]):
        schemas |= field_schemas(model)
    return refusal(request, invalid_params(error.errors(), schemas))


async def _invalid_params(request: Request, error: Exception) -> Response:
    assert isinstance(error, InvalidParams)
    return refusal(request, error)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    # FastAPI lets nothing else through that is raised while it reads a body.
    if error.status_code == HTTPStatus.BAD_REQUEST and isinstance(error.__cause__, InvalidParams):
        return refusal(request, error.__cause__)
    detail, errors = truncated(str(error.detail)), getattr(error, "errors", None)
    return respond(request, problem_of(error.status_code, detail, errors), error.headers)


async def _unexpected_error(request: Request, error: Exception) -> Response:
    return respond(request, unexpected(error))


class UnexpectedErrors:
    """Responds to unexpected exceptions inside all other middleware, which add their headers.

    Once a response has started, the exception goes on to the server, which logs it and closes the
    connection. An event stream that is cut off because the server stops ends with an ``error`` event.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, streaming = False, False

        async def observed_send(message: Message) -> None:
            nonlocal started, streaming
            started = True
            if message["type"] == "http.response.start":
                kind = Headers(raw=message["headers"]).get("content-type", "")
                streaming = kind.startswith("text/event-stream")
            await send(message)

        try:
            await self.app(scope, receive, observed_send)
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            await respond(Request(scope), unexpected(error))(scope, receive, send)
        except asyncio.CancelledError:
            # Only a stopping server cancels a stream: one whose client has disconnected ends by itself.
            if streaming:
                problem = problem_of(503, STOPPING, retry_after=5)
                event = format_sse_event(event="error", data_str=json.dumps(problem.document()))
                with suppress(OSError):
                    await send({"type": "http.response.body", "body": event})
            raise
