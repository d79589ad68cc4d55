"""The ten sections, and the appendices: pages beside them with figures of their own."""

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

    @property
    def path(self) -> str:
        """The path of its page below the root of the site."""
        return f"/sections/{self.slug}"

    @property
    def name(self) -> str:
        """The heading with the number."""
        return f"{self.numeral}. {self.title}"

    @property
    def kind(self) -> str:
        """What a preview calls it, above its title."""
        return f"Section {self.numeral}"


@dataclass(frozen=True)
class Appendix:
    """A page with widgets that belong to no section."""

    slug: str
    title: str
    promise: str
    widgets: tuple[str, ...]

    kind = "Appendix"

    @property
    def path(self) -> str:
        """The path of its page below the root of the site."""
        return f"/{self.slug}"

    @property
    def name(self) -> str:
        """The heading."""
        return self.title


SECTIONS = (
    Section(
        "I",
        "alignment-problem",
        "The alignment problem",
        "Judge pairs of answers yourself, and see the coin that labeled them.",
        ("preference_pairs",),
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
        "Work the loss by hand and in code, see where probability goes, and align a model with your labels.",
        ("dpo_loss", "likelihood_displacement", "annotator"),
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
        "Which loss when, who uses what today, what to watch out for, and a quiz.",
        ("loss_family", "length_bias", "quiz"),
    ),
)


CHECK = Appendix(
    "check",
    "Check your own run",
    "Hand in a trainer’s log, or log-probabilities, and read which common mistakes the numbers show.",
    ("bring_your_logps",),
)

Chapter = Section | Appendix

CHAPTERS: tuple[Chapter, ...] = (*SECTIONS, CHECK)


def chapter_of(widget: str) -> Chapter:
    """The section or the appendix that has a widget. Raises KeyError if none has it."""
    for chapter in CHAPTERS:
        if widget in chapter.widgets:
            return chapter
    raise KeyError(widget)


def section_by_slug(slug: str) -> Section | None:
    """The section with this slug, or None."""
    return next((section for section in SECTIONS if section.slug == slug), None)
