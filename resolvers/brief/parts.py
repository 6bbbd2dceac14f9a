"""What a brief is made of: the entries of its sections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class BriefMessage:
    """An unread message; a long text is cut and ends in `…`."""

    id: str
    sender: str
    priority: str
    category: str
    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class BriefLock:
    """A lock that others hold."""

    path: str
    holder: str
    reason: str
    since: datetime
    is_stale: bool


@dataclass(frozen=True, slots=True)
class BriefHandoff:
    """What the agent's last session in the project left to the next."""

    session_id: str
    ended_at: datetime
    summary: str
    notes: str
    files_modified: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BriefAgent:
    """Another session under way."""

    agent: str
    task: str
    idle_minutes: int


@dataclass(frozen=True, slots=True)
class BriefOverlap:
    """A file that both the agent's task and another's work under way touch."""

    path: str
    agent: str


@dataclass(frozen=True, slots=True)
class BriefItem:
    """A backlog item that is open, unblocked and unassigned."""

    id: str
    title: str
    priority: str


@dataclass(frozen=True, slots=True)
class BriefSignal:
    """A signal sent within its lifetime."""

    name: str
    details: str
    agent: str


@dataclass(frozen=True, slots=True)
class BriefRule:
    """A guideline of the project or, with an empty `project`, of the server."""

    name: str
    rule: str
    author: str
    project: str


@dataclass(frozen=True, slots=True)
class BriefLearning:
    """Something learnt that may bear on the task."""

    id: str
    title: str
    type: str
    age_days: int


@dataclass(frozen=True, slots=True)
class BriefChange:
    """An interface that others changed within a week; `version` may be empty."""

    name: str
    version: str
    by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Brief:
    """The sections, most important first. `omitted` says of which there is more, and where."""

    unread_messages: tuple[BriefMessage, ...] = ()
    locks: tuple[BriefLock, ...] = ()
    handoff: tuple[BriefHandoff, ...] = ()
    active_agents: tuple[BriefAgent, ...] = ()
    overlaps: tuple[BriefOverlap, ...] = ()
    ready_backlog: tuple[BriefItem, ...] = ()
    signals: tuple[BriefSignal, ...] = ()
    guidelines: tuple[BriefRule, ...] = ()
    learnings: tuple[BriefLearning, ...] = ()
    interface_changes: tuple[BriefChange, ...] = ()
    omitted: tuple[str, ...] = ()
