"""create_app(): settings, routers, handlers, static; nothing else."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from urllib.parse import parse_qsl

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette_compress import CompressMiddleware

from app import api, embed_api, lab_api, logps_form, oembed, openapi, pages, problems
from app.cards import routes as cards
from app.httpd import BodyLimit, HashedStatics, SecurityHeaders
from app.memo import Memo
from app.rendering import static_hash
from app.resources import STATIC
from app.settings import Settings
from app.streaming import Runs
from app.widgets.registry import WIDGETS

DESCRIPTION = (
    "Endpoints behind the explainer. Every number is computed by PyTorch, on a language model world "
    "small enough to be exact. The same parameters give the same result."
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The whole site as an ASGI application."""
    settings = settings or Settings()
    app = FastAPI(
        title="DPO Explained",
        version=version("dpo-explained"),
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        generate_unique_id_function=openapi.operation_id,
    )
    app.state.settings = settings
    app.state.memo = Memo()
    app.state.runs = Runs(settings.concurrent_runs)
    app.include_router(api.router)
    app.include_router(lab_api.router)
    app.include_router(pages.router)
    app.include_router(embed_api.router)
    app.include_router(oembed.router)
    app.include_router(cards.router)
    app.include_router(logps_form.router)
    app.mount(f"/static/{static_hash()}", HashedStatics(directory=STATIC), name="static")
    openapi.install(app)
    problems.install(app)
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    app.add_middleware(CompressMiddleware)
    app.add_middleware(SecurityHeaders)
    # Anybody's page may read: there is nothing here that belongs to one reader.
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["GET"])

    @app.get("/healthz", summary="Is the process up?", tags=["operations"])
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    if app.state.settings.warm:
        threading.Thread(target=_warm, args=(app,), name="warm", daemon=True).start()
    yield
    app.state.runs.close()


def _warm(app: FastAPI) -> None:
    """Make the training runs that pages begin with, so that no reader waits for them."""
    for widget in WIDGETS.values():
        for query in widget.warm:
            app.state.memo.result(widget, widget.params(**dict(parse_qsl(query))))
