"""A typed client, generated from our OpenAPI document by a third-party tool, used against a live server."""

from __future__ import annotations

import importlib
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from app.main import create_app

PACKAGE = "generated_dpo_client"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("client")
    (folder / "openapi.json").write_text(json.dumps(create_app().openapi()), encoding="utf-8")
    (folder / "config.yml").write_text("post_hooks: []\n", encoding="utf-8")
    made = subprocess.run(
        [
            Path(sys.executable).with_name("openapi-python-client"),
            *("generate", "--path", "openapi.json", "--config", "config.yml"),
            *("--output-path", PACKAGE, "--meta", "none"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    # The generator reads JSON Lines as text; it understands everything else.
    assert made.stdout.count("WARNING") <= 1, made.stdout
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module(PACKAGE)
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
            del sys.modules[name]


@pytest.fixture
def connection(client: ModuleType, server: str) -> Iterator[Any]:
    with client.Client(server) as opened:
        yield opened


def operation(tag: str, name: str) -> Any:
    return importlib.import_module(f"{PACKAGE}.api.{tag}.{name}")


def model(name: str, where: str) -> Any:
    return getattr(importlib.import_module(f"{PACKAGE}.models.{where}"), name)


def test_a_result_is_typed_and_has_our_numbers(connection: Any, server: str) -> None:
    result = operation("widgets", "get_beta_effect").sync(client=connection, beta=0.2)
    assert isinstance(result, model("BetaEffectResult", "beta_effect_result"))
    answer = httpx.get(f"{server}/api/v1/beta_effect?beta=0.2").json()
    assert result.kl == answer["kl"]
    assert result.responses[0].text == answer["responses"][0]["text"]


def test_a_refusal_is_typed_too(connection: Any) -> None:
    refused = operation("widgets", "get_dpo_loss").sync(client=connection, beta=99.0)
    assert isinstance(refused, model("Problem", "problem"))
    assert refused.errors[0].field == "beta"


def test_a_batch_is_posted(connection: Any) -> None:
    batch = model("PairBatch", "pair_batch")(
        policy_chosen_logps=[-10.0],
        policy_rejected_logps=[-12.0],
        reference_chosen_logps=[-11.0],
        reference_rejected_logps=[-11.0],
        beta=0.5,
    )
    losses = operation("checking", "post_preference_loss").sync(client=connection, body=batch)
    assert losses.margins == [1.0]
    assert losses.accuracy == 1.0


PAIRS = """policy_chosen_logps,policy_rejected_logps,reference_chosen_logps,reference_rejected_logps
-41.2,-57.9,-44.0,-52.3
-18.6,-21.4,-18.1,-17.7
"""

POST_CHECK_RUN = "api.checking.post_check_run"


def test_a_run_is_checked_as_text_or_as_a_file(connection: Any) -> None:
    post, types = (
        importlib.import_module(f"{PACKAGE}.{name}") for name in (POST_CHECK_RUN, "types")
    )
    as_text = model("PostCheckRunJsonRunToCheck", "post_check_run_json_run_to_check")
    as_file = model("PostCheckRunFilesFileToCheck", "post_check_run_files_file_to_check")
    file = types.File(io.BytesIO(PAIRS.encode()), "run.csv")
    bodies = [
        as_text.from_dict({"text": PAIRS, "beta": 0.3, "loss_types": ["sigmoid", "sft"]}),
        as_file(file, beta=0.3, loss_types="sigmoid,sft"),
    ]
    one, other = (post.sync(client=connection, body=body) for body in bodies)
    assert isinstance(one, model("CheckedRun", "checked_run"))
    assert one.settings["loss_types"] == other.settings["loss_types"] == ["sigmoid", "sft"]
    assert one.findings == other.findings
