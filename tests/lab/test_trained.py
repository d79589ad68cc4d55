from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError

from app.cli import main
from app.lab.exact import exact_logps, kl_divergence
from app.lab.trained import NETWORKS, WEIGHTS, Lab, load_lab, save_lab, the_lab
from app.lab.world import PROMPTS

SAME_BEHAVIOUR = 0.01
"""Nats of KL below which two policies count as the same; rounding differs between processors."""


@pytest.fixture(scope="module")
def retrained(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The lab trained again from the shipped seed by the documented command."""
    folder = tmp_path_factory.mktemp("weights")
    main(["train", "--seed", str(the_lab().seed), "--output", str(folder)])
    return load_lab(folder)


@pytest.mark.parametrize("prompt", range(PROMPTS))
def test_training_again_from_the_seed_gives_the_shipped_policies(
    retrained: Lab, prompt: int
) -> None:
    for name in ("reference_policy", "dpo_policy"):
        shipped, again = (exact_logps(getattr(lab, name), prompt) for lab in (the_lab(), retrained))
        assert float(kl_divergence(shipped, again)) < SAME_BEHAVIOUR, name
    torch.testing.assert_close(
        retrained.facts(prompt).learned_reward,
        the_lab().facts(prompt).learned_reward,
        rtol=0,
        atol=0.2,
    )


def test_the_bound_tells_different_policies_apart() -> None:
    """Or the test above could not fail."""
    first = the_lab().reference_policy
    other = load_lab().dpo_policy
    assert float(kl_divergence(exact_logps(first, 0), exact_logps(other, 0))) > SAME_BEHAVIOUR


def test_the_report_says_what_was_trained_how() -> None:
    report = the_lab().report
    assert report["command"] == f"dpo-explained train --seed {the_lab().seed}"
    assert set(report["seconds"]) == {"sft", "reward_model", "dpo"}
    assert report["sft"]["history"][0]["loss"] > report["sft"]["history"][-1]["loss"]
    assert report["dpo"]["last"]["loss"] < 0.6931


def test_saving_and_loading_keeps_every_number(tmp_path: Path) -> None:
    save_lab(the_lab(), tmp_path)
    again = load_lab(tmp_path)
    for name in NETWORKS:
        kept = getattr(the_lab(), name).state_dict()
        assert all(torch.equal(kept[k], v) for k, v in getattr(again, name).state_dict().items())


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="reference_policy"):
        load_lab(tmp_path)


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    save_lab(the_lab(), tmp_path)
    file = tmp_path / "dpo_policy.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(SafetensorError):
        load_lab(tmp_path)


def test_all_networks_ship_as_safetensors() -> None:
    for name in NETWORKS:
        assert (WEIGHTS / f"{name}.safetensors").stat().st_size < 200_000


def test_the_lab_imports_nothing_of_the_web() -> None:
    code = """
import sys, pkgutil, importlib, app.lab
for module in pkgutil.iter_modules(app.lab.__path__):
    importlib.import_module(f"app.lab.{module.name}")
web = {"fastapi", "starlette", "pydantic", "plotly", "jinja2", "uvicorn"}
sys.exit(f"imported: {web & set(sys.modules)}" if web & set(sys.modules) else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
