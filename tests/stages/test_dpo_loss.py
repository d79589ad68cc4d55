"""What the stage of dpo_loss draws and says, held to the result and to the loss itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch

from app import stages
from app.lab.losses import LOSSES
from app.widgets.dpo_loss.widget import Params, compute, loss_of
from app.widgets.registry import WIDGETS

SPREAD = [(1, -3), (0, 0), (-4, -8), (-9.5, 4), (6, -20), (-20, 7.9), (-20, -20)]


def params_of(loss_type: str, beta: float, chosen: float, rejected: float) -> Params:
    smoothing = 0.001 if loss_type == "exo_pair" else 0.0
    return Params(
        loss_type=loss_type,
        beta=beta,
        label_smoothing=smoothing,
        logratio_chosen=chosen,
        logratio_rejected=rejected,
    )


def scene_of(params: Params) -> Any:
    return stages.scene(WIDGETS["dpo_loss"], params, compute(params))


def handle(scene: Any, param: str, number: int = -1) -> Any:
    return [found for found in scene["handles"] if found["params"] == [param]][number]


@pytest.mark.parametrize("loss_type", LOSSES)
def test_every_loss_is_drawn_with_all_its_points_in_the_drawing(loss_type: str) -> None:
    for beta in (0.01, 0.5, 10):
        for chosen, rejected in SPREAD:
            scene = scene_of(params_of(loss_type, beta, chosen, rejected))
            curves = [mark for mark in scene["marks"] if mark["k"] == "curve"]
            assert curves[-1]["x"], (beta, chosen, rejected)
            for share in [v for mark in curves for v in (*mark["x"], *mark["y"])]:
                assert -0.001 <= share <= 1.001
            for knob in scene["handles"]:
                assert all(-0.001 <= share <= 1.001 for share in knob["pt"][1:3])


@pytest.mark.parametrize("loss_type", LOSSES)
def test_the_knob_stands_at_the_loss_of_the_pair(loss_type: str) -> None:
    params = params_of(loss_type, 0.2, 2, -1)
    scene = scene_of(params)
    _, x, y = handle(scene, "logratio_chosen")["pt"][:3]
    curve = [mark for mark in scene["marks"] if mark["k"] == "curve"][-1]
    before = max(n for n, at in enumerate(curve["x"]) if at <= x)
    here, there = (torch.tensor([curve["x"][n], curve["y"][n]]) for n in (before, before + 1))
    part = (x - here[0]) / (there[0] - here[0])
    assert y == pytest.approx(float(here[1] + part * (there[1] - here[1])), abs=0.01)


@pytest.mark.parametrize("loss_type", LOSSES)
def test_the_tangent_has_the_slope_of_the_loss(loss_type: str) -> None:
    params = params_of(loss_type, 0.3, 1.5, -1.5)
    scene = scene_of(params)
    lines = [m for m in scene["marks"] if m["k"] == "line" and m["c"] == "line s-ink"]
    # The first two numbers are those of the losses' axis, from its lower end on.
    low, high = [m for m in scene["marks"] if m["k"] == "text" and m["c"] == "tick"][:2]
    apart = high["pt"][2] - low["pt"][2]
    per_share = (float(high["t"].replace("−", "-")) - float(low["t"].replace("−", "-"))) / apart
    before, after = loss_of(params).losses([1.5 - 1e-4, 1.5 + 1e-4], -1.5)
    slope = (after - before) / 2e-4
    for line in lines:
        (_, ax, ay), (_, bx, by) = line["a"][:3], line["b"][:3]
        assert (by - ay) * per_share / ((bx - ax) * 20) == pytest.approx(slope, rel=0.02, abs=0.01)


@pytest.mark.parametrize("loss_type", LOSSES)
def test_the_readout_has_the_loss_and_speaks_of_dpos_weight_for_dpo_alone(loss_type: str) -> None:
    params = params_of(loss_type, 0.5, 1, -3)
    said = re.sub("<.*?>", "", scene_of(params)["readout"])
    result = compute(params)
    assert f"{result.loss:.3f}" in said
    assert ("full weight" in said) == (loss_type == "sigmoid")
    if loss_type != "sigmoid":
        slope = result.gradient.logratio_chosen
        assert f"{abs(slope):.3f}" in said or "level" in said


@pytest.mark.parametrize("loss_type", LOSSES)
def test_the_title_says_what_the_loss_looks_at(loss_type: str) -> None:
    params = params_of(loss_type, 0.5, 1, -3)
    title, reads = scene_of(params)["title"], compute(params).reads
    assert ("one number" in title) == (reads.only_difference and reads.reference)
    assert ("never looks at the reference" in title) == (not reads.reference)


@pytest.mark.parametrize("loss_type", LOSSES)
@pytest.mark.parametrize("beta", [0.05, 0.5, 2.0])
def test_the_handle_of_beta_stands_on_its_track_at_its_value(loss_type: str, beta: float) -> None:
    knob = handle(scene_of(params_of(loss_type, beta, 1, -3)), "beta")
    place = (torch.log10(torch.tensor(beta)).item() + 2) / 3 * (len(knob["track"]) - 1)
    first = min(int(place), len(knob["track"]) - 2)
    one, other = knob["track"][first : first + 2]
    for axis in (1, 2):
        wanted = one[axis] + (place - first) * (other[axis] - one[axis])
        assert knob["pt"][axis] == pytest.approx(max(0, min(1, wanted)), abs=0.03)


def test_a_pointer_moves_the_pair_no_further_than_the_axes() -> None:
    scene = scene_of(params_of("sigmoid", 0.5, 1, -3))
    low, high = handle(scene, "logratio_chosen")["span"]
    assert (40 * low - 20, 40 * high - 20) == pytest.approx((-13, 7))
    bars = handle(scene, "logratio_chosen", 0)["span"]
    assert [40 * share - 20 for share in bars] == pytest.approx([-10, 10])


def test_a_pointer_leaves_the_policys_probability_below_one() -> None:
    scene = scene_of(params_of("simpo", 0.5, 1, -1))
    assert 40 * handle(scene, "logratio_chosen")["span"][1] - 20 == pytest.approx(7.9)
