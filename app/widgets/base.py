"""What every widget shares: strict Params, a result with a finding, and an entry of the registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from app.lab.world import the_world
from app.widgets.plan import Plan

PromptId = StrEnum("PromptId", {prompt.id: prompt.id for prompt in the_world().prompts})  # type: ignore[misc]
"""The six prompts by id, as an enumeration, so that OpenAPI lists them."""

PROMPT_TEXTS = {prompt.id: prompt.text for prompt in the_world().prompts}


class WidgetParams(BaseModel):
    """Parameters of a widget: immutable, so results can be cached; a typing error is refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        use_enum_values=True,
        validate_default=True,
    )


class WidgetResult(BaseModel):
    """What a widget computes; ``finding`` says what there is to see."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    finding: str = Field(description="what the numbers say, in a sentence or two")


@dataclass(frozen=True)
class Ranges:
    """How the results at all positions of a slider are computed, so that dragging it needs no server."""

    compute_many: Callable[[Sequence[Any]], Sequence[WidgetResult]]
    """the results of several params at once, which differ in one parameter; without fields that no
    page shows"""
    along: tuple[str, ...]
    """the parameters that have such a slider"""


@dataclass(frozen=True)
class Ask:
    """A question that the reader answers before the answer is drawn."""

    question: str
    choices: Mapping[str, str]
    """the label of each button, by a token (a, b, c) that stands for it in addresses"""


@dataclass(frozen=True)
class Step:
    """A numbered state of a figure and the sentence that it shows."""

    say: str
    """one sentence with its verb phrase in <b>…</b>, and no other markup"""
    query: str = ""
    """state of the controls, as a query"""
    at: int | None = None
    """place of the scrub; None: the figure has none, or its last place"""
    ask: Ask | None = None
    always: bool = False
    """whether the sentence is true whatever the parameters are"""


@dataclass(frozen=True)
class Widget:
    """One entry of the registry."""

    name: str
    title: str
    caption: str
    """what the widget lets the reader do, in a sentence or two"""
    params: type[WidgetParams]
    result: type[WidgetResult]
    compute: Callable[[Any], WidgetResult]
    example: str = ""
    """a query string that shows something worth seeing"""
    steps: tuple[Step, ...] = ()
    """numbered from 1"""
    start: int = 1
    """the step of the default state"""
    ask: Ask | None = None
    """a question that every state asks anew, of a widget without steps"""
    places: int = 0
    """the last place of the scrub, counted from 0, or of the longest one; 0: the figure has none"""
    opens: Callable[[Any], int] | None = None
    """of a figure to leaf through, whose places are counted from 1: the one that is shown for some params
    if the address names none; None: the last place, of a scrub"""
    warm: tuple[str, ...] = ()
    """states, as queries, that train and that a server computes before it is ready; steps follow"""
    trains: Callable[[Any], bool] = lambda _: False
    """whether a result needs training, which is queued and runs in another process"""
    stream: Callable[[Any], Iterator[tuple[str, BaseModel]]] | None = None
    """events to stream before the result, by name, in the order of training"""
    streamed: str = ""
    """description of these events for OpenAPI"""
    ranges: Ranges | None = None
    """which sliders get the results of all their positions at once"""
    free: tuple[str, ...] = ()
    """parameters that a result does not depend on"""
    policies: Callable[[Any], dict[str, Tensor]] | None = None
    """log pi(y|x) of each trained policy by name, shape (7776,), float64; None if none is trained"""
    export: Plan = field(default_factory=Plan)
    """what an offline copy holds of it"""
    receipt: Callable[[Any, Any], Mapping[str, Any]] = lambda _params, _result: {}
    """what templates/receipts/N.py.jinja needs beside params and result"""

    @property
    def suggested(self) -> tuple[str, ...]:
        """The states that the page suggests, as queries."""
        return tuple(dict.fromkeys(step.query for step in self.steps))


def always(_: WidgetParams) -> bool:
    """The ``trains`` of widgets that train in every state."""
    return True
