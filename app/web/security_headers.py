"""Security headers."""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.request_paths import is_file, path_of

COMPUTES = "script-src 'self' 'wasm-unsafe-eval'; worker-src blob:"
"""what a page needs besides, to compute in a worker of its own"""

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
"""browser features that no page uses, denied so that injected code cannot use them either"""

HEADERS = {
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED),
}

ANYBODY = "*"


class SecurityHeaders:
    """Adds security headers to every response.

    Args:
        embeddable: regular expression of the paths that other sites may frame
        frame_ancestors: which sites those are: origins separated by spaces, or ``*`` for all
        computing: regular expression of the paths of pages that compute in the browser
    """

    def __init__(self, app: ASGIApp, embeddable: str, frame_ancestors: str, computing: str) -> None:
        self.app = app
        self._computing = re.compile(computing)
        self._embeddable = re.compile(embeddable)
        # No directive for all: an explicit "*" excludes pages that are opened from disk.
        self._embeddable_policy = POLICY
        if frame_ancestors != ANYBODY:
            self._embeddable_policy += f"; frame-ancestors {frame_ancestors}"
        self._policy = f"{POLICY}; frame-ancestors 'self'"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path, file = path_of(scope), is_file(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                # Static files are bound by the policy of the page that loads them, and there are many:
                # leaving these headers out makes the first page load faster.
                if not file:
                    embeddable = self._embeddable.fullmatch(path)
                    policy = self._embeddable_policy if embeddable else self._policy
                    if self._computing.fullmatch(path):
                        policy = f"{policy}; {COMPUTES}"
                    headers.setdefault("Content-Security-Policy", policy)
                    for name, value in HEADERS.items():
                        headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)
