"""docs/adding-a-widget.md, carried out in a copy of the project: the new widget lacks nothing."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.helpers import widget

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/adding-a-widget.md"
BUILT = ("static/built", "static/vendor")

ASK = """
import json
import sys
from starlette.testclient import TestClient
from app.main import create_app
from app.settings import Settings

with TestClient(create_app(Settings(warm=False))) as client:
    answers = {path: client.get(path) for path in sys.argv[1:]}
print(json.dumps({path: [answer.status_code, answer.text] for path, answer in answers.items()}))
"""


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python in a copy of the project."""
    command = [sys.executable, *arguments]
    env = {**os.environ, "PYTHONPATH": str(project)}
    return subprocess.run(
        command, cwd=project, env=env, capture_output=True, text=True, check=False
    )


def follow(page: str, project: Path) -> list[str]:
    """Do what each heading with a path and the code block below it say; the paths."""
    steps = re.findall(
        r"^## [^\n]*`([^`\n]+)`\n.*?^```(\w+)\n(.*?)^```", page, re.DOTALL | re.MULTILINE
    )
    for path, kind, code in steps:
        file = project / path
        if kind == "diff":
            old, new = (
                "".join(
                    line[1:] or "\n"
                    for line in code.splitlines(keepends=True)
                    if line[0] not in other
                )
                for other in ("+", "-")
            )
            text = file.read_text("utf-8")
            assert text.count(old) == 1, f"{path} does not have once: {old}"
            file.write_text(text.replace(old, new), "utf-8")
        else:
            assert not file.exists(), f"{path} is there already"
            file.write_text(code, "utf-8")
    return [path for path, _, _ in steps]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, with what the page adds."""
    project = tmp_path_factory.mktemp("project")
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for file in filter(None, files.split("\0")):
        if (ROOT / file).is_file():
            (project / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / file, project / file)
    for folder in BUILT:
        shutil.copytree(ROOT / folder, project / folder)
    assert len(follow(PAGE.read_text("utf-8"), project)) == 6
    return project


@pytest.fixture(scope="module")
def answers(project: Path) -> dict[str, Any]:
    """Status and text by address."""
    paths = [
        "/widgets/label_noise?flipped=0.2",
        "/widgets/label_noise/receipt",
        "/sections/reward-modeling?flipped=0.2",
        "/api/v1/label_noise?true_gap=2&flipped=0.25",
        "/api/v1/label_noise?flipped=0.6",
        "/api/v1/receipts/label_noise?flipped=0.2",
        "/api/v1/embeds/label_noise?flipped=0.2&theme=dark",
        "/embed?widget=label_noise",
        "/cards/label_noise.png",
        "/openapi.json",
    ]
    done = run(project, "-c", ASK, *paths)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    refused = "/api/v1/label_noise?flipped=0.6"
    assert {path: status for path, (status, _) in found.items() if status != 200} == {refused: 422}
    return found


def test_its_page_and_its_section_show_it(answers: dict[str, Any]) -> None:
    for path in ("/widgets/label_noise?flipped=0.2", "/sections/reward-modeling?flipped=0.2"):
        _, html = answers[path]
        assert '<dpo-widget name="label_noise"' in html
        assert "With 20% of the labels flipped, a gap of 3.0 is learned as" in html


def test_its_endpoint_computes_and_refuses_and_is_in_the_document(answers: dict[str, Any]) -> None:
    result = json.loads(answers["/api/v1/label_noise?true_gap=2&flipped=0.25"][1])
    probability = 0.25 + 0.5 / (1 + math.exp(-2))
    assert result["probability"] == pytest.approx(probability)
    assert result["learned_gap"] == pytest.approx(math.log(probability / (1 - probability)))
    assert "from 0 to 0.5" in answers["/api/v1/label_noise?flipped=0.6"][1]
    document = json.loads(answers["/openapi.json"][1])
    assert "/api/v1/label_noise" in document["paths"]
    assert "LabelNoiseResult" in document["components"]["schemas"]


def test_its_receipt_tells_the_request_alone(answers: dict[str, Any]) -> None:
    receipt = json.loads(answers["/api/v1/receipts/label_noise?flipped=0.2"][1])
    assert receipt["url"].endswith("/api/v1/label_noise?flipped=0.2")
    assert receipt["snippet"] == ""
    _, page = answers["/widgets/label_noise/receipt"]
    assert "/api/v1/label_noise" in page
    assert "by torch" not in page


def test_it_can_be_embedded(answers: dict[str, Any]) -> None:
    embed = json.loads(answers["/api/v1/embeds/label_noise?flipped=0.2&theme=dark"][1])
    assert "/widgets/label_noise?flipped=0.2&amp;theme=dark" in embed["iframe"]
    assert embed["height"] > 300


def test_an_offline_copy_holds_what_it_suggests_and_says_what_it_lacks(
    project: Path, tmp_path: Path, browser: Browser
) -> None:
    done = run(
        project, "-c", "from app.cli import main; main()",
        "export", str(tmp_path), "--widget", "label_noise", "--jobs", "1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert 'name="label_noise"' in (tmp_path / "index.html").read_text("utf-8")
    (part,) = json.loads((tmp_path / "report.json").read_text("utf-8"))["widgets"]
    # The default, the example and three steps.
    assert (part["name"], part["kind"], part["states"]) == ("label_noise", "suggested", 5)
    page = browser.new_page()
    page.goto(f"{tmp_path.as_uri()}/index.html?flipped=0.5")
    found = widget(page, "label_noise")
    readout = found.locator("[data-readout]")
    expect(readout).to_contain_text("With 50% of the labels flipped")
    found.locator("[data-query='true_gap=6&flipped=0.05']").click()
    expect(readout).to_contain_text(
        "With 5% of the labels flipped, a gap of 6.0 is learned as 2.90"
    )
    gap = found.locator("[data-range-for=true_gap]")
    gap.press("ArrowLeft")
    expect(found.locator("[data-error]")).to_contain_text("This state is not in this offline copy")
    gap.press("ArrowRight")
    expect(found.locator("[data-error]")).to_be_hidden()
    page.close()


def test_its_own_test_passes_and_nothing_is_missing(project: Path) -> None:
    tests = ("tests/widgets/test_label_noise.py", "tests/widgets/test_registry.py")
    done = run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
    assert done.returncode == 0, done.stdout
    python = (
        "app/widgets/label_noise.py",
        "app/stages/label_noise.py",
        "tests/widgets/test_label_noise.py",
    )
    for tool in (["check"], ["format", "--check"]):
        done = run(project, "-m", "ruff", *tool, "--no-cache", *python)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("gone", "message"),
    [
        ("app/widgets/label_noise.py", "No module named 'app.widgets.label_noise'"),
        ("app/stages/label_noise.py", "app/stages/label_noise.py is missing"),
        ("templates/widgets/label_noise.html", "templates/widgets/label_noise.html is missing"),
        ("tests/widgets/test_label_noise.py", "tests/widgets/test_label_noise.py is missing"),
    ],
)
def test_what_is_missing_is_named(project: Path, gone: str, message: str) -> None:
    text = (project / gone).read_text("utf-8")
    (project / gone).unlink()
    try:
        done = run(
            project,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "tests/widgets/test_registry.py",
        )
    finally:
        (project / gone).write_text(text, "utf-8")
    assert message in done.stdout + done.stderr
