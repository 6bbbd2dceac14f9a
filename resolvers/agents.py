"""The rules of agents: whose a name is, what tier it has, and who is asked to name a new one."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum

from resolvers import answers
from resolvers.acts import Act
from resolvers.callers import LOCAL_OWNER, PERSON, Role
from resolvers.errors import BadInput, Forbidden
from resolvers.inputs import agent_name, line, page_size
from resolvers.listing import Listing, listing, snapshot
from store.port import By, Changes, In, Prefix
from store.records import Agent, Delivery, Message, NewEvent, Project, Record, Session, new_id

UNKNOWN = "unknown"
WORKER = "worker_"
SERVER = "interlock"
MOST_ADMINS_TOLD = 20


@answers.answer
class Tier(StrEnum):
    """How an agent stands in its project; workers are not in the registry."""

    ADMIN = "admin"
    NAMED = "named"
    PENDING = "pending"
    WORKER = "worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEntry(Agent):
    """An agent in a list. `days_ago` counts whole days since it was last seen, -1 if never."""

    days_ago: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """Under which name and tier a session begins, and what must be written for it."""

    name: str
    tier: Tier | None = None
    warning: str = ""
    needs_role: bool = False
    changes: Changes = field(default_factory=Changes)


def is_named(name: str) -> bool:
    """Tell whether the name can stand in the registry."""
    return name not in (UNKNOWN, SERVER) and not name.startswith(WORKER)


def identity(act: Act, agent: str | None, *, field: str = "agent") -> str:
    """Return the canonical name that the caller goes by; none is `unknown`.

    Raises:
        BadInput: it is no agent's name, or the server's own.
        Forbidden: it is how callers without a session are called, and not this one.
    """
    name = agent_name(field, agent) if agent and agent.strip() else UNKNOWN
    if name == SERVER:
        raise BadInput(field, f"{SERVER!r} is the server's own name")
    is_other_user = name.startswith(PERSON) and name != act.caller.person.lower()
    if is_other_user and not act.caller.role.includes(Role.ADMIN):
        raise Forbidden("names that start with `user-` stand for keys", field=field)
    return name


async def enrol(
    act: Act, project: str, name: str, *, is_spawned: bool, role_description: str, task: str, now: datetime
) -> Enrolment:
    """Return how the agent stands in the project; a new one is put into the registry.

    Raises:
        Forbidden: the name belongs to another key, and the caller's is below admin.
    """
    if is_spawned or name.startswith(WORKER):
        return Enrolment(name=await _free_worker_name(act, project), tier=Tier.WORKER)
    if name == UNKNOWN:
        return Enrolment(name=name)
    found = await act.store.get(Agent, f"{project}/{name}")
    is_free = found is None or await is_unowned(act, found)
    may_write = act.caller.role.includes(Role.AGENT)
    is_own = found is None or is_free or found.key_id == act.caller.key_id
    if not is_own and not act.caller.role.includes(Role.ADMIN):
        raise Forbidden(
            f"the name {name!r} belongs to another key in {project!r}",
            field="agent",
            hint="Choose another name.",
        )
    if not may_write:
        return Enrolment(name=name, tier=Tier(found.tier) if found is not None else None)
    if found is None:
        return await _registered(act, project, name, role_description, task, now)
    seen = _claimed(act, found) if is_free else found
    seen = replace(
        seen,
        role_description=role_description or seen.role_description,
        session_count=seen.session_count + 1,
        first_seen_at=seen.first_seen_at or now,
        last_seen_at=now,
        last_task=task or seen.last_task,
        updated_at=now,
    )
    lost = seen.tier != found.tier
    return Enrolment(
        name=name,
        tier=Tier(seen.tier),
        warning="The name changed hands, so its tier is `named` until an admin raises it." if lost else "",
        needs_role=not seen.role_description,
        changes=Changes(puts=(seen,), events=(agent_event(seen, "updated"),) if lost else ()),
    )


async def is_unowned(act: Act, found: Agent) -> bool:
    """Tell whether no key in force holds the name: the next to use it gets it."""
    if found.key_id == act.caller.key_id:
        return False
    return found.key_id in ("", LOCAL_OWNER.key_id) or not await act.engine.is_in_force(found.key_id)


def _claimed(act: Act, found: Agent) -> Agent:
    """Hand a free name to the caller. Powers are given to a holder, so they do not go with a bare name."""
    keeps = found.tier != Tier.ADMIN or act.caller.role.includes(Role.ADMIN)
    return replace(found, key_id=act.caller.key_id, tier=found.tier if keeps else Tier.NAMED.value)


async def _free_worker_name(act: Act, project: str) -> str:
    for _ in range(8):
        name = f"{WORKER}{secrets.token_hex(2)}"
        where = {"project": project, "agent": name, "status": "active"}
        if not (await act.store.find(Session, where, limit=1)).records:
            break
    return name


async def _registered(
    act: Act, project: str, name: str, role_description: str, task: str, now: datetime
) -> Enrolment:
    known = await act.store.get(Project, project)
    made = Agent(
        id=f"{project}/{name}",
        project=project,
        name=name,
        tier=(Tier.NAMED if known is None else Tier.PENDING).value,
        role_description=role_description,
        key_id=act.caller.key_id,
        first_seen_at=now,
        last_seen_at=now,
        session_count=1,
        last_task=task,
        created_at=now,
        updated_at=now,
    )
    told: tuple[Record, ...] = ()
    events: tuple[NewEvent, ...] = (agent_event(made, "registered"),)
    warning = ""
    if known is not None:
        told, event = await _request(act, made, now)
        events += event
        asked = "its admins were told" if told else "it has no admin agent to tell"
        warning = f"You are new in the registered project {project!r}: tier pending; {asked}."
    return Enrolment(
        name=name,
        tier=Tier(made.tier),
        warning=warning,
        needs_role=not role_description,
        changes=Changes(puts=(made, *told), events=events),
    )


async def _request(act: Act, new: Agent, now: datetime) -> tuple[tuple[Record, ...], tuple[NewEvent, ...]]:
    """Return a message to the project's admin agents that asks them to name `new`, if there are any."""
    page = await act.store.find(
        Agent, {"project": new.project, "tier": Tier.ADMIN.value}, limit=MOST_ADMINS_TOLD
    )
    admins = [agent for agent in page.records if agent.name != new.name]
    if not admins:
        return (), ()
    message_id = new_id("msg")
    role = f" Its own words on its role: {new.role_description!r}." if new.role_description else ""
    message = Message(
        id=message_id,
        project=new.project,
        from_project=new.project,
        sender=SERVER,
        to=tuple(agent.name for agent in admins),
        text=f"{new.name} is new in {new.project}, tier pending.{role}"
        " memory_project update_agent gives it a tier, remove_agent takes it out.",
        thread_id=message_id,
        created_at=now,
        updated_at=now,
    )
    deliveries = [
        Delivery(
            id=f"{message_id}:{agent.name}",
            project=new.project,
            message_id=message_id,
            recipient=agent.name,
            recipient_key_id=agent.key_id,
            created_at=now,
            updated_at=now,
        )
        for agent in admins
    ]
    shown = snapshot(
        message,
        *("id", "project", "from_project", "sender", "to", "is_broadcast", "text", "priority"),
        *("category", "thread_id", "reply_to", "created_at"),
    )
    keys = {act.caller.key_id, *(agent.key_id for agent in admins if agent.key_id)}
    event = NewEvent(
        project=new.project,
        kind="message.sent",
        subject=message_id,
        actor=SERVER,
        data=shown,
        audience=tuple(sorted(keys)),
    )
    return (message, *deliveries), (event,)


