"""Where templates, statics and data lie: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """The folder of that name. Raises FileNotFoundError if an installation lacks it."""
    for candidate in (PACKAGE / name, PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"the folder {name!r} is missing from this installation")


TEMPLATES = folder("templates")
STATIC = folder("static")
DATA = PACKAGE / "data"
COMPRESSED = STATIC / "vendor" / "compressed"


class Strict(BaseModel):
    """Part of a data file; refuses fields that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def content_hash(root: Path) -> str:
    """A short hash of all files below a folder: it changes exactly when one of them does.

    Compressed copies do not count, for they say nothing new.
    """
    digest = hashlib.sha256()
    for file in sorted(path for path in root.rglob("*") if path.is_file()):
        if COMPRESSED in file.parents:
            continue
        digest.update(str(file.relative_to(root)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
