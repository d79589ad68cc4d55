"""Published results of the DPO paper, each with its sample size, its standard error and its origin."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from pydantic import BaseModel, Field

from app.content.sources import references
from app.widgets import fields
from app.widgets.base import Step, Widget, WidgetParams, WidgetResult
from app.widgets.plan import Plan
from app.widgets.win_rates.columns import Column, columns
from app.widgets.win_rates.data import Benchmark, published_results
from app.widgets.win_rates.figures import main_figure, temperature_figure
from app.widgets.win_rates.results import (
    FrontierSummary,
    MethodComparison,
    MethodResult,
    compared,
    frontier_method,
    measured,
    summarized,
)
from app.widgets.win_rates.words import BenchmarkFacts, ResultTable, finding, tables

LABELS = {benchmark.id: benchmark.label for benchmark in published_results().benchmarks}
BenchmarkId = StrEnum("BenchmarkId", {name: name for name in LABELS})  # type: ignore[misc]
"""The benchmarks by id, as an enumeration, so that OpenAPI lists them."""


class Params(WidgetParams):
    """One benchmark; its result holds all temperatures, judges and steps."""

    benchmark: BenchmarkId = fields.choice(
        "tldr",
        title="Benchmark",
        description="which figure or table of the DPO paper",
        labels=LABELS,
    )


class BenchmarkSource(BaseModel):
    """The source of a benchmark's numbers."""

    reference: str = Field(description="key of the reference on /sources")
    short: str = Field(description="authors and year")
    title: str = Field(description="of the paper")
    url: str = Field(description="of the paper")
    where: str = Field(description="figure, table or section in it")
    recovered: str = Field(description="how values that the paper does not print were recovered")


class Result(WidgetResult):
    """One benchmark. Rates are wins / n, standard errors sqrt(p (1 - p) / n), and larger where the
    same comparison was judged twice."""

    benchmark: str = Field(description="id of the benchmark")
    title: str = Field(description="its name")
    task: str = Field(description="what the models do")
    metric: str = Field(description="what a value is")
    judge: str = Field(description="who or what judges")
    opponent: str = Field(description="what each method is compared with")
    source: BenchmarkSource = Field(description="the paper and the place in it")
    methods: list[MethodResult] = Field(description="every method in every setting")
    columns: list[Column] = Field(
        description="temperatures, judges, training steps, or distances on the frontier"
    )
    comparison: MethodComparison | None = Field(
        description="the difference that the benchmark is cited for; null for the frontier"
    )
    further_comparisons: list[MethodComparison] = Field(description="others worth a test")
    frontier: list[FrontierSummary] = Field(
        description="methods on the reward-KL frontier; empty for other benchmarks"
    )
    notes: list[str] = Field(description="what to know before reading the numbers")
    tables: list[ResultTable] = Field(description="the numbers as the page shows them")
    figure: dict[str, object] = Field(
        description="Plotly figure: bars or curves with standard errors, or the frontier; of a "
        "method with more than two temperatures the bar shows the best one"
    )
    over_temperature: dict[str, object] = Field(
        description="Plotly figure: win rates over the sampling temperature; without traces where "
        "a benchmark has no more than two"
    )


def compute(params: Params) -> Result:
    """Rates, standard errors and tests of the chosen benchmark, from its counts."""
    published = published_results()
    benchmark = published.benchmark(params.benchmark)
    facts = _facts(benchmark)
    paper = references()[benchmark.source.reference]
    return Result(
        finding=finding(facts),
        benchmark=benchmark.id,
        title=benchmark.label,
        task=benchmark.task,
        metric=benchmark.metric,
        judge=benchmark.judge,
        opponent=benchmark.opponent,
        source=BenchmarkSource(
            reference=paper.key,
            short=paper.short,
            title=paper.title,
            url=paper.url,
            where=benchmark.source.where,
            recovered=published.recovered,
        ),
        methods=facts.methods,
        columns=columns(benchmark),
        comparison=next(iter(facts.comparisons), None),
        further_comparisons=facts.comparisons[1:],
        frontier=facts.frontier,
        notes=benchmark.notes,
        tables=tables(facts),
        figure=main_figure(benchmark, facts.methods),
        over_temperature=temperature_figure(facts.methods),
    )


def _facts(benchmark: Benchmark) -> BenchmarkFacts:
    # The first method of a frontier is DPO.
    frontier = [summarized(f, by=benchmark.frontier[0]) for f in benchmark.frontier]
    methods = [measured(row) for row in benchmark.rows] + [frontier_method(s) for s in frontier]
    comparisons = [compared(benchmark, contrast) for contrast in benchmark.comparisons]
    return BenchmarkFacts(benchmark, methods, comparisons, frontier)


def _receipt(_: Params, result: Result) -> dict[str, list[int]]:
    """Wins and sample sizes behind the first comparison, each empty where one is unknown."""
    if result.comparison is None:
        return {"wins": [], "sizes": []}
    by_label = {method.label: method for method in result.methods}
    labels = (result.comparison.first, result.comparison.second)
    # The first method alone against an even split.
    methods = [by_label[label] for label in labels if label in by_label] or result.methods[:1]
    return {"wins": _known(m.wins for m in methods), "sizes": _known(m.n for m in methods)}


def _known(numbers: Iterable[int | None]) -> list[int]:
    """All values, or none if one is unknown."""
    found = list(numbers)
    return [number for number in found if number is not None] if None not in found else []


WIDGET = Widget(
    name="win_rates",
    title="What the paper measured, and how sure it can be",
    caption="The win rates of the DPO paper over temperatures, judges and training steps, with standard errors where "
    "the sample size is known. Hollow marks were recovered from a figure; the paper prints the others.",
    params=Params,
    result=Result,
    compute=compute,
    example="benchmark=human",
    steps=(
        Step(
            "<b>Drag the temperature.</b> The whiskers show one standard error either way.",
            at=3,
        ),
        Step(
            "<b>Change the judge:</b> people, or GPT-4 with two wordings of its prompt.",
            "benchmark=human",
            at=0,
        ),
        Step(
            "<b>Turn to dialogue.</b> The paper has no PPO here; Best of 128 stands in for it.",
            "benchmark=hh",
            at=2,
        ),
        Step(
            "<b>Follow one training.</b> At step 1500 the paper draws two evaluations.",
            "benchmark=hh_training",
            at=11,
        ),
        Step(
            "<b>Try another kind of text:</b> news, not seen in training. Without a printed sample size there are no whiskers.",
            "benchmark=cnn_dailymail",
            at=0,
        ),
        Step(
            "<b>Spend more KL.</b> On IMDb a classifier is the true reward, and nobody has to judge.",
            "benchmark=imdb",
            at=1,
        ),
    ),
    places=11,
    receipt=_receipt,
    export=Plan("Every benchmark is here.", every=("benchmark",)),
)
