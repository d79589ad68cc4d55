"""What each section teaches: a goal that can be tested, a misconception to expect, and how long it reads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from app.content.sections import SECTIONS, Section
from app.web.templating import templates
from app.widgets.quiz import QUESTIONS
from app.widgets.quiz.kinds import ChoiceQuestion

WORDS_PER_MINUTE = 150


@dataclass(frozen=True)
class Lesson:
    """A section as a lecturer plans it."""

    goal: str
    """what a student can do afterwards, to follow "Students can"."""
    claim: str
    """the misconception, as a student would say it"""
    answer: str


def _quiz(question: str, option: str) -> str:
    """What the quiz says of a wrong option. Raises KeyError if there is none."""
    found = QUESTIONS[question]
    assert isinstance(found, ChoiceQuestion)
    return found.feedback[option]


LESSONS = {
    "alignment-problem": Lesson(
        "say what a preference pair records and what it leaves out, and why a chosen response need not be "
        "good.",
        "A pair says how much better the chosen response is.",
        _quiz("q_pair", "amount"),
    ),
    "rlhf-pipeline": Lesson(
        "name the three stages with what goes into each and comes out, and the four networks that PPO "
        "holds in memory, trained or frozen.",
        "PPO holds four copies of one model.",
        _quiz("q_ppo_memory", "copies"),
    ),
    "reward-modeling": Lesson(
        "compute probability and loss of a pair from two rewards, and say what adding 10 to both would "
        "change.",
        "A response with a reward of 3 is a good one.",
        "Only the difference of two rewards for one prompt has a meaning. Add the same to both, and no "
        "probability, loss or gradient changes.",
    ),
    "ppo-problem": Lesson(
        "write down the objective with its penalty, and point to where over-optimization begins in the "
        "curves of a run.",
        "The learned reward is above true quality, so the model is being over-optimized.",
        _quiz("q_overoptimisation", "gap"),
    ),
    "dpo-insight": Lesson(
        "derive a preference probability that contains only policies, and say where Z(x) cancels and why.",
        "Z(x) drops out because it is 1.",
        _quiz("q_partition", "is_one"),
    ),
    "dpo-loss": Lesson(
        "go by hand from four log-probabilities to the margin, the loss and the weight in the gradient.",
        "The loss falls, so the chosen responses become more likely.",
        _quiz("q_displacement", "likelier"),
    ),
    "beta": Lesson(
        "predict what halving β does to the optimum, to its KL and to the log-ratios that a margin needs.",
        "β is a KL penalty, so it holds DPO close to the reference.",
        _quiz("q_certain", "kl_stops"),
    ),
    "dpo-vs-rlhf": Lesson(
        "count what each method trains, holds in memory and samples, and name what has to hold for both to "
        "have one optimum.",
        "DPO and RLHF end at the same policy.",
        _quiz("q_same_optimum", "always"),
    ),
    "results": Lesson(
        "set a difference of two win rates against its standard error, and read a frontier of reward "
        "against KL.",
        "61.7% is more than 57.0%, so DPO is better.",
        _quiz("q_significant", "higher"),
    ),
    "bigger-picture": Lesson(
        "choose a loss for given data and defend the choice, and name three limits of DPO.",
        "Without a reward model there is nothing to over-optimize.",
        _quiz("q_no_reward_model", "gone"),
    ),
}
"""by the slug of the section"""


def lessons() -> list[tuple[Section, Lesson, int]]:
    """Each section with its lesson and the minutes that its text takes."""
    return [(s, LESSONS[s.slug], reading_minutes(s.slug)) for s in SECTIONS]


@lru_cache(maxsize=32)
def reading_minutes(slug: str) -> int:
    """How long the text of a section reads, its widgets aside, in whole minutes."""
    return max(1, round(reading_words(slug) / WORDS_PER_MINUTE))


def reading_words(slug: str) -> int:
    """Words in a section's template, its widgets aside.

    A citation counts as none, an equation as its words, a value as one.
    """
    loader = templates.env.loader
    assert loader is not None
    text = loader.get_source(templates.env, f"sections/{slug}.html")[0]
    text = re.sub(r'\{\{ heading\("([^"]+)"\) \}\}', r"\1", text)
    text = re.sub(r'\{\{ equation\(.*?words="([^"]+)".*?\}\}', r"\1", text, flags=re.S)
    text = re.sub(
        r"\{\{ (?:widget|cite|define)\(.*?\}\}|\{#.*?#\}|\{%.*?%\}", " ", text, flags=re.S
    )
    text = re.sub(r"\{\{.*?\}\}", "value", text, flags=re.S)
    return len(re.sub(r"<[^>]*>", " ", text).split())
