"""The corpus is what its manifest says: every file listed, every fault known, and enough of each."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.check.corpus.entry import FAULTS, HEALTHY, HERE, MANIFEST, Entry, manifest

ENTRIES = manifest()


def counted(entries: list[Entry]) -> Counter[bool]:
    return Counter(entry.label == HEALTHY for entry in entries)


def test_every_file_is_listed_and_every_listed_file_is_there() -> None:
    there = {
        str(path.relative_to(HERE))
        for path in HERE.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc") and path != MANIFEST
    }
    assert there == {entry.file for entry in ENTRIES}
    assert len(ENTRIES) == len(there)


def test_every_fault_is_known_and_there_is_one_file_of_each() -> None:
    assert {entry.label for entry in ENTRIES} == {HEALTHY, *FAULTS}
    assert {name for entry in ENTRIES for name in entry.also} <= set(FAULTS)


def test_a_healthy_run_has_no_findings_to_excuse() -> None:
    assert not [entry.file for entry in ENTRIES if entry.label == HEALTHY and entry.also]


@pytest.mark.parametrize(("sealed", "least"), [(False, 22), (True, 10)])
def test_there_are_as_many_files_as_promised(sealed: bool, least: int) -> None:
    count = counted([entry for entry in ENTRIES if entry.sealed is sealed])
    assert min(count[True], count[False]) >= least


def test_ten_logs_are_of_trl_itself() -> None:
    assert sum(entry.made.startswith("TRL") for entry in ENTRIES) >= 10


def test_the_corpus_stays_small() -> None:
    assert sum(entry.path.stat().st_size for entry in ENTRIES) < 1_000_000
