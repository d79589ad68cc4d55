"""Health, readiness and metrics, and a server whose weights are damaged."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from app.lab.weights import BadWeights
from app.main import create_app
from app.ops import health as operations
from app.ops.health import LabLoader
from app.runs.job import Job
from app.settings import Settings
from app.web.problem import Problem
from tests.runs.test_runs import run
from tests.serving import PATIENCE, served

ROOT = Path(__file__).parents[2]


@pytest.fixture
def fresh() -> Iterator[TestClient]:
    """An application of its own, whose counts start at zero."""
    with TestClient(create_app(Settings(warm=False))) as client:
        yield client


def wait_until_ready(ask: Any) -> httpx.Response:
    """The first answer of /readyz with status 200."""
    end = time.monotonic() + PATIENCE
    while True:
        answer: httpx.Response = ask("/readyz")
        if answer.status_code == 200 or time.monotonic() > end:
            return answer


def test_a_site_is_ready_when_its_lab_is_loaded(fresh: TestClient) -> None:
    ready = wait_until_ready(fresh.get)
    assert ready.json() == {"status": "ready", "runs_waiting": 0, "runs_going": 0}
    assert "etag" not in ready.headers


def test_before_it_has_started_it_says_what_it_waits_for() -> None:
    answer = TestClient(create_app(Settings(warm=False))).get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
    detail = Problem(**answer.json()).detail
    assert detail == "The lab is being loaded. The server is starting."


def test_a_site_is_ready_once_its_default_runs_are_there(fresh: TestClient) -> None:
    wait_until_ready(fresh.get)
    fresh.app.state.warm = False  # type: ignore[attr-defined]
    answer = fresh.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "The default training runs are being computed."


def test_a_site_with_a_full_queue_is_not_ready_but_healthy(fresh: TestClient) -> None:
    wait_until_ready(fresh.get)
    fresh.app.state.runs = SimpleNamespace(full="The queue is full.")  # type: ignore[attr-defined]
    answer = fresh.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "The queue is full."
    assert fresh.get("/healthz").json() == {"status": "ok"}


def test_bad_weights_are_tried_again_until_they_are_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found: list[str] = []

    async def load() -> LabLoader:
        lab = LabLoader()
        outcomes = [BadWeights("a file is damaged"), BadWeights("a file is missing"), None]

        def the_lab() -> None:
            found.append(lab.problem)
            outcome = outcomes.pop(0)
            if outcome is not None:
                raise outcome

        monkeypatch.setattr(operations, "the_lab", the_lab)
        monkeypatch.setattr(operations, "RETRY_DELAY_S", 0)
        await lab.load()
        return lab

    lab = run(load())
    assert found == ["The lab is being loaded.", "a file is damaged", "a file is missing"]
    assert (lab.loaded, lab.problem) == (True, "")
    lab.expect()


def test_a_lab_that_can_not_be_loaded_for_another_reason_is_not_tried_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def the_lab() -> None:
        raise ValueError("bad world")

    monkeypatch.setattr(operations, "the_lab", the_lab)
    lab = LabLoader()
    run(lab.load())
    assert (lab.loaded, lab.problem) == (False, "The lab cannot be loaded: ValueError.")


Samples = dict[tuple[str, ...], float]


def metrics_of(client: TestClient) -> Samples:
    """Values by name and labels, without the label of the worker."""
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "etag" not in answer.headers
    found: Samples = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = dict(sample.labels)
            assert labels.pop("worker") == str(os.getpid())
            assert sample.value == sample.value
            found[(sample.name, *(labels[key] for key in sorted(labels)))] = sample.value
    return found


def test_requests_are_counted_by_route_method_and_class_of_status(fresh: TestClient) -> None:
    for path in ("/sections/beta", "/sections/beta?beta=0.2", "/sections/nope", "/a", "/b"):
        fresh.get(path)
    fresh.get("/sections/beta")
    fresh.request("BREW", "/sections/beta")
    found = metrics_of(fresh)
    counted = "dpo_explained_requests_total"
    assert found[counted, "GET", "/sections/{slug}", "2xx"] == 3
    assert found[counted, "GET", "/sections/{slug}", "4xx"] == 1
    assert found[counted, "GET", "none", "4xx"] == 2
    assert found[counted, "other", "/sections/{slug}", "4xx"] == 1
    assert found["dpo_explained_request_seconds_count", "GET", "/sections/{slug}"] == 4
    assert found["dpo_explained_kept_answers_total", "hit"] == 1
    assert found["dpo_explained_kept_answers_total", "miss"] == 2


def test_no_label_takes_what_readers_send(fresh: TestClient) -> None:
    series = [len(metrics_of(fresh))]
    for n in range(40):
        fresh.get(f"/zebra-{n}?zebra={n}")
        fresh.get(f"/widgets/zebra-{n}")
        fresh.get(f"/static/zebra-{n}")
        fresh.request(f"ZEBRA{n}", "/healthz")
        series.append(len(metrics_of(fresh)))
    assert "zebra" not in fresh.get("/metrics").text.lower()
    assert series[0] < series[1] == series[-1]


def test_runs_are_told_by_widget_and_outcome(fresh: TestClient) -> None:
    answer = fresh.get("/api/v1/ppo_dynamics", params={"iterations": 10, "seed": 5})
    assert answer.status_code == 200
    fresh.app.state.metrics.run_ended(Job("training_race", "{}"), "lost", 3.0)  # type: ignore[attr-defined]
    found = metrics_of(fresh)
    assert found["dpo_explained_run_seconds_count", "made", "ppo_dynamics"] == 1
    assert found["dpo_explained_run_seconds_sum", "lost", "training_race"] == 3
    assert found["dpo_explained_stored_runs_total", "miss"] == 1
    assert found["dpo_explained_memo_results_total", "miss"] == 1
    assert found["dpo_explained_runs", "waiting"] == found["dpo_explained_runs", "going"] == 0
    assert found["dpo_explained_run_readers",] == 0
    assert found["dpo_explained_run_processes",] == 1


def test_a_scraper_that_asks_for_openmetrics_gets_it(fresh: TestClient) -> None:
    wanted = "application/openmetrics-text; version=1.0.0"
    answer = fresh.get("/metrics", headers={"Accept": wanted})
    assert answer.headers["content-type"].startswith(wanted)
    assert answer.text.endswith("# EOF\n")


@pytest.mark.slow
def test_a_server_with_damaged_weights_says_so_answers_what_it_can_and_recovers(
    tmp_path: Path,
) -> None:
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in ("static", "templates"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    file = tmp_path / "app" / "lab" / "data" / "dpo_policy.safetensors"
    good = file.read_bytes()
    file.write_bytes(good[:-1])
    command = (sys.executable, "-P", "-m", "app.cli")
    with (
        served(command=command, cwd=file.parent, PYTHONPATH=str(tmp_path)) as (_, address),
        httpx.Client(base_url=address, timeout=PATIENCE) as damaged,
    ):
        assert damaged.get("/healthz").status_code == 200
        # These need no lab.
        for path in ("/", "/sources", "/docs", "/widgets/dpo_loss", "/api/v1/dpo_loss?beta=0.2"):
            assert damaged.get(path).status_code == 200, path

        page = damaged.get("/sections/beta")
        assert page.status_code == 503
        assert page.headers["content-type"].startswith("text/html")
        assert "The weights file dpo_policy.safetensors is damaged" in page.text
        # A light result, a run in another process, and a stream of one; then the reason.
        for path in (
            "/api/v1/beta_effect",
            "/api/v1/ppo_dynamics?iterations=10",
            "/api/v1/ppo_dynamics/policies?iterations=10",
            "/api/v1/ppo_dynamics/stream?iterations=10",
            "/readyz",
        ):
            answer = damaged.get(path)
            assert answer.status_code == 503, path
            assert answer.headers["content-type"] == "application/problem+json", path
            assert "dpo_policy.safetensors is damaged" in Problem(**answer.json()).detail, path

        file.write_bytes(good)
        assert wait_until_ready(damaged.get).status_code == 200
        for path in ("/sections/beta", "/api/v1/ppo_dynamics?iterations=10"):
            assert damaged.get(path).status_code == 200, path
