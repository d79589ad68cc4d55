"""Prometheus metrics of one worker. Labels take few values: route templates, never paths."""

from __future__ import annotations

import os
from collections.abc import Iterable

from prometheus_client import Counter, Histogram, Metric, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry
from starlette.datastructures import State

from app.runs.job import Job
from app.runs.queue import RunOutcome

PREFIX = "dpo_explained"

KNOWN_METHODS = {"GET", "HEAD", "POST", "OPTIONS"}
"""methods counted by name; all others count as ``other``"""

REQUEST_BUCKETS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)
RUN_BUCKETS = (0.1, 0.3, 1, 3, 10, 30, 60, 120)


class Metrics:
    """Counters since start, and gauges read from the state of an application."""

    def __init__(self, state: State) -> None:
        self.registry = _WorkerRegistry()
        self._requests = Counter(
            f"{PREFIX}_requests",
            "Requests by route, method and class of status",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self._request_seconds = Histogram(
            f"{PREFIX}_request_seconds",
            "Time until the last byte of a response; a stream takes as long as its run",
            ["route", "method"],
            buckets=REQUEST_BUCKETS,
            registry=self.registry,
        )
        self._run_seconds = Histogram(
            f"{PREFIX}_run_seconds",
            "Time that training runs took, without waiting: made, failed or lost",
            ["widget", "outcome"],
            buckets=RUN_BUCKETS,
            registry=self.registry,
        )
        self._kept = Counter(
            f"{PREFIX}_kept_answers",
            "Cacheable responses, served from memory (hit) or computed (miss)",
            ["result"],
            registry=self.registry,
        )
        for result in ("hit", "miss"):
            self._kept.labels(result)
        self.registry.register(_StateCollector(state))
        ProcessCollector(registry=self.registry)

    def request(
        self, route: str, method: str, status: int, seconds: float, kept: str | None
    ) -> None:
        """Count a response; ``kept`` is hit or miss if it can be cached."""
        method = method if method in KNOWN_METHODS else "other"
        self._requests.labels(route, method, f"{status // 100}xx").inc()
        self._request_seconds.labels(route, method).observe(seconds)
        if kept is not None:
            self._kept.labels(kept).inc()

    def run_ended(self, job: Job, outcome: RunOutcome, seconds: float) -> None:
        """Count a run that ended."""
        self._run_seconds.labels(job.widget, outcome).observe(seconds)


class _WorkerRegistry(CollectorRegistry):
    """Labels every sample with the worker: of several on one port, any may be the one scraped."""

    def collect(self) -> Iterable[Metric]:
        """All metrics with the process id as a label, without creation times."""
        worker = {"worker": str(os.getpid())}
        for metric in super().collect():
            metric.samples = [
                sample._replace(labels=worker | sample.labels)
                for sample in metric.samples
                if not sample.name.endswith("_created")
            ]
            yield metric


class _StateCollector(Collector):
    """Reads its metrics from the application when they are scraped."""

    def __init__(self, state: State) -> None:
        self._state = state

    def collect(self) -> Iterable[Metric]:
        """Metrics of the memo, and of the queue once it has started."""
        memo = self._state.memo
        yield _lookups("memo_results", "Results looked up in memory", memo.hits, memo.misses)
        runs = getattr(self._state, "runs", None)
        if runs is None:
            return
        yield _lookups(
            "stored_runs", "Runs looked up among finished ones", runs.store_hits, runs.store_misses
        )
        states = GaugeMetricFamily(f"{PREFIX}_runs", "Training runs by state", labels=["state"])
        states.add_metric(["waiting"], runs.waiting)
        states.add_metric(["going"], runs.running)
        yield states
        yield GaugeMetricFamily(
            f"{PREFIX}_run_readers", "Requests that follow a run", value=runs.readers
        )
        yield GaugeMetricFamily(f"{PREFIX}_run_processes", "Worker processes", value=runs.processes)


def _lookups(name: str, what: str, hits: int, misses: int) -> CounterMetricFamily:
    family = CounterMetricFamily(f"{PREFIX}_{name}", what, labels=["result"])
    family.add_metric(["hit"], hits)
    family.add_metric(["miss"], misses)
    return family
