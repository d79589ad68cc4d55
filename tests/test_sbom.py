"""The list of what the site is made of: whole, valid, with versions and licences, and nothing else in it."""

from __future__ import annotations

import json
from importlib.metadata import requires, version
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app.sources import served_packages
from tools.sbom import Invalid, at_run_time, checked, joined, of_npm, of_python

Component = dict[str, Any]


@pytest.fixture(scope="module")
def bom() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(checked(joined(of_python(), of_npm(), at_run_time())))
    return made


@pytest.fixture(scope="module")
def components(bom: dict[str, Any]) -> dict[str, Component]:
    return {canonicalize_name(one["name"]): one for one in bom["components"]}


def needed_to_run() -> set[str]:
    """Of what is installed here: what the package needs without extras, and what that needs in turn."""
    needed: set[str] = set()
    left = [("dpo-explained", frozenset[str]())]
    while left:
        name, extras = left.pop()
        for line in requires(name) or []:
            one = Requirement(line)
            wanted = [{"extra": extra} for extra in extras or {""}]
            if one.marker and not any(one.marker.evaluate(extra) for extra in wanted):
                continue
            if one.name not in needed or one.extras:
                needed.add(one.name)
                left.append((one.name, frozenset(one.extras)))
    return needed


def test_all_that_runs_is_in_it_with_version_and_licence(
    components: dict[str, Component],
) -> None:
    names = needed_to_run()
    assert {"torch", "fastapi", "sympy", "uvicorn"} <= names
    for name in names:
        component = components[canonicalize_name(name)]
        assert component["version"] == version(name)
        assert component["purl"].startswith("pkg:pypi/")
        assert component["licenses"], name


def test_all_that_is_served_is_in_it_with_version_and_licence(bom: dict[str, Any]) -> None:
    by_name = {one["name"]: one for one in bom["components"] if one["purl"].startswith("pkg:npm/")}
    assert {*by_name} == {package.name for package in served_packages()}
    for package in served_packages():
        component = by_name[package.name]
        assert component["version"] == package.version
        assert component["licenses"] == [{"license": {"id": package.license}}]
        assert component["hashes"]


def test_what_only_development_needs_is_not_in_it(components: dict[str, Component]) -> None:
    development = {"pytest", "ruff", "uv", "playwright", "ray", "axe-core", "dpo-explained"}
    assert not development & {*components}


def test_the_site_needs_both_kinds_and_names_no_folder_of_this_machine(
    bom: dict[str, Any],
) -> None:
    ours = bom["metadata"]["component"]
    assert (ours["name"], ours["version"]) == ("dpo-explained", version("dpo-explained"))
    (needs,) = [one["dependsOn"] for one in bom["dependencies"] if one["ref"] == ours["bom-ref"]]
    assert any(ref.startswith("fastapi==") for ref in needs)
    assert any(ref.startswith("plotly.js-basic-dist-min@") for ref in needs)
    assert "file://" not in json.dumps(bom)


def test_a_document_that_is_not_valid_is_refused(bom: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        checked({**bom, "components": [{"name": "of no type"}]})
