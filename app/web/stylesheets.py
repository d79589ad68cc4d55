"""A style sheet that imports others goes out as one file: a request each would keep a slow reader waiting."""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(r'^@import "([^"]+)";\n', re.MULTILINE)


class OtherFolder(ValueError):
    """An imported sheet lies elsewhere: the addresses in it would lead astray."""


def sheet(path: Path) -> str:
    """The text of a style sheet, with those that it imports in their places.

    Raises:
        OtherFolder: one of them does not lie beside it
    """

    def text(found: re.Match[str]) -> str:
        if "/" in found[1]:
            raise OtherFolder(f"{path.name} imports {found[1]}")
        return sheet(path.parent / found[1])

    return _IMPORT.sub(text, path.read_text(encoding="utf-8"))
