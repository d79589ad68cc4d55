from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from app.cli import main
from app.lab import trained
from app.lab.exact import kl_divergence
from app.lab.trained import (
    REPORT,
    WEIGHTS,
    load_lab,
    save_lab,
    the_lab,
)
from app.lab.weights import SUMS, BadWeights
from app.lab.world import PROMPTS

SAME_BEHAVIOR = 0.01
"""nats of KL below which two policies count as the same; rounding differs between processors"""

SAME_REWARD = 0.2
"""how far rewards of a response may be apart, for the same reason"""


@pytest.mark.slow
def test_training_again_from_the_seed_gives_the_shipped_policies(tmp_path: Path) -> None:
    """By the documented command."""
    main(["train", "--seed", str(the_lab().seed), "--output", str(tmp_path)])
    retrained = load_lab(tmp_path)
    for prompt in range(PROMPTS):
        shipped, again = (lab.facts(prompt) for lab in (the_lab(), retrained))
        for ours, theirs in (
            (shipped.reference_logps, again.reference_logps),
            (the_lab().dpo_logps(prompt), retrained.dpo_logps(prompt)),
        ):
            assert float(kl_divergence(ours, theirs)) < SAME_BEHAVIOR, prompt
        for kind, rewards in shipped.learned_rewards.items():
            torch.testing.assert_close(
                again.learned_rewards[kind], rewards, rtol=0, atol=SAME_REWARD
            )


def test_the_bound_tells_different_policies_apart() -> None:
    """Otherwise the test above could not fail."""
    reference_logps, other = the_lab().facts(0).reference_logps, the_lab().dpo_logps(0)
    assert float(kl_divergence(reference_logps, other)) > SAME_BEHAVIOR
    additive, network = the_lab().facts(0).learned_rewards.values()
    assert float((additive - network).abs().max()) > SAME_REWARD


def test_the_report_says_what_was_trained_how() -> None:
    report = the_lab().report
    assert report["command"] == f"dpo-explained train --seed {the_lab().seed}"
    assert set(report["seconds"]) == {"sft", "additive_reward", "network_reward", "dpo"}
    assert report["sft"]["history"][0]["loss"] > report["sft"]["history"][-1]["loss"]
    assert report["dpo"]["last"]["loss"] < 0.6931


def test_saving_and_loading_keeps_every_number(tmp_path: Path) -> None:
    save_lab(the_lab(), tmp_path)
    again = load_lab(tmp_path)
    for prompt in range(PROMPTS):
        kept, read = the_lab().facts(prompt), again.facts(prompt)
        assert torch.equal(kept.reference_logps, read.reference_logps)
        assert torch.equal(the_lab().dpo_logps(prompt), again.dpo_logps(prompt))
        for kind, rewards in kept.learned_rewards.items():
            assert torch.equal(rewards, read.learned_rewards[kind])


FILES = [
    "reference_policy.safetensors",
    "additive_reward.safetensors",
    "network_reward.safetensors",
    "dpo_policy.safetensors",
    REPORT,
]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A folder with the lab's files, for a test to damage."""
    save_lab(the_lab(), tmp_path)
    return tmp_path


def missing(file: Path) -> None:
    file.unlink()


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def altered(file: Path) -> None:
    """Flip one bit, which changes no size and leaves a readable file."""
    content = bytearray(file.read_bytes())
    content[-9] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", [missing, truncated, altered])
def test_a_damaged_file_is_refused_by_name_with_what_to_do(
    saved: Path, name: str, damage: Callable[[Path], None]
) -> None:
    damage(saved / name)
    with pytest.raises(BadWeights, match=name) as raised:
        load_lab(saved)
    assert "Install dpo-explained again" in str(raised.value)
    assert "dpo-explained train --seed 0" in str(raised.value)


def test_the_expected_and_the_found_hash_are_named(saved: Path) -> None:
    file = saved / FILES[0]
    expected = hashlib.sha256(file.read_bytes()).hexdigest()
    altered(file)
    with pytest.raises(BadWeights) as raised:
        load_lab(saved)
    assert f"should be {expected}" in str(raised.value)
    assert f"is {hashlib.sha256(file.read_bytes()).hexdigest()}" in str(raised.value)


def test_files_without_their_hashes_are_refused(saved: Path) -> None:
    sums = saved / SUMS
    lines = sums.read_text(encoding="ascii").splitlines(keepends=True)
    sums.write_text("".join(lines[1:]), encoding="ascii")
    with pytest.raises(BadWeights, match=f"hash of the weights file {FILES[0]}"):
        load_lab(saved)
    sums.unlink()
    with pytest.raises(BadWeights, match=SUMS):
        load_lab(saved)


def test_the_hashes_are_what_sha256sum_checks() -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", SUMS],
        cwd=WEIGHTS,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [f"{name}: OK" for name in FILES]


def test_bad_weights_are_looked_at_again(monkeypatch: pytest.MonkeyPatch, saved: Path) -> None:
    """A server recovers when they are repaired."""
    the_lab.cache_clear()
    monkeypatch.setattr(trained, "load_lab", lambda: load_lab(saved))
    content = (saved / REPORT).read_bytes()
    truncated(saved / REPORT)
    with pytest.raises(BadWeights):
        the_lab()
    (saved / REPORT).write_bytes(content)
    assert the_lab() is the_lab()


@pytest.mark.slow
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
