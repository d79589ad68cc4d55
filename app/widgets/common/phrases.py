"""Responses phrase by phrase, with the change of each phrase's probability."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, Field
from torch import Tensor

from app.lab.exact import phrase_logps
from app.lab.world import the_world


class PhraseLogRatio(BaseModel):
    """One phrase of a response with its log-ratio."""

    text: str = Field(description="the phrase")
    log_ratio: float = Field(
        description="log pi - log pi_ref of the phrase, given those before it, nats"
    )


class ScoredPhrase(PhraseLogRatio):
    """A phrase with its slot and both log-probabilities."""

    slot: str = Field(description="its place in the response: opening, substance, ...")
    reference_logp: float = Field(description="log pi_ref of the phrase, nats")
    policy_logp: float = Field(description="log pi of the phrase, nats")
    flattering: bool = Field(description="whether it flatters")


def scored_phrases(
    prompt: int,
    responses: Sequence[Sequence[int]],
    policy_logps: Tensor,
    reference_logps: Tensor,
) -> list[list[ScoredPhrase]]:
    """The phrases of each response, in order.

    Args:
        responses: by their phrase numbers
        policy_logps: log pi(y|x) of all responses in nats, shape: (7776,)
        reference_logps: log pi_ref(y|x) of all responses in nats, shape: (7776,)
    """
    world = the_world()
    reference = phrase_logps(reference_logps, responses)
    policy = phrase_logps(policy_logps, responses)
    return [
        [
            ScoredPhrase(
                text=phrase.text,
                log_ratio=after - before,
                slot=slot,
                reference_logp=before,
                policy_logp=after,
                flattering=bool(phrase.flattering),
            )
            for slot, phrase, before, after in zip(
                world.slots, world.said(prompt, row), befores, afters, strict=True
            )
        ]
        for row, befores, afters in zip(responses, reference, policy, strict=True)
    ]
