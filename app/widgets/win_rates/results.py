"""Statistics of the published counts: rates with standard errors, comparisons, the frontier."""

from __future__ import annotations

import torch
from pydantic import BaseModel, Field
from torch import Tensor

from app.formatting import fixed, format_value
from app.lab.proportions import (
    CONVINCING_Z,
    Difference,
    Share,
    best_within,
    design_effect,
    difference,
    difference_from_even,
    dominated,
    sample_size_to_convince,
    share_won,
    standard_error,
)
from app.widgets.win_rates.data import Benchmark, BenchmarkRow, Contrast, MethodFrontier

MORE, COULD_BE = "more than chance", "could be chance"

FRONTIER_KL = 5.0
"""Nats within which the value of a method on the frontier is its highest reward."""


class MethodResult(BaseModel):
    """One method in one setting."""

    name: str = Field(description="the method")
    setting: str = Field(description="temperature, judge and training step, as far as they apply")
    value: float = Field(description="share of comparisons won, or mean reward; from 0 to 1")
    standard_error: float | None = Field(
        description="sqrt(p (1 - p) design_effect / n), in the unit of value, with comparisons for n "
        "where n is not printed; null where neither is known"
    )
    n: int | None = Field(description="number of judgments; null where it is not printed")
    comparisons: int | None = Field(
        description="comparisons that were judged, where it is printed and differs from n"
    )
    design_effect: float = Field(
        description="variance of the value over that of independent judgments; above 1 where two "
        "people judged the same comparison"
    )
    wins: int | None = Field(description="comparisons won; null where only a rate is printed")
    printed: bool = Field(
        description="true: the paper prints the value; false: recovered from its vector figure"
    )
    printed_as: str | None = Field(description="the value as the paper prints it")
    temperature: float | None = Field(description="of sampling; null where it does not apply")
    judge: str | None = Field(description="who judged, where a benchmark has several judges")
    step: int | None = Field(description="of training, where a benchmark follows it")
    agreement_with_people: float | None = Field(
        description="share of comparisons on which this judge and people agree"
    )

    @property
    def label(self) -> str:
        """A label short enough for a chart."""
        return f"{self.name}, {_short_setting(self.judge, self.temperature, self.step)}"

    @property
    def percentage(self) -> str:
        """The value with one digit where it follows from a count, else as the paper rounds it."""
        return format_value(self.value, "percent1" if self.wins is not None else "percent0")

    @property
    def error_in_points(self) -> str:
        """The standard error in percentage points."""
        error = self.standard_error
        return format_value(None if error is None else 100 * error, "fixed1")


class MethodComparison(BaseModel):
    """First minus second, taken as independent samples."""

    first: str = Field(description="method and setting")
    second: str = Field(description="method and setting, or an even split")
    difference: float = Field(description="difference of the two shares")
    standard_error: float | None = Field(
        description="of the difference; null where a sample size is not known"
    )
    z: float | None = Field(description="difference in standard errors")
    p_value: float | None = Field(
        description="chance of so large a difference, either way, if there were none in truth"
    )
    gap: str = Field(description="difference and its standard error as text, in percentage points")
    verdict: str = Field(description="whether that is more than chance")


class FrontierSummary(BaseModel):
    """All points of one method on the reward-KL frontier."""

    name: str = Field(description="the method")
    points: int = Field(description="evaluations in the figure")
    best_at_kl_2: float | None = Field(description="highest mean reward at a KL of at most 2 nats")
    best_at_kl_5: float | None = Field(description="the same at 5 nats")
    best_at_kl_10: float | None = Field(description="the same at 10 nats")
    highest_reward: float = Field(description="highest mean reward at any KL")
    kl_of_highest: float = Field(description="least KL at which it was reached, nats")
    dominated: int | None = Field(
        description="points for which a DPO point has more reward at no more KL; null for DPO"
    )


def measured(row: BenchmarkRow) -> MethodResult:
    """A row with its rate and standard error."""
    share = share_of(row)
    return MethodResult(
        **row.model_dump(exclude={"method", "rate"}),
        name=row.method,
        setting=_setting(row),
        value=share.value,
        standard_error=standard_error(share),
        design_effect=design_effect(share),
        printed=row.printed_as is not None,
    )


def at_best_temperature(methods: list[MethodResult]) -> list[MethodResult]:
    """Of each method the setting with the highest value; of equal ones the first."""
    best: dict[str, MethodResult] = {}
    for method in methods:
        if method.name not in best or method.value > best[method.name].value:
            best[method.name] = method
    return list(best.values())


