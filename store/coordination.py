"""The records of coordination: projects, agents, sessions, work, locks, messages, backlog, keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from store.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(Record):
    """A registered project; its id is its normalised name."""

    INDEXES = (("created_at",),)

    display_name: str = ""
    created_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent(Record):
    """An agent known in a project; its id is `project/name`."""

    INDEXES = (("project",), ("project", "last_seen_at"), ("last_seen_at",), ("project", "tier"))
    SEARCHED = ("name", "role_description")

    name: str
    tier: str = "pending"
    role_description: str = ""
    path_patterns: tuple[str, ...] = ()
    key_id: str = ""
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    session_count: int = 0
    last_task: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence(Record):
    """An agent's latest heartbeat; its id is `project/name`."""

    INDEXES = (("project", "heartbeat_at"),)

    agent: str
    status: str = "idle"
    current_task: str = ""
    tmux_target: str = ""
    heartbeat_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Record):
    """One run of an agent in a project; `status` is active, ended or lapsed.

    `secret_hash` is set when it was begun with `api_key` as an argument: its id alone is then no
    credential, the secret handed out once is. `ended_by` is the person who ended it in the agent's place.
    """

    PREFIX = "ses"
    INDEXES = (
        ("project", "status", "active_at"),
        ("status", "active_at"),
        ("project", "agent", "status", "created_at"),
        ("project", "status", "ended_at"),
        ("key_id", "status"),
    )

    agent: str
    key_id: str = ""
    secret_hash: str = ""
    status: str = "active"
    task: str = ""
    working_directory: str = ""
    tmux_target: str = ""
    spawned_by: str = ""
    active_at: datetime
    ended_at: datetime | None = None
    summary: str = ""
    handoff: str = ""
    learnings: str = ""
    files_modified: tuple[str, ...] = ()
    ended_by: str = ""
    end_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Record):
    """One line owed to a session: it is told with the next result, then forgotten."""

    PREFIX = "ntc"
    INDEXES = (("session_id", "created_at"), ("created_at",))

    session_id: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Work(Record):
    """What a session is doing; its id is the session's."""

    INDEXES = (
        ("project", "status", "updated_at"),
        ("project", "agent", "updated_at"),
        ("project", "updated_at"),
    )

    agent: str
    title: str
    status: str = "in_progress"
    files: tuple[str, ...] = ()
    notes: str = ""
    blocked_by: str = ""
    blocked_reason: str = ""
    waiting_for_signal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkFile(Record):
    """A file that work under way touches; its id is `session:path`. Gone when the work ends."""

    INDEXES = (("project", "path"), ("session_id",), ("updated_at",))

    session_id: str
    agent: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal(Record):
    """A named signal, sent by work; its id is `project/name`. A later one replaces it."""

    INDEXES = (("project", "updated_at"), ("updated_at",))

    name: str
    details: str = ""
    agent: str = ""
    session_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock(Record):
    """An exclusive lock on a path; its id is `project:path`, a directory's path ends in `/`."""

    INDEXES = (("project", "path"), ("session_id",), ("project", "created_at"))
    UNIQUE = (("project", "path"),)

    path: str
    session_id: str
    agent: str
    reason: str = ""
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LockWaiter(Record):
    """A request in the queue for locks; `expires_at` ends it should its server die."""

    PREFIX = "wai"
    INDEXES = (("project", "created_at"), ("expires_at",), ("session_id",))

    session_id: str
    agent: str
    paths: tuple[str, ...]
    reason: str = ""
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence(Record):
    """A project's lock counter; its id is the project. Each grant raises it, so grants serialise."""

    value: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Record):
    """A message to one or more agents of `project`; who has read it stands in its deliveries."""

    PREFIX = "msg"
    INDEXES = (
        ("project", "created_at"),
        ("thread_id", "created_at"),
        ("from_project", "sender", "created_at"),
    )

    from_project: str
    sender: str
    sender_key_id: str = ""
    to: tuple[str, ...]
    is_broadcast: bool = False
    text: str
    priority: str = "normal"
    category: str = "info"
    thread_id: str
    reply_to: str = ""
    in_response_to: str = ""
    chain_depth: int = 0
    require_human: bool = False
    user_originated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery(Record):
    """A message's way to one recipient; its id is `message:recipient`.

    `priority_rank` is 0 urgent, 1 normal, 2 low. `finished_at` is set with completed or failed.
    """

    INDEXES = (
        ("project", "recipient", "status", "priority_rank", "created_at"),
        ("project", "recipient", "priority_rank", "created_at"),
        ("project", "status", "priority_rank", "created_at"),
        ("message_id",),
        ("finished_at",),
    )

    message_id: str
    recipient: str
    recipient_key_id: str = ""
    status: str = "pending"
    priority_rank: int = 1
    delivered_at: datetime | None = None
    received_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDigest(Record):
    """The last time a text went from a sender to a recipient; its id is their hash."""

    INDEXES = (("updated_at",),)

    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BacklogItem(Record):
    """A piece of work to be done. `priority_rank` is 0 critical to 3 low.

    `open_blockers` counts those in `blocked_by` not yet done: `ready` is open, 0, unassigned.
    `blocking` counts the items that wait for it. `claimed_in` is the session it was claimed in.
    """

    PREFIX = "bkl"
    INDEXES = (
        ("project", "priority_rank", "created_at"),
        ("project", "is_closed", "priority_rank", "created_at"),
        ("project", "status", "priority_rank", "created_at"),
        ("project", "status", "assignee", "open_blockers", "priority_rank", "created_at"),
        ("project", "assignee", "priority_rank", "created_at"),
        ("project", "assignee", "is_closed", "priority_rank", "created_at"),
        ("project", "target_version", "priority_rank", "created_at"),
        ("project", "target_version", "is_closed", "priority_rank", "created_at"),
    )
    SEARCHED = ("title", "description")

    title: str
    description: str = ""
    status: str = "open"
    is_closed: bool = False
    priority: str = "medium"
    priority_rank: int = 2
    assignee: str = ""
    tags: tuple[str, ...] = ()
    target_version: str = ""
    deferred_reason: str = ""
    blocked_by: tuple[str, ...] = ()
    open_blockers: int = 0
    blocking: int = 0
    claimed_in: str = ""
    created_by: str = ""
    edit_count: int = 0
    resolution: str = ""
    completed_by: str = ""
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BacklogLink(Record):
    """`item_id` waits for `blocker_id`; its id is `item>blocker`."""

    INDEXES = (("blocker_id",), ("item_id",))

    item_id: str
    blocker_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BacklogTag(Record):
    """A tag of an item, in the order of the backlog; its id is `item:tag`, `created_at` the item's."""

    INDEXES = (
        ("project", "tag", "priority_rank", "created_at"),
        ("project", "tag", "is_closed", "priority_rank", "created_at"),
    )

    item_id: str
    tag: str
    is_closed: bool = False
    priority_rank: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist(Record):
    """A named list of things to tick off; its id is `project/name`.

    Each of `items` has text, done, checked_by, checked_at (ISO-8601 or None) and notes.
    """

    INDEXES = (("project", "name"),)

    name: str
    items: tuple[Mapping[str, Any], ...] = ()
    created_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guideline(Record):
    """A rule that agents are told at session start; project "" is global; id is `project/name`."""

    INDEXES = (("project", "priority"), ("priority",))

    name: str
    rule: str
    priority: int = 50
    created_by: str = ""
    updated_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key(Record):
    """An API key, stored as the SHA-256 of its 256 random bits. Empty `projects` means all."""

    PREFIX = "key"
    INDEXES = (("created_at",), ("revoked_at", "created_at"), ("role", "revoked_at"))
    UNIQUE = (("hash",),)

    name: str
    role: str
    projects: tuple[str, ...] = ()
    hash: str
    hint: str = ""
    created_by: str = ""
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyName(Record):
    """A name that a valid key has; its id is the name. Gone when the key is revoked."""

    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit(Record):
    """A security-relevant act, kept 90 days."""

    PREFIX = "aud"
    INDEXES = (
        ("project", "created_at"),
        ("project", "act", "created_at"),
        ("created_at",),
        ("act", "created_at"),
        ("project", "actor", "created_at"),
        ("actor", "created_at"),
    )

    act: str
    actor: str = ""
    key_id: str = ""
    key_name: str = ""
    target: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Record):
    """The first answer to a mutation sent with an idempotency key; id is `key:operation:key`."""

    INDEXES = (("created_at",),)

    request_hash: str
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease(Record):
    """The right of one server process to do a chore until `expires_at`; its id is the chore's name."""

    holder: str
    expires_at: datetime
