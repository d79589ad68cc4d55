"""A step of the derivation: both sides as chains of arrows, which end at one place or miss."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from app.charts.stage import Anchor, Axis, Box, Panel, Role, Stage, StagePoint, number
from app.formatting import fixed, scientific, signed
from app.widgets.dpo_derivation.arrows import EquationArrow
from app.widgets.dpo_derivation.mistakes import MISTAKES
from app.widgets.dpo_derivation.steps import DERIVATION
from app.widgets.dpo_derivation.widget import Params, Result

LEAVE_OUT = ("equations", "latex")

ROLES: dict[str, Role] = {
    "reward": "ref",
    "divergence": "rej",
    "average": "opt",
    "policy": "opt",
    "optimum": "opt",
    "partition": "true",
    "partition_l": "true",
    "chosen": "opt",
    "rejected": "rej",
}
"""the color of each part of an equation"""

WIDE, NARROW = 208, 244
BELOW = 50
"""pixels under the last arrow, for the miss and the numbers"""
PITCH = 0.25
"""of the height for arrows, at most from arrow to arrow"""
ZERO = 1e-6
"""relative to the numbers shown, what counts as nothing"""


def stage(params: Params, result: Result) -> Stage:
    """The stage of a step."""
    left, right = _chain(result.arrows.left), _chain(result.arrows.right)
    ends = left[-1][2], right[-1][2]
    xs = [0.0, *(x for _, a, b in (*left, *right) for x in (a, b))]
    size = max(abs(x) for x in xs)
    missed = abs(ends[0] - ends[1]) > ZERO * size
    broken = result.check.max_abs_difference > ZERO
    step = DERIVATION[params.step - 1]
    made = Stage(
        _title(params, broken=broken),
        wide=WIDE,
        narrow=NARROW,
        readout=_readout(params, result, ends, broken=broken),
        alt="Both sides of the equation as chains of arrows",
        more={
            "say": step.say,
            "settings": f"{params.prompt} prompt, β = {params.beta:g}, seed {params.seed}",
        },
    )
    pad = 0.08 * (max(xs) - min(xs))
    panel = made.panel(
        Axis(min(xs) - pad, max(xs) + pad),
        Axis(1, 0),
        wide=Box(96, 24, 20, WIDE - BELOW),
        narrow=Box(8, 8, 24, NARROW - BELOW),
    )
    pitch = min(PITCH, 1 / (len(left) + len(right) - 0.5))
    lower = pitch * (len(left) + 0.5)
    bottom = BELOW - 22
    panel.line(panel.pt(0, 0, 0, -16), panel.pt(0, 1, 0, bottom), "zero")
    panel.line(panel.pt(ends[0], 0, 0, -16), panel.pt(ends[0], 1, 0, bottom), "drop s-ink")
    if missed:
        panel.line(panel.pt(ends[1], lower), panel.pt(ends[1], 1, 0, bottom), "drop s-rej")
        panel.line(panel.pt(ends[0], 1, 0, 28), panel.pt(ends[1], 1, 0, 28), "miss s-rej")
    panel.text(panel.pt(ends[0], 1, 0, BELOW - 7), fixed(3)(ends[0]), "lab f-ink", "middle")
    if abs(panel.x.share(ends[0]) - panel.x.share(0)) > 0.12:
        panel.text(panel.pt(0, 1, 0, BELOW - 7), "0", "", "middle")
    if missed:
        middle = _clamped(panel.x.share(sum(ends) / 2))
        panel.text(
            panel.spot(middle, 0, 0, 22),
            f"off by {fixed(2)(abs(ends[0] - ends[1]))}",
            "lab f-rej",
            "middle",
        )
    for name, chain, top in (("left side", left, 0), ("right side", right, lower)):
        _side(panel, name, chain, [top + pitch * place for place in range(len(chain))])
    return made


def _clamped(share: float) -> float:
    """Far enough from the ends for a word in the middle."""
    return min(0.82, max(0.18, share))


def _chain(arrows: Sequence[EquationArrow]) -> list[tuple[EquationArrow, float, float]]:
    """Each arrow that is there, with where it begins and ends."""
    found, here = [], 0.0
    for arrow in arrows:
        if arrow.value:
            found.append((arrow, here, here + arrow.value))
            here += arrow.value
    return found


def _side(
    panel: Panel, name: str, chain: list[tuple[EquationArrow, float, float]], rows: list[float]
) -> None:
    middle = panel.y.share((rows[0] + rows[-1]) / 2)
    panel.text(panel.spot(0, middle, -96, 5), name, "side", only="wide")
    for (_, _, turn), (above, below) in zip(chain, pairwise(rows), strict=False):
        panel.line(panel.pt(turn, above), panel.pt(turn, below), "drop s-mut")
    for (arrow, start, end), row in zip(chain, rows, strict=True):
        part = f"{ROLES[arrow.part]} of-{arrow.part}"
        panel.arrow(panel.pt(start, row), panel.pt(end, row), f"s-{part}", f"f-{part}", width=5)
    for (arrow, start, end), row in zip(chain, rows, strict=True):
        across, up = _clamped(panel.x.share((start + end) / 2)), panel.y.share(row)
        places: list[tuple[StagePoint, Anchor]] = [
            (panel.pt(max(start, end), row, 10, 5), "start"),
            (panel.pt(min(start, end), row, -10, 5), "end"),
            (panel.spot(across, up, 0, -9), "middle"),
            (panel.spot(across, up, 0, 20), "middle"),
            (panel.pt(start, row, 0, -9), "start"),
            (panel.spot(1, up, 0, -9), "end"),
            (panel.spot(0, up, 0, -9), "start"),
        ]
        words = f"{arrow.symbol} {signed(arrow.value)}"
        panel.name(words, f"f-{ROLES[arrow.part]} of-{arrow.part}", places)
    first = panel.y.share(rows[0])
    corners: list[tuple[StagePoint, Anchor]] = [
        (panel.spot(1, first, 0, 5), "end"),
        (panel.spot(1, first, 0, -9), "end"),
        (panel.spot(0, first, 0, -9), "start"),
        (panel.spot(0, first, 0, 20), "start"),
        (panel.spot(1, first, 0, 20), "end"),
    ]
    panel.name(name, "f-mut", corners, maybe=True, only="narrow")


def _title(params: Params, *, broken: bool) -> str:
    if params.mistake == "none":
        return "The sum nobody can compute cancels"
    if broken:
        return "With the mistake, the two sides part"
    return "This step does not notice the mistake"


def _readout(params: Params, result: Result, ends: tuple[float, float], *, broken: bool) -> str:
    mistake, check = MISTAKES[params.mistake], result.check
    written = {4: "σ of it is", 5: "σ of it is", 6: "−log σ of it is"}.get(params.step, "")
    here = number(fixed(4)(check.left), "ref")
    if broken:
        off = number(fixed(2)(abs(ends[0] - ends[1])), "rej")
        became = (
            f": {written} {here} on the left, {number(fixed(4)(check.right), 'rej')} on the right"
        )
        return f"The two sides miss by {off}{became if written else ''}. {mistake.why}"
    met = (
        f"at one place, where {written.replace('of it is', 'is')} {here}"
        if written
        else f"at {here}"
    )
    agree = (
        f"The two routes end {met}; over all {number('7,776')} responses the sides differ by at most "
        f"{number(_power(check.max_abs_difference), 'opt')}"
    )
    unseen = mistake.unseen.get(params.step, "")
    return f"{agree}. {unseen}" if unseen else f"{agree}, so the step is exact."


def _power(value: float) -> str:
    """A number with its power of ten as a superscript."""
    mantissa, e, power = scientific(value).partition("e")
    return f"{mantissa} × 10<sup>{power}</sup>" if e else mantissa
