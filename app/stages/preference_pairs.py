"""A labeled pair: three judges on one line from one answer to the other, once the reader has chosen."""

from __future__ import annotations

from app.charts.stage import Anchor, Axis, Box, Only, Role, Stage, StagePoint, number
from app.formatting import percent
from app.widgets.preference_pairs import ROUNDING, PairJudgment, Params, Result

JUDGES: tuple[tuple[str, str, Role], ...] = (
    ("true_quality", "true quality", "true"),
    ("learned_reward", "reward model", "ref"),
    ("implicit_reward", "DPO policy", "opt"),
)
BARS = (
    '<span class="wide">Bars: phrases that DPO made <b class="c-opt">more</b> or '
    '<b class="c-rej">less</b> likely.</span>'
)
HIDDEN: tuple[tuple[str, Only], ...] = (
    ("three judges and a coin, hidden until you have chosen", "wide"),
    ("three judges, hidden", "narrow"),
)
LEAST_REACH = 2
"""of the line, in units of reward"""


def stage(params: Params, result: Result) -> Stage:
    """The stage of a pair: A at the left, B at the right."""
    toward = -1 if result.first == "chosen" else 1  # the side of the chosen one
    margins = {key: getattr(result.judges, key).margin * toward for key, _name, _role in JUDGES}
    reach = 1.15 * max(LEAST_REACH, *map(abs, margins.values()))
    made = Stage(
        "A preference is a coin toss, and judges may differ",
        wide=120,
        narrow=118,
        readout=_readout(result),
        more={
            "settings": f"{params.prompt} prompt, pairs "
            f"{'held out' if params.split == 'test' else 'used in training'}"
        },
        alt="A line from answer A to answer B, on which three judges stand once you have chosen",
        after={letter: _after(result, letter) for letter in "ab"},
    )
    line = made.panel(
        Axis(-reach, reach), Axis(0, 1), wide=Box(10, 10, 14, 98), narrow=Box(8, 8, 14, 96)
    )
    line.track(0.5)
    line.line(line.pt(0, 0.5, 0, -9), line.pt(0, 0.5, 0, 9), "axis", when="answered")
    for share in (-0.25, 0.0, 0.25):
        line.text(line.spot(0.5 + share, 0.5, 0, 5), "?", "lab f-ink", "middle", when="asking")
    for words, only in HIDDEN:
        line.text(line.spot(0.5, 1, 0, 14), words, "", "middle", only=only, when="asking")
    line.text(line.spot(0, 0, 0, 8), "← A is better")
    line.text(line.spot(1, 0, 0, 8), "B is better →", "", "end")
    for key, _name, role in JUDGES:
        line.point(line.pt(margins[key], 0.5), f"f-{role}", 9, when="answered")
    for key, name, role in sorted(JUDGES, key=lambda judge: margins[judge[0]]):
        places: list[tuple[StagePoint, Anchor]] = [
            (line.pt(margins[key], 0.5, 0, -20), "middle"),
            (line.pt(margins[key], 0.5, 0, 30), "middle"),
            (line.pt(margins[key], 0.5, 9, -20), "end"),
            (line.pt(margins[key], 0.5, -9, -20), "start"),
            (line.pt(margins[key], 0.5, 9, 30), "end"),
            (line.pt(margins[key], 0.5, -9, 30), "start"),
            (line.pt(margins[key], 0.5, -12, -20), "end"),
            (line.pt(margins[key], 0.5, 12, -20), "start"),
            (line.pt(margins[key], 0.5, -12, 30), "end"),
            (line.pt(margins[key], 0.5, 12, 30), "start"),
            (line.pt(margins[key], 0.5, 0, -40), "middle"),
            (line.pt(margins[key], 0.5, 9, -40), "end"),
            (line.pt(margins[key], 0.5, -9, -40), "start"),
        ]
        line.name(name, f"f-{role}", places, when="answered")
    return made


def _after(result: Result, letter: str) -> str:
    margin = result.judges.true_quality.margin
    if abs(margin) <= ROUNDING:
        return "By true quality the two are equal."
    chosen = (result.first == "chosen") == (letter == "a")
    better = chosen == (margin > 0)
    return f"You chose the {'better' if better else 'worse'} one, by true quality."


def _readout(result: Result) -> str:
    if result.chosen.text == result.rejected.text:
        return "The same response was drawn twice: there is nothing to prefer."
    quality = result.judges.true_quality
    if abs(quality.margin) <= ROUNDING:
        coin = "The coin was fair."
    else:
        wins = max(quality.probability, 1 - quality.probability)
        coin = f"The better one wins {number(percent(0)(wins), 'true')} of tosses; this coin " + (
            "agreed." if quality.agrees else "<strong>chose the other</strong>."
        )
    model, policy = result.judges.learned_reward, result.judges.implicit_reward
    both = _does(model) == _does(policy)
    judges = (
        f"The reward model and DPO both {_does(policy, many=True)}."
        if both
        else f"The reward model {_does(model)}, DPO {_does(policy)}."
    )
    return f"{coin} {judges} {BARS}"


def _does(judged: PairJudgment, *, many: bool = False) -> str:
    s = "" if many else "s"
    if judged.agrees:
        return f"follow{s} the label"
    return f"see{s} past it" if judged.margin < -ROUNDING else f"see{s} no difference"
