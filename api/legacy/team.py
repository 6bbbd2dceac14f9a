"""What the collections of mcp-shared-memory in MongoDB become: projects, agents, messages, lists, rules, keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from api.legacy.values import Mapped, Row, Unusable, agent_of, cleaned, id_of, project_of, shortened
from resolvers.agents import Tier
from resolvers.callers import Role
from resolvers.checklists import MAX_ITEMS
from resolvers.guidelines import MAX_RULE
from resolvers.messages.deliveries import MessageStatus
from resolvers.messages.messages import EVERYONE, MAX_CHAIN_DEPTH, MessageCategory, MessagePriority
from resolvers.presence import AgentState
from resolvers.rules import MAX_LINE, MAX_NAME, MAX_TEXT_BYTES, MAX_TITLE
from store.records import (
    Agent,
    Audit,
    Checklist,
    Delivery,
    Guideline,
    Key,
    KeyName,
    Message,
    Presence,
    Project,
    Record,
)

_RANKS = {priority.value: rank for rank, priority in enumerate(MessagePriority)}


def project_row(row: Row) -> Mapped:
    """Return a registered project."""
    name = project_of(row.data.get("name"))
    if not name:
        raise Unusable("has no name")
    made = Project(
        id=name,
        project=name,
        display_name=row.line("display_name", most=MAX_TITLE),
        created_by=row.agent("created_by"),
        **row.times,
    )
    return Mapped(row.id, (made,))


def admins_of(row: Row) -> Mapped:
    """Return the admins that a registered project names, as agents."""
    name = project_of(row.data.get("name"))
    # `human` was whoever called itself so.
    named = [agent for one in row.texts("admins") if (agent := agent_of(one)) not in ("", "human")]
    agents = (
        Agent(id=f"{name}/{agent}", project=name, name=agent, tier=Tier.ADMIN.value, **row.times)
        for agent in (named if name else ())
    )
    return Mapped(row.id, tuple(agents))


def agent_row(row: Row) -> Mapped:
    """Return an agent, of the registry or of the directory of those seen."""
    where, name = (
        project_of(row.data.get("project")),
        agent_of(row.data.get("name") or row.data.get("instance")),
    )
    if not where or not name:
        raise Unusable("has no project or no name")
    first, last = row.moment("first_seen", "created_at"), row.moment("last_seen")
    created = first or last or row.now
    made = Agent(
        id=f"{where}/{name}",
        project=where,
        name=name,
        tier=row.one_of("tier", Tier, Tier.PENDING.value),
        role_description=shortened(cleaned(row.data.get("role_description")).strip(), MAX_LINE),
        path_patterns=row.texts("path_patterns"),
        first_seen_at=first or last,
        last_seen_at=last,
        session_count=row.number("session_count", 0, 0, 1_000_000_000),
        last_task=row.line("last_task", "current_task"),
        created_at=created,
        updated_at=max(created, last or created),
    )
    return Mapped(row.id, (made,))


def presence_row(row: Row, project: str) -> Mapped:
    """Return an agent's latest heartbeat; theirs names no project, so that of its last session is given."""
    name, at = agent_of(row.data.get("instance")), row.moment("last_heartbeat")
    if not name or not project or at is None:
        raise Unusable("has no agent, no known project or no time")
    made = Presence(
        id=f"{project}/{name}",
        project=project,
        agent=name,
        status=row.one_of("status", AgentState, "idle"),
        current_task=row.line("current_task"),
        tmux_target=row.line("tmux_target", most=MAX_NAME),
        heartbeat_at=at,
        created_at=at,
        updated_at=at,
    )
    return Mapped(row.id, (made,))


def message_row(
    row: Row, known: Callable[[str], Sequence[str]], threads: Mapping[str, tuple[str, int]]
) -> Mapped:
    """Return a message with a delivery to each recipient, under the id that it had.

    `known` tells the agents of a project, to whom a broadcast went; `threads` the thread and depth of
    messages that came before.
    """
    sender = row.agent("from_instance")
    origin = project_of(row.data.get("from_project"))
    where = project_of(row.data.get("to_project")) or origin
    text = cleaned(row.data.get("message")).strip()
    to = cleaned(row.data.get("to_instance")).strip()
    if not where or not text or not to:
        raise Unusable("has no project, no recipient or no text")
    is_broadcast = to == EVERYONE
    to_agents = [one for one in known(where) if one != sender] if is_broadcast else [agent_of(to)]
    if not to_agents:
        raise Unusable("went to everyone, and nobody is known there")
    message_id = id_of(row.id, "message")
    answered = cleaned(row.data.get("reply_to"))
    parent = id_of(answered, "reply") if answered in threads else ""
    thread, depth = threads.get(answered, (message_id, -1))
    times = row.times
    message = Message(
        id=message_id,
        project=where,
        from_project=origin or where,
        sender=sender,
        to=tuple(to_agents),
        is_broadcast=is_broadcast,
        text=shortened(text, MAX_TEXT_BYTES),
        priority=row.one_of("priority", MessagePriority, MessagePriority.NORMAL.value),
        category=row.one_of("category", MessageCategory, MessageCategory.INFO.value),
        thread_id=thread,
        reply_to=parent,
        in_response_to=row.line("in_response_to", most=2 * MAX_NAME),
        chain_depth=depth + 1 if parent else row.number("chain_depth", 0, 0, MAX_CHAIN_DEPTH),
        require_human=bool(row.data.get("require_human")),
        user_originated=bool(row.data.get("user_originated")),
        **times,
    )
    deliveries = [_delivery(row, message, agent) for agent in to_agents]
    return Mapped(row.id, (message, *deliveries))


