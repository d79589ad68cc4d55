"""Write requirements/*.txt from pyproject.toml: every version pinned, every file by its hash (``make lock``).

The locks hold for all platforms and all Pythons that we support; uv resolves them. Versions stay as they are
as long as they fit, unless ``--upgrade`` is given.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sysconfig
import tempfile
import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
OLDEST_PYTHON = "3.11"

SOURCES = {
    "dev": ["pyproject.toml", "--extra", "dev"],
    "run": ["pyproject.toml"],
    "assets": ["--group", "assets"],
}
"""what uv resolves for each lock; the first has all versions, and the others take them from it"""

ABOUT = {
    "dev": "All that a checkout needs: to run, test, measure, build and lock.",
    "run": "What the site needs to run.",
    "assets": "What the image needs to fetch the browser's files and to build the wheel.",
    "torch": "torch as the index has it: for Linux built for CUDA, whose libraries it needs.",
}

_TORCH = re.compile(r"torch==|triton==|(nvidia|cuda)-")


class Build(BaseModel):
    """A build of a package that the index does not have."""

    model_config = ConfigDict(extra="forbid")

    package: str
    version: str
    local: str
    """the label after the version, as in 2.13.0+cpu"""
    file: str
    sha256: str


def builds() -> list[Build]:
    """Those of requirements/builds.toml. Raises pydantic.ValidationError if the file is wrong."""
    listed = tomllib.loads((LOCKS / "builds.toml").read_text(encoding="utf-8"))
    return [Build(**build) for build in listed["build"]]


def entries(lock: str) -> list[str]:
    """The requirements of a lock's text, each with its marker and its hashes over several lines."""
    parts = re.split(r"(?<!\\)\n", lock)
    return [entry for entry in parts if entry and not entry.startswith("#")]


def lock_of(build: Build) -> str:
    """The text of a lock with this build alone."""
    about = f"Instead of torch.txt: {build.file}."
    pin = f"{build.package}=={build.version}+{build.local}"
    return written(about, [f"{pin} \\\n    --hash=sha256:{build.sha256}"])


def written(about: str, requirements: list[str]) -> str:
    """The text of a lock."""
    lines = [f"# {about}", "# Made by `make lock`; not to be edited.", *requirements]
    return "\n".join(lines) + "\n"


def resolved(source: list[str], constraints: Path, before: str, upgrade: bool) -> list[str]:
    """What uv makes of a source, with the versions of before where they fit. Raises if it can not."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "lock.txt"
        output.write_text(before, encoding="utf-8")
        options = ["--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes"]
        options += ["--no-header", "--no-annotate", "--system-certs", "--no-config", "--quiet"]
        options += ["--constraints", str(constraints), "--output-file", str(output)]
        options += ["--upgrade"] if upgrade else []
        uv = Path(sysconfig.get_path("scripts")) / "uv"
        subprocess.run([uv, "pip", "compile", *source, *options], cwd=ROOT, check=True)
        return entries(output.read_text(encoding="utf-8"))


def main(arguments: list[str] | None = None) -> None:
    """Write all locks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")
    upgrade = parser.parse_args(arguments).upgrade
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "constraints.txt"
        pins = [f"{build.package}=={build.version}\n" for build in builds()]
        constraints.write_text("".join(pins), encoding="utf-8")
        for name, source in SOURCES.items():
            before = "".join(file.read_text(encoding="utf-8") for file in _with_all_versions())
            requirements = resolved(source, constraints, before, upgrade and name == "dev")
            save(name, [entry for entry in requirements if not _TORCH.match(entry)])
            if name == "dev":
                save("torch", [entry for entry in requirements if _TORCH.match(entry)])
    for build in builds():
        place = LOCKS / f"{build.package}-{build.local}.txt"
        place.write_text(lock_of(build), encoding="utf-8")


def save(name: str, requirements: list[str]) -> None:
    """Write a lock and say how much it pins."""
    (LOCKS / f"{name}.txt").write_text(written(ABOUT[name], requirements), encoding="utf-8")
    print(f"requirements/{name}.txt: {len(requirements)} packages")


def _with_all_versions() -> list[Path]:
    return [file for name in ("dev", "torch") if (file := LOCKS / f"{name}.txt").is_file()]


if __name__ == "__main__":
    main()
