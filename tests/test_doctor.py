"""The command that checks an installation: what it says of a good one, and of each kind of bad one."""

from __future__ import annotations

import shutil
import socket
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from app import doctor
from app.cli import main
from app.doctor import NotWell, all_checks, examine
from app.lab import trained
from app.lab.trained import WEIGHTS, load_lab
from app.widgets import reward_separation
from tools import build_assets


def test_a_good_installation_is_well_in_every_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # While somebody works on the statics, their compressed copies are those of before.
    monkeypatch.setattr("app.statics.compressible", lambda _: iter(()))
    main(["doctor", "--port", "0"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1].rstrip(":") for line in lines[:-1]] == list(all_checks("", 0))
    assert all(line.startswith("well ") for line in lines[:-1])
    assert lines[-1] == "All is well."


def test_one_that_is_not_ends_with_an_error_and_says_how_many_failed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def bad() -> str:
        raise NotWell("no")

    def worse() -> str:
        raise ZeroDivisionError("in the check itself")

    monkeypatch.setattr(
        doctor, "all_checks", lambda *_: {"a": lambda: "yes", "b": bad, "c": worse, "d": lambda: ""}
    )
    with pytest.raises(SystemExit) as ended:
        main(["doctor"])
    assert ended.value.code == 1
    assert capsys.readouterr().out.splitlines() == [
        "well      a: yes",
        "NOT WELL  b: no",
        "NOT WELL  c: ZeroDivisionError: in the check itself",
        "well      d: ",
        "2 of 4 checks failed.",
    ]


def test_an_old_python_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.python_version", lambda: "3.9.1")
    with pytest.raises(NotWell, match=r"3\.9\.1, and >=3\.11 is needed"):
        doctor.python()


def test_packages_that_are_old_or_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(name: str) -> str:
        if name == "numpy":
            raise PackageNotFoundError
        return {"torch": "1.13.1+cpu"}.get(name, "99.0")

    monkeypatch.setattr(doctor, "version", found)
    with pytest.raises(NotWell) as raised:
        doctor.packages()
    assert "torch is 1.13.1+cpu, and at least 2.6 is needed" in str(raised.value)
    assert "numpy is missing" in str(raised.value)


def test_damaged_weights_are_named_with_their_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for file in WEIGHTS.iterdir():
        shutil.copy(file, tmp_path)
    (tmp_path / "reward_model.safetensors").write_bytes(b"")
    monkeypatch.setattr(trained, "load_lab", lambda: load_lab(tmp_path))
    monkeypatch.setattr(trained, "WEIGHTS", tmp_path)
    with pytest.raises(NotWell, match=r"reward_model\.safetensors is damaged") as raised:
        doctor.weights()
    assert str(tmp_path) in str(raised.value)


def test_a_data_file_that_can_not_be_read_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable() -> None:
        raise ValueError("the glossary has no end")

    monkeypatch.setattr("app.sources.glossary", unreadable)
    (finding,) = examine({"data": doctor.data})
    assert (finding.well, finding.said) == (False, "ValueError: the glossary has no end")


def test_statics_that_are_missing_or_not_compressed_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("app.resources.STATIC", tmp_path)
    with pytest.raises(NotWell, match=r"plotly-basic\.min\.js, .* missing in"):
        doctor.statics()
    (tmp_path / "vendor").mkdir()
    for name in doctor.VENDOR:
        (tmp_path / "vendor" / name).write_text("")
    (tmp_path / "new.js").write_text("// never compressed")
    with pytest.raises(NotWell, match=r"new\.js.* not compressed: python -m app\.statics"):
        doctor.statics()


def test_the_files_that_are_expected_are_those_that_set_up_fetches() -> None:
    assert all((build_assets.VENDOR / name).is_file() for name in doctor.VENDOR)
    fetched = {file.name for file in build_assets.VENDOR.iterdir() if file.suffix != ".txt"}
    assert fetched == {*doctor.VENDOR, "compressed"}


def test_a_page_that_can_not_be_drawn_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.export.pages.rendered", lambda paths: dict.fromkeys(paths, "<html>"))
    with pytest.raises(NotWell, match="ends too soon"):
        doctor.pages()


def test_a_number_that_is_not_the_closed_form_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    compute = reward_separation.compute

    def slightly_off(params: reward_separation.Params) -> reward_separation.Result:
        result = compute(params)
        return result.model_copy(update={"loss": result.loss * (1 + 1e-6)})

    monkeypatch.setattr(reward_separation, "compute", slightly_off)
    with pytest.raises(NotWell, match="Bradley-Terry loss at margin 3"):
        doctor.numbers()


def test_a_run_that_fails_in_its_process_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.runs.processes.sys.executable", shutil.which("false"))
    (finding,) = examine({"training": doctor.training})
    assert not finding.well
    assert finding.said.startswith("RunLost: ")


def test_a_store_that_can_not_be_written_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    taken = tmp_path / "a-file"
    taken.write_text("")
    monkeypatch.setenv("DPO_EXPLAINED_STORE", str(taken))
    with pytest.raises(NotWell, match="a-file is not found there: DPO_EXPLAINED_STORE"):
        doctor.store()


def test_the_password_of_a_store_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DPO_EXPLAINED_STORE", "redis://reader:zebra@127.0.0.1:1/0")
    (finding,) = examine({"store": doctor.store})
    assert not finding.well
    assert "redis://127.0.0.1:1/0" in finding.said
    assert "zebra" not in finding.said


def test_a_port_that_is_taken_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(NotWell, match=f"127.0.0.1:{port} can not be taken"):
            doctor.port_free("127.0.0.1", port)
    assert doctor.port_free("127.0.0.1", 0) == "127.0.0.1:0 is free"


def test_it_is_well_to_have_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_spec", lambda name: None if name == "ray" else object())
    assert doctor.cluster().startswith("not installed (ray)")
