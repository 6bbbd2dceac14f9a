"""Events in GraphQL: what happened in a project, one type for each area, built from the feed's items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar

import strawberry
from strawberry.scalars import JSON

# These show the enums that stand in the types below, and so must be imported before them.
import schema.backlog
import schema.functions
import schema.knowledge
import schema.messages
import schema.presence
import schema.work  # noqa: F401
from resolvers.backlog import fields as backlog
from resolvers.functions.fields import QueueState
from resolvers.knowledge.fields import DocumentStatus, DocumentType
from resolvers.messages.deliveries import MessageStatus
from resolvers.messages.messages import MessageCategory, MessagePriority
from resolvers.presence import AgentState
from resolvers.work import WorkStatus
from store.feed.feed import Item
from store.records import Event as Happened

E = TypeVar("E")


@strawberry.interface(description="Something that happened in a project.")
class FeedEvent:
    cursor: str = strawberry.field(description="Subscribe `after` it to go on behind this event.")
    sequence: int = strawberry.field(
        description="Its place in the project's log, without gaps there; 0 when it is live only."
    )
    project: str = strawberry.field(description="Where it happened; empty for the server itself.")
    kind: str = strawberry.field(description="What happened, such as `lock.granted`.")
    at: datetime = strawberry.field(description="When it happened.")
    actor: str = strawberry.field(description="The agent, or `user-<key>`, that did it.")


@strawberry.type(description="A lock that an event is about.")
class EventLock:
    path: str = strawberry.field(description="The path; a directory's ends in `/`.")
    agent: str = strawberry.field(description="Who has or had it.")
    reason: str = strawberry.field(description="What it was taken for, or empty.")
    fence: int | None = strawberry.field(description="The grant's number; it only grows in a project.")
    since: datetime | None = strawberry.field(description="When it was granted.")


@strawberry.type(description="Locks were granted, released, taken over or forced open.")
class LockEvent(FeedEvent):
    locks: list[EventLock] = strawberry.field(description="The locks granted or gone.")
    displaced: list[EventLock] = strawberry.field(description="The stale locks that had to give way.")
    reason: str = strawberry.field(description="Why they were forced open, or empty.")


@strawberry.type(description="A message was sent, or moved on with one recipient.")
class MessageEvent(FeedEvent):
    id: strawberry.ID = strawberry.field(description="The message.")
    sender: str | None = strawberry.field(description="Who sent it.")
    from_project: str | None = strawberry.field(description="The sender's project.")
    to: list[str] | None = strawberry.field(description="Its recipients.")
    is_broadcast: bool | None = strawberry.field(description="Whether it went to all who were active.")
    text: str | None = strawberry.field(description="The message itself.")
    priority: MessagePriority | None = strawberry.field(description="How soon it must be read.")
    category: MessageCategory | None = strawberry.field(description="What it is about.")
    thread_id: strawberry.ID | None = strawberry.field(description="The thread's first message.")
    reply_to: strawberry.ID | None = strawberry.field(description="The message that it answers.")
    require_human: bool | None = strawberry.field(
        description="Whether a person must agree before it is acted on."
    )
    recipient: str | None = strawberry.field(description="With whom its status changed.")
    status: MessageStatus | None = strawberry.field(description="Its new status there.")


@strawberry.type(description="An item of the backlog was added, updated, claimed, closed or moved.")
class BacklogEvent(FeedEvent):
    id: strawberry.ID = strawberry.field(description="The item.")
    title: str = strawberry.field(description="Its title.")
    status: backlog.Status | None = strawberry.field(description="Where it stands.")
    priority: backlog.Priority | None = strawberry.field(description="How pressing it is.")
    assignee: str = strawberry.field(description="The agent that has it, or empty.")
    tags: list[str] = strawberry.field(description="Its labels.")
    target_version: str = strawberry.field(description="The milestone it is meant for, or empty.")
    open_blockers: int = strawberry.field(description="How many items it still waits for.")


@strawberry.type(description="A session started, ended or lapsed.")
class SessionEvent(FeedEvent):
    id: strawberry.ID = strawberry.field(description="The session.")
    agent: str = strawberry.field(description="Whose it is.")
    task: str = strawberry.field(description="What it is for.")
    summary: str = strawberry.field(description="What was done, once it has ended.")
    handoff: str = strawberry.field(description="What the agent's next session should know.")
    locks: list[EventLock] = strawberry.field(description="The locks that went with it.")
    reason: str = strawberry.field(description="Why an admin ended it, or empty.")


@strawberry.type(description="An agent told what it works on.")
class WorkEvent(FeedEvent):
    session_id: strawberry.ID = strawberry.field(description="The session it works in.")
    agent: str = strawberry.field(description="The agent.")
    title: str = strawberry.field(description="What it works on.")
    status: WorkStatus | None = strawberry.field(description="How it goes.")
    files: list[str] = strawberry.field(description="The files it touches.")
    blocked_by: str = strawberry.field(description="What stands in its way, or empty.")
    waiting_for_signal: str = strawberry.field(description="The signal it waits for, or empty.")


@strawberry.type(description="A signal was sent to whoever waits for it.")
class SignalEvent(FeedEvent):
    name: str = strawberry.field(description="The signal's name.")
    details: str = strawberry.field(description="What it carries, or empty.")
    agent: str = strawberry.field(description="Who sent it.")


@strawberry.type(description="A spec was defined, or has a new version.")
class SpecEvent(FeedEvent):
    id: strawberry.ID = strawberry.field(description="The spec: its project and name.")
    name: str = strawberry.field(description="Its name.")
    spec_version: str = strawberry.field(description="Its version now.")
    spec_type: str = strawberry.field(description="What it describes, such as `interface`.")
    owner: str = strawberry.field(description="The agent that writes it.")
    tags: list[str] = strawberry.field(description="Its labels.")


@strawberry.type(description="Functions were registered, enriched, queued anew or removed.")
class FunctionEvent(FeedEvent):
    ids: list[strawberry.ID] = strawberry.field(description="The functions: one, or those of a batch.")
    name: str = strawberry.field(description="Its qualified name; empty of a batch.")
    file: str = strawberry.field(description="Where it is; empty of a batch.")
    line: int | None = strawberry.field(description="Where in the file, if known.")
    queue: QueueState | None = strawberry.field(description="Where it stands on its way to enrichment.")
    pending: int = strawberry.field(description="How many of them wait for enrichment.")


@strawberry.type(description="Documents were stored, updated, or are of another status.")
class DocumentEvent(FeedEvent):
    ids: list[strawberry.ID] = strawberry.field(description="The documents: one, or those changed at once.")
    title: str = strawberry.field(description="Its title; empty of several.")
    type: DocumentType | None = strawberry.field(description="What it is; none of several.")
    status: DocumentStatus | None = strawberry.field(description="Whether it holds, where that is known.")
    author: str = strawberry.field(description="Who wrote it, or empty.")
    tags: list[str] = strawberry.field(description="Its labels, or the one by which they were chosen.")
    reason: str = strawberry.field(description="Why, or empty.")


@strawberry.type(description="A heartbeat. It is live only: no log keeps it.")
class HeartbeatEvent(FeedEvent):
    agent: str = strawberry.field(description="Whose it is.")
    status: AgentState | None = strawberry.field(description="What the agent says of itself.")
    current_task: str = strawberry.field(description="What the agent is at, or empty.")
    heartbeat_at: datetime | None = strawberry.field(description="When it came.")


@strawberry.type(description="Anything else: agents, projects, guidelines, checklists, keys.")
class OtherEvent(FeedEvent):
    subject: str = strawberry.field(description="What it is about.")
    data: JSON = strawberry.field(description="What there is to know of it.")


@strawberry.type(
    description="The log no longer holds what followed the cursor: read the state anew, then go on from here."
)
class Expired:
    cursor: str = strawberry.field(description="Where the subscription goes on from.")
    projects: list[str] = strawberry.field(description="The projects to read anew.")


Event = Annotated[
    LockEvent
    | MessageEvent
    | BacklogEvent
    | SessionEvent
    | WorkEvent
    | SignalEvent
    | SpecEvent
    | FunctionEvent
    | DocumentEvent
    | HeartbeatEvent
    | OtherEvent
    | Expired,
    strawberry.union("Event", description="What a subscription to everything yields."),
]
LockNews = Annotated[
    LockEvent | Expired, strawberry.union("LockNews", description="What a subscription to locks yields.")
]
MessageNews = Annotated[
    MessageEvent | Expired,
    strawberry.union("MessageNews", description="What a subscription to messages yields."),
]
BacklogNews = Annotated[
    BacklogEvent | Expired,
    strawberry.union("BacklogNews", description="What a subscription to the backlog yields."),
]


def shown(item: Item) -> Any:
    """Return an item of the feed as it is shown."""
    event = item.event
    if event is None:
        return Expired(cursor=item.cursor.encode(), projects=list(item.expired))
    area = event.kind.partition(".")[0]
    return _BUILDERS.get(event.kind, _BUILDERS.get(area, _other))(item, event, event.data)


def lock_event(item: Item) -> Any:
    """Return an item as news of locks: the end of a session, too, is one for the locks it held."""
    return shown(item) if item.event is None else _locks(item, item.event, item.event.data)


def _made(kind: Callable[..., E], item: Item, event: Happened, **fields: Any) -> E:
    return kind(
        cursor=item.cursor.encode(),
        sequence=event.sequence,
        project=event.project,
        kind=event.kind,
        at=event.at,
        actor=event.actor,
        **fields,
    )


def _locks(item: Item, event: Happened, data: Mapping[str, Any]) -> LockEvent:
    return _made(
        LockEvent,
        item,
        event,
        locks=_each(data, "locks"),
        displaced=_each(data, "displaced"),
        reason=data.get("reason") or "",
    )


def _each(data: Mapping[str, Any], name: str) -> list[EventLock]:
    return [
        EventLock(
            path=lock["path"],
            agent=lock.get("agent", ""),
            reason=lock.get("reason", ""),
            fence=lock.get("fence"),
            since=_when(lock.get("since")),
        )
        for lock in data.get(name) or ()
    ]


def _message(item: Item, event: Happened, data: Mapping[str, Any]) -> MessageEvent:
    return _made(
        MessageEvent,
        item,
        event,
        id=data["id"],
        **{name: data.get(name) for name in ("sender", "from_project", "to", "is_broadcast", "text")},
        priority=_enum(MessagePriority, data.get("priority")),
        category=_enum(MessageCategory, data.get("category")),
        thread_id=data.get("thread_id") or None,
        reply_to=data.get("reply_to") or None,
        require_human=data.get("require_human"),
        recipient=data.get("recipient"),
        status=_enum(MessageStatus, data.get("status")),
    )


def _backlog(item: Item, event: Happened, data: Mapping[str, Any]) -> BacklogEvent:
    return _made(
        BacklogEvent,
        item,
        event,
        id=data["id"],
        **{name: data.get(name) or "" for name in ("title", "assignee", "target_version")},
        status=_enum(backlog.Status, data.get("status")),
        priority=_enum(backlog.Priority, data.get("priority")),
        tags=list(data.get("tags") or ()),
        open_blockers=data.get("open_blockers") or 0,
    )


def _session(item: Item, event: Happened, data: Mapping[str, Any]) -> SessionEvent:
    texts = {name: data.get(name) or "" for name in ("agent", "task", "summary", "handoff", "reason")}
    return _made(SessionEvent, item, event, id=data["id"], locks=_each(data, "locks"), **texts)


def _work(item: Item, event: Happened, data: Mapping[str, Any]) -> WorkEvent:
    names = ("session_id", "agent", "title", "blocked_by", "waiting_for_signal")
    texts = {name: data.get(name) or "" for name in names}
    status = _enum(WorkStatus, data.get("status"))
    return _made(WorkEvent, item, event, status=status, files=list(data.get("files") or ()), **texts)


def _signal(item: Item, event: Happened, data: Mapping[str, Any]) -> SignalEvent:
    texts = {name: data.get(name) or "" for name in ("name", "details", "agent")}
    return _made(SignalEvent, item, event, **texts)


def _spec(item: Item, event: Happened, data: Mapping[str, Any]) -> SpecEvent:
    texts = {name: data.get(name) or "" for name in ("name", "spec_version", "spec_type", "owner")}
    return _made(SpecEvent, item, event, id=event.subject, tags=list(data.get("tags") or ()), **texts)


def _function(item: Item, event: Happened, data: Mapping[str, Any]) -> FunctionEvent:
    texts = {name: data.get(name) or "" for name in ("name", "file")}
    queue = _enum(QueueState, data.get("queue"))
    pending = data.get("pending", int(queue is QueueState.PENDING))
    return _made(
        FunctionEvent,
        item,
        event,
        ids=_ids(event),
        line=data.get("line"),
        queue=queue,
        pending=pending,
        **texts,
    )


def _document(item: Item, event: Happened, data: Mapping[str, Any]) -> DocumentEvent:
    texts = {name: data.get(name) or "" for name in ("title", "author", "reason")}
    tags = data.get("tags") or ([data["tag"]] if data.get("tag") else ())
    return _made(
        DocumentEvent,
        item,
        event,
        ids=_ids(event),
        type=_enum(DocumentType, data.get("type")),
        status=_enum(DocumentStatus, data.get("status")),
        tags=list(tags),
        **texts,
    )


def _ids(event: Happened) -> list[Any]:
    return list(event.data.get("ids") or (event.subject,))


def _heartbeat(item: Item, event: Happened, data: Mapping[str, Any]) -> HeartbeatEvent:
    texts = {name: data.get(name) or "" for name in ("agent", "current_task")}
    status = _enum(AgentState, data.get("status"))
    beat_at = _when(data.get("heartbeat_at"))
    return _made(HeartbeatEvent, item, event, status=status, heartbeat_at=beat_at, **texts)


def _other(item: Item, event: Happened, data: Mapping[str, Any]) -> OtherEvent:
    return _made(OtherEvent, item, event, subject=event.subject, data=dict(data))


_BUILDERS: dict[str, Callable[[Item, Happened, Mapping[str, Any]], FeedEvent]] = {
    "lock": _locks,
    "lock.waiting": _other,
    "lock.wait_ended": _other,
    "message": _message,
    "backlog": _backlog,
    "session": _session,
    "work": _work,
    "signal": _signal,
    "spec": _spec,
    "function": _function,
    "document": _document,
    "presence": _heartbeat,
}
"""By the whole kind, else by its area; anything else is an `OtherEvent`."""


def _enum(kind: Callable[[str], E], value: str | None) -> E | None:
    return kind(value) if value else None


def _when(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
