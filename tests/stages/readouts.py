"""How much a readout says."""

from __future__ import annotations

import re
from typing import Any

from app.charts.stage_svg import resolved

MOST_SENTENCES, MOST_NUMBERS = 2, 3

PART_OF_A_NUMBER = r" × 10<sup>.*?</sup>|±\s[\d.]+"
NAMES = r"GPT-4|Best of 128|1/\(2β\)|1/β"
NOT_COUNTED = re.compile(f"{PART_OF_A_NUMBER}|{NAMES}")


def expect_short(scene: Any) -> None:
    """At most two sentences and three numbers, wherever the scrub stands."""
    for place in range(max(1, scene["places"])):
        said = NOT_COUNTED.sub("", str(resolved(scene["readout"], place)))
        text = re.sub("<.*?>", "", said).strip()
        assert len(re.findall(r"[.?!](?=\s|$)", text)) <= MOST_SENTENCES, text
        assert len(re.findall(r"\d[\d,.]*", text)) <= MOST_NUMBERS, text
