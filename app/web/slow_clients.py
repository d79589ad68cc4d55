"""Disconnects clients that stop reading an event stream, as each occupies a place among the open streams."""

from __future__ import annotations

import asyncio
import logging

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)


class ClientStalled(Exception):
    """The client read nothing for too long."""


class SlowClientTimeout:
    """Ends an event stream if a part of it cannot be sent within so many seconds."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        streaming = False

        async def send_in_time(message: Message) -> None:
            nonlocal streaming
            if message["type"] == "http.response.start":
                kind = Headers(raw=message["headers"]).get("content-type", "")
                streaming = kind.startswith("text/event-stream")
            if not streaming:
                await send(message)
                return
            try:
                async with asyncio.timeout(self.seconds):
                    await send(message)
            except TimeoutError as late:
                raise ClientStalled from late

        # The server closes a connection whose response is incomplete.
        try:
            await self.app(scope, receive, send_in_time)
        except* ClientStalled:
            log.info("a client read nothing of a stream for %g seconds", self.seconds)