def agent_event(found: Agent, verb: str) -> NewEvent:
    """Return the event `agent.<verb>`."""
    return NewEvent(
        project=found.project,
        kind=f"agent.{verb}",
        subject=found.name,
        data=snapshot(found, "name", "tier", "role_description"),
    )


async def agents(
    act: Act,
    *,
    project: str | None = None,
    query: str | None = None,
    first: int = 50,
    after: str | None = None,
) -> Listing[AgentEntry]:
    """Return a project's agents, newest first; or those that `query` finds by name and role, best first.

    Raises:
        BadInput: `after` is given with a query: what a search finds is one page.
    """
    where = act.project(project)
    now = await act.store.now()
    asked = line("query", query)
    if not asked:
        order = (By("last_seen_at", "desc"),)
        page = await listing(act, Agent, {"project": where}, order, first=first, after=after)
        return Listing(_entries(page.records, now), page.order, page.after, page.cursor)
    if after is not None:
        raise BadInput("after", "cannot be used with a query")
    size = page_size("first", first)
    cursor = (await act.feed.cursor((where,))).encode()
    named = await act.store.find(
        Agent, {"project": where, "id": Prefix(f"{where}/{asked.lower().replace(' ', '_')}")}, limit=size
    )
    hits = await act.store.search(Agent, asked, {"project": where}, limit=size)
    found = {agent.id: agent for agent in (*named.records, *(hit.record for hit in hits))}
    return Listing(_entries(tuple(found.values())[:size], now), (By("id"),), None, cursor)


async def registry(act: Act, project: str) -> tuple[AgentEntry, ...]:
    """Return up to 100 agents of a project: admins first, then by name."""
    now = await act.store.now()
    admins = await act.store.find(Agent, {"project": project, "tier": Tier.ADMIN.value}, limit=100)
    others = In((Tier.NAMED.value, Tier.PENDING.value))
    rest = await act.store.find(Agent, {"project": project, "tier": others}, limit=100)
    return _entries((*admins.records, *rest.records)[:100], now)


def _entries(found: Sequence[Agent], now: datetime) -> tuple[AgentEntry, ...]:
    return tuple(
        AgentEntry(
            **{f.name: getattr(agent, f.name) for f in fields(agent)},
            days_ago=(now - agent.last_seen_at).days if agent.last_seen_at is not None else -1,
        )
        for agent in found
    )
