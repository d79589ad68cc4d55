"""The same site on a Ray Serve cluster: pages in one deployment, training runs in another.

    serve run --name dpo-explained app.cluster:build sites=2 runs=8

Each run takes one ``TrainingReplica``; while all are busy, runs wait in the queues of the
sites. A run whose replica dies is repeated on another one, unnoticed by its readers.
Needs ``pip install 'dpo-explained[cluster]'`` on every machine.

No ``from __future__ import annotations`` here: Serve has to see the real types.
"""

import asyncio
import math
from collections.abc import AsyncGenerator
from dataclasses import asdict
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException
from ray.serve.handle import DeploymentHandle, DeploymentResponseGenerator

from app.main import create_app
from app.runs.failures import RunFailed, RunLost, failure_json
from app.runs.job import Event, Job, events
from app.settings import Settings

OPEN_REQUESTS = 400
"""most open requests of a site, most of which wait for a run; another site is started at a quarter of it"""


class ClusterSize(BaseModel):
    """Arguments of ``serve run``."""

    model_config = ConfigDict(extra="forbid")

    sites: int = Field(2, gt=0, description="most replicas that answer pages and light requests")
    runs: int = Field(2, gt=0, description="replicas that train, each one run at a time")
    site_cpus: float = Field(1, ge=0, description="cores of each site")
    run_cpus: float = Field(1, ge=0, description="cores of each run")


class TrainingReplica:
    """Executes one run at a time."""

    def __init__(self) -> None:
        import torch

        torch.set_num_threads(1)

    async def run(self, job: dict[str, str]) -> AsyncGenerator[tuple[str, str], None]:
        """Run a job and yield its events. An exception of the training is sent as an event ``failed``."""
        made = events(Job(**job))  # type: ignore[arg-type]
        try:
            # In a thread, so that the replica still passes health checks and hears when to stop.
            while (event := await asyncio.to_thread(next, made, None)) is not None:
                yield event.name, event.data
        except Exception as error:
            yield "failed", failure_json(error)


class ReplicaExecutor:
    """Executes runs on the replicas of ``TrainingReplica``."""

    pids = ()
    """there are no worker processes on this machine"""

    def __init__(self) -> None:
        handle: DeploymentHandle[Any] = serve.get_deployment_handle("TrainingReplica")
        self._handle = handle.options(stream=True)

    async def run(self, job: Job) -> AsyncGenerator[Event, None]:
        """See ``app.runs.processes.Executor``."""
        response: DeploymentResponseGenerator[Any] = self._handle.run.remote(asdict(job))  # type: ignore[assignment]
        try:
            async for name, data in response:
                if name == "failed":
                    raise RunFailed.from_json(data)
                yield Event(name, data)
        except (RayError, RayServeException) as error:
            raise RunLost(type(error).__name__) from error
        finally:
            response.cancel()  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        """Does nothing: the replicas belong to the cluster."""


def build(size: ClusterSize) -> serve.Application:
    """The application that ``serve run`` deploys."""

    def site() -> FastAPI:
        share = math.ceil(size.runs / size.sites)
        return create_app(Settings(concurrent_runs=share), lambda _: ReplicaExecutor())

    training: serve.Deployment = serve.deployment(  # type: ignore[assignment]
        TrainingReplica,
        num_replicas=size.runs,
        max_ongoing_requests=1,
        ray_actor_options={"num_cpus": size.run_cpus},
    )
    pages: serve.Deployment = serve.deployment(  # type: ignore[assignment]
        serve.ingress(site)(_Site),
        name="Site",
        max_ongoing_requests=OPEN_REQUESTS,
        autoscaling_config={
            "min_replicas": 1,
            "max_replicas": size.sites,
            "target_ongoing_requests": OPEN_REQUESTS / 4,
        },
        ray_actor_options={"num_cpus": size.site_cpus},
    )
    bound: serve.Application = pages.bind(training.bind())
    return bound


class _Site:
    """Ingress that holds the training deployment, so that both are deployed together."""

    def __init__(self, training: DeploymentHandle[Any]) -> None:
        self.training = training
