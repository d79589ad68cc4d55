"""References and corrections, read from data files."""

from __future__ import annotations

import json
from functools import lru_cache

from pydantic import BaseModel, ConfigDict

from app.resources import DATA


class Strict(BaseModel):
    """Refuses fields that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Reference(Strict):
    """One entry of the list of references."""

    key: str
    short: str
    authors: str
    title: str
    year: int
    venue: str
    arxiv: str | None = None
    url: str
    note: str = ""


class Correction(Strict):
    """Where our text departs from the article, and why."""

    number: int
    section: str
    severity: str
    article: str
    correction: str
    source: list[str]
    where: str = ""


class Slip(Strict):
    """A slip in the paper itself."""

    number: int
    where: str
    slip: str
    correction: str


class Corrections(Strict):
    """All corrections."""

    article: list[Correction]
    paper: list[Slip]


@lru_cache(maxsize=1)
def references() -> dict[str, Reference]:
    """References by key. Raises pydantic.ValidationError if the file is wrong."""
    entries = [Reference(**entry) for entry in json.loads(_read("references.json"))]
    return {entry.key: entry for entry in entries}


@lru_cache(maxsize=1)
def corrections() -> Corrections:
    """Corrections in order. Raises pydantic.ValidationError if the file is wrong."""
    return Corrections.model_validate_json(_read("corrections.json"))


def _read(name: str) -> str:
    return (DATA / name).read_text(encoding="utf-8")
