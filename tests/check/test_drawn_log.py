"""The drawing of a log over the band of healthy runs."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from app.charts.stage import Stage
from app.check.drawn_log import log_drawing, log_stage
from app.check.settings import RunSettings
from app.check.tables import TrainingLog
from app.studies.healthy_runs import band
from tests.check.recorded import Run, recorded


def stage_of(log: TrainingLog, settings: RunSettings | None = None) -> Stage:
    stage = log_stage(log, settings or RunSettings())
    assert stage is not None
    return stage


def marks(stage: Stage, kind: str, css: str) -> list[dict]:  # type: ignore[type-arg]
    return [mark for mark in stage.marks if mark["k"] == kind and css in mark["c"]]


def test_every_curve_of_a_log_is_drawn_over_its_band() -> None:
    stage = stage_of(recorded(Run()))
    assert len(stage.panels) == 4
    # Loss, accuracy, two rewards and the margin, each over two areas.
    assert len(marks(stage, "curve", "thin")) == 5
    assert len(marks(stage, "area", "wash")) == 10


def test_a_curve_begins_and_ends_where_the_log_does() -> None:
    log = recorded(Run())
    stage = stage_of(log)
    panel = stage.panels[0]
    (loss,) = [mark for mark in marks(stage, "curve", "thin") if mark["p"] == panel.number]
    for end, row in ((0, 0), (-1, -1)):
        value = log.columns["loss"][row]
        assert value is not None
        assert loss["y"][end] == pytest.approx(panel.y.share(value), abs=1e-3)
        assert loss["x"][end] == pytest.approx(log.steps[row] / log.steps[-1], abs=1e-3)


def test_the_margin_of_a_run_ends_in_the_band_that_is_scaled_to_it() -> None:
    assert re.search("margin: .*, within the band", stage_of(recorded(Run(beta=0.3))).alt)


def test_a_run_that_does_not_move_lies_off_the_plain_band() -> None:
    stage = stage_of(recorded(Run("reference_is_policy")))
    assert "margin: from 0.00 to 0.00, below the band" in stage.alt
    assert "as the lab logged them" in stage.readout


def test_a_loss_that_is_summed_lies_above_the_band() -> None:
    assert re.search(
        "loss: from 5.55 to .*, above the band", stage_of(recorded(Run(scale=8))).alt, re.I
    )


def test_the_first_step_without_a_number_is_marked_and_told() -> None:
    log = recorded(Run())
    bad = [*log.columns["loss"][:20], *[math.nan] * (len(log) - 20)]
    stage = stage_of(replace(log, columns={**log.columns, "loss": bad}))
    step = f"{log.steps[20]:g}"
    assert f"not a number from step {step} on" in stage.alt
    assert [mark["t"] for mark in marks(stage, "name", "f-rej thin-name")] == [
        f"NaN at step {step}"
    ]


def test_only_what_was_logged_is_drawn() -> None:
    log = recorded(Run())
    stage = stage_of(replace(log, columns={"loss": log.columns["loss"]}))
    assert len(stage.panels) == 1
    assert log_stage(replace(log, columns={}), RunSettings()) is None


def test_a_loss_without_a_reference_has_no_band_for_its_rewards() -> None:
    stage = stage_of(recorded(Run(loss_type="simpo", beta=2.0)), RunSettings("simpo", 2.0))
    assert len(marks(stage, "area", "wash")) == 2


def test_rows_that_lack_a_column_leave_no_gap() -> None:
    log = recorded(Run())
    values = [value if row % 2 else None for row, value in enumerate(log.columns["loss"])]
    stage = stage_of(replace(log, columns={**log.columns, "loss": list(values)}))
    assert len(marks(stage, "curve", "s-ink")) == 2


def test_the_markup_has_both_widths_a_text_and_a_caption() -> None:
    log = recorded(Run())
    markup = log_drawing(log, RunSettings())
    for part in ('class="at-width wide"', 'class="at-width narrow"', 'role="img"', "<figcaption>"):
        assert part in markup
    assert f"{band().runs} healthy runs" in markup
    assert "nan" not in markup
    assert log_drawing(replace(log, columns={}), RunSettings()) == ""


def test_a_long_log_is_drawn_with_its_spikes_and_in_no_more_points() -> None:
    log = recorded(Run())
    losses: list[float | None] = [0.5] * 20_000
    losses[12_345] = 9.0
    long = replace(
        log,
        columns={"loss": losses},
        steps=[float(n) for n in range(1, 20_001)],
        lines=list(range(20_000)),
    )
    stage = stage_of(long)
    (loss,) = marks(stage, "curve", "s-ink")
    assert len(loss["x"]) < 200
    assert max(loss["y"]) == 1
