"""The three stages of RLHF: networks as boxes, data as sheets, and what passes between them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from app.charts.stage import Anchor, Axis, Box, Only, Panel, Stage, StagePoint, number
from app.formatting import count, fixed, percent, signed
from app.widgets.rlhf_pipeline import reward_model, sft
from app.widgets.rlhf_pipeline.widget import Params, Result

STATIONS = ("sft", "reward_model", "ppo")
HEADS = ("1  Imitate", "2  Learn to judge", "3  Please the judge")
WIDTH, HEIGHT = 148, 40
"""of a network's box"""
WIDE_ROWS = {"data": 50, "sft": 108, "policy": 172, "reward model": 236, "value model": 300}
NARROW_ROWS = (
    {"data": 98, "sft": 214},
    {"sft": 86, "policy": 166, "reward model": 246},
    {"sft": 92, "policy": 152, "reward model": 212, "value model": 272},
)
"""the middles of rows of boxes and sheets, in pixels from the top; on narrow pages of each station alone"""
KINDS = {"trained": "opt", "frozen": "ref"}

State = Literal["", "dim", "ghost"]
"""how a station is drawn: the present one, a past one, one to come"""


def stage(params: Params, result: Result) -> Stage:
    """The stage of a station."""
    now = STATIONS.index(params.stage)
    made = Stage(
        "RLHF takes three stages and four networks",
        wide=394,
        narrow=372,
        readout=READOUTS[params.stage](result),
        alt="Three stages: networks trained or frozen, and the data between them",
    )
    unit = Axis(0, 1)
    thirds = [
        made.panel(
            unit, unit, wide=Box((i / 3, 3), ((i + 1) / 3, -3), 0, 330), narrow=Box(0, 0, 0, 300)
        )
        for i in range(3)
    ]
    thirds[now].rect(
        thirds[now].spot(0, 1), thirds[now].spot(1, 0), "f-surface", rx=10, only="wide"
    )
    draw = (_imitate, _learn_to_judge, _please_the_judge)
    for i, third in enumerate(thirds):
        state: State = "" if i == now else "dim" if i < now else "ghost"
        draw[i](_Station(third, "wide", state, WIDE_ROWS))
    for i, third in enumerate(thirds[:-1]):
        for row, until in (("sft", 1), ("reward model", 2)):
            if i + 1 < until:
                continue
            y = WIDE_ROWS[row]
            third.line(
                third.spot(0.5, 1, WIDTH / 2 + 5, y),
                thirds[i + 1].spot(0.5, 1, -WIDTH / 2 - (5 if row == "sft" else 26), y),
                f"lane s-ref {'' if i < now else 'ghost'}",
                only="wide",
            )
    # On narrow pages the present station alone, and of each four lamps.
    draw[now](_Station(thirds[now], "narrow", "", NARROW_ROWS[now]))
    _track(made, now)
    return made


def _track(made: Stage, now: int) -> None:
    """The three stops, and on narrow pages which of the four networks each station has."""
    unit = Axis(0, 1)
    below = made.panel(
        unit,
        unit,
        wide=Box((1 / 6, 0), (5 / 6, 0), 340, 360),
        narrow=Box((1 / 6, 0), (5 / 6, 0), 320, 336),
    )
    below.track()
    ends = [below.spot(i / 2, 0) for i in range(3)]
    for i, end in enumerate(ends):
        below.point(end, "stop f-paper", 6)
        held = [network for network in MEMORY[i] if network]
        below.text(
            below.spot(i / 2, 0, 0, 30),
            f"{len(held)} network{'s' if len(held) > 1 else ''}",
            "strong" if i == now else "",
            "middle",
        )
        for k, kind in enumerate(MEMORY[i]):
            css = f"lamp {f'f-{kind}' if kind == 'opt' else f'f-none s-{kind}' if kind else 'f-none absent'}"
            below.rect(
                below.spot(i / 2, 1, -31 + 16 * k, -8),
                below.spot(i / 2, 1, -18 + 16 * k, 5),
                css if i == now else f"{css} dim",
                rx=3,
                only="narrow",
            )
    made.handle("stage", ends[now], "ink", ends)


MEMORY = (("opt", "", "", ""), ("ref", "opt", "", ""), ("ref", "ref", "opt", "opt"))
"""SFT model, reward model, policy and value model at each station: trained, frozen, or not there"""


