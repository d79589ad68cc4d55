"""Paths of templates, static files and data: beside the package in a checkout, inside it in a wheel."""

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
MINIFIED = STATIC / "built" / "minified"


class Strict(BaseModel):
    """A model of part of a data file, which rejects unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def content_hash(root: Path) -> str:
    """A short hash of all files below a folder, except their compressed copies."""
    digest = hashlib.sha256()
    for file in sorted(path for path in root.rglob("*") if path.is_file()):
        if COMPRESSED in file.parents:
            continue
        digest.update(str(file.relative_to(root)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