def _delivery(row: Row, message: Message, agent: str) -> Delivery:
    status = row.one_of("status", MessageStatus, MessageStatus.PENDING.value)
    is_finished = status in (MessageStatus.COMPLETED, MessageStatus.FAILED)
    return Delivery(
        id=f"{message.id}:{agent}",
        project=message.project,
        message_id=message.id,
        recipient=agent,
        status=status,
        priority_rank=_RANKS[message.priority],
        delivered_at=row.moment("delivered_at"),
        received_at=row.moment("received_at"),
        finished_at=(row.moment("completed_at", "failed_at") or row.updated) if is_finished else None,
        created_at=message.created_at,
        updated_at=message.updated_at,
    )


def checklist_row(row: Row) -> Mapped:
    """Return a checklist; what has no text is none of its items."""
    where, name = project_of(row.data.get("project")), row.line("name", most=MAX_NAME)
    if not where or not name:
        raise Unusable("has no project or no name")
    items = row.data.get("items")
    made = Checklist(
        id=f"{where}/{name}",
        project=where,
        name=name,
        items=tuple(
            _item(one) for one in (items if isinstance(items, list) else [])[:MAX_ITEMS] if _text(one)
        ),
        created_by=row.agent("created_by"),
        **row.times,
    )
    return Mapped(row.id, (made,))


def _text(item: Any) -> str:
    return " ".join(cleaned(item.get("text") if isinstance(item, Mapping) else item).split())


def _item(item: Any) -> dict[str, Any]:
    told = Row("", item if isinstance(item, Mapping) else {})
    at = told.moment("checked_at")
    return {
        "text": shortened(_text(item), MAX_LINE),
        "done": bool(told.data.get("done")),
        "checked_by": agent_of(told.data.get("checked_by")),
        "checked_at": at.isoformat() if at else None,
        "notes": shortened(cleaned(told.data.get("notes")), MAX_LINE),
    }


def guideline_row(row: Row) -> Mapped:
    """Return a guideline that was in force, in its scope."""
    name = row.line("name", most=MAX_NAME)
    rule = cleaned(row.data.get("rule")).strip()
    if not name or not rule:
        raise Unusable("has no name or no rule")
    if row.data.get("active") is False:
        raise Unusable("was not in force")
    scope = cleaned(row.data.get("scope")).strip().lower()
    where = "" if scope in ("", "global") else project_of(scope)
    made = Guideline(
        id=f"{where}/{name}",
        project=where,
        name=name,
        rule=shortened(rule, MAX_RULE),
        priority=row.number("priority", 50, 1, 100),
        created_by=row.agent("updated_by", "created_by"),
        **row.times,
    )
    return Mapped(row.id, (made,))


def key_row(row: Row) -> Mapped:
    """Return an API key: theirs are hashed as ours are, so whoever has one keeps it."""
    digest = cleaned(row.data.get("key_hash")).strip().lower()
    name, role = row.line("name", most=MAX_NAME), row.one_of("role", Role, "")
    if len(digest) != 64 or not name or not role:
        raise Unusable("has no hash, no name or no known role")
    given = row.data.get("projects") or []
    projects = tuple(one for one in (project_of(part) for part in row.texts("projects")) if one)
    if given and not projects:
        raise Unusable("is for projects that cannot be named")
    is_active = row.data.get("active") is True
    times = row.times
    made = Key(
        id=f"{Key.PREFIX}_{digest[:24]}",
        project="",
        name=name,
        role=role,
        projects=projects,
        hash=digest,
        created_by=row.agent("created_by"),
        revoked_at=None if is_active else (row.moment("revoked_at", "revoked") or times["updated_at"]),
        **times,
    )
    holder: tuple[Record, ...] = (KeyName(id=name, project="", key_id=made.id, **times),) if is_active else ()
    return Mapped(row.id, (made, *holder))


def audit_row(row: Row) -> Mapped:
    """Return an entry of the audit log."""
    act = row.line("event_type", most=MAX_NAME)
    if not act:
        raise Unusable("has no type")
    details = row.data.get("details")
    told = (
        ", ".join(f"{name}={value}" for name, value in details.items())
        if isinstance(details, Mapping)
        else ""
    )
    made = Audit(
        id=f"{Audit.PREFIX}_{id_of(row.id, 'audit')}",
        project=project_of(row.data.get("project")),
        act=act,
        actor=row.agent("actor"),
        target=row.line("session_id", most=MAX_NAME),
        detail=shortened(" ".join(cleaned(told).split()), 500),
        **row.times,
    )
    return Mapped(row.id, (made,))
