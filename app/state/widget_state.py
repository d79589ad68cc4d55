"""A widget in the state of an address, before anything is computed, and the addresses that lead on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from urllib.parse import parse_qsl

from app.state.controls import Control, controls_of, non_defaults, query_string
from app.state.flags import NO_FLAGS, Flags
from app.state.place import (
    NOWHERE,
    Place,
    address_name,
    parameter_names,
    place_names,
    place_of,
)
from app.state.query import params_of
from app.web.problem import InvalidParams
from app.widgets.base import Ask, Step, Widget, WidgetParams

CUSTOM = "<b>Custom settings.</b>"
"""in place of the sentence of a step whose parameters are not shown"""


@dataclass(frozen=True)
class WidgetState:
    """A widget with its parameters, its place and the flags of its page."""

    widget: Widget
    params: WidgetParams
    flags: Flags = NO_FLAGS
    place: Place = NOWHERE
    shared: frozenset[str] = frozenset()
    """parameters that other widgets of its page have as well, which addresses there call ``N.param``"""
    beside: Mapping[str, str] = field(default_factory=dict)
    """the states of the other widgets, as query parameters of its page"""

    @cached_property
    def controls(self) -> dict[str, Control]:
        """The controls by the names of their parameters."""
        return controls_of(self.params)

    # ---- where the figure stands -----------------------------------------------------------------

    @property
    def number(self) -> int | None:
        """The number of the current step.

        It is the one given, until it is left for the parameters of another one; else the one that
        shows these parameters. A guess belongs to the one given.
        """
        given, implied = self.place.step, self._implied(self.params)
        if given and (self.place.guess or self._params_of_steps.get(given) == self.params):
            return given
        return implied or given

    @property
    def current(self) -> Step | None:
        """The current step."""
        return None if self.number is None else self.widget.steps[self.number - 1]

    @property
    def at(self) -> int | None:
        """The place of the scrub; None: the last place.

        If the address does not say it, it is where the figure opens or that of the current step, and
        the last once the reader has made a guess.
        """
        return self._settled_at if self.place.at is None else self._unless_last(self.place.at)

    @property
    def left(self) -> bool:
        """Whether the figure stands elsewhere than its step puts it: without a current step, the start."""
        if self.number is None:
            return bool(self.widget.steps)
        return self._params_of_steps.get(self.number) != self.params or self.at != self._settled_at

    @property
    def says(self) -> str:
        """The sentence of the current step, or of the start, unless the parameters have made it false."""
        steps = self._params_of_steps
        number = self.number or self.widget.start
        if number not in steps:
            number = min(steps, default=0)
        if not number:
            return CUSTOM
        step = self.widget.steps[number - 1]
        if step.always or self.params == steps[number]:
            return step.say
        return f"{CUSTOM} Press {number} to reset them."

    @property
    def asking(self) -> bool:
        """Whether the current step, or the state of a widget that always asks, waits for a guess."""
        if self.widget.ask:
            return not self.place.guess
        asks = self.current is not None and self.current.ask is not None
        return asks and not self.place.guess and not self.left

    @property
    def guessed(self) -> str:
        """The token of the reader's guess while the state that it was about is shown; empty without one."""
        step = self._params_of_steps.get(self.number) if self.number else None
        return self.place.guess if self.widget.ask or step == self.params else ""

    @property
    def ask(self) -> Ask | None:
        """The question of the current step, or of the start if there is none."""
        if not self.widget.steps:
            return self.widget.ask
        return self.widget.steps[(self.number or self.widget.start) - 1].ask

    # ---- what can be shown from here -------------------------------------------------------------

    @property
    def steps(self) -> dict[int, Step]:
        """The steps by number, without those that would change a parameter that the reader cannot change."""
        return {number: self.widget.steps[number - 1] for number in self._params_of_steps}

    # ---- addresses -------------------------------------------------------------------------------

    @property
    def query(self) -> str:
        """The parameters as the query string of the API, without defaults."""
        return self.query_with()

    def query_with(self, **changes: object) -> str:
        """The query string of the API with some parameters changed."""
        return query_string(non_defaults(self.controls, **changes))

    @property
    def page_query(self) -> str:
        """The query string of the widget's own page in this state, with its place and its flags."""
        values = non_defaults(self.controls)
        return query_string(values | self._placed(values) | self.flags.given)

    def here_query(self, **changes: object) -> str:
        """The query string of the page that the widget is on, with some parameters changed."""
        values = non_defaults(self.controls, **changes)
        placed = {} if changes and self.widget.ask else self._placed(values)
        return self._query_here(values, placed)

    @property
    def card_values(self) -> dict[str, str]:
        """The parameters and the place as query parameters of the page that the widget is on.

        The flags are left out, as a card does not show them.
        """
        values = non_defaults(self.controls)
        return self._named_here(values) | self._placed(values)

    @property
    def kept_place(self) -> dict[str, str]:
        """The step and the guess as fields of a form, whose parameters may change; ``at`` is a control."""
        number = self._written_number
        if self.widget.ask or number is None:
            return {}  # other parameters are asked anew
        if not self.place.guess and self._is_bare_start(number):
            return {}
        return self._named(step=number, guess=self.place.guess)

    def step_query(self, number: int) -> str:
        """The query string of the page that the widget is on, at one of ``steps``."""
        values = self._kept(self.widget.steps[number - 1].query)
        if values is None:
            raise KeyError(f"step {number} of {self.widget.name} changes a parameter that is held")
        there = replace(self, params=self._valid(values), place=Place(step=number))
        return self._query_here(values, there._placed(values))

    def guess_query(self, token: str, number: int | None = None) -> str:
        """The query string of the page that the widget is on after a guess, here or at another step."""
        if not number or not self.widget.steps or number == self.number:
            return replace(self, place=Place(step=self.place.step, guess=token)).here_query()
        values = self._kept(self.widget.steps[number - 1].query) or {}
        there = replace(self, params=self._valid(values), place=Place(step=number, guess=token))
        return self._query_here(values, there._placed(values))

    # ---- inside ----------------------------------------------------------------------------------

    def _query_here(self, values: Mapping[str, str], placed: Mapping[str, str]) -> str:
        """A query string of the page that the widget is on, with the states of the others."""
        return query_string(
            {**self._named_here(values), **placed, **self.beside, **self.flags.given}
        )

    def _named_here(self, values: Mapping[str, str]) -> dict[str, str]:
        """Parameters by the names that they have on the page that the widget is on."""
        return {
            f"{self.widget.name}.{name}" if name in self.shared else name: value
            for name, value in values.items()
        }

    @cached_property
    def _held(self) -> dict[str, str]:
        """The parameters that the reader cannot change, without defaults."""
        values = non_defaults(self.controls)
        return {name: value for name, value in values.items() if name in self.flags.held}

    def _kept(self, query: str) -> dict[str, str] | None:
        """A state with the values that the reader cannot change; None if it would change one."""
        wanted = dict(parse_qsl(query))
        params = self._valid(wanted)
        conflicts = self.flags.held & wanted.keys()
        if any(getattr(params, name) != getattr(self.params, name) for name in conflicts):
            return None
        return wanted | self._held

    def _valid(self, values: Mapping[str, str]) -> WidgetParams:
        return self.widget.params.model_validate(values)

    @cached_property
    def _params_of_steps(self) -> dict[int, WidgetParams]:
        """The parameters at each step that can be shown, by its number."""
        kept = {n: self._kept(step.query) for n, step in enumerate(self.widget.steps, 1)}
        return {n: self._valid(values) for n, values in kept.items() if values is not None}

    def _implied(self, params: WidgetParams) -> int | None:
        """The step that shows parameters if no step is given: the start, or else the first.

        Not one that asks and places no scrub: a handle on its way would open the question.
        """
        numbers = (self.widget.start, *self._params_of_steps)
        return next(
            (
                n
                for n in numbers
                if self._params_of_steps.get(n) == params and not self._asks_at_once(n)
            ),
            None,
        )

    def _asks_at_once(self, number: int) -> bool:
        """Whether the parameters alone bring up the question of a step."""
        step = self.widget.steps[number - 1]
        return step.ask is not None and step.at is None

    @property
    def _settled_at(self) -> int | None:
        """The place of the scrub if the address does not say it."""
        if self.widget.opens is not None:
            return self._unless_last(self.widget.opens(self.params))
        if self.current is None or self.place.guess:
            return None
        return self._unless_last(self.current.at)

    def _unless_last(self, at: int | None) -> int | None:
        return None if at == self.widget.places else at

    @property
    def _written_number(self) -> int | None:
        """The step that an address of this place has to lead to; a guess belongs to one."""
        start = self.widget.start if self.widget.steps and self.place.guess else None
        return self.number or start

    def _is_bare_start(self, number: int) -> bool:
        """Whether a step is what pages show where parameters lead to no step."""
        start = self.widget.steps[self.widget.start - 1]
        return number == self.widget.start and self._unless_last(start.at) is None

    def _placed(self, values: Mapping[str, str]) -> dict[str, str]:
        """The place as query parameters beside ``values``, as far as these do not lead there."""
        number = self._written_number
        if number and not values and self._params_of_steps.get(number) != self._valid(values):
            number = None  # a step alone would lead to its own state
        if number is not None:
            implied = self._implied(self._valid(values))
            if implied == number or (implied is None and self._is_bare_start(number)):
                number = None
        at = self.place.at if self.at != self._settled_at else None
        return self._named(step=number, at=at, guess=self.place.guess)

    def _named(self, **parts: object) -> dict[str, str]:
        return {
            address_name(self.widget, part): str(value)
            for part, value in parts.items()
            if value not in (None, "")
        }


def state_of(
    widget: Widget, query: dict[str, str], flags: Flags = NO_FLAGS, *, alone: bool = False
) -> WidgetState:
    """A widget in the state of a query that may have other parameters as well.

    Args:
        alone: whether the page has no other widget (see place_names())

    Raises:
        InvalidParams: a parameter or a part of the place is refused
    """
    place = place_of(widget, query, alone=alone)
    given = {part: name for name, part in parameter_names(widget).items() if name in query}
    values = {part: query[name] for part, name in given.items()}
    if place.step and not values:
        # A step alone leads to its state.
        values = dict(parse_qsl(widget.steps[place.step - 1].query))
    state = WidgetState(widget, params_of(widget, values, given), flags, place)
    if place.guess and (state.ask is None or place.guess not in state.ask.choices):
        names = place_names(widget, alone=alone)
        name = next(name for name, part in names.items() if part == "guess" and name in query)
        if state.ask is None:
            asking = [str(n) for n, step in enumerate(widget.steps, 1) if step.ask]
            raise InvalidParams.of(
                name, "this step asks nothing", f"at a step that asks: {', '.join(asking)}"
            )
        raise InvalidParams.of(
            name, "there is no such choice", f"one of: {', '.join(state.ask.choices)}"
        )
    return state
