"""Beta that is in a loss, or in rewards, twice."""

from __future__ import annotations

from app.check.findings import figures
from app.check.findings.logs.alternatives import TELLS_APART, explains
from app.check.findings.logs.curves import MARGIN, Curves
from app.check.findings.logs.expected import OF_THE_MARGIN
from app.check.findings.logs.reported import BELOW, Reported, loss_unit
from app.check.findings.logs.scale import alike, scale_of
from app.check.findings.numbers import three_digits
from app.check.findings.rule import Said, cannot_tell, finding, found, not_found
from app.check.settings import RunSettings
from app.check.tables import TrainingLog
from app.formatting import fixed

CLOSELY = 0.02
"""share of the starting loss within which a loss of small margins fits, whatever their spread"""


@finding("beta_twice", see=figures.BETA_TWICE, mended=figures.RIGHT)
def beta_twice(log: TrainingLog, settings: RunSettings) -> Said:
    """Found if the loss is that at beta times the logged margins, and not that at the margins.

    An implicit reward holds beta already. Or, where the log shows how much reward a nat is, if that is the
    square of the beta given. Not found if losses are below what such a loss allows.
    """
    curves = Curves(log, settings)
    beta = curves.beta
    if not curves.tells_loss or curves.loss_type not in OF_THE_MARGIN:
        return cannot_tell(
            f"The loss of {curves.loss_name} is no function of the logged margin alone.",
            curves.read,
        )
    scale = scale_of(curves)
    squared = scale is not None and alike(scale.beta, beta**2) and not alike(beta, beta**2)
    if scale is not None and squared and "beta" not in curves.settings.assumed:
        return found(
            "A nat of log-probability changes the reward by β², so β may have been applied twice: to the "
            "log-ratio, and to the reward.",
            f"{three_digits(scale.beta)} of reward per nat, from {scale.how}; β = {beta:g}, β² = "
            f"{beta**2:g}.",
        )
    reported = Reported.of(curves)
    if reported is None:
        lacks = curves.needs("loss", MARGIN)
        assert lacks is not None
        return lacks
    once, twice = reported.expected(curves.settings), reported.expected(curves.settings, beta)
    told = (
        f"Mean loss logged: {fixed(3)(float(reported.losses.mean()))}; at the margins, about "
        f"{fixed(3)(float(once.mean()))}; at β times the margins, {fixed(3)(float(twice.mean()))}"
    )
    if float((once - twice).abs().mean()) < TELLS_APART * loss_unit(curves):
        return cannot_tell("Once and twice give nearly the same loss at these margins.", f"{told}.")
    if explains(curves, reported, twice, within=CLOSELY):
        return found(
            "The loss is that of margins multiplied by β once more. β may be applied twice in the loss; "
            "or the log has log-ratios that lack β, and then the loss is right and the logged rewards "
            "are too large by 1/β.",
            f"{told}.",
        )
    if reported.below(curves.settings, beta) > BELOW * loss_unit(curves) or reported.misfit(
        once
    ) < reported.misfit(twice):
        return not_found("The loss is not that at β times the margins.", f"{told}.")
    return cannot_tell("The loss lies between both.", f"{told}.")
