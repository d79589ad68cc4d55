"""References, corrections, the glossary and the packages in the browser, read from data files."""

from __future__ import annotations

import json
from functools import lru_cache

from app.paths import DATA, STATIC, Strict


class Reference(Strict):
    """An entry of the list of references."""

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
    """A correction of the article on which the site is based."""

    number: int
    section: str
    severity: str
    article: str
    """what it does, as a predicate: "says ...", "calls ..."."""
    correction: str
    source: list[str]
    where: str = ""


class Erratum(Strict):
    """An error in the DPO paper itself."""

    number: int
    where: str
    slip: str
    correction: str


class Corrections(Strict):
    """Corrections of the article and of the paper."""

    article: list[Correction]
    paper: list[Erratum]


class GlossaryEntry(Strict):
    """A glossary entry: a symbol or a term, in plain words."""

    key: str
    latex: str
    name: str
    meaning: str
    section: str
    """slug of the section that introduces it"""


class ServedPackage(Strict):
    """A third-party package whose files are sent to browsers, as found at set-up."""

    name: str
    version: str
    license: str
    """SPDX identifier"""
    licence_file: str
    """path in static/vendor"""
    use: str
    files: list[str]
    """paths in static/vendor"""


@lru_cache(maxsize=1)
def glossary() -> dict[str, GlossaryEntry]:
    """Glossary entries by key. Raises pydantic.ValidationError if the file is wrong."""
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


def departures(slug: str) -> list[Correction]:
    """Corrections of the article that concern a section."""
    return [entry for entry in corrections().article if entry.section == slug]


@lru_cache(maxsize=1)
def served_packages() -> list[ServedPackage]:
    """The packages listed by tools/build_assets.py. Raises pydantic.ValidationError if the file is wrong."""
    text = (STATIC / "vendor" / "packages.json").read_text(encoding="utf-8")
    return [ServedPackage(**entry) for entry in json.loads(text)]


def _read(name: str) -> str:
    return (DATA / name).read_text(encoding="utf-8")


def bibtex(version: str, url: str) -> str:
    """BibTeX of this version of the explainer, at its URL if it has one, and of the DPO paper."""
    address = f"\n  url    = {{{url}}}," if url else ""
    paper = references()["rafailov2023"]
    return f"""@misc{{dpo_explained,
  title  = {{{{DPO Explained: Direct Preference Optimization, explained and computed}}}},
  author = {{{{The DPO Explained authors}}}},
  year   = {{2026}},{address}
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
