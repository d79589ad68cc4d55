from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from app.cli import main


def test_all_workers_of_a_server_keep_their_runs_in_one_folder_that_goes_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DPO_EXPLAINED_STORE", "")  # so that it is put back afterwards
    monkeypatch.delenv("DPO_EXPLAINED_STORE")
    stores: list[Path] = []

    def run(*_: Any, **options: Any) -> None:
        # What workers inherit.
        stores.append(Path(os.environ["DPO_EXPLAINED_STORE"]))
        assert stores[0].is_dir()
        assert options["workers"] == 3

    monkeypatch.setattr(uvicorn, "run", run)
    main(["serve", "--workers", "3"])
    assert not stores[0].exists()


def test_a_place_for_runs_that_is_set_is_left_as_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DPO_EXPLAINED_STORE", str(tmp_path))
    stores: list[str] = []
    monkeypatch.setattr(
        uvicorn, "run", lambda *_, **__: stores.append(os.environ["DPO_EXPLAINED_STORE"])
    )
    main(["serve"])
    assert stores == [str(tmp_path)]
    assert tmp_path.is_dir()


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", "--port", "99999"],
        ["serve", "--workers", "0"],
        ["doctor", "--port", "-1"],
        ["export", "x", "--jobs", "0"],
    ],
)
def test_a_number_out_of_range_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert f"'{arguments[-1]}' is not a whole number from" in capsys.readouterr().err


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.strip() == version("dpo-explained")
