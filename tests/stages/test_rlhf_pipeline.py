from __future__ import annotations

import re
from typing import Any

import pytest

from app.stages.rlhf_pipeline import MEMORY, STATIONS, stage
from app.widgets.rlhf_pipeline.widget import Params, Result, compute

KINDS = {"trained": "opt", "frozen": "ref", "not in memory": ""}


@pytest.fixture(scope="module", params=STATIONS)
def result(request: pytest.FixtureRequest) -> Result:
    return compute(Params(stage=request.param))


def marks(result: Result, kind: str, css: str) -> list[dict[str, Any]]:
    drawn = stage(Params(stage=result.stage), result)
    return [mark for mark in drawn.marks if mark["k"] == kind and css in mark["c"].split()]


def test_the_lamps_are_the_networks_of_the_stage(result: Result) -> None:
    kinds = tuple(KINDS[network.state] for network in result.networks)
    assert MEMORY[STATIONS.index(result.stage)] == kinds


@pytest.mark.parametrize("only", ["wide", "narrow"])
def test_the_station_has_a_box_for_each_network_in_memory(result: Result, only: str) -> None:
    present = [
        mark["c"]
        for mark in marks(result, "rect", "network")
        if mark["only"] == only and not {"dim", "ghost"} & set(mark["c"].split())
    ]
    states = [network.state for network in result.networks]
    assert sum("f-opt" in css for css in present) == states.count("trained")
    assert sum("s-ref" in css for css in present) == states.count("frozen")


def test_stations_to_come_have_no_words(result: Result) -> None:
    assert all("head" in mark["c"] for mark in marks(result, "text", "ghost"))


def test_the_knob_stands_at_the_stop_of_the_stage(result: Result) -> None:
    (knob,) = stage(Params(stage=result.stage), result).handles
    assert knob["pt"] == knob["track"][STATIONS.index(result.stage)]


@pytest.mark.parametrize("only", ["wide", "narrow"])
def test_heads_stand_free_and_the_narrow_stage_is_filled(result: Result, only: str) -> None:
    drawn = stage(Params(stage=result.stage), result).marks
    mine = [mark for mark in drawn if mark.get("only") == only]
    (head, *_) = (mark["pt"][4] for mark in mine if "head" in mark["c"].split())
    boxes = [mark for mark in mine if {"sheet", "network"} & set(mark["c"].split())]
    assert min(mark["a"][4] for mark in boxes) > head + 6
    if only == "narrow":
        assert max(mark["b"][4] for mark in boxes) > 220


def test_the_readout_has_numbers_of_the_result(result: Result) -> None:
    said = stage(Params(stage=result.stage), result).readout
    assert isinstance(said, str)
    numbers = [
        float(re.sub("[^-.0-9]", "", text.replace("−", "-")))
        for text in re.findall(r"<b[^>]*>([^<]*)</b>", said)
    ]
    known = [scale * quantity.value for quantity in result.quantities for scale in (1, 100)]
    assert numbers
    assert all(any(abs(number - value) < 0.051 for value in known) for number in numbers)
