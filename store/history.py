"""The records of what happened how often: counted by name, an hour or a day at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from store.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally(Record):
    """How often each name was counted in the hour or day from `starts_at` on.

    Its id is `project:topic:span:start`; `span` is hour or day.
    """

    INDEXES = (("project", "topic", "span", "starts_at"), ("span", "starts_at"))

    topic: str
    span: str
    starts_at: datetime
    counts: Mapping[str, int] = field(default_factory=dict)
