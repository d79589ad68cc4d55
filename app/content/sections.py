"""The ten sections."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """A section: its number, slug, heading and widgets."""

    numeral: str
    slug: str
    title: str
    promise: str
    """what the reader can try there, in a line for the table of contents"""
    widgets: tuple[str, ...]


SECTIONS = (
    Section(
        "I",
        "alignment-problem",
        "The alignment problem",
        "Read pairs of answers, see how four judges score them, and align a model with your own labels.",
        ("preference_pairs", "annotator"),
    ),
    Section(
        "II",
        "rlhf-pipeline",
        "The RLHF pipeline",
        "Open each of the three stages: what goes in, what is trained, what it cost.",
        ("rlhf_pipeline",),
    ),
    Section(
        "III",
        "reward-modeling",
        "Reward modeling",
        "Pull two rewards apart and watch probability, loss and gradient respond.",
        ("reward_separation",),
    ),
    Section(
        "IV",
        "ppo-problem",
        "The PPO problem",
        "Run real PPO, live, and watch it outrun its own reward model.",
        ("ppo_dynamics", "overoptimization"),
    ),
    Section(
        "V",
        "dpo-insight",
        "The key DPO insight",
        "Step through the derivation, each line checked on all 7,776 responses.",
        ("dpo_derivation",),
    ),
    Section(
        "VI",
        "dpo-loss",
        "The DPO loss",
        "Set two log-ratios and beta; compare sixteen losses, and check your own run.",
        ("dpo_loss", "likelihood_displacement", "bring_your_logps"),
    ),
    Section(
        "VII",
        "beta",
        "The β parameter",
        "Vary beta and see which answers gain probability, and at what KL.",
        ("beta_effect",),
    ),
    Section(
        "VIII",
        "dpo-vs-rlhf",
        "DPO vs RLHF",
        "Race DPO and PPO from the same comparisons, live, and count what each took.",
        ("training_race", "pipeline_comparison"),
    ),
    Section(
        "IX",
        "results",
        "Experimental results",
        "The paper’s figures with their standard errors, and its frontier computed again in the lab.",
        ("win_rates", "frontier"),
    ),
    Section(
        "X",
        "bigger-picture",
        "The bigger picture",
        "What came after, what to watch out for, and a quiz.",
        ("loss_family", "quiz"),
    ),
)


def section_of(widget: str) -> Section:
    """The section of a widget. Raises KeyError if none has it."""
    for section in SECTIONS:
        if widget in section.widgets:
            return section
    raise KeyError(widget)


def section_by_slug(slug: str) -> Section | None:
    """The section with this slug, or None."""
    return next((section for section in SECTIONS if section.slug == slug), None)
