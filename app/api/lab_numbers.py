"""The exact numbers of the lab, for checking results independently."""

from __future__ import annotations

from pydantic import BaseModel, Field

from app.lab.demonstrations import demonstration_logps
from app.lab.reward_model import RewardKind
from app.lab.trained import COMPARISONS, the_lab
from app.lab.world import response_number, the_world
from app.widgets import fields
from app.widgets.base import PromptId, WidgetParams


class LabPrompt(BaseModel):
    """Everything exact about one prompt. Lists of 7,776 are in the order of the responses."""

    prompt: str = Field(description="its id")
    text: str = Field(description="the prompt, x")
    phrases: list[list[str]] = Field(
        description="five slots of six phrases; response n takes the phrases that n has as digits in base 6"
    )
    attributes: dict[str, list[list[float]]] = Field(
        description="helpful, harmless, honest and flattering, of each phrase"
    )
    reference_logps: list[float] = Field(description="log pi_ref(y|x), nats, 7,776 responses")
    dpo_logps: list[float] = Field(description="log pi(y|x) of the DPO policy that ships, nats")
    demonstration_logps: list[float] = Field(
        description="log-probability of y under the demonstrators, nats"
    )
    true_quality: list[float] = Field(description="r*(x, y); mean 0 under the reference")
    learned_reward: list[float] = Field(
        description="of the additive reward model that ships; mean 0 under the reference"
    )
    network_reward: list[float] = Field(description="the same of the network")


class ComparisonParams(WidgetParams):
    """Parameters of a sample of comparisons."""

    seed: int = fields.number(
        0, 0, 2_000_000, title="Seed", description="what they are drawn with", step=1
    )
    count: int = fields.number(
        COMPARISONS, 1, 8000, title="Count", description="how many pairs", step=1
    )


class LabComparisons(BaseModel):
    """Labeled pairs, as indices of responses."""

    prompt: str = Field(description="id of the prompt")
    seed: int = Field(description="what they were drawn with")
    chosen: list[int] = Field(description="y_w of each pair")
    rejected: list[int] = Field(description="y_l of each pair")


def lab_prompt(prompt: PromptId) -> LabPrompt:
    """All exact numbers of a prompt."""
    lab, world = the_lab(), the_world()
    number = world.prompt_number(prompt)
    facts, described = lab.facts(number), world.prompts[number]
    return LabPrompt(
        prompt=described.id,
        text=described.text,
        phrases=[[phrase.text for phrase in slot] for slot in described.phrases],
        attributes={
            name: world.attribute(name, number).tolist()
            for name in ("helpful", "harmless", "honest", "flattering")
        },
        reference_logps=facts.reference_logps.tolist(),
        dpo_logps=lab.dpo_logps(number).tolist(),
        demonstration_logps=demonstration_logps(world, number).tolist(),
        true_quality=facts.true_quality.tolist(),
        learned_reward=facts.learned_reward.tolist(),
        network_reward=facts.learned_rewards[RewardKind.network].tolist(),
    )


def lab_comparisons(prompt: PromptId, params: ComparisonParams) -> LabComparisons:
    """The comparisons that a run with this seed trains on."""
    pairs = the_lab().comparisons(the_world().prompt_number(prompt), params.seed, params.count)
    return LabComparisons(
        prompt=str(prompt),
        seed=params.seed,
        chosen=response_number(pairs.chosen).tolist(),
        rejected=response_number(pairs.rejected).tolist(),
    )
