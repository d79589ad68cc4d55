"""The reader labels pairs: a Bradley-Terry model of the labels, and DPO on them."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Literal

from pydantic import BaseModel, Field
from torch import Tensor

from app.charts.figures import bars, curve_figure, rounded
from app.formatting import fixed
from app.lab.annotation import (
    FEATURES,
    LABEL_DPO_CONFIG,
    Pairs,
    Posterior,
    align,
    chance_of_first,
    coin_flips,
    draw_pairs,
    feature_differences,
    fit,
    flattery,
    flattery_choices,
    parted,
    ranked_alike,
    ranked_alike_by,
)
from app.lab.exact import exact_logps
from app.lab.measure import measure
from app.lab.preferences import Comparisons
from app.lab.trained import the_lab
from app.lab.world import the_world
from app.widgets import fields
from app.widgets.base import PromptId, Widget, WidgetParams, WidgetResult
from app.widgets.common.phrases import PhraseLogRatio, scored_phrases
from app.widgets.plan import COMPUTED

LEAST = 10
MOST = 30

CLEAR = 2.0
"""standard deviations from zero at which a weight is called clear; at one it is a leaning"""

CHANGE = 0.02
"""least change of the share of flattering responses that is called a change"""

FLATTERING = FEATURES.index("flattering")


class Params(WidgetParams):
    """The labels given so far, and whether to train on them."""

    prompt: PromptId = fields.prompt()
    sampling_seed: int = fields.number(
        0,
        0,
        9_999,
        title="Seed of the pairs",
        description="which pairs are drawn from the reference policy",
        step=1,
    )
    labels: str = Field(
        "",
        pattern=f"^[ab]{{0,{MOST}}}$",
        max_length=MOST,
        title="Labels",
        description=f"one letter for each labeled pair, in order, at most {MOST}: "
        "a if the first response was chosen, b if the second",
    )
    align: Literal["no", "yes"] = fields.choice(
        "no",
        title="Align",
        description=f"whether to train DPO on the labels, which takes {LEAST} of them",
        labels={"no": "not yet", "yes": "train DPO"},
    )


class NextPair(BaseModel):
    """The next pair to label."""

    number: int = Field(description="its number, from 1")
    first: str = Field(description="the response whose label is a")
    second: str = Field(description="the response whose label is b")
    first_probability: float = Field(
        description="chance that the first is chosen, by the Bradley-Terry model, "
        "averaged over the uncertainty of its weights"
    )


class FeatureWeight(BaseModel):
    """Posterior of one feature's weight."""

    feature: str = Field(description="an attribute of phrases, summed over the response")
    mean: float = Field(description="its weight, log-odds of being chosen per unit")
    sd: float = Field(description="standard deviation of the weight, by Laplace's approximation")


class LabelAgreement(BaseModel):
    """How many held-back labels a model ranks as the reader did."""

    ranked_alike: int = Field(description="held-back pairs ranked as the reader did")
    of: int = Field(description="held-back pairs")
    coin_mean: float = Field(description="how many a fair coin gets right on average")
    coin_sd: float = Field(description="and the standard deviation of that number")
    text: str = Field(description="the same as text")


class PolicySummary(BaseModel):
    """A policy, measured exactly over all 7,776 responses, and its most probable response."""

    text: str = Field(description="its most probable response")
    phrases: list[PhraseLogRatio] = Field(
        description="the phrases of that response; log-ratio of the aligned policy to the reference"
    )
    flattering: float = Field(description="expected number of flattering phrases in a response")
    flatters: float = Field(description="probability of at least one flattering phrase")
    true_quality: float = Field(description="expected true quality; 0 is the reference policy")
    kl: float = Field(description="KL(pi || pi_ref), nats")


class AlignedPolicy(BaseModel):
    """The reference policy, and the policy that DPO on the labels made of it."""

    before: PolicySummary = Field(description="the reference policy")
    after: PolicySummary = Field(description="the policy that DPO trained from it on the labels")
    agreement: LabelAgreement = Field(
        description="held-back labels ranked by the implicit reward, beta times the log-ratio"
    )


class Result(WidgetResult):
    """The next pair, the model of the labels so far, and the policy that DPO made of them."""

    prompt: str = Field(description="text of the prompt, x")
    prompt_id: str = Field(description="its id, as in the parameters")
    sampling_seed: int = Field(description="of the pairs")
    labels: str = Field(description="the labels given, as in the parameters")
    labelled: int = Field(description="how many pairs are labeled")
    least: int = Field(description="how many labels aligning takes")
    most: int = Field(description="how many pairs there are to label")
    trained_on: int = Field(description="labels that the models are fitted to")
    held_back: int = Field(description="labels kept apart: every fourth")
    next_pair: NextPair | None = Field(description="null once all pairs are labeled")
    weights: list[FeatureWeight] = Field(
        description="of the Bradley-Terry model, one for each feature"
    )
    flattery_pairs: int = Field(description="pairs trained on in which one response flatters more")
    flattery_chosen: int = Field(description="those in which the more flattering one was chosen")
    agreement: LabelAgreement = Field(
        description="held-back labels ranked by the Bradley-Terry model"
    )
    aligned: AlignedPolicy | None = Field(description="null unless requested with enough labels")
    beta: float = Field(description="of the DPO run")
    steps: int = Field(description="gradient steps of the DPO run, each on all labels trained on")
    figure: dict[str, object] = Field(description="Plotly figure: the weights with their sd")


