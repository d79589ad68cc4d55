"""``dpo-explained check``: text for people, JSON for programs, and an exit status for both."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.check.params import RunParams
from app.check.text import WIDTH
from app.cli import LOSS_PARAMETERS, main
from tests.serving import COMMAND

HEADER = "policy_chosen_logps,policy_rejected_logps,reference_chosen_logps,reference_rejected_logps"
FAULTY = f"{HEADER},loss,step\n" + "-50,-60,-50,-60,0.9,0\n" * 8


@pytest.fixture
def faulty(tmp_path: Path) -> str:
    """A run whose first loss is not ln 2."""
    file = tmp_path / "run.csv"
    file.write_text(FAULTY, encoding="utf-8")
    return str(file)


def status(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["check", *arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_what_is_found_comes_first_with_its_evidence(
    faulty: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(faulty) == 1
    said = capsys.readouterr().out
    assert all(len(line) <= WIDTH for line in said.splitlines() if "http" not in line)
    assert "\x1b" not in said
    parts = [
        "8 pairs, CSV",
        "found, ",
        "[step_zero]",
        "reported: 0.900",
        "Looked for and not found:",
    ]
    places = [said.find(part) for part in parts]
    assert -1 not in places
    assert places == sorted(places)


def test_the_json_is_that_of_the_api(
    faulty: str, client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        status(faulty, "--json", "--loss", "hinge", "--beta", "0.3", "--site", "http://testserver/")
        == 1
    )
    sent = {"text": FAULTY, "loss_type": "hinge", "beta": 0.3}
    assert json.loads(capsys.readouterr().out) == client.post("/api/v1/check_run", json=sent).json()


def test_only_what_a_script_names_ends_with_1(
    faulty: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(faulty, "--fail-on", "swapped, step_zero,") == 1
    assert status(faulty, "--fail-on", "swapped") == 0
    assert "[step_zero]" in capsys.readouterr().out
    assert status(faulty, "--fail-on", "swap") == 2
    assert "unknown swap (one of: batch_means, " in capsys.readouterr().err


def test_a_run_without_a_mistake_ends_with_0(
    client: TestClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = client.get("/api/v1/bring_your_logps/example.jsonl").content
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(right)))
    assert status("-", "--beta", "0.3") == 0
    assert "Nothing found" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["no-such-file"], "no-such-file: No such file"),
        (["/"], "/: "),
        ([__file__], "line "),
        ([__file__, "--beta", "0"], "beta: Input should be greater than 0"),
        ([__file__, "--loss", "dpo"], "which is called 'sigmoid' here"),
        ([__file__, "--trainer", "none"], "one of: trl"),
        ([__file__, "--loss", "ipo", "--label-smoothing", "0.1"], "label_smoothing"),
        ([], "required: FILE"),
    ],
)
def test_what_cannot_be_read_ends_with_2(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(*arguments) == 2
    said = capsys.readouterr()
    assert told in said.err
    assert said.out == ""


def test_every_parameter_is_an_option() -> None:
    assert {"trainer", "loss_type", "beta", *LOSS_PARAMETERS} == set(RunParams.model_fields)


def test_a_terminal_without_our_characters_and_a_closed_pipe_change_no_status(faulty: str) -> None:
    command = [*COMMAND, "check", faulty]
    plain = subprocess.run(
        command, env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True
    )
    assert (plain.returncode, plain.stderr) == (1, b"")
    reading, writing = os.pipe()
    os.close(reading)
    closed = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (closed.returncode, closed.stderr) == (1, b"")


def test_a_check_starts_without_the_server(faulty: str) -> None:
    code = f"""
import sys
from app.cli import main
try:
    main(["check", {faulty!r}])
except SystemExit as ended:
    status = ended.code
loaded = {{"fastapi", "starlette", "jinja2", "uvicorn"}} & set(sys.modules)
raise SystemExit(f"{{status}} {{loaded}}" if loaded or status != 1 else 0)
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
