"""The reader's labels: two answers to choose from, and what the labels say that the reader wants."""

from __future__ import annotations

from typing import Any

from app.charts.stage import Axis, Box, Only, Role, Stage, number
from app.formatting import fixed, percent, signed
from app.lab.world import the_world
from app.stages.speech import flattery, phrase_ids
from app.widgets.annotator import CLEAR, FLATTERING, MOST, Params, Result, pairs_of

LEAST_REACH = 2.6
"""of the axis of weights"""
ENDS: tuple[tuple[str, str, Only], ...] = (
    ("← you avoid it", "you want it →", "wide"),
    ("← avoid", "want →", "narrow"),
)


def stage(params: Params, result: Result) -> Stage:
    """The stage of the labels given so far."""
    weights = result.weights
    made = Stage(
        _title(result),
        wide=128,
        narrow=118,
        readout=_aligned(result) if result.aligned else _leaning(result),
        alt="What your labels say that you want, with its uncertainty",
        more={
            "say": _say(result),
            "answers": _answers(params, result),
            "settings": f"{params.prompt} prompt, seed of the pairs {params.sampling_seed}",
        },
    )
    reach = max(LEAST_REACH, *(1.05 * (abs(w.mean) + w.sd) for w in weights))
    panel = made.panel(
        Axis(-reach, reach),
        Axis(len(weights) - 0.5, -0.5),
        wide=Box(96, 70, 6, 102),
        narrow=Box(82, 8, 4, 94),
    )
    panel.line(panel.spot(0.5, 0), panel.spot(0.5, 1), "axis")
    for row, weight in enumerate(weights):
        role: Role = "rej" if weight.feature == "flattering" else "opt"
        ink = "rej" if weight.feature == "flattering" else "ink"
        low, high = weight.mean - weight.sd, weight.mean + weight.sd
        panel.text(panel.spot(0, panel.y.share(row), -12, 5), weight.feature, f"lab f-{ink}", "end")
        panel.rect(panel.pt(low, row, 0, -4), panel.pt(high, row, 0, 4), f"spread f-{role}", rx=4)
        panel.point(panel.pt(weight.mean, row), f"f-{role}", 7)
    for avoid, want, only in ENDS:
        panel.text(panel.spot(0, 0, 0, 19), avoid, only=only)
        panel.text(panel.spot(1, 0, 0, 19), want, "", "end", only=only)
    panel.text(panel.spot(0.5, 0, 0, 19), "you do not care", "", "middle", only="wide")
    return made


def _title(result: Result) -> str:
    clicks = result.labelled if result.aligned else "Ten"
    return f"{clicks} clicks, and the policy is yours"


def _say(result: Result) -> str:
    if result.aligned:
        return (
            f"<b>Yours.</b> DPO took {result.steps} steps on {result.trained_on} labels; "
            f"{result.held_back} are held back."
        )
    if result.next_pair is None:
        return f"<b>All {result.most} pairs are labeled.</b> Align a policy with them."
    return (
        f"<b>Which answer is better?</b> “{result.prompt}”, pair {result.labelled + 1} of "
        f"{result.least if result.labelled < result.least else result.most}."
    )


def _answers(params: Params, result: Result) -> list[dict[str, Any]]:
    """What stands at the left and at the right, by whom, phrase by phrase with those that flatter."""
    if result.aligned:
        return [
            _said(params, "The reference says", "ref", result.aligned.before.text),
            _said(params, "Your policy says", "opt", result.aligned.after.text),
        ]
    if result.next_pair:
        texts = [result.next_pair.first, result.next_pair.second]
    else:
        world = the_world()
        pairs = pairs_of(world.prompt_number(params.prompt), params.sampling_seed)
        texts = [world.text(pairs.prompt, response) for response in pairs.responses(MOST - 1)]
    return [
        _said(params, letter, "", text, marked=False)
        for letter, text in zip("AB", texts, strict=True)
    ]


def _said(params: Params, who: str, role: str, text: str, *, marked: bool = True) -> dict[str, Any]:
    world = the_world()
    prompt = world.prompts[world.prompt_number(params.prompt)]
    texts = [phrase.text for slot in prompt.phrases for phrase in slot]
    ids = phrase_ids(params.prompt, text)
    flat = flattery(params.prompt, ids)
    phrases = [[texts[i], int(marked and flags)] for i, flags in zip(ids, flat, strict=True)]
    return {"who": who, "role": role, "phrases": phrases}


def _leaning(result: Result) -> str:
    if not result.labelled:
        return "Every click moves the four dots, and the bars show what is still uncertain."
    weight = max(result.weights, key=lambda weight: abs(weight.mean / weight.sd))
    z = abs(weight.mean / weight.sd)
    role = "rej" if weight.feature == "flattering" else "opt"
    wants = "want" if weight.mean > 0 else "avoid"
    said = f'So far you seem to {wants} <strong class="c-{role}">{weight.feature}</strong> answers'
    if z < 1:
        return f"{said}, but that may be chance."
    sure = "so that is hardly chance" if z >= CLEAR else "so a few more labels may still change it"
    return f"{said}, by {number(fixed(1)(z))} standard deviations, {sure}."


def _aligned(result: Result) -> str:
    assert result.aligned is not None
    before, after = result.aligned.before, result.aligned.after
    asked = result.weights[FLATTERING]
    more, wanted = after.flatters > before.flatters, asked.mean > 0
    if abs(asked.mean / asked.sd) < 1:
        means = "Your labels asked for neither more nor less, so this came about by chance"
    elif more == wanted:
        means = "Your labels asked for that, so the policy has learned it from you"
    else:
        means = "Your labels asked for the opposite, so they were too few"
    return (
        f"It flatters in {number(percent(0)(after.flatters), 'rej')} of its answers, the reference in "
        f"{number(percent(0)(before.flatters))}, and its true quality is "
        f"{number(signed(after.true_quality), 'true')}. {means}."
    )
