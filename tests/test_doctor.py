"""``doctor`` exits with 1 for each kind of broken installation."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from app import doctor
from app.cli import main
from app.lab.trained import WEIGHTS, load_lab
from app.ops import health as operations
from tests.threads import in_thread


def ends_with_an_error(port: int = 0) -> None:
    with pytest.raises(SystemExit) as ended:
        in_thread(lambda: main(["doctor", "--port", str(port)]))
    assert ended.value.code == 1


def test_a_good_installation_is_well(capfd: pytest.CaptureFixture[str]) -> None:
    in_thread(lambda: main(["doctor", "--port", "0"]))
    said = capfd.readouterr().out.splitlines()
    assert said == ["The site is ready.", "No broken requirements found."]


def test_damaged_weights_are_named(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for file in WEIGHTS.iterdir():
        shutil.copy(file, tmp_path)
    (tmp_path / "additive_reward.safetensors").write_bytes(b"")
    monkeypatch.setattr(operations, "the_lab", lambda: load_lab(tmp_path))
    ends_with_an_error()
    assert "additive_reward.safetensors is damaged" in capfd.readouterr().out


def test_a_package_that_is_missing_is_named(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    info = tmp_path / "tiny-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\nRequires-Dist: no-such\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    ends_with_an_error()
    assert "tiny 1.0 requires no-such" in capfd.readouterr().out


def test_an_address_that_is_taken_is_named(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "PATIENCE_S", 0.1)  # for whoever never answers
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        ends_with_an_error(port)
        assert f"127.0.0.1:{port} is not free" in capfd.readouterr().out


def test_an_address_of_this_site_is_well(server: str, capfd: pytest.CaptureFixture[str]) -> None:
    port = server.rpartition(":")[2]
    in_thread(lambda: main(["doctor", "--port", port]))
    assert f"This site is served at 127.0.0.1:{port}." in capfd.readouterr().out
