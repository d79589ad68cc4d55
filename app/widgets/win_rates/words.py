"""Findings of the benchmarks, and their tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import BaseModel, Field

from app.formatting import fixed, format_value
from app.widgets.win_rates.data import Benchmark
from app.widgets.win_rates.results import (
    FrontierSummary,
    MethodComparison,
    MethodResult,
    compared,
    needed_to_convince,
)

LONG = 12
"""most rows of a table that starts unfolded"""


class ResultTable(BaseModel):
    """A table of the page."""

    title: str = Field(description="what it holds")
    folded: bool = Field(description="whether it starts folded")
    columns: list[str] = Field(description="headings")
    rows: list[list[str]] = Field(description="cells; the first of each row names it")


@dataclass(frozen=True)
class BenchmarkFacts:
    """All results of one benchmark."""

    benchmark: Benchmark
    methods: list[MethodResult]
    comparisons: list[MethodComparison]
    frontier: list[FrontierSummary]

    def value(self, name: str, **setting: object) -> str:
        """A method's value as a percentage, in the setting that is named."""
        for method in self.methods:
            if method.name == name and all(getattr(method, k) == v for k, v in setting.items()):
                return method.percentage
        raise KeyError(name)


def finding(facts: BenchmarkFacts) -> str:
    """What a benchmark shows, and how certain that is."""
    return FINDINGS[facts.benchmark.id](facts)


def _tldr(facts: BenchmarkFacts) -> str:
    cold, _, hot = facts.comparisons
    return (
        f"At the lowest temperature DPO leads PPO by {cold.gap} ({cold.verdict}), at the highest by {hot.gap} "
        f"({hot.verdict}). DPO depends less on how it is sampled."
    )


def _hh(facts: BenchmarkFacts) -> str:
    at_one, _, at_quarter = facts.comparisons
    return (
        f"There is no PPO result here. DPO leads Best of 128 by {at_one.gap} ({at_one.verdict}) where DPO is at its "
        f"best; at the lowest temperature the gap is {at_quarter.gap} ({at_quarter.verdict})."
    )


def _hh_training(facts: BenchmarkFacts) -> str:
    _, since_300, first_300 = facts.comparisons
    return (
        f"At the higher temperature the first 300 steps gain {first_300.gap} ({first_300.verdict}). All steps after "
        f"them gain {since_300.gap} ({since_300.verdict}), so most of the training shows no effect."
    )


def _cnn_dailymail(facts: BenchmarkFacts) -> str:
    needed = needed_to_convince(facts.benchmark, facts.benchmark.comparisons[0])
    return (
        f"DPO wins {facts.value('DPO', temperature=0)} and PPO {facts.value('PPO', temperature=0)}, so both lose to "
        "the reference summaries. The number of articles is not printed; with "
        f"{needed} articles or more the gap would exceed chance."
    )


def _human(facts: BenchmarkFacts) -> str:
    people, simple, concise = facts.comparisons[:3]
    dpo = facts.methods[0]
    return (
        f"People preferred DPO to PPO in {dpo.percentage} of their judgments ({people.verdict}). GPT-4 gave DPO "
        f"{facts.value('DPO', judge='GPT-4 (S)')} with one prompt ({simple.verdict}) and "
        f"{facts.value('DPO', judge='GPT-4 (C)')} with the other ({concise.verdict})."
    )


def _imdb(facts: BenchmarkFacts) -> str:
    ppo = next(s for s in facts.frontier if s.name == "PPO")
    others = [s for s in facts.frontier if s.name not in ("DPO", "PPO")]
    all_but_one = all(s.points - 1 == s.dominated for s in others)
    return (
        f"Of {ppo.points} PPO points, {ppo.dominated} have a DPO point with more reward at no more KL."
        + (" So have all points but one of each other method." if all_but_one else "")
    )


FINDINGS: dict[str, Callable[[BenchmarkFacts], str]] = {
    "tldr": _tldr,
    "hh": _hh,
    "hh_training": _hh_training,
    "cnn_dailymail": _cnn_dailymail,
    "human": _human,
    "imdb": _imdb,
}


def tables(facts: BenchmarkFacts) -> list[ResultTable]:
    """The numbers of a benchmark, those that answer its question first."""
    if facts.frontier:
        return [_frontier_table(facts.frontier)]
    found = [
        _comparison_table(
            "Is the difference more than chance?",
            "Comparison",
            {f"{c.first} against {c.second}": c for c in facts.comparisons},
        )
    ]
    if facts.comparisons[0].z is None:
        found.append(_assumed_sizes(facts))
    return [*found, _value_table(facts.methods)]


def _comparison_table(
    title: str, named: str, comparisons: dict[str, MethodComparison]
) -> ResultTable:
    """Comparisons by what names them on the page."""
    return ResultTable(
        title=title,
        folded=False,
        columns=[named, "Difference ± SE", "z", "p", "Verdict"],
        rows=[
            [name, c.gap, format_value(c.z, "fixed1"), _p_value(c.p_value), c.verdict]
            for name, c in comparisons.items()
        ],
    )


def _p_value(p_value: float | None) -> str:
    if p_value is not None and p_value < 0.001:
        return "below 0.001"
    return format_value(p_value, "fixed3")


def _assumed_sizes(facts: BenchmarkFacts) -> ResultTable:
    """The first comparison under assumed sample sizes, where the paper does not print one."""
    first = facts.comparisons[0]
    contrast = facts.benchmark.comparisons[0]
    sizes = sorted({100, 256, 500, needed_to_convince(facts.benchmark, contrast)})
    return _comparison_table(
        f"{first.first} against {first.second}, if each had been judged n times",
        "n, assumed",
        {str(n): compared(facts.benchmark, contrast, assumed_n=n) for n in sizes},
    )


def _value_table(methods: list[MethodResult]) -> ResultTable:
    judged = any(method.agreement_with_people is not None for method in methods)
    columns = ["Method", "Setting", "Won", "SE (points)", "Sample", "Where from"]
    rows = []
    for method in methods:
        row = [
            method.name,
            method.setting,
            method.percentage,
            method.error_in_points,
            _sample(method),
            f"printed: {method.printed_as}" if method.printed else "recovered from the figure",
        ]
        if judged:
            row.append(format_value(method.agreement_with_people, "percent0"))
        rows.append(row)
    if judged:
        columns.append("Agrees with people")
    return ResultTable(title="All values", folded=len(rows) > LONG, columns=columns, rows=rows)


def _sample(method: MethodResult) -> str:
    if method.n is None:
        assumed = f", taken as {method.comparisons}" if method.comparisons else ""
        return f"n not printed{assumed}"
    of = f", {method.comparisons} comparisons" if method.comparisons else ""
    return f"n = {method.n}{of}" if method.wins is None else f"{method.wins} of {method.n}"


def _frontier_table(frontier: list[FrontierSummary]) -> ResultTable:
    return ResultTable(
        title="Highest mean reward within a KL, recovered from the figure",
        folded=False,
        columns=[
            "Method",
            "Points",
            "KL up to 2",
            "KL up to 5",
            "KL up to 10",
            "Any KL",
            "Dominated by a DPO point",
        ],
        rows=[
            [
                s.name,
                str(s.points),
                _reward(s.best_at_kl_2),
                _reward(s.best_at_kl_5),
                _reward(s.best_at_kl_10),
                f"{_reward(s.highest_reward)} (KL {fixed(1)(s.kl_of_highest)})",
                "–" if s.dominated is None else f"{s.dominated} of {s.points}",
            ]
            for s in frontier
        ],
    )


def _reward(value: float | None) -> str:
    return format_value(value, "fixed3")
