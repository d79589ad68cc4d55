"""Receipts: how to get a widget's numbers again, by a request, and by torch without this package."""

from __future__ import annotations

import shlex
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, Field

from app.lab.trained import the_lab
from app.lab.world import the_world
from app.receipts.formulas import LOSSES, SIDES
from app.state.views import WidgetView
from app.web.templating import templates
from app.widgets.base import WidgetResult
from app.widgets.dpo_derivation.mistakes import opponents_prompt
from app.widgets.rlhf_pipeline import ppo


class Receipt(BaseModel):
    """Where the numbers of a widget in one state come from."""

    url: str = Field(description="the request whose answer the widget shows")
    curl: str = Field(description="the same request for a shell")
    snippet: str = Field(
        description="Python that needs torch alone and prints the numbers again, by their paths in the answer"
    )


def receipt(view: WidgetView, base: str) -> Receipt:
    """The receipt of a widget in its state; ``base`` is the address of this site, without a slash."""
    name = view.widget.name
    base = quote(base, safe=":/[]@-._~%")
    url = f"{base}/api/v1/{name}{view.query}"
    return Receipt(url=url, curl=f"curl -s {shlex.quote(url)}", snippet=snippet(view, base))


def without_figures(result: WidgetResult) -> dict[str, Any]:
    """A result for reading: its numbers, without the figures that are drawn from them."""
    answer: dict[str, Any] = result.model_dump(mode="json")
    return {
        key: value
        for key, value in answer.items()
        if not (isinstance(value, dict) and {"data", "layout"} <= value.keys())
    }


def snippet(view: WidgetView, base: str) -> str:
    """The snippet of a widget, templates/receipts/N.py.jinja, filled in with its state."""
    template = templates.env.get_template(f"receipts/{view.widget.name}.py.jinja")
    params = view.params.model_dump(mode="json")
    text = template.render(
        base=base,
        p=params,
        r=view.result,
        query=view.query,
        formula=LOSSES.__getitem__,
        sides=_sides,
        **_of_prompt(params),
        **_of_stage(params),
        **_of_comparison(view.result),
    )
    return text.strip() + "\n"


def _sides(step: int) -> str:
    left, right = SIDES[step]
    return f"left = {left}\nright = {right}"


def _of_prompt(params: dict[str, Any]) -> dict[str, Any]:
    """The prompt of the widget, if it has one, and the one that follows it."""
    prompt = params.get("prompt", params.get("studied"))
    if prompt is None:
        return {}
    world = the_world()
    number = world.prompt_number(prompt)
    other = world.prompts[opponents_prompt(number, "other_prompt")].id
    return {"prompt": prompt, "prompt_number": number, "other_prompt": other}


def _of_stage(params: dict[str, Any]) -> dict[str, Any]:
    """What the stages of the pipeline need: all prompts, the held-out pairs, and the run of PPO."""
    if "stage" not in params:
        return {}
    world = the_world()
    config, prompt = ppo.CONFIG, world.prompts[ppo.PROMPT].id
    run = f"prompt={prompt}&kl_coefficient={config.kl_coefficient}&seed={config.seed}"
    return {
        "prompts": tuple(prompt.id for prompt in world.prompts),
        "held_out_seed": the_lab().held_out_seed,
        "ppo_policies": f"ppo_dynamics/policies?{run}&iterations={config.iterations}",
        "prompt": prompt,
    }


def _of_comparison(result: Any) -> dict[str, Any]:
    """Wins and sample sizes behind the first comparison of published results."""
    comparison = getattr(result, "comparison", None)
    if comparison is None:
        return {"wins": [], "sizes": []}
    by_label = {method.label: method for method in result.methods}
    pair = [by_label[label] for label in (comparison.first, comparison.second) if label in by_label]
    # The first method alone against an even split.
    pair = pair or result.methods[:1]
    wins, sizes = [method.wins for method in pair], [method.n for method in pair]
    return {
        "wins": wins if None not in wins else [],
        "sizes": sizes if None not in sizes else [],
    }
