"""Set-up: what pyproject.toml asks for is pinned, by hash, and nothing else is installed."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.lock import LOCKS, ROOT, SOURCES, builds, entries, lock_of

ALL = sorted(path.stem for path in LOCKS.glob("*.txt"))


def lock(name: str) -> list[str]:
    return entries((LOCKS / f"{name}.txt").read_text(encoding="utf-8"))


def requirement(entry: str) -> Requirement:
    return Requirement(entry.split("\\")[0])


def test_the_locks_are_those_that_are_made() -> None:
    made = {*SOURCES, "torch", *(f"{build.package}-{build.local}" for build in builds())}
    assert {*ALL} == made


@pytest.mark.parametrize("name", ALL)
def test_every_version_is_pinned_and_every_file_hashed(name: str) -> None:
    assert lock(name)
    for entry in lock(name):
        first, *hashes = entry.split(" \\\n    ")
        assert re.fullmatch(r"[\w.-]+==[\w.+]+( ; .+)?", first)
        assert hashes
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line) for line in hashes)


@pytest.mark.parametrize("name", ALL)
def test_no_lock_names_a_place(name: str) -> None:
    text = (LOCKS / f"{name}.txt").read_text(encoding="utf-8")
    assert "/" not in re.sub(r"^# .*", "", text, flags=re.MULTILINE)
    assert not re.search(r"^\s*-", re.sub(r"--hash=sha256:", "", text), re.MULTILINE)


@pytest.mark.parametrize("name", ["run", "assets"])
def test_what_the_image_has_is_what_a_checkout_has(name: str) -> None:
    pins = {entry.split(" ")[0] + entry.split("\\", 1)[1] for entry in lock("dev")}
    for entry in lock(name):
        assert entry.split(" ")[0] + entry.split("\\", 1)[1] in pins


def test_the_locks_are_as_new_as_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    asked = {
        "run": project["project"]["dependencies"],
        "dev": [line for extra in ("dev", "bench", "cluster") for line in extras[extra]],
        "assets": [*project["dependency-groups"]["assets"], *project["build-system"]["requires"]],
    }
    for name, lines in asked.items():
        pins = [requirement(entry) for entry in [*lock(name), *lock("torch")]]
        for needed in map(Requirement, lines):
            found = [
                pin for pin in pins if canonicalize_name(pin.name) == canonicalize_name(needed.name)
            ]
            assert found or needed.name == "dpo-explained", f"{needed}: make lock"
            for pin in found:
                assert needed.specifier.contains(str(pin.specifier).removeprefix("=="))


def test_a_build_of_torch_that_is_preferred_is_of_the_version_of_all_others() -> None:
    (pin,) = [entry for entry in lock("torch") if entry.startswith("torch==")]
    (build,) = builds()
    assert f"torch=={build.version} " in pin
    assert (LOCKS / "torch-cpu.txt").read_text(encoding="utf-8") == lock_of(build)


def test_what_is_installed_is_what_is_pinned() -> None:
    torch = [entry for entry in lock("torch") if entry.startswith("torch==")]
    for needed in map(requirement, [*lock("dev"), *torch]):
        if needed.marker is None or needed.marker.evaluate():
            assert needed.specifier.contains(version(needed.name)), f"{needed}: make run"


# ---- the script that installs


class Shop:
    """A place with packages, locks of them, and an environment to install into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "tools").mkdir()
        (folder / "requirements").mkdir()
        (folder / "shelf").mkdir()
        shutil.copy(ROOT / "tools" / "install_locked", folder / "tools")
        venv.create(folder / "venv", with_pip=False)
        inside = folder / "venv" / "bin" / "python"
        self.python = folder / "python"
        pip = f'exec "{sys.executable}" -m pip --disable-pip-version-check --python "{inside}" "$@"'
        self.python.write_text(f"#!/bin/sh\nshift 2\n{pip}\n")
        self.python.chmod(0o755)
        for name in ("run", "torch", "torch-cpu"):
            (folder / "requirements" / f"{name}.txt").write_text("")

    def wheel(self, name: str, version: str, needs: str = "") -> str:
        """Put a package on the shelf; its hash."""
        file = self.folder / "shelf" / f"{name}-{version}-py3-none-any.whl"
        info = f"{name}-{version}.dist-info"
        needed = f"Requires-Dist: {needs}\n" if needs else ""
        about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}"
        parts = {
            f"{name}.py": f"version = {version!r}\n",
            f"{info}/METADATA": about,
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{path},,\n" for path in [*parts, f"{info}/RECORD"])
        with zipfile.ZipFile(file, "w") as archive:
            for path, text in {**parts, f"{info}/RECORD": record}.items():
                archive.writestr(path, text)
        return hashlib.sha256(file.read_bytes()).hexdigest()

    def lock(self, name: str, *lines: str) -> None:
        text = "".join(f"{line}\n" for line in lines)
        (self.folder / "requirements" / f"{name}.txt").write_text(text)

    def install(self) -> subprocess.CompletedProcess[str]:
        settings = {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.folder / "shelf"),
        }
        return subprocess.run(
            [self.folder / "tools" / "install_locked", self.python, "run"],
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def installed(self) -> set[str]:
        return {path.stem for path in self.folder.glob("venv/lib/*/site-packages/*.dist-info")}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_what_a_lock_lists_is_installed(shop: Shop) -> None:
    right = shop.wheel("tiny", "1.0")
    shop.lock("run", f"tiny==1.0 --hash=sha256:{right}")
    shop.lock("torch-cpu", f"tiny==1.0 --hash=sha256:{right}")
    assert shop.install().returncode == 0
    assert shop.installed == {"tiny-1.0"}


def test_a_file_that_was_tampered_with_is_refused(shop: Shop) -> None:
    right = shop.wheel("tiny", "1.0")
    shop.lock("run", f"tiny==1.0 --hash=sha256:{right}")
    shop.wheel("tiny", "1.0", needs="something")
    done = shop.install()
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert shop.installed == set()


def test_a_lock_that_lacks_something_is_noticed(shop: Shop) -> None:
    right = shop.wheel("tiny", "1.0", needs="other")
    shop.lock("run", f"tiny==1.0 --hash=sha256:{right}")
    done = shop.install()
    assert done.returncode != 0
    assert "requires other" in done.stdout


@pytest.mark.parametrize("have_cpu", [True, False])
def test_torch_is_the_preferred_build_where_that_is_to_be_had(shop: Shop, have_cpu: bool) -> None:
    shop.lock("torch", f"torch==2.13.0 --hash=sha256:{shop.wheel('torch', '2.13.0')}")
    local = shop.wheel("torch", "2.13.0+cpu") if have_cpu else "0" * 64
    shop.lock("torch-cpu", f"torch==2.13.0+cpu --hash=sha256:{local}")
    done = shop.install()
    assert done.returncode == 0
    assert shop.installed == {"torch-2.13.0+cpu" if have_cpu else "torch-2.13.0"}
    assert ("taking the index's" in done.stderr) is not have_cpu
