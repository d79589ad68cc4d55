"""Readers of an event stream who no longer take what is sent are cut off: each holds a place (app/runs)."""

from __future__ import annotations

import asyncio
import logging

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)


class Stalled(Exception):
    """The reader took nothing for too long."""


class StalledReaders:
    """Ends a stream when one part of it can not be sent within so many seconds."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        streamed = False

        async def send_in_time(message: Message) -> None:
            nonlocal streamed
            if message["type"] == "http.response.start":
                kind = Headers(raw=message["headers"]).get("content-type", "")
                streamed = kind.startswith("text/event-stream")
            if not streamed:
                await send(message)
                return
            try:
                async with asyncio.timeout(self.seconds):
                    await send(message)
            except TimeoutError as late:
                raise Stalled from late

        # The server closes a connection whose answer has not come to its end.
        try:
            await self.app(scope, receive, send_in_time)
        except* Stalled:
            log.info("a reader took nothing of a stream for %g seconds", self.seconds)
