"""In-memory cache of GET responses, with ETags.

Every response is a function of its URL, so browsers and proxies may cache it too.

Host and path are chosen by the client. They are part of the key, so no client receives a response made for
another host, and everything cached counts against the limit, so many hosts can only evict entries.
"""

from __future__ import annotations

import hashlib
import sys
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.request_paths import is_file, path_of
from app.web.static_files import accepts

MAX_ENTRY_BYTES = 2_000_000
"""of one entry, with its key and headers; a larger response is passed through"""

OVERHEAD = 600
"""bytes that an entry takes beside its strings"""

ENCODINGS = ("br", "zstd", "gzip")
"""content encodings of responses, best first"""

DATA_CACHE_CONTROL = "public, max-age=300"
"""of JSON and images, which change only when the server is upgraded"""

PAGE_CACHE_CONTROL = "no-cache"
"""Pages name static files by their hash, so browsers must check that a cached page is still current."""

CacheKey = tuple[str, str, str, str, bytes, str]
"""all that a response depends on: scheme, host, root path, path, query, encoding"""


@dataclass(frozen=True)
class CachedResponse:
    """A complete response with status 200."""

    key: CacheKey
    headers: list[tuple[bytes, bytes]]
    body: bytes
    etag: str
    route: object
    """the route that made it, for the request log"""

    @property
    def size(self) -> int:
        """Approximate memory in bytes."""
        texts = [*self.key, *(text for pair in self.headers for text in pair), self.body, self.etag]
        return OVERHEAD + sum(map(sys.getsizeof, [*texts, *self.headers]))


class ResponseCache:
    """Caches responses up to ``max_bytes`` and evicts the least recently used first.

    Args:
        uncached: paths that are never cached, beside those of static files
    """

    def __init__(self, app: ASGIApp, max_bytes: int, uncached: Collection[str] = ()) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.uncached = uncached
        self._responses: OrderedDict[CacheKey, CachedResponse] = OrderedDict()
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or self._is_uncached(scope):
            await self.app(scope, receive, send)
            return
        key = _normalized(scope)
        response = self._responses.get(key)
        if response is None:
            response = await self._request(key, scope, receive, send)
            if response is None:
                return
            self._store(response)
            scope["cache"] = "miss"
        else:
            self._responses.move_to_end(key)
            scope["cache"], scope["route"] = "hit", response.route
        await _send(response, Headers(scope=scope).get("if-none-match"), send)

    def _is_uncached(self, scope: Scope) -> bool:
        return is_file(scope) or path_of(scope) in self.uncached

    async def _request(
        self, key: CacheKey, scope: Scope, receive: Receive, send: Send
    ) -> CachedResponse | None:
        """The application's response, or None if it cannot be cached and was passed through."""
        start: Message | None = None
        parts: list[bytes] | None = []
        response: CachedResponse | None = None
        length = 0

        async def collect(message: Message) -> None:
            nonlocal start, parts, response, length
            if parts is None:
                await send(message)
            elif message["type"] == "http.response.start":
                start = message
                if not _is_cacheable(message):
                    parts = None
                    await send(message)
            elif start is None or message["type"] != "http.response.body":
                await send(message)  # an extension, such as a test client's
            else:
                parts.append(message.get("body", b""))
                length += len(parts[-1])
                if not message.get("more_body", False):
                    response = _cached(key, start, b"".join(parts), scope.get("route"))
                elif length > MAX_ENTRY_BYTES:
                    await send(start)
                    await send({**message, "body": b"".join(parts)})
                    parts = None

        await self.app(scope, receive, collect)
        return response

    def _store(self, response: CachedResponse) -> None:
        if response.size > MAX_ENTRY_BYTES:
            return
        replaced = self._responses.pop(response.key, None)
        self._responses[response.key] = response
        self._bytes += response.size - (replaced.size if replaced else 0)
        while self._bytes > self.max_bytes:
            self._bytes -= self._responses.popitem(last=False)[1].size


def _normalized(scope: Scope) -> CacheKey:
    """The key of a request, whose host and encoding become those of the key."""
    headers = MutableHeaders(scope=scope)
    host = headers.get("host", "").lower()
    wanted = ", ".join(headers.getlist("accept-encoding"))
    encoding = next((name for name in ENCODINGS if accepts(wanted, name)), "identity")
    headers["accept-encoding"] = encoding
    if host:
        headers["host"] = host
    return (
        scope["scheme"],
        host,
        scope.get("root_path", ""),
        scope["path"],
        scope["query_string"],
        encoding,
    )


def _is_cacheable(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    return (
        start["status"] == HTTPStatus.OK
        and not headers.get("content-type", "").startswith("text/event-stream")
        and "no-store" not in headers.get("cache-control", "")
        and "set-cookie" not in headers
    )


def _cached(key: CacheKey, start: Message, body: bytes, route: object) -> CachedResponse:
    headers = MutableHeaders(raw=list(start["headers"]))
    page = headers.get("content-type", "").startswith("text/html")
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers["etag"] = etag
    headers.setdefault("cache-control", PAGE_CACHE_CONTROL if page else DATA_CACHE_CONTROL)
    headers["content-length"] = str(len(body))
    return CachedResponse(key, headers.raw, body, etag, route)


async def _send(response: CachedResponse, if_none_match: str | None, send: Send) -> None:
    """Send the response, or 304 if the client has a current copy."""
    if if_none_match is not None and _matches(if_none_match, response.etag):
        omitted = (b"content-length", b"content-type", b"content-encoding")
        headers = [pair for pair in response.headers if pair[0] not in omitted]
        status, body = HTTPStatus.NOT_MODIFIED, b""
    else:
        headers, status, body = response.headers, HTTPStatus.OK, response.body
    # A copy, as other middleware adds headers.
    await send({"type": "http.response.start", "status": int(status), "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


def _matches(if_none_match: str, etag: str) -> bool:
    """The weak comparison of RFC 9110, 13.1.2."""
    return if_none_match.strip() == "*" or etag in (
        tag.strip().removeprefix("W/") for tag in if_none_match.split(",")
    )
