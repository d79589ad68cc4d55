"""The reader of run files that is compiled for browsers: Python's own reader has the say."""

from __future__ import annotations

import base64
import gzip
import json
import math
import random
from dataclasses import asdict
from typing import Any

import pytest

from app.check.reading import read_logps, read_run
from app.check.tables import RunFileError
from app.paths import DATA
from tests.check.corpus.entry import manifest
from tests.check.run_forms import FILES, LOGS, ROWS, STEPLESS
from tests.check.test_reading_bounds import HOSTILE, PIECES
from tests.node import answer_of

FILES_OF_CORPUS = [entry.path for entry in manifest()]
EXAMPLES = sorted((DATA / "example_runs").iterdir())
PATHS = [*FILES_OF_CORPUS, *EXAMPLES]
TEXTS = [write() for write in FILES.values()]
TEXTS += [write(ROWS) for write in (*LOGS.values(), *STEPLESS.values())]


def _told(value: Any) -> Any:
    """A value as JSON has it, with numbers that are not finite as texts."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, list | tuple):
        return [_told(one) for one in value]
    if isinstance(value, dict):
        return {name: _told(one) for name, one in value.items()}
    return value


def _here(data: str | bytes, name: str | None, finite: bool) -> Any:
    try:
        return _told(asdict(read_logps(data) if finite else read_run(data, name)))
    except RunFileError as error:
        return {"line": error.line, "column": error.column, "message": error.message}


def _asked(data: str | bytes, name: str | None, finite: bool) -> dict[str, Any]:
    if isinstance(data, str):
        return {"text": data, "name": name, "finite": finite}
    return {"bytes": base64.b64encode(data).decode(), "name": name, "finite": finite}


Case = tuple[str | bytes, str | None, bool]
"""data, the name of the file, and whether only finite pairs will do"""


def _differing(cases: list[Case]) -> list[Any]:
    """Of what is read otherwise: its beginning, what it is here, and there."""
    there = answer_of("compiled_reading.js", {"files": [_asked(*case) for case in cases]})
    return [
        (case[0][:300], case[1:], here, made)
        for case, made in zip(cases, there, strict=True)
        if json.dumps(here := _here(*case)) != json.dumps(made)
        and (here != made or [*here] != [*made])
    ]


def mutated(text: str, draw: random.Random) -> str:
    """A text with one fault or two."""
    for _ in range(draw.choice((1, 1, 2))):
        at = draw.randrange(len(text) + 1)
        kind = draw.randrange(5)
        if kind == 0:
            text = text[:at]
        elif kind == 1:
            text = text[:at] + draw.choice(PIECES) + text[at + draw.choice((0, 1, 1, 5)) :]
        elif kind == 2:
            lines = text.splitlines(keepends=True)
            if lines:
                lines.pop(draw.randrange(len(lines)))
            text = "".join(lines)
        elif kind == 3:
            text = text.replace(draw.choice((",", "\n", '"', "'", ":", "-")), draw.choice(PIECES))
        else:
            lines = text.splitlines(keepends=True)
            draw.shuffle(lines)
            text = "".join(lines)
    return text


def text_of(data: bytes) -> str:
    return (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).decode(
        "utf-8", "replace"
    )


def test_files_are_read_alike() -> None:
    data = [(path.read_bytes(), path.name, False) for path in PATHS]
    texts = [(text_of(one), None, finite) for one, _, _ in data for finite in (False, True)]
    assert _differing([*data, *texts]) == []


@pytest.mark.parametrize("seed", range(2))
def test_files_with_faults_are_read_alike(seed: int) -> None:
    draw = random.Random(seed)
    whole = [*(text_of(path.read_bytes()) for path in PATHS), *TEXTS]
    cases = [(mutated(text, draw), None, draw.random() < 0.2) for text in whole for _ in range(2)]
    assert _differing([*cases]) == []


@pytest.mark.parametrize("seed", range(2))
def test_bytes_in_any_encoding_are_read_alike(seed: int) -> None:
    draw = random.Random(seed)
    cases: list[Case] = []
    for text in TEXTS:
        for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "latin-1"):
            written = mutated(text, draw) if draw.random() < 0.5 else text + "\n# naïve “β” 😀"
            data = written.encode(encoding, "replace")
            if draw.random() < 0.3:
                data = gzip.compress(data, mtime=0)
            if draw.random() < 0.3:
                data = data[: draw.randrange(len(data) + 1)]
            cases.append((data, draw.choice((None, "run.csv", "a/tag-train_loss.csv")), False))
    assert _differing(cases) == []


def test_mixtures_of_what_occurs_are_read_alike() -> None:
    draw = random.Random(0)
    pieces = [*PIECES, "😀", '"\\ud83d\\ude00x', "\u0665", "\x1c", "\x85", "é"]
    texts = ["".join(draw.choices(pieces, k=draw.randrange(60))) for _ in range(150)]
    header = ",".join(("policy_chosen_logps", "policy_rejected_logps", "loss", "step"))
    forms = ("{}", header + "\n{}", "{{{}}}", '{{"loss": 1, "step": {}}}')
    cases = [(form.format(text), None, False) for text in texts for form in forms]
    assert _differing([*cases]) == []


def test_hostile_texts_are_read_alike() -> None:
    assert _differing([(make(20_000), None, False) for make in HOSTILE.values()]) == []


def test_long_hostile_texts_are_read_to_their_end() -> None:
    """Where time grew with the square of their size, together they took longer than any script may run."""
    texts = [_asked(make(400_000), None, False) for make in HOSTILE.values()]
    found = answer_of("compiled_reading.js", {"files": texts})
    assert [one["failed"] for one in found if "failed" in one] == []
