"""Files that may be kept for ever, compressed before the server starts.

``compress()`` runs at set-up (``python -m app.web.static_files``). A compressed file is named by the hash of
its content, so that one of another version is never served: a file that was changed since goes out
compressed on its way, as everything else does.
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
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.paths import COMPRESSED, STATIC
from app.web.stylesheets import sheet

SUFFIXES = {".css", ".js", ".svg", ".txt"}
"""of files that get smaller"""

ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: bytes(brotli.compress(body, quality=11)),
    "gzip": gzip.compress,
}
"""the best first"""


class HashedStatics(StaticFiles):
    """Files under an address that contains a hash of them all: a copy never goes stale."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory)
        self._sheets = {
            path.relative_to(directory).as_posix(): sent(path) for path in directory.rglob("*.css")
        }
        self._compressed = {
            (path.relative_to(directory).as_posix(), encoding): compressed
            for path in compressible(directory)
            for encoding in ENCODINGS
            if (compressed := compressed_file(path, encoding)).is_file()
        }

    async def get_response(self, path: str, scope: Scope) -> Response:
        """As Starlette, with a compressed file where there is one, and say that a copy may be kept."""
        response = await super().get_response(path, scope)
        if path in self._sheets and response.status_code == HTTPStatus.OK:
            response = Response(self._sheets[path], media_type="text/css")
        if response.status_code != HTTPStatus.OK:
            return response
        wanted = Headers(scope=scope).get("accept-encoding", "")
        for encoding in ENCODINGS:
            file = self._compressed.get((path, encoding))
            if file is not None and accepts(wanted, encoding):
                media_type = mimetypes.guess_type(path)[0]
                response = FileResponse(file, media_type=media_type)
                response.headers["Content-Encoding"] = encoding
                break
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def accepts(header: str, encoding: str) -> bool:
    """Whether a header Accept-Encoding names an encoding, and does not refuse it (RFC 9110 12.5.3)."""
    for part in header.lower().split(","):
        name, *options = (piece.strip() for piece in part.split(";"))
        if name == encoding:
            return not any(re.fullmatch(r"q=0(\.0*)?", option) for option in options)
    return False


def compressible(folder: Path) -> Iterator[Path]:
    """The files that are worth it."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in SUFFIXES and COMPRESSED not in path.parents:
            yield path


def sent(path: Path) -> bytes:
    """What a file is sent as: itself, or a style sheet with all that it imports."""
    return sheet(path).encode() if path.suffix == ".css" else path.read_bytes()


def compressed_file(path: Path, encoding: str) -> Path:
    """Where a file lies compressed, if it does."""
    return COMPRESSED / f"{hashlib.sha256(sent(path)).hexdigest()[:20]}.{encoding}"


def compress() -> None:
    """Compress what is not yet, and forget what is no longer there."""
    COMPRESSED.mkdir(parents=True, exist_ok=True)
    wanted = set()
    for path in compressible(STATIC):
        for encoding, encode in ENCODINGS.items():
            file = compressed_file(path, encoding)
            wanted.add(file)
            if not file.is_file():
                file.write_bytes(encode(sent(path)))
    for file in set(COMPRESSED.iterdir()) - wanted:
        file.unlink()


if __name__ == "__main__":
    compress()
