"""Middleware that gives each request an id, counts it and logs it."""

from __future__ import annotations

import logging
import time
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.ops.metrics import Metrics
from app.web.logs import request_id, request_id_for
from app.web.request_paths import is_file, path_of

HEADER = "X-Request-ID"

MAX_PATH_LENGTH = 500
"""most characters of a path in the log"""

NO_ROUTE = "none"
"""label of requests that no route handles"""

log = logging.getLogger("app.requests")


class RequestLog:
    """Outermost middleware: sets ``X-Request-ID``, and logs and counts a request once its response ends."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        path = path_of(scope)
        own_id = request_id_for(Headers(scope=scope).get(HEADER))
        status, sent, complete = 500, 0, False

        async def noted(message: Message) -> None:
            nonlocal status, sent, complete
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = own_id
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
                complete = not message.get("more_body", False)
            await send(message)

        token = request_id.set(own_id)
        try:
            await self.app(scope, receive, noted)
        finally:
            seconds = time.perf_counter() - began
            route, kept = route_of(scope), scope.get("cache")
            self.metrics.request(route, scope["method"], status, seconds, kept)
            fields: dict[str, Any] = {
                "method": scope["method"][:20],
                "path": path[:MAX_PATH_LENGTH],
                "route": route,
                "status": status,
                "milliseconds": round(seconds * 1000, 1),
                "bytes": sent,
                "client": (scope.get("client") or ("", 0))[0],
            }
            if kept is not None:
                fields["kept"] = kept
            if not complete:
                fields["complete"] = False
            level = logging.ERROR if status >= 500 else logging.INFO
            log.log(level, "request", extra={"fields": fields})
        # Kept after an exception, for the server's own log line.
        request_id.reset(token)


def route_of(scope: Scope) -> str:
    """Template of the route that handled a request: one of a bounded number."""
    return getattr(scope.get("route"), "path", "/static" if is_file(scope) else NO_ROUTE)