@dataclass(frozen=True)
class _Station:
    panel: Panel
    only: Only
    state: State
    rows: dict[str, int]

    def at(self, dx: float, y: float) -> StagePoint:
        """A place beside the station's middle, some pixels from the top."""
        return self.panel.spot(0.5, 1, dx, y)

    def text(self, dx: float, y: float, text: str, anchor: Anchor = "start", css: str = "") -> None:
        if self.state != "ghost":
            self.panel.text(
                self.at(dx, y), text, f"{css} {self.state}".strip(), anchor, only=self.only
            )

    def head(self, text: str) -> None:
        css = f"head {'ghost' if self.state == 'ghost' else ''}".strip()
        self.panel.text(self.at(0, 19), text, css, "middle", only=self.only)

    def network(self, row: str, name: str, kind: Literal["trained", "frozen"]) -> None:
        y = self.rows[row]
        role = KINDS[kind]
        filled = f"f-{role}" if kind == "trained" else f"f-paper s-{role}"
        self.box(0, y, WIDTH / 2, HEIGHT / 2, f"network {filled}", 7)
        ink = "f-paper" if kind == "trained" else f"f-{role}"
        past = self.state == "dim"
        if self.state != "ghost":
            place = self.at(0, y + (5 if past else -4))
            self.panel.text(place, name, f"net {ink}", "middle", only=self.only)
        if not past:
            self.text(0, y + 14, kind, "middle", f"sub {ink}")

    def box(self, dx: float, y: float, across: float, up: float, css: str, rx: float) -> None:
        """A rectangle around a place."""
        self.panel.rect(
            self.at(dx - across, y - up),
            self.at(dx + across, y + up),
            f"{css} {self.state}".strip(),
            rx=rx,
            only=self.only,
        )

    def arrow(self, *points: tuple[float, float]) -> None:
        """An arrow through points; at the present station it flows for a while."""
        css = f"flow s-ink {self.state or 'go'}"
        spots = [self.at(*point) for point in points]
        for a, b in pairwise(spots[:-1]):
            self.panel.line(a, b, css, only=self.only)
        self.panel.arrow(
            spots[-2], spots[-1], css, f"f-ink {self.state}".strip(), width=2.2, only=self.only
        )

    def sheet(self, dx: float, y: float, role: str) -> None:
        self.box(dx, y, 12, 15, f"sheet f-paper s-{role}", 2)
        for line in (-7, -1, 5):
            css = f"written s-{role} {self.state}".strip()
            left, right = self.at(dx - 7, y + line), self.at(dx + 7, y + line)
            self.panel.line(left, right, css, only=self.only)


def _imitate(station: _Station) -> None:
    rows = station.rows
    station.head(HEADS[0])
    for i in (2, 1, 0):
        station.sheet(-8 + 5 * i, rows["data"] - 3 * i, "ink")
    station.text(24, rows["data"] + 2, count(sft.demonstrations()))
    station.text(24, rows["data"] + 18, "demonstrations")
    station.arrow((0, rows["data"] + 18), (0, rows["sft"] - 21))
    station.network("sft", "SFT model", "trained")


def _learn_to_judge(station: _Station) -> None:
    rows = station.rows
    station.head(HEADS[1])
    station.network("sft", "SFT model", "frozen")
    station.arrow((0, rows["sft"] + 21), (0, rows["policy"] - 17))
    station.text(12, rows["policy"] - 26, "writes both")
    station.sheet(-21, rows["policy"], "opt")
    station.sheet(21, rows["policy"], "rej")
    station.panel.path(
        station.at(0, rows["policy"]),
        "M-4 -6L4 0L-4 6",
        f"chosen s-ink {station.state}".strip(),
        only=station.only,
    )
    station.text(-40, rows["policy"] - 2, f"{count(reward_model.comparisons())} pairs;", "end")
    station.text(-40, rows["policy"] + 14, "a coin chose", "end")
    station.arrow((0, rows["policy"] + 17), (0, rows["reward model"] - 21))
    station.network("reward model", "reward model", "trained")


def _please_the_judge(station: _Station) -> None:
    rows = station.rows
    policy, judge, value = rows["policy"], rows["reward model"], rows["value model"]
    left, right = -WIDTH / 2, WIDTH / 2
    station.head(HEADS[2])
    station.text(left - 36, rows["sft"] - 52, "a prompt")
    station.arrow((left - 30, rows["sft"] - 44), (left - 30, policy - 8), (left - 1, policy - 8))
    station.network("sft", "reference", "frozen")
    station.arrow((0, rows["sft"] + 21), (0, policy - 21))
    station.text(10, rows["sft"] + 36, "keeps it near")
    station.network("policy", "policy", "trained")
    station.arrow((30, policy + 21), (30, judge - 21))
    station.text(40, policy + 36, "answers")
    station.arrow((-30, judge - 21), (-30, policy + 21))
    station.text(-40, policy + 36, "scores", "end")
    station.network("reward model", "reward model", "frozen")
    station.arrow((right, judge), (right + 16, judge), (right + 16, value), (right + 1, value))
    station.network("value model", "value model", "trained")
    station.arrow(
        (left, value), (left - 16, value), (left - 16, policy + 8), (left - 1, policy + 8)
    )
    station.text(left - 12, judge + 36, "expects")


# ---- what is said --------------------------------------------------------------------------------


def _value(result: Result, name: str) -> float:
    return next(q.value for q in result.quantities if q.name.startswith(name))


def _of_sft(result: Result) -> str:
    return (
        "A fresh demonstration surprises the trained network by "
        f"{number(fixed(2)(_value(result, 'Exact loss')), 'opt')} nats on average, and its own writers by "
        f"{number(fixed(2)(_value(result, 'Entropy')))}, so the network imitates them almost perfectly."
    )


def _of_reward_model(result: Result) -> str:
    return (
        f"The reward model ranks {number(percent(1)(_value(result, 'Accuracy on held')), 'ref')} of fresh "
        "pairs as labeled. Even true quality ranks only "
        f"{number(percent(1)(_value(result, 'Accuracy of true')), 'true')} of them so, since the coin often "
        "picks the worse answer, and there is hardly more to learn."
    )


def _of_ppo(result: Result) -> str:
    return (
        f"PPO sampled {number(count(_value(result, 'Responses')))} answers and raised the reward model’s "
        f"score by {number(fixed(2)(_value(result, 'Learned')), 'ref')}. True quality, which it never sees, "
        f"went to {number(signed(_value(result, 'True quality'), 2), 'true')}, so the policy pleases only "
        "its judge."
    )


READOUTS = {"sft": _of_sft, "reward_model": _of_reward_model, "ppo": _of_ppo}
