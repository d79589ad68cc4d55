"""References, corrections, the glossary and the packages that we serve, read from data files."""

from __future__ import annotations

import json
from functools import lru_cache

from app.paths import DATA, STATIC, Strict


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


class Erratum(Strict):
    """A slip in the paper itself."""

    number: int
    where: str
    slip: str
    correction: str


class Corrections(Strict):
    """All corrections."""

    article: list[Correction]
    paper: list[Erratum]


class GlossaryEntry(Strict):
    """A symbol or a word of the field, in plain words."""

    key: str
    latex: str
    name: str
    meaning: str
    section: str
    """where it is introduced"""


class ServedPackage(Strict):
    """A package of others that browsers are sent files of, as set-up found it."""

    name: str
    version: str
    license: str
    """SPDX identifier"""
    licence_file: str
    """the text of the licence, in static/vendor"""
    use: str
    files: list[str]
    """in static/vendor"""


@lru_cache(maxsize=1)
def glossary() -> dict[str, GlossaryEntry]:
    """Symbols by key. Raises pydantic.ValidationError if the file is wrong."""
    entries = [GlossaryEntry(**entry) for entry in json.loads(_read("glossary.json"))]
    return {entry.key: entry for entry in entries}


@lru_cache(maxsize=1)
def references() -> dict[str, Reference]:
    """References by key. Raises pydantic.ValidationError if the file is wrong."""
    entries = [Reference(**entry) for entry in json.loads(_read("references.json"))]
    return {entry.key: entry for entry in entries}


@lru_cache(maxsize=1)
def corrections() -> Corrections:
    """Corrections in order. Raises pydantic.ValidationError if the file is wrong."""
    return Corrections.model_validate_json(_read("corrections.json"))


@lru_cache(maxsize=1)
def served_packages() -> list[ServedPackage]:
    """What tools/build_assets.py copied. Raises pydantic.ValidationError if its list is wrong."""
    text = (STATIC / "vendor" / "packages.json").read_text(encoding="utf-8")
    return [ServedPackage(**entry) for entry in json.loads(text)]


def _read(name: str) -> str:
    return (DATA / name).read_text(encoding="utf-8")


def bibtex(version: str) -> str:
    """How to cite the explainer in this version, and the DPO paper."""
    paper = references()["rafailov2023"]
    return f"""@misc{{dpo_explained,
  title  = {{{{DPO Explained: Direct Preference Optimization, explained and computed}}}},
  author = {{{{The DPO Explained authors}}}},
  year   = {{2026}},
  note   = {{Interactive explainer, version {version}}},
}}

@inproceedings{{{paper.key},
  title     = {{{{{paper.title}}}}},
  author    = {{{paper.authors.replace(", ", " and ")}}},
  booktitle = {{Advances in Neural Information Processing Systems}},
  year      = {{{paper.year}}},
  eprint    = {{{paper.arxiv}}},
  archivePrefix = {{arXiv}},
}}"""
