"""Small pieces of HTTP: body limit and security headers."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette._utils import get_route_path
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                path = get_route_path(scope)
                # Scripts, styles and fonts do what the page that loads them may do: they are many, and
                # each byte of theirs counts before the first number is seen.
                if not path.startswith("/static/"):
                    embed = re.fullmatch(r"/widgets/\w+", path)
                    policy = self._embeds if embed else self._others
                    headers.setdefault("Content-Security-Policy", policy)
                    for name, value in HEADERS.items():
                        headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class BodyLimit:
    """Refuse request bodies above a size with 413, whether or not they declare their length."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self.max_bytes:
            await self._refuse(send)
            return
        seen = 0
        refused = False

        async def counted() -> Message:
            nonlocal seen, refused
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.max_bytes:
                refused = True
                return {"type": "http.disconnect"}
            return message

        async def unless_refused(message: Message) -> None:
            if not refused:
                await send(message)

        try:
            await self.app(scope, counted, unless_refused)
        finally:
            if refused:
                await self._refuse(send)

    async def _refuse(self, send: Send) -> None:
        status = 413
        problem: dict[str, Any] = {
            "type": "about:blank",
            "title": "Content Too Large",
            "status": status,
            "detail": f"body: at most {self.max_bytes} bytes are accepted",
            "errors": [
                {
                    "field": "body",
                    "message": "too large",
                    "allowed": f"at most {self.max_bytes} bytes",
                }
            ],
        }
        headers = [(b"content-type", b"application/problem+json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(problem).encode()})