def compared(
    benchmark: Benchmark, contrast: Contrast, assumed_n: int | None = None
) -> MethodComparison:
    """A comparison with its test.

    Args:
        assumed_n: sample size to take for rows that have none
    """
    second = None if contrast.second is None else benchmark.row(contrast.second)
    return compared_rows(benchmark.row(contrast.first), second, assumed_n)


def compared_rows(
    first: BenchmarkRow, second: BenchmarkRow | None, assumed_n: int | None = None
) -> MethodComparison:
    """The test of two rows, or of one against an even split."""
    if second is None:
        tested, opponent = difference_from_even(share_of(first, assumed_n)), "an even split"
    else:
        tested = difference(share_of(first, assumed_n), share_of(second, assumed_n))
        opponent = _named(second)
    return MethodComparison(
        first=_named(first),
        second=opponent,
        difference=tested.value,
        standard_error=tested.standard_error,
        z=tested.z,
        p_value=tested.p_value,
        gap=_gap(tested),
        verdict=_verdict(tested),
    )


def needed_to_convince(benchmark: Benchmark, contrast: Contrast) -> int:
    """The sample size per method at which a difference would be significant."""
    if contrast.second is None:
        raise ValueError("an even split is no second sample")
    rows = [benchmark.row(selector) for selector in (contrast.first, contrast.second)]
    return sample_size_to_convince(*(share_of(row).value for row in rows))


def share_of(row: BenchmarkRow, assumed_n: int | None = None) -> Share:
    """The share that a row won."""
    if row.wins is not None and row.n is not None:
        return share_won(row.wins, row.n)
    assert row.rate is not None  # the data file was validated
    n = row.n or row.comparisons or assumed_n
    return Share(row.rate, n, row.comparisons, row.agreement_with_people)


def points_of(frontier: MethodFrontier) -> Tensor:
    """Rows of (KL, reward). Shape: (n, 2), float64."""
    return torch.tensor([[p.kl, p.reward] for p in frontier.points], dtype=torch.float64)


def summarized(frontier: MethodFrontier, by: MethodFrontier) -> FrontierSummary:
    """One method of the frontier, against the points of another one (DPO's)."""
    points = points_of(frontier)
    top = points[points[:, 1] == points[:, 1].max()]
    return FrontierSummary(
        name=frontier.method,
        points=len(points),
        best_at_kl_2=best_within(points, 2),
        best_at_kl_5=best_within(points, FRONTIER_KL),
        best_at_kl_10=best_within(points, 10),
        highest_reward=float(points[:, 1].max()),
        kl_of_highest=float(top[:, 0].min()),
        dominated=None if frontier == by else int(dominated(points, points_of(by)).sum()),
    )


def frontier_method(summary: FrontierSummary) -> MethodResult:
    """A method of the frontier in the form of the other benchmarks."""
    return MethodResult(
        name=summary.name,
        setting=f"KL of at most {FRONTIER_KL:g} nats",
        value=summary.best_at_kl_5 or 0.0,
        standard_error=None,
        n=None,
        comparisons=None,
        design_effect=1.0,
        wins=None,
        printed=False,
        printed_as=None,
        temperature=None,
        judge=None,
        step=None,
        agreement_with_people=None,
    )


def _named(row: BenchmarkRow) -> str:
    """A row as a comparison names it."""
    if row.judge is not None:
        return f"{row.method}, judged by {row.judge}"
    return measured(row).label


def _setting(row: BenchmarkRow) -> str:
    parts = [f"temperature {row.temperature:g}"]
    if row.judge is not None:
        parts.insert(0, f"judged by {row.judge}")
    if row.step is not None:
        parts.append(f"step {row.step}")
    return ", ".join(parts)


def _short_setting(judge: str | None, temperature: float | None, step: int | None) -> str:
    if judge is not None:
        return judge
    return f"T {temperature:g}" + ("" if step is None else f", step {step}")


def _gap(tested: Difference) -> str:
    gap = fixed(1)(100 * tested.value)
    if tested.standard_error is None:
        return f"{gap} points"
    return f"{gap} ± {fixed(1)(100 * tested.standard_error)} points"


def _verdict(tested: Difference) -> str:
    if tested.z is None:
        return "cannot be told: n is not printed"
    return MORE if abs(tested.z) >= CONVINCING_Z else COULD_BE
