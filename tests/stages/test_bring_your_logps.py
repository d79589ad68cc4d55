"""What the stage of bring_your_logps draws and says, held to the result and to the losses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from app import stages
from app.api.preference_loss import PairBatch, pair_losses
from app.charts.stage_svg import resolved
from app.check.tables import LENGTHS, LOGPS
from app.stages.bring_your_logps import OF_THE_MARGIN
from app.widgets.bring_your_logps.examples import EXAMPLES
from app.widgets.bring_your_logps.widget import (
    WIDGET,
    OwnLogps,
    Params,
    ReportedLoss,
    Result,
    compute,
    compute_own,
    example_of,
)
from app.widgets.common.loss_types import LOSS_LABELS

HEADER = ",".join(LOGPS)


def settings(loss: str) -> dict[str, Any]:
    return {"loss_type": loss, "label_smoothing": 0.001 if loss == "exo_pair" else 0.0}


def scene_of(params: ReportedLoss, result: Result) -> Any:
    return stages.scene(WIDGET, params, result)


def example(**given: Any) -> tuple[Any, Result]:
    params = Params(**given)
    result = compute(params)
    return scene_of(params, result), result


def own(*rows: str, header: str = HEADER, **given: Any) -> tuple[Any, Result]:
    params = OwnLogps(text="\n".join([header, *rows]), **given)
    result = compute_own(params)
    return scene_of(params, result), result


def drawn(scene: Any, kind: str, css: str = "", only: str | None = None) -> list[Any]:
    return [
        mark
        for mark in scene["marks"]
        if mark["k"] == kind and css in mark["c"] and (only is None or mark.get("only") == only)
    ]


def words(scene: Any) -> str:
    return " ".join(str(mark["t"]) for mark in scene["marks"] if mark["k"] in ("text", "name"))


def knobs(scene: Any) -> list[list[float]]:
    (handle,) = scene["handles"]
    places: list[list[float]] = handle["track"]
    return places


def said(scene: Any) -> list[str]:
    texts = [resolved(scene["readout"], place) for place in range(scene["places"])]
    return [re.sub("<.*?>", "", text) for text in texts]


def numbers(text: str) -> list[float]:
    return [
        float(found.replace("−", "-")) for found in re.findall(r"[−+]?\d+\.?\d*(?:e[−+]\d+)?", text)
    ]


# ---- the drawing -----------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSS_LABELS)
def test_each_pair_stands_at_its_margin_and_its_loss(loss: str) -> None:
    params = Params(**settings(loss), beta=0.2)
    columns = example_of(params).columns
    names = (*LOGPS, *LENGTHS)
    oracle = pair_losses(
        PairBatch(**settings(loss), beta=0.2, **{name: columns[name] for name in names})
    )
    order = sorted(range(240), key=lambda n: oracle.margins[n])
    scene = scene_of(params, compute(params))
    xs, ys = ([place[n] for place in knobs(scene)] for n in (1, 2))
    for shares, values, most in ((xs, oracle.margins, 1e-3), (ys, oracle.losses, 1e-3)):
        # A straight axis through the first and the last: every other pair has to lie on it.
        wanted = torch.tensor([values[n] for n in order], dtype=torch.float64)
        found = torch.tensor(shares, dtype=torch.float64)
        low, high = int(wanted.argmin()), int(wanted.argmax())
        scale = (found[high] - found[low]) / (wanted[high] - wanted[low])
        assert torch.allclose(found, found[low] + scale * (wanted - wanted[low]), atol=most)


@pytest.mark.parametrize("loss", LOSS_LABELS)
def test_a_curve_is_drawn_for_losses_of_the_margin_alone_and_all_pairs_lie_on_it(loss: str) -> None:
    scene, _ = example(**settings(loss))
    curves = drawn(scene, "curve")
    assert len(curves) == (loss in OF_THE_MARGIN)
    assert bool(drawn(scene, "dots", "other")) == (loss not in OF_THE_MARGIN)
    for curve in curves:
        ends = list(zip(curve["x"], curve["y"], strict=True))
        for _, x, y in (place[:3] for place in knobs(scene)):
            before = max(n for n, (at, _) in enumerate(ends[:-1]) if at <= x)
            (ax, ay), (bx, by) = ends[before : before + 2]
            assert y == pytest.approx(ay + (x - ax) / (bx - ax) * (by - ay), abs=0.03)


@pytest.mark.parametrize("loss", LOSS_LABELS)
def test_a_loss_has_a_curve_if_shifting_both_responses_of_a_pair_leaves_it_alone(loss: str) -> None:
    columns = example_of(Params()).columns
    names = (*LOGPS, *LENGTHS)

    def losses(shift: float, length: float) -> list[float]:
        given = {name: columns[name] for name in names}
        for name in LOGPS[:2]:
            given[name] = [value - shift for value in given[name]]
        for name in LENGTHS:
            given[name] = [value + length for value in given[name]]
        return pair_losses(PairBatch(**settings(loss), beta=0.3, **given)).losses

    shifted = losses(1, 0) == pytest.approx(losses(0, 0), abs=1e-9)
    lengthened = losses(0, 3) == pytest.approx(losses(0, 0), abs=1e-9)
    assert (shifted and lengthened) == (loss in OF_THE_MARGIN)


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("only", ["wide", "narrow"])
def test_a_dot_is_red_if_its_pair_is_ranked_wrongly_and_hangs_on_that_side(
    name: str, only: str
) -> None:
    scene, result = example(example=name)
    (zero,) = drawn(scene, "line", "zero")
    wrong, right = (
        drawn(scene, "dots", f"{css} pale", only)[0]["pts"] for css in ("f-rej", "f-opt")
    )
    assert len(right) == round(result.accuracy * result.pairs)
    assert len(wrong) + len(right) == result.pairs
    assert all(x < zero["b"][1] for _, x, _ in wrong)
    assert all(x > zero["b"][1] for _, x, _ in right)
    # No dot covers another.
    assert len({tuple(spot) for spot in wrong + right}) == result.pairs
    (ring,) = drawn(scene, "circle", only=only)
    assert ring["pt"]["at"] == wrong + right


def test_a_pair_without_a_margin_counts_as_wrong() -> None:
    scene, _ = own("-3,-3,-3,-3", "-2,-4,-3,-3")
    assert [len(mark["pts"]) for mark in drawn(scene, "dots", only="wide")] == [1, 1]
    assert "1 ranked wrongly" in words(scene)
    assert "A tie counts as wrong" in said(scene)[0]


def spread() -> Iterator[tuple[Any, Result]]:
    for name in EXAMPLES:
        for loss in LOSS_LABELS:
            for beta in (0.01, 10):
                yield example(example=name, beta=beta, **settings(loss))
    for loss in LOSS_LABELS:
        for rows in (["0,0,0,0"], ["-1e6,0,0,-1e6"], ["0,-1e6,-1e6,0", "-1e-9,0,0,0"]):
            yield own(*rows, **settings(loss))
            yield own(
                *(f"{row},1,1000000" for row in rows),
                header=f"{HEADER},{','.join(LENGTHS)}",
                **settings(loss),
            )


def test_all_is_drawn_inside_of_its_panel_and_written_in_few_letters() -> None:
    for scene, _ in spread():
        json.dumps(scene, allow_nan=False)
        shares = [share for place in knobs(scene) for share in place[1:3]]
        shares += [share for mark in drawn(scene, "curve") for share in (*mark["x"], *mark["y"])]
        shares += [
            share for mark in drawn(scene, "dots") for spot in mark["pts"] for share in spot[1:3]
        ]
        assert all(-0.001 <= share <= 1.001 for share in shares)
        ticks = [mark["t"] for mark in drawn(scene, "text", "tick")]
        assert all(len(text) <= 6 for text in ticks), ticks
        assert all(len(text) <= 190 for text in said(scene)), max(said(scene), key=len)


def test_of_many_pairs_240_are_drawn_evenly_and_that_is_said() -> None:
    rows = [f"-{n},-{n},-{n},-{10_000 - n}" for n in range(10_000)]
    scene, result = own(*rows)
    assert result.pairs == 10_000
    assert scene["places"] == len(result.drawn) == 240
    steps = torch.tensor([pair.margin for pair in result.drawn]).diff()
    assert float(steps.max() - steps.min()) == pytest.approx(0.6, abs=1e-2)
    margins = [-0.3 * (2 * n - 10_000) for n in range(10_000)]
    ends = result.drawn[0].margin, result.drawn[-1].margin
    assert sorted(map(abs, ends)) == pytest.approx(sorted([abs(min(margins)), abs(max(margins))]))
    assert "240 of 10,000 pairs drawn" in words(scene)
    assert "240 of them are drawn" in scene["more"]["own"]
    few, _ = own(*rows[:240])
    assert "drawn" not in words(few) + few["more"]["own"]


# ---- the words -------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["sigmoid", "ipo", "kto", "simpo"])
def test_the_readout_has_the_numbers_of_its_pair(loss: str) -> None:
    scene, result = example(**settings(loss), beta=0.5)
    columns = example_of(Params()).columns
    for text, pair in zip(said(scene), result.drawn, strict=True):
        line, margin, lost = numbers(text)
        assert line == pair.line
        n = pair.line - 2
        if loss == "simpo":
            rewarded = [columns[LOGPS[k]][n] / columns[LENGTHS[k]][n] for k in (0, 1)]
        else:
            rewarded = [columns[LOGPS[k]][n] - columns[LOGPS[k + 2]][n] for k in (0, 1)]
        assert margin == pytest.approx(0.5 * (rewarded[0] - rewarded[1]), rel=6e-3, abs=1e-5)
        assert lost == pytest.approx(pair.loss, rel=6e-3)
        assert ("Ranked as labeled" in text) == (margin > 0)


def test_the_title_is_the_verdict() -> None:
    titles = {name: example(example=name)[0]["title"] for name in EXAMPLES}
    assert titles == {
        "right": "71.7% of the pairs are ranked as labeled, at a loss below ln 2",
        "mean": "Log-probabilities may be means over tokens",
        "swapped": "The policy has moved toward the rejected responses",
        "beta_twice": "β may be applied twice: the reported loss is the one at β²",
        "step_zero": "Policy and reference should agree at step 0, and do not",
        "start": "No pair is ranked as labeled, at a loss of ln 2",
        "no_reference": "The reference gives chosen and rejected responses a log-probability of 0",
        "one_swapped": "Chosen and rejected may be swapped in one model",
        "frozen": "At step 400 the policy is still the reference",
        "prompt_counted": "The policy may count the tokens of the prompt",
        "not_shifted": "Text is about as unlikely as random tokens under the policy and the reference",
        "truncated": "18 of 240 pairs have the same response on both sides",
        "batch_means": "Rows are means of batches: their lengths are not whole numbers",
        "few_pairs": "66.7% of the pairs are ranked as labeled: too few to tell",
    }


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        (["-5,-6,-5,-6"], "No pair is ranked as labeled: too few to tell"),
        (["-5,-9,-7,-7"], "The only pair is ranked as labeled: too few to tell"),
        (["-5,-9,-7,-7"] * 2, "Both pairs are ranked as labeled: too few to tell"),
        (["-5,-9,-7,-7"] * 3, "All 3 pairs are ranked as labeled: too few to tell"),
        (["-5,-9,-7,-7"] * 30, "All 30 pairs are ranked as labeled, at a loss below ln 2"),
        (
            [*(f"-{n},-{n + 4},-{n + 2},-{n + 2}" for n in range(5, 3004)), "-9,-5,-7,-7"],
            "99.9% of the pairs are ranked as labeled, at a loss below ln 2",
        ),
        (
            [
                row
                for n in range(20, 50)
                for row in (f"-{n},-{n + 4},-{n + 1},-{n + 3}", f"-{n + 16},-{n},-{n + 3},-{n + 1}")
            ],
            "50.0% of the pairs are ranked as labeled, at a loss above ln 2",
        ),
    ],
)
def test_the_title_is_true_of_any_pairs(rows: list[str], title: str) -> None:
    assert own(*rows)[0]["title"] == title


def test_of_other_losses_the_title_names_the_loss_of_the_reference() -> None:
    for loss in LOSS_LABELS:
        scene, result = example(**settings(loss))
        row = next(row for row in result.losses if row.loss_type == loss)
        assert row.change is not None
        assert ("below" in scene["title"]) == (row.change < 0)
        assert ("ln 2" in scene["title"]) == (loss in ("sigmoid", "robust", "sigmoid_norm"))


def test_the_reported_loss_is_drawn_where_it_is_another() -> None:
    scene, result = example(example="beta_twice")
    assert f"mean loss {result.loss:.3g}" in words(scene)
    assert f"reported {result.reported_loss:.3g}" in words(scene)
    for name in ("right", "mean", "swapped"):
        assert "reported" not in words(example(example=name)[0])


def test_without_lengths_no_loss_is_drawn_and_why_is_said() -> None:
    scene, _ = own("-5,-9,-7,-7", "-9,-5,-7,-8", loss_type="simpo")
    assert not drawn(scene, "curve")
    assert not any(mark["pts"] for mark in drawn(scene, "dots", "other"))
    assert "SimPO loss needs lengths" in words(scene)
    assert all("the SimPO loss needs lengths" in text for text in said(scene))
    assert scene["title"] == "50.0% of the pairs are ranked as labeled: too few to tell"
    assert all(place[2] == 0 for place in knobs(scene))


def test_of_ones_own_data_the_stage_says_so_and_answers_no_question() -> None:
    scene, _ = own("-5,-9,-7,-7")
    assert scene["more"]["own"].startswith("<b>Your data:</b> 1 pair")
    assert scene["after"] == {}
    assert example()[0]["more"]["own"] == ""


def test_the_question_has_the_right_answer_among_its_choices() -> None:
    step = WIDGET.steps[2]
    assert step.ask is not None
    before, after = (compute(Params(example=name)).accuracy for name in ("right", "swapped"))
    assert step.query == "example=swapped"
    assert step.ask.choices["a"].startswith(f"{100 * before:.1f}%")
    assert step.ask.choices["c"] == f"{100 * after:.1f}%"
    scene, _ = example(example="swapped")
    assert [token for token, text in scene["after"].items() if "Right" in text] == ["c"]
