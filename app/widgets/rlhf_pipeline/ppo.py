"""Stage 3, PPO: the policy is trained against the reward model, when the stage is requested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache

from app.charts.figures import curve_figure, line
from app.formatting import count, fixed
from app.lab.ppo import PPOConfig
from app.lab.runs import PPORow, finished_ppo
from app.lab.world import the_world
from app.widgets.rlhf_pipeline import description as stage

PROMPT = 0
"""the prompt that PPO trains a policy for"""

CONFIG = PPOConfig(iterations=60)
"""fewer iterations than by default, as reward and KL have settled by then"""

DRAWN_EVERY = 5
"""iterations between two points of the figure"""


@lru_cache(maxsize=1)
def _run() -> list[PPORow]:
    """Run once per process, so that the time it took does not change."""
    return finished_ppo(PROMPT, CONFIG)


def describe() -> stage.StageDescription:
    """Describe the run of PPO. The first call runs it, which takes a few seconds."""
    rows = _run()
    last, reached = rows[-1], rows[-1].measured
    prompt = the_world().prompts[PROMPT].text
    return stage.StageDescription(
        title="Stage 3 of 3: PPO",
        finding=f"In {CONFIG.iterations} iterations, on {count(last.responses_sampled)} sampled responses, PPO "
        f"raised the reward model’s score by {fixed(2)(reached.reward)}. It used no new labels: all it knows "
        "about preferences comes from the reward model.",
        goes_in=f"One prompt, “{prompt}”, the reward model, and the SFT model twice: as the start "
        "of the policy and as the frozen reference. No demonstration, no comparison.",
        objective="The policy learns to write responses with a high learned reward, less "
        f"{CONFIG.kl_coefficient:g} for each nat of KL from the reference. The value model learns to "
        "predict the reward still to come.",
        comes_out="The policy. The value model, the reward model and the reference are no longer needed.",
        networks=stage.networks(
            sft_model=("frozen", "is the reference for the KL penalty"),
            reward_model=("frozen", "scores each sampled response"),
            policy=("trained", "starts as a copy of the SFT model and writes the responses"),
            value_model=("trained", "starts from the SFT model's trunk and predicts rewards"),
        ),
        gradient_steps=last.gradient_steps,
        timing=stage.StageTiming(
            round(last.seconds, 2),
            "when this stage was first run (time of one CPU thread)",
        ),
        quantities=[
            stage.counted("Iterations", CONFIG.iterations),
            stage.counted("Responses sampled from the policy", last.responses_sampled),
            stage.as_reward("Learned reward reached", reached.reward),
            stage.in_nats("KL from the reference", reached.kl),
            stage.as_reward("True quality reached, which PPO never sees", reached.true_quality),
            stage.as_share("Ratios outside the clip range, last iteration", last.clip_fraction),
        ],
        hyperparameters=stage.hyperparameters(asdict(CONFIG)),
        figure=_figure(rows[::DRAWN_EVERY]),
    )


def _figure(rows: Sequence[PPORow]) -> dict[str, object]:
    iterations = [row.iteration for row in rows]
    return curve_figure(
        [
            line("learned reward", iterations, [r.measured.reward for r in rows], role="reward"),
            line(
                "KL",
                iterations,
                [r.measured.kl for r in rows],
                role="kl",
                axis="y2",
                dash="dot",
            ),
        ],
        x="iteration",
        y="reward, relative to the reference",
        y2="KL (nats)",
    )
