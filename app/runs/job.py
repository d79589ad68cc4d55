"""A job is the training behind one widget in one state."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from app.paths import PACKAGE
from app.runs.policies import policies_of
from app.widgets.base import Widget, WidgetParams
from app.widgets.registry import WIDGETS

Output = Literal["result", "policies"]


class Event(NamedTuple):
    """One event of a job. The last one is named ``done`` and holds the result."""

    name: str
    data: str
    """JSON"""


@dataclass(frozen=True)
class Job:
    """What to run. Holds only strings, so that it can be sent to another process or machine."""

    widget: str
    params: str
    """JSON of all parameters"""
    what: Output = "result"

    @property
    def key(self) -> str:
        """A hash of the job, the code and the weights."""
        text = "\n".join((code_hash(), self.widget, self.params, self.what))
        return hashlib.sha256(text.encode()).hexdigest()


def job_of(widget: Widget, params: WidgetParams, what: Output = "result") -> Job:
    """The job that computes a widget's result, or its policies; the same for all that share a result."""
    fields = type(params).model_fields
    params = params.model_copy(update={name: fields[name].default for name in widget.free})
    return Job(widget.name, params.model_dump_json(), what)


def events(job: Job) -> Iterator[Event]:
    """Run a job in this process. Raises whatever the training raises."""
    widget = WIDGETS[job.widget]
    params = widget.params.model_validate_json(job.params)
    if job.what == "policies":
        assert widget.policies is not None
        yield Event("done", policies_of(widget.policies(params)).model_dump_json())
        return
    if widget.stream is not None:
        for name, data in widget.stream(params):
            yield Event(name, data.model_dump_json())
    yield Event("done", widget.compute(params).model_dump_json())


@lru_cache(maxsize=1)
def code_hash() -> str:
    """A hash of all code and data that results depend on."""
    digest = hashlib.sha256()
    data = (file for file in PACKAGE.rglob("data/*") if file.is_file())
    for file in sorted([*PACKAGE.rglob("*.py"), *data]):
        digest.update(str(file.relative_to(PACKAGE)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
