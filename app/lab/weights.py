"""The files of a trained lab, and whether they are those that training wrote.

Beside them lies a list of their hashes in the form of the program ``sha256sum``. What is loaded is what was
checked: the bytes are read once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

SUMS = "SHA256SUMS"

REMEDY = "Install dpo-explained again, or make the weights: dpo-explained train --seed 0"


class BadWeights(Exception):
    """A file of the trained lab is missing, or is not the one that training wrote."""


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files of a lab, by name, and the list of their hashes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items()]
    (folder / SUMS).write_text("".join(lines), encoding="ascii")


def read_file(folder: Path, name: str) -> bytes:
    """The content of a file that is the one written.

    Raises BadWeights, whose text names the file, the expected and the found hash, and what to do.
    """
    expected = _expected(folder, name)
    content = _content(folder, name)
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise BadWeights(
            f"The weights file {name} is damaged: its SHA-256 should be {expected}, and is {found}. {REMEDY}"
        )
    return content


def _expected(folder: Path, name: str) -> str:
    listed = _content(folder, SUMS).decode("ascii", errors="replace")
    sums = {file: digest for digest, _, file in (ln.partition("  ") for ln in listed.splitlines())}
    if name not in sums:
        raise BadWeights(f"The hash of the weights file {name} is missing in {SUMS}. {REMEDY}")
    return sums[name]


def _content(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise BadWeights(
            f"The weights file {name} cannot be read: {error.strerror}. {REMEDY}"
        ) from error
