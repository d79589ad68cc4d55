"""Server-sent events, and what a reader sees of a training run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


class BadStream(RuntimeError):
    """A stream had unexpected events."""


@dataclass(frozen=True)
class Event:
    """One event."""

    name: str
    data: str


def events_of(lines: Iterable[bytes]) -> Iterator[Event]:
    """The events in the lines of a stream, each with one line of data, as the server writes them."""
    name, data = "message", None
    for line in lines:
        key, _, value = line.decode().partition(":")
        if key == "event":
            name = value.strip()
        elif key == "data":
            data = value.strip()
        elif not line and data is not None:
            yield Event(name, data)
            name, data = "message", None


@dataclass
class RunWatch:
    """What the stream of a run showed its reader, and when, in seconds since the request."""

    places: list[int] = field(default_factory=list)
    """places in the queue, in order"""
    rows: int = 0
    first_row: float | None = None
    done: float | None = None

    def take(self, event: Event, seconds: float) -> None:
        """Record an event.

        Raises BadStream for an unexpected event, a place that rises, or a row out of order.
        """
        if self.done is not None:
            raise BadStream(f"{event.name} after done")
        if event.name == "queued":
            place = int(json.loads(event.data)["place"])
            if self.rows:
                raise BadStream("queued after the first row")
            if place < 1 or (self.places and place > self.places[-1]):
                raise BadStream(f"place {place} after {self.places}")
            self.places.append(place)
        elif event.name == "step":
            iteration = int(json.loads(event.data)["iteration"])
            if iteration != self.rows:
                raise BadStream(f"row {iteration} where row {self.rows} was due")
            self.rows += 1
            self.first_row = seconds if self.first_row is None else self.first_row
        elif event.name == "done":
            if not self.rows:
                raise BadStream("done without a row")
            if len(json.loads(event.data)["history"]) != self.rows:
                raise BadStream("a result with another number of rows than were sent")
            self.done = seconds
        else:
            raise BadStream(f"event {event.name!r}: {event.data[:200]}")
