"""The application: settings, routers, exception handlers, middleware and lifespan."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import ExitStack, asynccontextmanager, closing
from importlib.metadata import version
from urllib.parse import parse_qsl

from fastapi import Depends, FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette_compress import CompressMiddleware

from app.api import check_run, embeds, endpoints, lab, openapi, ranges, trainers, widgets
from app.content.sections import chapter_of
from app.embedding import oembed
from app.embedding.cards import routes as cards
from app.lab.malloc import return_freed_memory
from app.ops import health
from app.ops.health import LabLoader
from app.ops.metrics import Metrics
from app.ops.request_log import HEADER as REQUEST_ID
from app.ops.request_log import RequestLog
from app.pages import check_page, embed, logps_form, teach
from app.pages import routes as pages
from app.paths import STATIC
from app.runs import http_errors
from app.runs.failures import Busy, RunFailed, RunLost, RunTooLong
from app.runs.job import job_of
from app.runs.memo import Memo, compute_with
from app.runs.processes import Executor, ProcessExecutor
from app.runs.queue import Limits, RunQueue
from app.runs.store import open_store, temporary_folder
from app.settings import Settings
from app.state.pending import PageRuns
from app.state.query import NormalizeQueries, refuse_undeclared
from app.web import errors
from app.web.body_limit import BodyLimit
from app.web.client_address import ClientAddress
from app.web.disconnects import CancelOnDisconnect
from app.web.head_requests import HeadAsGet
from app.web.response_cache import ResponseCache
from app.web.security_headers import SecurityHeaders
from app.web.slow_clients import SlowClientTimeout
from app.web.static_files import PrecompressedStatics
from app.web.templating import static_hash
from app.widgets.base import Widget
from app.widgets.registry import WIDGETS

DESCRIPTION = (
    "Endpoints behind the explainer. Every number of its lab is computed by PyTorch, in a language model "
    "world small enough to be exact. The same parameters give the same result."
)

JSON_PATHS = (
    r"/api.*|/check/report|/widgets/[^/]+/answer|/oembed|/healthz|/readyz|/metrics|/openapi\.json"
)
"""paths whose errors are problem+json; all others are pages"""

UNCACHED = ("/healthz", "/readyz", "/metrics")
"""paths whose responses change from moment to moment"""

EMBEDDABLE = r"/widgets/\w+"
"""paths that other sites may frame"""

WARM_PAUSE_S = 0.5
"""seconds between checks whether runs of clients are waiting, which go first"""

log = logging.getLogger(__name__)


def processes(_: Settings) -> Executor:
    """The default executor: worker processes on this machine."""
    return ProcessExecutor()


def create_app(
    settings: Settings | None = None, executor: Callable[[Settings], Executor] = processes
) -> FastAPI:
    """The whole site as an ASGI application; ``executor`` says where training runs execute."""
    settings = settings or Settings()
    app = FastAPI(
        title="DPO Explained",
        version=version("dpo-explained"),
        description=DESCRIPTION,
        # FastAPI's own routes would not have the dependencies; app/pages/routes.py serves these.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        dependencies=[Depends(refuse_undeclared)],
        generate_unique_id_function=openapi.operation_id,
    )
    app.state.settings = settings
    app.state.executor = executor
    # The lifespan replaces this memo by one that trains in other processes; exports train in this one.
    app.state.memo = Memo()
    app.state.ranges = ranges.memo_of_ranges()
    app.state.lab = LabLoader()
    app.state.warm = not settings.warm
    app.state.metrics = Metrics(app.state)
    app.include_router(widgets.router)
    app.include_router(endpoints.router)
    app.include_router(check_run.router)
    app.include_router(lab.router)
    app.include_router(trainers.router)
    app.include_router(ranges.router)
    app.include_router(pages.router)
    app.include_router(check_page.router)
    app.include_router(embed.router)
    app.include_router(teach.router)
    app.include_router(embeds.router)
    app.include_router(oembed.router)
    app.include_router(cards.router)
    app.include_router(logps_form.router)
    app.include_router(health.router)
    app.mount(f"/static/{static_hash()}", PrecompressedStatics(directory=STATIC), name="static")
    openapi.install(app)
    errors.install(app, JSON_PATHS)
    http_errors.install(app)
    app.add_middleware(CancelOnDisconnect)
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    # Each response is compressed once and cached, so a higher level pays; in the same time brotli makes
    # pages 8% smaller than zstd does.
    app.add_middleware(CompressMiddleware, zstd_level=6, brotli_quality=7)
    app.add_middleware(ResponseCache, max_bytes=settings.kept_bytes, uncached=UNCACHED)
    app.add_middleware(NormalizeQueries)
    app.add_middleware(
        SecurityHeaders,
        embeddable=EMBEDDABLE,
        frame_ancestors=settings.frame_ancestors,
        computing="|".join(map(re.escape, _computing_pages())),
    )
    app.add_middleware(ClientAddress)
    app.add_middleware(SlowClientTimeout, seconds=settings.stalled_seconds)
    # Any site may send requests, sandboxed frames too: there are no user data.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "HEAD", "POST"],
        allow_headers=["Last-Event-ID", REQUEST_ID],
        expose_headers=["Retry-After", REQUEST_ID],
    )
    app.add_middleware(HeadAsGet)
    app.add_middleware(RequestLog, metrics=app.state.metrics)
    return app


def _computing_pages() -> Iterator[str]:
    """The paths of pages that compute in the browser: checks, or training while the server is busy."""
    yield "/sources"
    yield "/read"
    for name, widget in WIDGETS.items():
        if widget.export.computed and widget.trains(widget.params()):
            yield f"/widgets/{name}"
            yield chapter_of(name).path


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    return_freed_memory()
    with ExitStack() as stack:
        place = settings.store or stack.enter_context(temporary_folder())
        store = stack.enter_context(closing(open_store(place, settings.store_bytes)))
        limits = Limits(
            waiting=settings.waiting_runs,
            per_client=settings.runs_per_client,
            readers=settings.open_streams,
            seconds=settings.run_seconds,
        )
        executor, ended = app.state.executor(settings), app.state.metrics.run_ended
        runs = RunQueue(executor, store, settings.concurrent_runs, limits, ended)
        app.state.runs = runs
        app.state.memo = Memo(compute_with(runs))
        app.state.page_runs = PageRuns(app.state.memo, runs)
        prepared = asyncio.create_task(_prepare(app))
        try:
            yield
        finally:
            prepared.cancel()
            app.state.page_runs.close()
            await runs.close()


async def _prepare(app: FastAPI) -> None:
    """Load the lab, the default runs and those of steps while the first requests are answered."""
    await app.state.lab.load()
    if app.state.lab.loaded and app.state.settings.warm:
        await _warm(app, lambda widget: widget.warm)
        app.state.warm = True
        await _warm(app, lambda widget: (step.query for step in widget.steps))


async def _warm(app: FastAPI, queries_of: Callable[[Widget], Iterable[str]]) -> None:
    """Compute the training runs of some states of each widget, so that no reader waits for them."""
    for widget in WIDGETS.values():
        for query in queries_of(widget):
            params = widget.params(**dict(parse_qsl(query)))
            if not widget.trains(params):
                continue
            # As a client of its own, it would take turns with the readers.
            while app.state.runs.waiting:
                await asyncio.sleep(WARM_PAUSE_S)
            try:
                await app.state.runs.result(job_of(widget, params))
            except (Busy, RunFailed, RunLost, RunTooLong) as error:
                log.warning("%s could not be computed ahead: %s", widget.name, error)
