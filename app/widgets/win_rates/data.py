"""Results of the DPO paper, read from a data file: counts of wins, and a reward-KL frontier."""

from __future__ import annotations

from functools import lru_cache
from typing import Self

from pydantic import Field, model_validator

from app.content.sources import references
from app.paths import DATA, Strict

FILE = DATA / "win_rates.json"


class SourceLocation(Strict):
    """The key of a reference, and a location in it."""

    reference: str
    where: str


class Selector(Strict):
    """Identifies one row of a benchmark."""

    method: str
    temperature: float
    judge: str | None = None
    step: int | None = None


class BenchmarkRow(Strict):
    """A win rate: a count recovered from a figure, or a printed rate."""

    method: str
    temperature: float = Field(ge=0)
    judge: str | None = None
    """set if the benchmark has several"""
    step: int | None = Field(None, ge=0)
    """training step, if the benchmark covers several"""
    wins: int | None = Field(None, ge=0)
    n: int | None = Field(None, gt=0)
    comparisons: int | None = Field(None, gt=0)
    """set if it differs from n: some were judged twice, or n is not printed"""
    rate: float | None = Field(None, ge=0, le=1)
    """set if the number of wins is not known"""
    printed_as: str | None = None
    """the value as printed in the paper; None if it is recovered from a figure"""
    agreement_with_people: float | None = Field(None, ge=0, le=1)

    @model_validator(mode="after")
    def _counted_or_printed(self) -> Self:
        if (self.wins is None) == (self.rate is None):
            raise ValueError("a row has either wins or a rate")
        if self.wins is not None and (self.n is None or self.wins > self.n):
            raise ValueError("wins need n, and are at most n")
        if self.rate is not None and self.printed_as is None:
            raise ValueError("a rate without a count is one that the paper prints")
        return self

    def answers_to(self, selector: Selector) -> bool:
        """Whether a selector identifies this row."""
        return all(getattr(self, name) == value for name, value in selector)


class Contrast(Strict):
    """Two rows to compare; without a second one, the first is compared with an even split."""

    first: Selector
    second: Selector | None


class KLRewardPoint(Strict):
    """One evaluation on IMDb."""

    kl: float = Field(ge=0)
    """KL to the reference policy, nats"""
    reward: float = Field(ge=0, le=1)


class MethodFrontier(Strict):
    """All evaluations of one method on IMDb, by KL."""

    method: str
    points: list[KLRewardPoint] = Field(min_length=1)


class Benchmark(Strict):
    """One figure or table of the paper."""

    id: str
    label: str
    task: str
    metric: str
    opponent: str
    judge: str
    source: SourceLocation
    comparisons: list[Contrast]
    """the most informative first"""
    notes: list[str]
    rows: list[BenchmarkRow] = Field(default_factory=list)
    frontier: list[MethodFrontier] = Field(default_factory=list)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if bool(self.rows) == bool(self.frontier):
            raise ValueError(f"{self.id}: a benchmark has either rows or a frontier")
        if self.source.reference not in references():
            raise ValueError(f"{self.id}: unknown reference {self.source.reference!r}")
        for contrast in self.comparisons:
            for selector in (contrast.first, contrast.second):
                if selector is not None:
                    self.row(selector)
        return self

    def row(self, selector: Selector) -> BenchmarkRow:
        """The selected row. Raises ValueError unless there is exactly one."""
        found = [row for row in self.rows if row.answers_to(selector)]
        if len(found) != 1:
            raise ValueError(f"{self.id}: {len(found)} rows answer to {selector}")
        return found[0]


class PublishedResults(Strict):
    """The whole file."""

    recovered: str
    """how values that the paper does not print were recovered"""
    benchmarks: list[Benchmark]

    @model_validator(mode="after")
    def _unique(self) -> Self:
        ids = [benchmark.id for benchmark in self.benchmarks]
        if len(ids) != len(set(ids)):
            raise ValueError("two benchmarks have the same id")
        return self

    def benchmark(self, benchmark_id: str) -> Benchmark:
        """A benchmark by its id. Raises KeyError for an unknown id."""
        for benchmark in self.benchmarks:
            if benchmark.id == benchmark_id:
                return benchmark
        raise KeyError(benchmark_id)


@lru_cache(maxsize=1)
def published_results() -> PublishedResults:
    """The file that ships with the package. Raises pydantic.ValidationError if it is wrong."""
    return PublishedResults.model_validate_json(FILE.read_text(encoding="utf-8"))
