"""HEAD requests, answered as GET without the body."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """Passes HEAD on as GET, so that it gets the same headers from the same cache, and drops the body.

    ``head`` in the scope lets an event stream skip a run whose events nobody receives.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        # A copy, as the server reads the method in its own. What routing adds goes back, for the log.
        as_get = {**scope, "method": "GET", "head": True}
        try:
            await self.app(as_get, receive, send_without_body)
        finally:
            scope.update({**as_get, "method": "HEAD"})
