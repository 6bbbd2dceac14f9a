"""The durations and limits that the rules obey."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Rules:
    """What a deployment may tune; the defaults are the documented ones."""

    session_ttl: timedelta = timedelta(days=14)
    session_touch_every: timedelta = timedelta(seconds=30)
    lock_stale_after: timedelta = timedelta(minutes=30)
    presence_stale_after: timedelta = timedelta(minutes=5)
    signal_ttl: timedelta = timedelta(hours=24)
    message_retention: timedelta = timedelta(days=7)
    event_retention: timedelta = timedelta(days=7)
    audit_retention: timedelta = timedelta(days=90)
    document_retention: timedelta = timedelta(days=90)
    history_retention: timedelta = timedelta(days=90)
    answer_retention: timedelta = timedelta(hours=24)
    wait_limit_seconds: int = 55


MAX_NAME = 100
MAX_TITLE = 300
MAX_LINE = 1_000
MAX_TEXT_BYTES = 51_200
MAX_PATH = 1_024
MAX_PATHS = 200
MAX_TAGS = 50
MAX_PAGE = 100
