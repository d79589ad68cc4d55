"""HTTP responses for the exceptions of runs."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request, Response

from app.lab.weights import BadWeights
from app.runs.failures import Busy, RunFailed, RunLost, RunTooLong
from app.web.errors import UNEXPECTED, respond, unexpected
from app.web.problem import Problem, problem_of

log = logging.getLogger(__name__)


def install(app: FastAPI) -> None:
    """Register the exception handlers."""
    for kind in (Busy, RunLost, RunTooLong, RunFailed, BadWeights):
        app.add_exception_handler(kind, _handler)


async def _handler(request: Request, error: Exception) -> Response:
    return respond(request, run_problem(error))


def run_problem(error: Exception) -> Problem:
    """The problem that clients get for an exception that ended a run. Internal errors are logged."""
    match error:
        case Busy():
            return problem_of(error.status, str(error), retry_after=error.retry_after)
        case RunLost():
            detail = "The training run behind this was interrupted."
            return problem_of(503, detail, retry_after=5)
        case RunTooLong():
            detail = f"The training run behind this was stopped. {error}"
            return problem_of(503, detail, retry_after=60)
        case BadWeights():
            return problem_of(503, str(error), retry_after=60)
        case RunFailed(kind=BadWeights.__name__):
            # Raised in a worker process; see app/runs/worker.py.
            return problem_of(503, error.message, retry_after=60)
        case RunFailed():
            log.error("a run failed: %s", error.kind, exc_info=error)
            return problem_of(500, UNEXPECTED)
        case _:
            return unexpected(error)
