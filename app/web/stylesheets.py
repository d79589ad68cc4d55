"""Style sheets with their imports inlined, which saves a request for each, without comments and indents."""

from __future__ import annotations

import re
from pathlib import Path

_COMMENT = re.compile(r"/\*.*?\*/\n?", re.DOTALL)
_AIR = re.compile(r"\s*([{};])\s*")
_IMPORT = re.compile(r'^@import "([^"]+)";\n', re.MULTILINE)


class ForeignImport(ValueError):
    """A style sheet imports one from another folder, whose relative URLs would break."""


def bundled_stylesheet(path: Path) -> str:
    """The text of a style sheet with its imports inlined, without comments and indents.

    Raises:
        ForeignImport: it imports one from another folder
    """

    def text(found: re.Match[str]) -> str:
        if "/" in found[1]:
            raise ForeignImport(f"{path.name} imports {found[1]}")
        return bundled_stylesheet(path.parent / found[1])

    whole = _IMPORT.sub(text, _COMMENT.sub("", path.read_text(encoding="utf-8")))
    return _AIR.sub(r"\1", whole)
