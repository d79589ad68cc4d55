"""The check of runs that is compiled for browsers says word for word what Python's says."""

from __future__ import annotations

import base64
import json
import random
from dataclasses import asdict, replace
from typing import Any

import pytest

from app.check.own_run import settings_of_form, told
from app.check.params import RunParams
from app.check.reading import read_run
from app.check.run import check_run
from app.check.settings import RunSettings
from app.check.tables import RunFileError
from app.pages.check_examples import EXAMPLES
from app.paths import DATA
from tests.check.confusion import settings_of
from tests.check.corpus.entry import manifest
from tests.check.test_compiled_reading import PATHS, TEXTS, mutated, text_of
from tests.node import answer_of

GIVEN = RunSettings()
ASSUMED = replace(GIVEN, assumed=frozenset(asdict(GIVEN).keys() - {"assumed"}))
OTHERS = (
    GIVEN,
    RunSettings(loss_type="ipo", beta=0.3),
    RunSettings(loss_type="simpo", beta=2.0),
    RunSettings(loss_type="kto", desirable_weight=1.5),
    RunSettings(loss_type="exo_pair", beta=0.05),
    RunSettings(loss_type="sigmoid", label_smoothing=0.1, trainer="trl"),
    RunSettings(loss_types=("sigmoid", "sft"), loss_weights=(1.0, 0.2)),
)

Case = tuple[str | bytes, str | None, RunSettings]
"""data, the name of the file, and how the run was trained"""


def _plain(settings: RunSettings) -> dict[str, Any]:
    return asdict(settings) | {"assumed": sorted(settings.assumed)}


def _here(data: str | bytes, name: str | None, settings: RunSettings) -> Any:
    try:
        report = check_run(data, settings, name)
    except RunFileError as error:
        return {"line": error.line, "column": error.column, "message": error.message}
    return json.loads(json.dumps(asdict(report) | {"settings": _plain(report.settings)}))


def _asked(data: str | bytes, name: str | None, settings: RunSettings) -> dict[str, Any]:
    given = {"text": data} if isinstance(data, str) else {"bytes": base64.b64encode(data).decode()}
    return {**given, "name": name, "settings": _plain(settings)}


def _differing(cases: list[Case]) -> list[Any]:
    """Of what is told otherwise: its beginning, what is said here, and there."""
    there = answer_of("compiled_check.js", {"files": [_asked(*case) for case in cases]})
    return [
        (case[0][:100], case[1:], here, made)
        for case, made in zip(cases, there, strict=True)
        if (here := _here(*case)) != made
    ]


def _told_here(data: str | bytes, name: str | None, form: dict[str, Any]) -> Any:
    try:
        shown = told(read_run(data, name), form)
    except RunFileError as error:
        return {"line": error.line, "column": error.column, "message": error.message}
    except ValueError as error:
        return {"refused": str(error)}
    return json.loads(json.dumps(shown | {"run": shown["run"].model_dump()}))


FORMS: tuple[dict[str, Any], ...] = (
    {},
    {"beta": 0.3, "loss_type": "ipo"},
    {"trainer": "trl", "loss_type": "ipo"},
    {"trainer": "llama_factory"},
    {"loss_types": ("sigmoid", "sft"), "loss_weights": (1.0, 0.2)},
    {"label_smoothing": 0.1, "loss_type": "kto"},
)


def test_what_a_page_shows_is_the_same() -> None:
    """The drawing of a log, too, but for the last digits of where its points are."""
    cases = [(path.read_bytes(), path.name, FORMS[n % len(FORMS)]) for n, path in enumerate(PATHS)]
    asked = [_asked(data, name, GIVEN) | {"form": form} for data, name, form in cases]
    there = answer_of("compiled_check.js", {"files": asked})
    for case, made in zip(cases, there, strict=True):
        assert _near(made, _told_here(*case)), case[1:]


def _near(one: Any, other: Any) -> bool:
    """Whether two values of JSON are the same but for the last digits of numbers."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_near(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_near, one, other))
    if isinstance(one, float) or isinstance(other, float):
        return bool(one == pytest.approx(other, rel=1e-12, abs=1e-12))
    return bool(one == other)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_says_what_requests_say(form: dict[str, Any]) -> None:
    try:
        expected = RunParams.model_validate(form).settings()
    except ValueError:
        with pytest.raises(ValueError, match="label_smoothing"):
            settings_of_form(form)
        return
    assert settings_of_form(form) == expected


def test_the_corpus_is_told_alike() -> None:
    """Each file under what its owner says of it."""
    entries = manifest()
    assert (
        _differing([(one.path.read_bytes(), one.path.name, settings_of(one)) for one in entries])
        == []
    )


def test_the_examples_of_the_page_are_told_alike() -> None:
    files = [(path.read_bytes(), path.name) for path in sorted((DATA / "example_runs").iterdir())]
    cases: list[Case] = [(data, name, ASSUMED) for data, name in files]
    for example in EXAMPLES.values():
        settings = RunParams.model_validate(example.params).settings()
        cases.append((example.text(), None, settings))
    assert _differing(cases) == []


def test_files_are_told_alike_under_any_settings() -> None:
    data = [(path.read_bytes(), path.name) for path in PATHS]
    assert _differing([(*one, OTHERS[n % len(OTHERS)]) for n, one in enumerate(data)]) == []


def test_files_with_faults_are_told_alike() -> None:
    draw = random.Random(0)
    whole = [*(text_of(path.read_bytes()) for path in PATHS), *TEXTS]
    assert _differing([(mutated(text, draw), None, ASSUMED) for text in whole]) == []
