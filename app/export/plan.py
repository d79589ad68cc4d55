"""What a copy holds of each widget: the one table of what is live, gridded and recorded."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from urllib.parse import parse_qsl

from app.export import quiz_verdicts
from app.export.states import Grid, Plan, Value, even, slider
from app.state.controls import controls_of
from app.studies.home_run import recorded
from app.widgets import training_race
from app.widgets.annotator import LEAST
from app.widgets.base import PROMPT_TEXTS
from app.widgets.quiz import QUESTIONS
from app.widgets.registry import WIDGETS

PROMPTS: tuple[Value, ...] = tuple(PROMPT_TEXTS)


def choices(name: str, parameter: str) -> Sequence[Value]:
    """All options of a choice."""
    return tuple(value for value, _ in controls_of(WIDGETS[name].params())[parameter].options)


def _label_texts(longest: int) -> tuple[str, ...]:
    return tuple("".join(text) for n in range(longest + 1) for text in product("ab", repeat=n))


def _prefixes(labels: str) -> tuple[str, ...]:
    return tuple(labels[:length] for length in range(len(labels) + 1))


def _walk(query: str, least: int = LEAST) -> tuple[Grid, ...]:
    """A suggestion of ``annotator`` from its first label on, and aligned as soon as it can be."""
    given = dict(parse_qsl(query))
    prefixes = _prefixes(given["labels"])
    prompt = {"prompt": (given["prompt"],)}
    return (
        {**prompt, "labels": prefixes},
        {**prompt, "labels": prefixes[least:], "align": ("yes",)},
    )


_SIGMOID_FIRST = choices("dpo_loss", "loss_type")
_PLAIN = tuple(loss for loss in _SIGMOID_FIRST if loss not in ("sigmoid", "exo_pair"))
_RECORDED = recorded()

PLANS: dict[str, Plan] = {
    "preference_pairs": Plan(
        "live",
        "Every pair of both halves is here.",
        ({"prompt": PROMPTS, "pair": range(1, 201), "split": ("train", "test")},),
        split="prompt",
    ),
    "annotator": Plan(
        "recorded",
        "The first six labels of every prompt are yours to choose. Aligning a model takes ten, so that is "
        "here for the two suggestions above alone; with a server you can label on.",
        (
            {"prompt": PROMPTS, "labels": _label_texts(6)},
            *(grid for query in WIDGETS["annotator"].tries for grid in _walk(query)),
        ),
        split="prompt",
    ),
    "rlhf_pipeline": Plan(
        "live",
        "Every stage is here.",
        ({"stage": choices("rlhf_pipeline", "stage")},),
    ),
    "reward_separation": Plan(
        "gridded",
        "Both sliders move in steps of 0.5.",
        ({"reward_chosen": even(-10, 10, 0.5), "reward_rejected": even(-10, 10, 0.5)},),
    ),
    "ppo_dynamics": Plan(
        "recorded",
        "Seeds 0 and 1 of every prompt, and for two prompts four KL coefficients. To train with other "
        "values, a server is needed.",
        (
            {"prompt": PROMPTS, "seed": (0, 1)},
            {"prompt": ("lock", "poem"), "kl_coefficient": (0.01, 0.02, 0.1, 0.7)},
        ),
        (
            f"prompt={_RECORDED.prompt}&seed={_RECORDED.seed}&kl_coefficient={_RECORDED.kl_coefficient}",
        ),
        split="prompt",
        rows=("history",),
    ),
    "overoptimization": Plan(
        "live",
        "Every method and every size is here.",
        (
            {
                name: choices("overoptimization", name)
                for name in ("studied", "method", "comparisons")
            },
        ),
    ),
    "dpo_derivation": Plan(
        "gridded",
        "Every step, prompt and mistake is here, with seeds 0 to 2; β moves in steps of a factor of 1.58.",
        (
            {
                "step": range(1, 7),
                "prompt": PROMPTS,
                "beta": (*slider("dpo_derivation", "beta", 4),),
                "seed": (0, 1, 2),
                "mistake": choices("dpo_derivation", "mistake"),
            },
        ),
        split="prompt",
    ),
    "dpo_loss": Plan(
        "gridded",
        "Log-ratios are whole numbers from −10 to 10 (odd ones from −9 to 9 for losses other than sigmoid), "
        "at seven values of β (0.1 and 0.5 for the others). What else can be set needs a server.",
        (
            {
                "loss_type": ("sigmoid",),
                "beta": (0.01, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0),
                "logratio_chosen": even(-10, 10, 1),
                "logratio_rejected": even(-10, 10, 1),
            },
            *(
                {
                    "loss_type": losses,
                    "beta": (0.1, 0.5),
                    "label_smoothing": (smoothing,),
                    "logratio_chosen": even(-9, 9, 2),
                    "logratio_rejected": even(-9, 9, 2),
                }
                for losses, smoothing in ((_PLAIN, 0.0), (("exo_pair",), 0.001))
            ),
        ),
        split="loss_type",
    ),
    "likelihood_displacement": Plan(
        "recorded",
        "Every loss on every prompt with β of 0.1 and seed 0; DPO with β of 0.03 as well, and with seed 1. "
        "Other runs need a server.",
        (
            {"prompt": PROMPTS, "loss": choices("likelihood_displacement", "loss")},
            {"prompt": PROMPTS, "beta": (0.03, 0.1), "seed": (0, 1)},
        ),
        split="prompt",
    ),
    "bring_your_logps": Plan(
        "gridded",
        "The five examples under every loss, the sigmoid at thirteen values of β. Your own data need a "
        "server: a copy computes nothing.",
        (
            {
                "example": choices("bring_your_logps", "example"),
                "beta": (0.3, *slider("bring_your_logps", "beta", 5)),
            },
            {"example": choices("bring_your_logps", "example"), "loss_type": _PLAIN},
            {
                "example": choices("bring_your_logps", "example"),
                "loss_type": ("exo_pair",),
                "label_smoothing": (0.001,),
            },
        ),
        off="[data-compute], [name=text], [name=file]",
    ),
    "beta_effect": Plan(
        "gridded",
        "Every position of the slider is here; a typed β moves to the nearest one.",
        (
            {
                "prompt": PROMPTS,
                "beta": slider("beta_effect", "beta"),
                "reward": choices("beta_effect", "reward"),
            },
        ),
        split="prompt",
        leave_out=("curve", "figure"),
    ),
    "training_race": Plan(
        "recorded",
        "Seeds 0 and 1 of every prompt, and what the suggestions show. To race with other values, a server "
        "is needed. Seconds are those of the machine that made this copy.",
        ({"prompt": PROMPTS, "seed": (0, 1)},),
        split="prompt",
        rows=("dpo", "rlhf"),
        beside=training_race.start,
    ),
    "pipeline_comparison": Plan(
        "recorded",
        "Seeds 0 and 1 of every prompt, and what the suggestions show. Other seeds need a server.",
        ({"prompt": PROMPTS, "seed": (0, 1)},),
        free=("view",),
    ),
    "win_rates": Plan(
        "live",
        "Every benchmark is here.",
        ({"benchmark": choices("win_rates", "benchmark")},),
    ),
    "frontier": Plan(
        "recorded",
        "The study is here as it is, and one run of each method as your own point. Other strengths and seeds "
        "need a server.",
        (
            {"prompt": choices("frontier", "prompt")},
            {
                "prompt": choices("frontier", "prompt"),
                "method": ("ppo", "ppo_true", "dpo", "ipo", "unlikelihood"),
            },
            {"prompt": choices("frontier", "prompt"), "method": ("ppo",), "strength": (0.1,)},
            {
                "prompt": choices("frontier", "prompt"),
                "method": ("preferred_ft",),
                "strength": (100,),
            },
            {"prompt": choices("frontier", "prompt"), "method": ("best_of_n",), "strength": (16,)},
        ),
    ),
    "loss_family": Plan(
        "live",
        "Every loss and every β is here.",
        ({name: choices("loss_family", name) for name in ("loss_type", "beta")},),
    ),
    "quiz": Plan(
        "gridded",
        "Ten sheets are here, seeds 0 to 9, each with its verdicts; every answer is looked up among them.",
        ({"seed": range(10)},),
        free=tuple(QUESTIONS),
        beside=quiz_verdicts.sheet,
    ),
}
