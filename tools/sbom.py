"""List what the site is made of, as a CycloneDX document: ``make sbom`` writes dist/sbom.cdx.json.

cyclonedx-py reads the packages of this environment, npm those that the browser is served; here the two are
joined, and what only development needs is left out.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
from importlib.metadata import files as files_of
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

from tools.lock import LOCKS, ROOT, entries
from tools.npm import npm

PLACE = ROOT / "dist" / "sbom.cdx.json"

Bom = dict[str, Any]

_MIT = re.compile(r"Permission is hereby granted, free of charge, to any person obtaining a\s+copy")


class Invalid(ValueError):
    """The document is not what the CycloneDX schema asks for."""


def at_run_time() -> set[str]:
    """Names of all packages that the site may need to run."""
    locks = [(LOCKS / f"{name}.txt").read_text(encoding="utf-8") for name in ("run", "torch")]
    return {canonicalize_name(entry.split("==")[0]) for lock in locks for entry in entries(lock)}


def of_python() -> Bom:
    """Everything that is installed here, with licences and their texts."""
    command = Path(sysconfig.get_path("scripts")) / "cyclonedx-py"
    options = ["--pyproject", "pyproject.toml", "--gather-license-texts", "--output-reproducible"]
    done = subprocess.run(
        [command, "environment", *options, "--spec-version", "1.6", sys.executable],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    bom: Bom = json.loads(done.stdout)
    return bom


def of_npm() -> Bom:
    """The packages that browsers are served files of."""
    done = npm(ROOT, "sbom", "--sbom-format", "cyclonedx", "--omit", "dev")
    bom: Bom = json.loads(done.stdout)
    return bom


def joined(python: Bom, browser: Bom, names: set[str]) -> Bom:
    """One document of the named Python packages and all the browser's; ours needs both."""
    kept = [
        one if one.get("licenses") else {**one, "licenses": licences_of(one["name"])}
        for one in python["components"]
        if canonicalize_name(one["name"]) in names
    ]
    components = sorted([*kept, *browser["components"]], key=lambda one: str(one["bom-ref"]))
    ours = python["metadata"]["component"]["bom-ref"]
    refs = {ours, *(one["bom-ref"] for one in components)}
    needs: dict[str, set[str]] = {ref: set() for ref in refs}
    root = browser["metadata"]["component"]["bom-ref"]
    for line in [*python["dependencies"], *browser["dependencies"]]:
        ref = ours if line["ref"] == root else line["ref"]
        if ref in refs:
            needs[ref] |= refs & set(line.get("dependsOn", []))
    tools = python["metadata"]["tools"]["components"] + _as_components(browser["metadata"]["tools"])
    return {
        **python,
        "metadata": {**python["metadata"], "tools": {"components": tools}},
        "components": components,
        "dependencies": [{"ref": ref, "dependsOn": sorted(needs[ref])} for ref in sorted(refs)],
    }


def licences_of(name: str) -> list[dict[str, Any]]:
    """Of a package whose metadata names none: what its licence files say, told by the first words of MIT."""
    files = [file for file in files_of(name) or [] if "licenses" in file.parts]
    texts = [file.read_text() for file in files]
    return [
        {"license": {"acknowledgement": "concluded", "id": "MIT", "text": {"content": text}}}
        if _MIT.search(text)
        else {
            "license": {
                "acknowledgement": "concluded",
                "name": "see text",
                "text": {"content": text},
            }
        }
        for text in texts
    ]


def _as_components(tools: Any) -> list[dict[str, str]]:
    """Tools as older versions of the format list them, as this one does."""
    if isinstance(tools, dict):
        listed: list[dict[str, str]] = tools["components"]
        return listed
    return [
        {
            "type": "application",
            "name": f"{tool['vendor']} {tool['name']}",
            "version": tool["version"],
        }
        for tool in tools
    ]


def checked(bom: Bom) -> str:
    """The document's text. Raises Invalid."""
    text = json.dumps(bom, indent=2, sort_keys=True) + "\n"
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise Invalid(re.sub(r"\s+", " ", str(wrong))[:2000])
    return text


def main() -> None:
    """Write the document."""
    text = checked(joined(of_python(), of_npm(), at_run_time()))
    PLACE.parent.mkdir(exist_ok=True)
    PLACE.write_text(text, encoding="utf-8")
    print(f"{PLACE.relative_to(ROOT)}: {len(json.loads(text)['components'])} components")


if __name__ == "__main__":
    main()
