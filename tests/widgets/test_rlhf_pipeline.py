from __future__ import annotations

from dataclasses import asdict, fields

import pytest
import torch

from app.lab.network.adam import Adam
from app.lab.network.policy import ValueModel
from app.lab.ppo import PPOConfig
from app.lab.reward_model import REWARD_CONFIGS, RewardKind, RewardModelConfig
from app.lab.runs import finished_ppo
from app.lab.sft import SFTConfig, train_sft
from app.lab.trained import COMPARISONS, the_lab
from app.lab.world import PROMPTS
from app.widgets.rlhf_pipeline.ppo import CONFIG as PPO_CONFIG
from app.widgets.rlhf_pipeline.widget import Params, Result, compute

STAGES = ("sft", "reward_model", "ppo")


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    return {stage: compute(Params(stage=stage)) for stage in STAGES}


def quantity(result: Result, name: str) -> float:
    (found,) = [q.value for q in result.quantities if q.name.startswith(name)]
    return found


def states(result: Result) -> list[str]:
    return [network.state for network in result.networks]


def test_each_stage_trains_and_freezes_what_rlhf_does(results: dict[str, Result]) -> None:
    names = [network.name for network in results["ppo"].networks]
    assert names == ["SFT model, later the reference", "reward model", "policy", "value model"]
    absent = "not in memory"
    assert states(results["sft"]) == ["trained", absent, absent, absent]
    assert states(results["reward_model"]) == ["frozen", "trained", absent, absent]
    assert states(results["ppo"]) == ["frozen", "frozen", "trained", "trained"]


def test_parameters_are_counted_from_the_networks(results: dict[str, Result]) -> None:
    lab = the_lab()

    def size(network: torch.nn.Module) -> int:
        return sum(p.numel() for p in network.parameters())

    policy = size(lab.reference_policy)
    reward_model = size(lab.reward_model(0))
    value_model = size(ValueModel(lab.reference_policy.trunk))
    for result in results.values():
        sizes = [network.parameters for network in result.networks]
        assert sizes == [policy, reward_model, policy, value_model]
    assert results["sft"].parameters_trained == policy
    assert results["sft"].parameters_in_memory == policy
    assert results["reward_model"].parameters_trained == reward_model
    assert results["reward_model"].parameters_in_memory == policy + reward_model
    assert results["ppo"].parameters_trained == policy + value_model
    assert results["ppo"].parameters_in_memory == 2 * policy + reward_model + value_model


def test_hyperparameters_are_the_field_schemas_the_configurations(
    results: dict[str, Result],
) -> None:
    report = the_lab().report
    used = {
        "sft": report["sft"]["config"],
        # Each step takes all pairs of a prompt.
        "reward_model": report["additive_reward"]["config"] | {"batch_size": COMPARISONS},
        "ppo": asdict(PPO_CONFIG),
    }
    for stage, configuration in zip(STAGES, (SFTConfig, RewardModelConfig, PPOConfig), strict=True):
        knobs = results[stage].hyperparameters
        assert [k.name for k in knobs] == [
            f.name for f in fields(configuration) if f.name != "seed"
        ]
        for knob in knobs:
            assert knob.value == used[stage][knob.name]
            assert float(knob.shown) == knob.value


def test_sft_reports_the_training_of_the_shipped_networks(results: dict[str, Result]) -> None:
    report, result = the_lab().report, results["sft"]
    history = report["sft"]["history"]
    assert quantity(result, "Demonstrations") == report["sft"]["config"]["demonstrations"] * PROMPTS
    assert quantity(result, "Loss in the first") == history[0]["loss"]
    assert quantity(result, "Loss in the last") == history[-1]["loss"]
    assert result.seconds == report["seconds"]["sft"]
    memorized = history[-1]["loss"] < quantity(result, "Entropy")
    assert ("memorize" in result.finding) == memorized


def test_gradient_steps_of_sft_are_those_that_training_makes(
    results: dict[str, Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    step = Adam.step

    def counting(self: Adam) -> None:
        counted.append(1)
        step(self)

    config = the_lab().report["sft"]["config"]
    one_epoch = SFTConfig(**{**config, "epochs": 1})
    monkeypatch.setattr(Adam, "step", counting)
    train_sft(the_lab().world, one_epoch)
    assert results["sft"].gradient_steps == len(counted) * config["epochs"]


def test_the_reward_model_reports_its_accuracy_and_the_best_possible(
    results: dict[str, Result],
) -> None:
    lab, result = the_lab(), results["reward_model"]
    report = lab.report["additive_reward"]
    assert quantity(result, "Comparisons") == COMPARISONS * PROMPTS
    assert quantity(result, "Responses written") == 2 * COMPARISONS * PROMPTS
    assert quantity(result, "Loss before") == pytest.approx(torch.tensor(2.0).log().item())
    assert quantity(result, "Loss in the last") == report["last"]["loss"]
    assert quantity(result, "Accuracy on the training") == report["last"]["accuracy"]
    assert result.gradient_steps == REWARD_CONFIGS[RewardKind.additive].steps * PROMPTS
    accuracy = lab.reward_model_accuracy()
    assert quantity(result, "Accuracy on held-out") == accuracy
    assert 0.7 < accuracy < quantity(result, "Accuracy of true quality") + 0.005


def test_ppo_is_the_run_that_the_lab_makes(results: dict[str, Result]) -> None:
    config, result = PPO_CONFIG, results["ppo"]
    last = finished_ppo(0, config)[-1]
    assert quantity(result, "KL") == pytest.approx(last.measured.kl, abs=1e-9)
    assert quantity(result, "Ratios outside") == pytest.approx(last.clip_fraction, abs=1e-9)
    assert quantity(result, "Responses sampled") == config.iterations * config.rollouts
    assert result.gradient_steps == config.iterations * config.epochs * config.minibatches
    assert result.seconds > 0


def test_the_figures_draw_what_was_reported(results: dict[str, Result]) -> None:
    def traces(stage: str) -> dict[str, dict[str, list[float]]]:
        return {trace["name"]: trace for trace in results[stage].figure["data"]}  # type: ignore[attr-defined]

    report = the_lab().report
    losses = [row["loss"] for row in report["sft"]["history"]]
    assert traces("sft")["loss on the demonstrations"]["y"] == pytest.approx(losses, rel=1e-4)
    accuracy = traces("reward_model")["accuracy on the training pairs"]
    assert accuracy["y"][-1] == pytest.approx(
        report["additive_reward"]["last"]["accuracy"], rel=1e-4
    )
    # The first row has no order yet: all scores are zero.
    assert len(accuracy["x"]) == len(traces("reward_model")["loss"]["x"]) - 1
    kl = traces("ppo")["KL"]
    assert kl["x"][0] == 0
    assert kl["y"][0] == pytest.approx(0, abs=1e-9)
    assert kl["x"][-1] == PPO_CONFIG.iterations
    assert kl["y"][-1] == pytest.approx(quantity(results["ppo"], "KL"), rel=1e-4)
