"""The home page's figure: recorded runs of PPO and DPO under the frontier, and what each policy says."""

from __future__ import annotations

from app.charts.stage import Axis, Box, Panel, Stage, by_place, number, sqrt_axis
from app.formatting import fixed, signed
from app.stages.speech import how_many_flatter, phrase_ids, speaker, speech
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
                    f"{name} <i>says most</i>",
                    role,
                    run.prompt,
                    [run.answers[n] for n in path.says],
                )
                for name, role, path in (("PPO", "ref", run.ppo), ("DPO", "opt", run.dpo))
            ),
        ),
    )
    far = run.frontier[-1].kl
    low = min(run.ppo.true_quality) - 0.4
    high = max(point.true_quality for point in run.frontier) + 0.5
    plane = made.panel(
        Axis(0, far), Axis(low, high), wide=Box(34, 8, 12, 262), narrow=Box(26, 6, 12, 142)
    )
    rail = made.panel(
        sqrt_axis(0, places - 1),
        Axis(0, 1),
        wide=Box(34, 24, 312, 326),
        narrow=Box(26, 20, 176, 190),
    )
    values = [point.true_quality for point in run.frontier]
    kls = [point.kl for point in run.frontier]
    plane.area(plane.pts(kls, values), [plane.spot(0, 1), plane.spot(1, 1)], "hatch")
    for step, only in ((2, "wide"), (4, "narrow")):
        ticks = [v for v in range(-20, 5) if v % step == 0 and low < v < high]
        plane.y_grid(ticks, fixed(0), only=only)
        plane.x_ticks(range(0, int(0.75 * far), step), fixed(0), 18, only=only)
    plane.line(plane.pt(0, 0), plane.pt(far, 0), "axis")
    plane.text(plane.spot(1, 0, 0, 18), "nats of KL →", "", "end")
    plane.curve(kls, values, "thin s-true")
    for path, role, name in ((run.ppo, "ref", "PPO"), (run.dpo, "opt", "DPO")):
        plane.curve(path.kl, path.true_quality, f"thin ghost s-{role}", thin=False, free=True)
        plane.curve(path.kl, path.true_quality, f"s-{role}", cut="to", clip=False)
        here = by_place(plane.pts(path.kl, path.true_quality))
        plane.point(here, f"f-{role}")
        plane.text(by_place(_beside(plane, path)), name, f"lab f-{role}")
    for text, only in (("no policy can be up here", "wide"), ("out of reach", "narrow")):
        plane.name(
            text,
            "f-true plain",
            [(plane.spot(0.012, 1, 0, 15), "start"), (plane.spot(0.3, 1, 0, 13), "start")],
            only=only,
        )
    plane.text(plane.spot(0.02, plane.y.share(low), 0, -8), "up: true quality", "")
    ends = [rail.spot(rail.x.share(place), 0) for place in range(places)]
    rail.track()
    rail.text(rail.spot(0, 0, 0, 26), "start", "", "middle")
    rail.text(rail.spot(1, 0, 0, 26), "end of training", "", "end")
    made.handle("at", by_place(ends), "ink", ends)
    return made


def _beside(plane: Panel, path: RecordedPath) -> list[list[float]]:
    """Where the name of a run stands: beside its point, on the left of it where the room ends."""
    return [
        plane.pt(kl, quality, -46 if plane.x.share(kl) > 0.88 else 14, 5 if kl else -12)
        for kl, quality in zip(path.kl, path.true_quality, strict=True)
    ]


def _readout(run: RecordedRuns, place: int) -> str:
    ppo, dpo = run.ppo, run.dpo
    quality = number(signed(ppo.true_quality[place], 1), "ref")
    other = number(signed(dpo.true_quality[place], 1), "opt")
    if place == 0:
        return "Both start as the reference policy, and want the same: reward, at a price for leaving it."
    if place <= ppo.peak():
        return f"Both get better: PPO stands at {quality}, DPO at {other}."
    said = phrase_ids(run.prompt, run.answers[ppo.says[place]])
    flat = how_many_flatter(run.prompt, said)
    reward = number(signed(ppo.learned_reward[place], 1))
    return (
        f"PPO’s simple reward model gives it {reward}; the truth is {quality}, and {flat} of its phrases "
        f"flatter. DPO stands at {other}."
    )
