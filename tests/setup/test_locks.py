"""Set-up: everything that pyproject.toml needs is pinned by hash, and nothing else is installed."""

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
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ROOT / "requirements"
ALL = sorted(path.stem for path in LOCKS.glob("*.txt"))

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
NEEDED = {
    "run": PROJECT["project"]["dependencies"],
    "dev": [*PROJECT["project"]["dependencies"], *chain.from_iterable(EXTRAS.values())],
    "assets": [*PROJECT["dependency-groups"]["assets"], *PROJECT["build-system"]["requires"]],
}


def entries(lock: str) -> list[str]:
    """The pins of a lock, each with its marker and its hashes over several lines."""
    text = re.sub(r"^ *#.*\n", "", (LOCKS / f"{lock}.txt").read_text("utf-8"), flags=re.MULTILINE)
    return re.split(r"(?<!\\)\n", text.rstrip("\n"))


def pins(*locks: str) -> list[Requirement]:
    return [Requirement(entry.split("\\")[0]) for lock in locks for entry in entries(lock)]


@pytest.mark.parametrize("name", ALL)
def test_every_version_is_pinned_and_every_file_hashed(name: str) -> None:
    for entry in entries(name):
        first, *hashes = entry.split(" \\\n    ")
        assert re.fullmatch(r"[\w.-]+==[\w.+]+( ; .+)?", first)
        assert hashes
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line) for line in hashes)


@pytest.mark.parametrize("name", NEEDED)
def test_the_locks_have_what_pyproject_asks_for(name: str) -> None:
    pinned = {canonicalize_name(pin.name): pin for pin in pins(name, "torch")}
    for needed in map(Requirement, NEEDED[name]):
        if needed.name == PROJECT["project"]["name"]:
            continue
        pin = pinned.get(canonicalize_name(needed.name))
        assert pin, f"{needed}: make lock"
        assert needed.specifier.contains(str(pin.specifier).removeprefix("=="))


@pytest.mark.parametrize("name", ["run", "assets"])
def test_what_the_image_has_is_what_a_checkout_has(name: str) -> None:
    assert {pin.name: pin.specifier for pin in pins(name)}.items() <= {
        pin.name: pin.specifier for pin in pins("dev")
    }.items()


def test_torch_is_pinned_and_its_build_for_the_cpu_is_of_the_same_version() -> None:
    (build,) = tomllib.loads((LOCKS / "builds.toml").read_text("utf-8"))["build"]
    (pin,) = [pin for pin in pins("torch") if pin.name == "torch"]
    assert str(pin) == f"torch=={build['version']}" == "torch==2.13.0"
    (cpu,) = entries("torch-cpu")
    assert cpu.split(" \\\n    ") == [f"{pin}+{build['local']}", f"--hash=sha256:{build['sha256']}"]
    # With that build, nothing is installed for CUDA.
    assert not [pin.name for pin in pins("dev") if re.match("torch$|triton|nvidia|cuda", pin.name)]


def test_what_is_installed_is_what_is_pinned() -> None:
    torch = [pin for pin in pins("torch") if pin.name == "torch"]
    for needed in [*pins("dev"), *torch]:
        if needed.marker is None or needed.marker.evaluate():
            assert needed.specifier.contains(version(needed.name)), f"{needed}: make run"


# ---- the script that installs


class Shop:
    """A folder with packages, locks of them, and an environment to install into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("tools", "requirements", "shelf"):
            (folder / name).mkdir()
        shutil.copy(ROOT / "tools" / "install_locked", folder / "tools")
        venv.create(folder / "venv", with_pip=False)
        inside = folder / "venv" / "bin" / "python"
        self.python = folder / "python"
        pip = f'exec "{sys.executable}" -m pip --disable-pip-version-check --python "{inside}" "$@"'
        self.python.write_text(f"#!/bin/sh\nshift 2\n{pip}\n")
        self.python.chmod(0o755)
        for name in ("run", "torch", "torch-cpu"):
            self.lock(name)

    def wheel(self, name: str, version: str) -> str:
        """Add a package to the folder; returns its hash."""
        file = self.folder / "shelf" / f"{name}-{version}-py3-none-any.whl"
        info = f"{name}-{version}.dist-info"
        parts = {
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
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


def test_a_file_that_is_not_of_its_hash_is_refused(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.wheel("tiny", "1.0")
    shop.lock("run", f"tiny==1.0 --hash=sha256:{'0' * 64}")
    done = shop.install()
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert shop.installed == set()


@pytest.mark.parametrize("have_cpu", [True, False])
def test_torch_is_the_preferred_build_where_that_is_to_be_had(
    tmp_path: Path, have_cpu: bool
) -> None:
    shop = Shop(tmp_path)
    shop.lock("torch", f"torch==2.13.0 --hash=sha256:{shop.wheel('torch', '2.13.0')}")
    local = shop.wheel("torch", "2.13.0+cpu") if have_cpu else "0" * 64
    shop.lock("torch-cpu", f"torch==2.13.0+cpu --hash=sha256:{local}")
    done = shop.install()
    assert done.returncode == 0
    assert shop.installed == {"torch-2.13.0+cpu" if have_cpu else "torch-2.13.0"}
    assert ("installing the index's" in done.stderr) is not have_cpu
