"""Liveness, readiness and metrics.

No ``from __future__ import annotations`` here: FastAPI has to see the real types.
"""

import asyncio
import logging
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from prometheus_client.exposition import choose_encoder
from pydantic import BaseModel, Field

from app.lab.trained import the_lab
from app.lab.weights import BadWeights
from app.web.errors import respond
from app.web.problem import Problem, problem_of

RETRY_DELAY_S = 2.0
"""seconds until damaged weights are read again"""

LOADING = "The lab is being loaded."
WARMING = "The default training runs are being computed."

log = logging.getLogger(__name__)

router = APIRouter(tags=["operations"])


class LabLoader:
    """Loads the lab in a thread, so that the server starts at once."""

    def __init__(self) -> None:
        self.loaded = False
        self.problem = LOADING
        """why the lab is not loaded"""
        self.damage = ""
        """what is wrong with its weights; empty if nothing is known to be"""

    async def load(self) -> None:
        """Load the lab, retrying while its weights are damaged."""
        while not self.loaded:
            try:
                await asyncio.to_thread(the_lab)
            except BadWeights as bad:
                if str(bad) != self.damage:
                    log.error("%s", bad)
                self.problem = self.damage = str(bad)
                await asyncio.sleep(RETRY_DELAY_S)
            except Exception as error:
                log.exception("the lab cannot be loaded")
                self.problem = f"The lab cannot be loaded: {type(error).__name__}."
                return
            else:
                self.loaded, self.problem, self.damage = True, "", ""

    def expect(self) -> None:
        """Raise BadWeights if the weights are known to be damaged."""
        if self.damage:
            raise BadWeights(self.damage)


class Liveness(BaseModel):
    """The process responds."""

    status: Literal["ok"] = Field("ok", description="always `ok`")


class Readiness(BaseModel):
    """The site can serve every request."""

    status: Literal["ready"] = Field("ready", description="always `ready`")
    runs_waiting: int = Field(description="training runs in the queue of this worker")
    runs_going: int = Field(description="training runs that this worker executes")


@router.get("/healthz", summary="Is the process up?")
async def healthz() -> Liveness:
    """Succeeds whenever the process responds, whatever else is wrong."""
    return Liveness()


@router.get(
    "/readyz",
    summary="Is the server ready for requests?",
    response_model=Readiness,
    responses={503: {"description": "not now, and why", "model": Problem}},
)
async def readyz(request: Request) -> Any:
    """Ready: the weights are loaded, the default runs are there, and the queue of training runs has room."""
    state = request.app.state
    reasons = readiness_problems(state)
    if reasons:
        return respond(request, problem_of(503, " ".join(reasons), retry_after=5))
    return Readiness(runs_waiting=state.runs.waiting, runs_going=state.runs.running)


def readiness_problems(state: Any) -> list[str]:
    """Why an application is not ready, in sentences. Cheap: it only reads the state."""
    reasons = [] if state.lab.loaded else [state.lab.problem]
    if state.lab.loaded and not state.warm:
        reasons.append(WARMING)
    runs = getattr(state, "runs", None)
    if runs is None:
        reasons.append("The server is starting.")
    elif runs.full:
        reasons.append(runs.full)
    return reasons


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """Metrics of the worker that responds; the label `worker` names it."""
    # Encoded on the event loop, where the queue of runs lives.
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(request.app.state.metrics.registry), media_type=media_type)
