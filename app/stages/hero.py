"""The home page's figure: recorded runs of PPO and DPO under the frontier, and what each policy says."""

from __future__ import annotations

from app.charts.stage import Axis, Box, Role, Stage, by_place, number, sqrt_axis
from app.formatting import signed
from app.stages.speech import how_many_flatter, phrase_ids, speaker, speech
from app.stages.under_frontier import FrontierCurve, PathOfRun, under_frontier
from app.studies.home_run import RecordedPath, RecordedRuns
from app.widgets.base import WidgetParams
from app.widgets.hero import Result

LEAVE_OUT = ("run",)


def stage(_: WidgetParams, result: Result) -> Stage:
    """The stage of the recorded runs."""
    run = result.run
    places = len(run.ppo.kl)
    made = Stage(
        "One objective, two ways to train",
        wide=356,
        narrow=222,
        readout=by_place(_readout(run, place) for place in range(places)),
        alt="True quality of PPO and DPO over their KL from the reference, below the exact frontier",
        places=places,
        more={"beside": 1, "play": {"ms": 5200, "bend": 0.5, "once": 1}}
        | speech(
            run.prompt,
            *(
                speaker(
                    f"{name}’s <i>favorite</i>",
                    role,
                    run.prompt,
                    [run.answers[n] for n in path.says],
                )
                for name, role, path in _paths(run)
            ),
        ),
    )
    under_frontier(
        made,
        FrontierCurve(
            [point.kl for point in run.frontier], [point.true_quality for point in run.frontier]
        ),
        (
            PathOfRun(name, role, path.kl, path.true_quality, range(places))
            for name, role, path in _paths(run)
        ),
        wide=Box(34, 8, 12, 262),
        narrow=Box(26, 6, 18, 142),
    )
    rail = made.panel(
        sqrt_axis(0, places - 1),
        Axis(0, 1),
        wide=Box(34, 24, 312, 326),
        narrow=Box(26, 20, 176, 190),
    )
    ends = [rail.spot(rail.x.share(place), 0) for place in range(places)]
    rail.track()
    rail.text(rail.spot(0, 0, 0, 26), "start", "", "middle")
    rail.text(rail.spot(1, 0, 0, 26), "end of training", "", "end")
    made.handle("at", None, "ink", ends)
    return made


def _paths(run: RecordedRuns) -> list[tuple[str, Role, RecordedPath]]:
    return [("PPO", "ref", run.ppo), ("DPO", "opt", run.dpo)]


def _readout(run: RecordedRuns, place: int) -> str:
    ppo, dpo = run.ppo, run.dpo
    quality = number(signed(ppo.true_quality[place], 1), "ref")
    other = number(signed(dpo.true_quality[place], 1), "opt")
    if place == 0:
        return "Both start as the reference policy and want the same, reward at a price for leaving it."
    if place <= ppo.peak():
        return f"Both get better: PPO stands at {quality} and DPO at {other}, so both rewards are still true."
    said = phrase_ids(run.prompt, run.answers[ppo.says[place]])
    flat = how_many_flatter(run.prompt, said)
    reward = number(signed(ppo.learned_reward[place], 1))
    return (
        f"PPO’s simple reward model gives it {reward}; the truth is {quality}, and {flat} of its phrases "
        f"flatter. DPO stands at {other}."
    )
