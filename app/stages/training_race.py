"""DPO and RLHF race under the exact frontier: two paths, the seconds that they take, what both say."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from app.charts.scales import nice_step, tick_text
from app.charts.stage import Axis, Box, Only, Panel, Role, Stage, by_place, number
from app.formatting import count, fixed
from app.stages.speech import speaker, speech
from app.stages.under_frontier import FrontierCurve, PathOfRun, under_frontier
from app.widgets.training_race import PLACES, Params, RacePoint, Result

LEAVE_OUT = ("dpo", "rlhf", "frontier")

LOST = 0.25
"""quality below its peak from which a run has gone past it"""
LEVEL = 0.1
"""difference of two distances from the frontier that counts as none"""


@dataclass(frozen=True)
class _Racer:
    """A run, and where it stands at each place of the scrub."""

    name: str
    role: Role
    path: list[RacePoint]
    reached: list[int]
    """the last point that has been measured at each place"""

    def at(self, place: int) -> RacePoint:
        """Where it stands at a place."""
        return self.path[self.reached[place]]

    def missing(self, place: int) -> float:
        """How far it stands below the frontier."""
        point = self.at(place)
        return point.bound - point.true_quality

    @property
    def last(self) -> RacePoint:
        return self.path[-1]

    @property
    def lost(self) -> float:
        """How far it ends below its peak."""
        return max(point.true_quality for point in self.path) - self.last.true_quality

    @property
    def gap(self) -> float:
        """How far it ends below the frontier."""
        return self.last.bound - self.last.true_quality


def stage(params: Params, result: Result) -> Stage:
    """The stage of a race."""
    seconds = max(result.dpo_last.seconds, result.rlhf_last.seconds)
    times = [seconds * place / PLACES for place in range(PLACES + 1)]
    dpo = _Racer("DPO", "opt", result.dpo, _reached(result.dpo, times))
    rlhf = _Racer("RLHF", "ref", result.rlhf, _reached(result.rlhf, times))
    racers = (dpo, rlhf)
    made = Stage(
        _title(dpo, rlhf),
        asking_title="The same comparisons, two ways up",
        wide=416,
        narrow=216,
        readout=by_place(_readout(place, times[place], dpo, rlhf) for place in range(PLACES + 1)),
        alt="True quality of DPO and RLHF over their KL from the reference, below the exact frontier; "
        "under it, their seconds of training",
        places=PLACES + 1,
        known=0,
        after=_after(dpo, rlhf),
        more={
            "beside": 1,
            "play": {"ms": 5200},
            "settings": f"{params.prompt} prompt, seed {params.seed}, β {params.dpo_beta:g}, "
            f"a nat costs PPO {params.kl_coefficient:g}",
        }
        | speech(
            params.prompt,
            *(
                speaker(
                    f"{racer.name}’s <i>favorite</i>",
                    racer.role,
                    params.prompt,
                    [racer.at(place).sample for place in range(PLACES + 1)],
                )
                for racer in racers
            ),
        ),
    )
    plane = under_frontier(
        made,
        FrontierCurve(
            [point.kl for point in result.frontier],
            [point.true_quality for point in result.frontier],
        ),
        (
            PathOfRun(
                racer.name,
                racer.role,
                [point.kl for point in racer.path],
                [point.true_quality for point in racer.path],
                racer.reached,
            )
            for racer in reversed(racers)
        ),
        wide=Box(34, 8, 12, 300),
        narrow=Box(26, 6, 12, 120),
    )
    plane.text(plane.spot(0.5, 0.42), "?", "lab f-ink", "middle", when="asking")
    made.more["grows"] = [
        {
            "p": plane.number,
            "c": f"s-{racer.role}",
            "x": {"field": "kl", "low": plane.x.low, "high": plane.x.high},
            "y": {"field": "true_quality", "low": plane.y.low, "high": plane.y.high},
            "only": {"method": racer.last.method},
        }
        for racer in racers
    ]
    _lanes(made, racers, times)
    return made


def _reached(path: Sequence[RacePoint], times: Sequence[float]) -> list[int]:
    """The number of the last point that is measured at each time; the first before that."""
    seconds = [point.seconds for point in path]
    return [max(0, bisect_right(seconds, time + 1e-9) - 1) for time in times]


def _lanes(made: Stage, racers: Sequence[_Racer], times: Sequence[float]) -> None:
    """How long each trains, and the track of the scrub below."""
    time = Axis(0, times[-1])
    wide, narrow = Box(78, 132, 332, 386), Box(62, 14, 146, 186)
    lanes = made.panel(time, Axis(0, 1), wide=wide, narrow=narrow)
    for racer, top in zip(racers, (1.0, 0.62), strict=True):
        bottom, end = top - 0.27, time.share(racer.last.seconds)
        begin = lanes.spot(0, top)
        name = lanes.spot(0, (top + bottom) / 2, -8, 4)
        lanes.text(name, racer.name, f"side f-{racer.role}", "end")
        lanes.rect(begin, lanes.spot(end, bottom), f"f-{racer.role} faint")
        reached = [min(end, time.share(now)) for now in times]
        lanes.rect(begin, by_place(lanes.spot(x, bottom) for x in reached), f"f-{racer.role}")
        # The reward model comes before the first policy.
        if racer.last.samples_generated:
            ready = time.share(racer.path[0].seconds)
            lanes.line(
                lanes.spot(ready, top, 0, -2), lanes.spot(ready, bottom, 0, 2), "line thin s-ink"
            )
        lanes.text(
            lanes.spot(end, (top + bottom) / 2, 8, 5),
            by_place(
                f"{count(racer.at(place).samples_generated)} sampled" for place in range(PLACES + 1)
            ),
            only="wide",
        )
    lanes.track()
    _seconds(lanes)
    ends = [lanes.spot(time.share(now), 0) for now in times]
    made.handle("at", by_place(ends), "ink", [ends[0], ends[-1]])


def _seconds(lanes: Panel) -> None:
    total = lanes.x.high
    sizes: tuple[tuple[Only, int], ...] = (("wide", 6), ("narrow", 3))
    for only, most in sizes:
        step = nice_step(total, most)
        ticks = [step * n for n in range(int(total / step) + 1)]
        # The caption of a narrow page stands in the same row.
        shown = [tick for tick in ticks if only == "wide" or tick <= 0.75 * total]
        lanes.x_ticks(shown, tick_text, 25, only=only)
    lanes.text(lanes.spot(1, 0, 18, 25), "CPU seconds", only="wide")
    lanes.text(lanes.spot(1, 0, 8, 25), "CPU seconds", "", "end", only="narrow")


# ---- words -------------------------------------------------------------------------------------


def _title(dpo: _Racer, rlhf: _Racer) -> str:
    past = [racer.name for racer in (dpo, rlhf) if racer.lost > LOST]
    if len(past) == 2:
        return "Both climb past their peaks"
    if past:
        return f"{past[0]} climbs past its peak"
    return "The same comparisons, two ways up"


def _after(dpo: _Racer, rlhf: _Racer) -> dict[str, str]:
    ahead = dpo.gap - rlhf.gap
    nearest = "c" if abs(ahead) < LEVEL else "b" if ahead > 0 else "a"
    what = {"a": "DPO does.", "b": "RLHF does.", "c": "Neither."}[nearest]
    return dict.fromkeys("abc", f"<strong>{what}</strong>") | {nearest: "<strong>Right.</strong>"}


def _readout(place: int, seconds: float, dpo: _Racer, rlhf: _Racer) -> str:
    if dpo.at(place).leg == 0:
        return "Both start as the reference policy, and RLHF has to fit a reward model first."
    told = f"After {number(fixed(2)(seconds))} s DPO is {_below(dpo, place)} below the frontier"
    if seconds < rlhf.path[0].seconds:
        return f"{told}, while RLHF is still fitting its reward model and has no policy to show."
    if rlhf.at(place).leg == 0:
        return f"{told}, while RLHF has its reward model and is setting out."
    told += f" and RLHF {_below(rlhf, place)}"
    fallen = [racer for racer in (dpo, rlhf) if _lost(racer, place) > LOST]
    if len(fallen) == 2:
        return f"{told}. Both are past their peaks, so both ran too long."
    if fallen:
        return f"{told}. {fallen[0].name} is past its peak, so it ran too long."
    ahead = dpo.missing(place) - rlhf.missing(place)
    if abs(ahead) < LEVEL:
        return f"{told}, so each gets about as much out of its KL."
    return f"{told}, so {'RLHF' if ahead > 0 else 'DPO'} gets more out of its KL."


def _below(racer: _Racer, place: int) -> str:
    return number(fixed(2)(racer.missing(place)), racer.role)


def _lost(racer: _Racer, place: int) -> float:
    """How far below its peak so far a run stands."""
    so_far = [point.true_quality for point in racer.path[: racer.reached[place] + 1]]
    return max(so_far) - so_far[-1]
