"""The browser goes on with the very drawing that the server sends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from app import stages
from app.charts.stage_svg import NARROW, WIDE, svg
from app.widgets.registry import WIDGETS

ROOT = Path(__file__).resolve().parents[2]
NODE = Path(sys.executable).parent / "node"
STAGED = list(WIDGETS)


def scenes_of(name: str) -> Iterator[Any]:
    widget = WIDGETS[name]
    for query in dict.fromkeys(["", widget.example, *(step.query for step in widget.steps)]):
        params = widget.params.model_validate(dict(parse_qsl(query)))
        yield stages.scene(widget, params, widget.compute(params))


def hows(scene: Any) -> Iterator[dict[str, Any]]:
    for width, narrow in ((WIDE, False), (564, False), (NARROW, True), (288, True)):
        for at in {0, scene["places"] // 3, max(0, scene["places"] - 1)}:
            for asking in (False, True):
                yield {"width": width, "narrow": narrow, "at": at, "asking": asking, "held": []}


@pytest.mark.parametrize("name", STAGED)
def test_the_script_draws_the_same_elements(name: str) -> None:
    asked = [{"scene": scene, "how": how} for scene in scenes_of(name) for how in hows(scene)]
    drawn = subprocess.run(
        [NODE, ROOT / "tests/js/draw_stages.js"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    for case, by_script in zip(asked, json.loads(drawn.stdout), strict=True):
        how = dict(case["how"])
        assert svg(case["scene"], **how) == by_script
