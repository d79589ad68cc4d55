"""The report on a run that browsers check without a server, compiled to JavaScript for offline copies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.check.document import document
from app.check.drawn_log import log_stage
from app.check.given import settings_given
from app.check.run import report_of
from app.check.settings import RunSettings
from app.check.tables import LogpsTable, TrainingLog
from app.check.text import headline, settings_line, told_together
from app.check.trainers import loss_here
from app.lab.more_losses import ALL_LOSSES, check_loss_params


def settings_of_form(given: Mapping[str, Any]) -> RunSettings:
    """The settings of a form of which these fields were filled in, as ``RunParams`` has them.

    Raises:
        ValueError: a loss is unknown, or does not have what was set
    """
    trainer = given.get("trainer")
    if trainer is not None and "loss_type" in given:
        given = {**given, "loss_type": loss_here(trainer, given["loss_type"])}
    settings = settings_given(given)
    losses = settings.loss_types or (settings.loss_type,)
    unknown = [name for name in losses if name not in ALL_LOSSES]
    if unknown:
        field = "loss_types" if settings.loss_types else "loss_type"
        raise ValueError(f"{field} has “{unknown[0]}”; known are {', '.join(ALL_LOSSES)}")
    if settings.loss_weights and len(settings.loss_weights) != len(settings.loss_types):
        weights, of = len(settings.loss_weights), len(settings.loss_types)
        raise ValueError(f"loss_weights has {weights} values, but loss_types has {of}")
    check_loss_params(losses, settings.label_smoothing, settings.divergence)
    return settings


def told(table: LogpsTable | TrainingLog, given: Mapping[str, Any]) -> dict[str, Any]:
    """All that the page shows of a run. Raises as ``settings_of_form``."""
    report = report_of(table, settings_of_form(given))
    run = document(report, site="")
    untold = told_together(one for one in run.findings if one.verdict == "cannot_tell")
    return {
        "run": run,
        "headline": headline(run),
        "settings": settings_line(run),
        "untold": untold,
        "drawing": _drawing(table, report.settings) if isinstance(table, TrainingLog) else None,
    }


def _drawing(log: TrainingLog, settings: RunSettings) -> dict[str, Any] | None:
    stage = log_stage(log, settings)
    if stage is None:
        return None
    return {
        "scene": stage.json,
        "wide": stage.wide,
        "narrow": stage.narrow,
        "alt": stage.alt,
        "caption": stage.readout,
    }
