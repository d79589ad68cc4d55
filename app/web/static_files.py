"""Static files, cached for ever by browsers and compressed before the server starts.

``python -m app.web.static_files`` compresses them at set-up, after tools/bundle.mjs has minified our modules.
Both name what they make by the hash of the content, so nothing outdated is served: a file that has changed
since is sent as it is, and compressed with each response.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path

import brotli
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.paths import COMPRESSED, MINIFIED, STATIC
from app.web.stylesheets import bundled_stylesheet

SUFFIXES = {".css", ".js", ".svg", ".txt"}
"""of files that compress well"""

ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: bytes(brotli.compress(body, quality=11)),
    "gzip": gzip.compress,
}
"""best first"""


class PrecompressedStatics(StaticFiles):
    """Serves compressed files, below an address with a hash of them all: a cached copy is never stale."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory)
        self._made = {
            path.relative_to(directory).as_posix(): content
            for path in compressible(directory)
            if (content := content_of(path)) != path.read_bytes()
        }
        self._compressed = {
            (path.relative_to(directory).as_posix(), encoding): compressed.read_bytes()
            for path in compressible(directory)
            for encoding in ENCODINGS
            if (compressed := compressed_file(path, encoding)).is_file()
        }

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, compressed if possible, with headers that let it be cached for ever."""
        response = self._from_memory(path, scope) if scope["method"] == "GET" else None
        response = response or await super().get_response(path, scope)
        if response.status_code != HTTPStatus.OK:
            return response
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response

    def _from_memory(self, path: str, scope: Scope) -> Response | None:
        """A compressed file, or what was made of one: a lecture hall has no time to look at the disk."""
        media_type = mimetypes.guess_type(path)[0]
        wanted = Headers(scope=scope).get("accept-encoding", "")
        for encoding in ENCODINGS:
            body = self._compressed.get((path, encoding))
            if body is not None and accepts(wanted, encoding):
                # Without ETag and date: the address says which content it is, and nobody asks again.
                return Response(body, headers={"Content-Encoding": encoding}, media_type=media_type)
        return Response(self._made[path], media_type=media_type) if path in self._made else None


def accepts(header: str, encoding: str) -> bool:
    """Whether an Accept-Encoding header names an encoding without refusing it (RFC 9110, 12.5.3)."""
    for part in header.lower().split(","):
        name, *options = (piece.strip() for piece in part.split(";"))
        if name == encoding:
            return not any(re.fullmatch(r"q=0(\.0*)?", option) for option in options)
    return False


def compressible(folder: Path) -> Iterator[Path]:
    """The files that are worth compressing."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in SUFFIXES and not {COMPRESSED, MINIFIED} & set(path.parents):
            yield path


def content_of(path: Path) -> bytes:
    """The content to serve: the file, a style sheet with all that it imports, or a minified module."""
    if path.suffix == ".css":
        return bundled_stylesheet(path).encode()
    content = path.read_bytes()
    minified = MINIFIED / f"{_hash(content)}.js"
    return minified.read_bytes() if path.suffix == ".js" and minified.is_file() else content


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:20]


def compressed_file(path: Path, encoding: str) -> Path:
    """Where the compressed file is, if it exists."""
    return COMPRESSED / f"{_hash(content_of(path))}.{encoding}"


def compress() -> None:
    """Compress new files and delete outdated compressed ones."""
    COMPRESSED.mkdir(parents=True, exist_ok=True)
    wanted = set()
    for path in compressible(STATIC):
        for encoding, encode in ENCODINGS.items():
            file = compressed_file(path, encoding)
            wanted.add(file)
            if not file.is_file():
                file.write_bytes(encode(content_of(path)))
    for file in set(COMPRESSED.iterdir()) - wanted:
        file.unlink()


if __name__ == "__main__":
    compress()