def compute(params: Params) -> Result:
    """Fit the Bradley-Terry model to the labels, and train DPO on them if requested."""
    prompt = the_world().prompt_number(params.prompt)
    labeled = _labeled(params)
    train, test = parted(labeled)
    differences = feature_differences(the_world(), train)
    posterior = fit(differences)
    logps = _aligned_logps(params)
    flattery_pairs, flattery_chosen = flattery_choices(differences)
    result = Result(
        finding="",
        prompt=the_world().prompts[prompt].text,
        prompt_id=params.prompt,
        sampling_seed=params.sampling_seed,
        labels=params.labels,
        labelled=len(labeled),
        least=LEAST,
        most=MOST,
        trained_on=len(train),
        held_back=len(test),
        next_pair=_next_pair(params, posterior),
        weights=[
            FeatureWeight(feature=name, mean=mean, sd=sd)
            for name, (mean, sd) in zip(FEATURES, posterior.weights, strict=True)
        ],
        flattery_pairs=flattery_pairs,
        flattery_chosen=flattery_chosen,
        agreement=_agreement(
            ranked_alike(feature_differences(the_world(), test), posterior), len(test)
        ),
        aligned=None if logps is None else _aligned(prompt, logps, test),
        beta=LABEL_DPO_CONFIG.beta,
        steps=LABEL_DPO_CONFIG.steps,
        figure=_figure(posterior),
    )
    return result.model_copy(update={"finding": _finding(result, asked=params.align == "yes")})


def json_lines(params: Params) -> str:
    """The labels as JSON Lines in TRL's standard preference format: one object a line, with strings
    ``prompt``, ``chosen`` and ``rejected``."""
    pairs, text = _pairs(params), the_world().text
    prompt = the_world().prompts[pairs.prompt].text
    rows = []
    for place, label in enumerate(params.labels):
        first, second = pairs.responses(place)
        chosen, rejected = (first, second) if label == "a" else (second, first)
        rows.append(
            {
                "prompt": prompt,
                "chosen": text(pairs.prompt, chosen),
                "rejected": text(pairs.prompt, rejected),
            }
        )
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


@lru_cache(maxsize=64)
def pairs_of(prompt: int, seed: int) -> Pairs:
    """The pairs to label."""
    return draw_pairs(the_lab().reference_policy, prompt, MOST, seed)


def _pairs(params: Params) -> Pairs:
    return pairs_of(the_world().prompt_number(params.prompt), params.sampling_seed)


def _labeled(params: Params) -> Comparisons:
    return _pairs(params).labeled([label == "a" for label in params.labels])


def _next_pair(params: Params, posterior: Posterior) -> NextPair | None:
    place = len(params.labels)
    if place == MOST:
        return None
    pairs, world = _pairs(params), the_world()
    first, second = pairs.responses(place)
    return NextPair(
        number=place + 1,
        first=world.text(pairs.prompt, first),
        second=world.text(pairs.prompt, second),
        first_probability=chance_of_first(world, pairs, place, posterior),
    )


def policies(params: Params) -> dict[str, Tensor]:
    """The policy that DPO made of the labels, if requested with enough of them."""
    logps = _aligned_logps(params)
    return {} if logps is None else {"aligned": logps}


def _aligned_logps(params: Params) -> Tensor | None:
    """log pi(y|x) of that policy for all responses, shape: (7776,)."""
    labeled = _labeled(params)
    if params.align == "no" or len(labeled) < LEAST:
        return None
    train, _ = parted(labeled)
    return exact_logps(align(the_lab().reference_policy, train), labeled.prompt)


def _aligned(prompt: int, logps: Tensor, test: Comparisons) -> AlignedPolicy:
    reference = the_lab().facts(prompt).reference_logps
    return AlignedPolicy(
        before=_speaker(prompt, reference, logps),
        after=_speaker(prompt, logps, logps),
        agreement=_agreement(ranked_alike_by(logps, reference, test), len(test)),
    )


