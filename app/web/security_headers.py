"""Small pieces of HTTP: HEAD and security headers."""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.request_paths import is_file, path_of

POLICY = "; ".join(
    [
        "default-src 'self'",
        # Plotly sets styles on elements and draws through data and blob addresses.
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ]
)


UNUSED = [
    *("accelerometer", "camera", "geolocation", "gyroscope", "magnetometer"),
    *("microphone", "midi", "payment", "usb"),
]
"""what a browser can do and no page of ours asks for, nor anything that might be slipped into one"""

HEADERS = {
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED),
}

ANYBODY = "*"


class SecurityHeaders:
    """Headers that every answer carries.

    A widget's own page may be framed by the pages of ``frame_ancestors``, origins with spaces between them
    or all; what is not made to be embedded, by our own alone.
    """

    def __init__(self, app: ASGIApp, frame_ancestors: str) -> None:
        self.app = app
        # Said in words, "*" would leave out pages that a lecturer opens from disk.
        self._embeds = POLICY
        if frame_ancestors != ANYBODY:
            self._embeds += f"; frame-ancestors {frame_ancestors}"
        self._others = f"{POLICY}; frame-ancestors 'self'"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path, file = path_of(scope), is_file(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                # Scripts, styles and fonts do what the page that loads them may do: they are many, and
                # each byte of theirs counts before the first number is seen.
                if not file:
                    embed = re.fullmatch(r"/widgets/\w+", path)
                    policy = self._embeds if embed else self._others
                    headers.setdefault("Content-Security-Policy", policy)
                    for name, value in HEADERS.items():
                        headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class HeadAsGet:
    """Answers HEAD as GET without the body, from the same copies and with the same headers.

    The application sees a GET; ``head`` in its scope lets a stream do without the run that nobody hears.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        # A copy: the server goes by the method in its own. What is found out goes back to whoever counts.
        asked = {**scope, "method": "GET", "head": True}
        try:
            await self.app(asked, receive, send_without_body)
        finally:
            scope.update({**asked, "method": "HEAD"})