def _speaker(prompt: int, logps: Tensor, aligned_logps: Tensor) -> PolicySummary:
    facts, world = the_lab().facts(prompt), the_world()
    measured = measure(logps, facts, facts.learned_reward)
    phrases = scored_phrases(prompt, [measured.favorite], aligned_logps, facts.reference_logps)[0]
    flattering, flatters = flattery(world, prompt, logps)
    return PolicySummary(
        text=world.text(prompt, measured.favorite),
        phrases=[
            PhraseLogRatio(text=phrase.text, log_ratio=phrase.log_ratio) for phrase in phrases
        ],
        flattering=flattering,
        flatters=flatters,
        true_quality=measured.true_quality,
        kl=measured.kl,
    )


def _agreement(alike: int, of: int) -> LabelAgreement:
    """Agreement with so many held-back labels."""
    mean, sd = coin_flips(of)
    coin = f"a fair coin gets {fixed(1)(mean)} ± {fixed(1)(sd)}"
    return LabelAgreement(
        ranked_alike=alike,
        of=of,
        coin_mean=mean,
        coin_sd=sd,
        text=f"{alike} of {of} ({coin})" if of else "no label is held back yet",
    )


# ---- in words ----------------------------------------------------------------------------------


def _finding(result: Result, *, asked: bool) -> str:
    if result.aligned is not None:
        return f"{_flattery(result.aligned)} {_asked_for(result)}"
    left = result.least - result.labelled
    if left <= 0:
        way = "That is enough to align a model with them."
    elif asked:
        way = f"Aligning takes at least {result.least}: {left} more."
    else:
        way = f"{left} more, and you can align a model with them."
    if not result.labelled:
        return f"No labels yet. Choose the response that you like better. {way}"
    return f"{result.labelled} of {result.most} pairs labeled. {way} {_clearest(result)}"


def _clearest(result: Result) -> str:
    weight = max(result.weights, key=lambda weight: abs(weight.mean / weight.sd))
    z = abs(weight.mean / weight.sd)
    if z < 1:
        return "So far they say nothing clear about what you like."
    says = "say clearly" if z >= CLEAR else "lean to say"
    more = "more" if weight.mean > 0 else "less"
    return f"They {says} that you like {more} {weight.feature} responses ({_spread(weight)})."


def _flattery(aligned: AlignedPolicy) -> str:
    before, after = aligned.before.flatters, aligned.after.flatters
    if abs(after - before) < CHANGE:
        return (
            "The aligned model would flatter you about as often as the reference model: "
            f"in {after:.0%} of its responses against {before:.0%}."
        )
    often, way = ("more", "up") if after > before else ("less", "down")
    return (
        f"The aligned model would flatter you {often} often: "
        f"in {after:.0%} of its responses, {way} from {before:.0%}."
    )


def _asked_for(result: Result) -> str:
    weight = result.weights[FLATTERING]
    z = weight.mean / weight.sd
    kind = "more" if weight.mean > 0 else "less"
    if abs(z) >= CLEAR:
        said = f"Your labels asked for {kind} flattery"
    elif abs(z) >= 1:
        said = f"Your labels leaned to {kind} flattery"
    else:
        said = "Your labels asked neither for more flattery nor for less"
    if not result.flattery_pairs:
        return f"{said}: no pair trained on differs in it."
    return (
        f"{said}: where two responses differed in it, you chose the more flattering one "
        f"{result.flattery_chosen} of {result.flattery_pairs} times."
    )


def _spread(weight: FeatureWeight) -> str:
    return f"weight {fixed(2)(weight.mean)} ± {fixed(2)(weight.sd)}"


def _figure(posterior: Posterior) -> dict[str, object]:
    mean = [mean for mean, _ in posterior.weights]
    sd = [sd for _, sd in posterior.weights]
    # A constant scale while it fits, so that only the bars move from label to label.
    reach = max(2.5, *(1.05 * (abs(m) + s) for m, s in zip(mean, sd, strict=True)))
    bar = bars(
        "weight ± sd",
        FEATURES,
        mean,
        role="reward",
        errors=rounded(sd),
        horizontal=True,
    )
    return curve_figure(
        [bar | {"showlegend": False}],
        x="weight: log-odds of being chosen, per unit",
        y="feature",
        x_range=(-reach, reach),
        yaxis={"title": {"text": "feature"}, "autorange": "reversed"},
        showlegend=False,
        bargap=0.45,
    )


WIDGET = Widget(
    name="annotator",
    title="Your labels, and a model aligned with them",
    caption=f"Choose the better response {LEAST} to {MOST} times. A Bradley-Terry model is refitted "
    "after each choice. Then train DPO on your labels and see whether the model flatters you.",
    params=Params,
    result=Result,
    compute=compute,
    trains=lambda params: params.align == "yes",
    policies=policies,
    example="prompt=poem&labels=abbabaabbabb&align=yes",
    export=COMPUTED,
)
