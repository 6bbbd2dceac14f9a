"""The rules of sending messages: who gets one, that nobody gets it twice, how deep replies may go."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from resolvers.acts import Act, Decision
from resolvers.callers import Role
from resolvers.errors import BadInput, Clash, LimitExceeded, NotFound
from resolvers.inputs import agent_name, line, text
from resolvers.listing import snapshot
from resolvers.messages.people import persons, settled
from resolvers.messages.views import MessageView
from resolvers.oversight import told
from resolvers.rules import MAX_NAME
from store.port import By, Changes, Get, GetMany, Span, Where
from store.records import Agent, Delivery, Message, MessageDigest, NewEvent, Project, Session, new_id

EVERYONE = "*"
MAX_NAMED = 50
MAX_ACTIVE = 500
MAX_CHAIN_DEPTH = 5
REPEAT_WINDOW = timedelta(minutes=5)
_ADMINS_ALERTED = 5


class MessagePriority(StrEnum):
    """How soon it must be read."""

    URGENT = "urgent"
    NORMAL = "normal"
    LOW = "low"


class MessageCategory(StrEnum):
    """What it is about."""

    CONTRACT = "contract"
    TASK = "task"
    QUESTION = "question"
    INFO = "info"
    REVIEW = "review"
    BLOCKER = "blocker"


_RANKS = {priority: rank for rank, priority in enumerate(MessagePriority)}


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be sent, checked; `to` is `("*",)` or distinct names as they were given."""

    to: tuple[str, ...]
    body: str
    priority: MessagePriority
    category: MessageCategory
    from_project: str
    to_project: str | None
    reply_to: str = ""
    in_response_to: str = ""
    require_human: bool = False


class _TooDeep(Exception):
    """The chain of replies is at its limit."""

    def __init__(self, parent: Message) -> None:
        super().__init__(parent.id)
        self.parent = parent


async def send_message(
    act: Act,
    *,
    to: Sequence[str],
    message: str,
    priority: MessagePriority = MessagePriority.NORMAL,
    category: MessageCategory = MessageCategory.INFO,
    to_project: str | None = None,
    reply_to: str | None = None,
    in_response_to: str | None = None,
    require_human: bool = False,
    project: str | None = None,
) -> MessageView:
    """Send a message to agents by name, or to `*`: all active in the project but the sender.

    Each name may be a comma-separated list, at most 50 in all; `*` reaches the 500 most recently
    active. The target is `to_project`; without it a reply to its parent's sender goes back to
    where that came from, anything else stays in the own project. In a registered project
    recipients must be known agents; elsewhere a message waits for an agent of that name.

    Raises:
        BadInput: a value cannot be taken.
        NotFound: a recipient or the parent is unknown.
        Clash: the same text went to the same recipient within 5 minutes, or nobody is active.
        LimitExceeded: the chain of replies is longer than 5.
    """
    target: str | None
    own = act.project(None if act.session else project or to_project)
    if to_project:
        target = act.project(to_project, field="to_project")
    else:
        target = act.project(project) if act.session and project else None
    draft = Draft(
        to=_addressees(to),
        body=text("message", message, required=True),
        priority=priority,
        category=category,
        from_project=own,
        to_project=target,
        reply_to=line("reply_to", reply_to, max_bytes=MAX_NAME),
        in_response_to=line("in_response_to", in_response_to, max_bytes=2 * MAX_NAME),
        require_human=require_human,
    )

    async def decision(now: datetime) -> Decision[MessageView]:
        return await _decided(act, draft, now)

    try:
        return await act.decide(decision)
    except _TooDeep as error:
        alerted = await _alert_admins(act, error.parent, own)
        raise LimitExceeded(
            f"this chain of replies is {MAX_CHAIN_DEPTH} deep already",
            field="reply_to",
            hint=f"{', '.join(alerted)} was told. Stop replying."
            if alerted
            else "Stop replying; ask a person.",
        ) from error


async def _decided(act: Act, draft: Draft, now: datetime) -> Decision[MessageView]:
    parent = await (_parent(act, draft.reply_to) if draft.reply_to else _person_s(act, draft.in_response_to))
    if parent is not None and parent.chain_depth >= MAX_CHAIN_DEPTH:
        raise _TooDeep(parent)
    target = draft.to_project or draft.from_project
    if parent is not None and draft.to_project is None and draft.to == (parent.sender,):
        target = act.project(parent.from_project, field="reply_to")
    if draft.to == (EVERYONE,):
        recipients, note = await _active(act, draft, target, now)
        digests = await _digests(act, draft, target, (EVERYONE,), now)
    else:
        recipients, note, digests = await _known(act, draft, target, parent, now)
    made, deliveries, changes = _written(act, draft, target, recipients, digests, parent, now)
    if draft.priority is not MessagePriority.URGENT:
        # Of urgent ones every session is told anyway.
        said = f"{act.actor} wrote to you: call memory_get_messages."
        lines = await told(act, target, recipients, "message", said, now)
        changes = replace(changes, puts=(*changes.puts, *lines))
    done = await settled(act, parent, now)
    changes = replace(changes, puts=(*changes.puts, *done.puts), events=(*changes.events, *done.events))
    return Decision(MessageView(made, made.text, note, deliveries=deliveries), changes)


def _written(
    act: Act,
    draft: Draft,
    target: str,
    recipients: Mapping[str, str],
    digests: Sequence[MessageDigest],
    parent: Message | None,
    now: datetime,
) -> tuple[Message, tuple[Delivery, ...], Changes]:
    """Return the message, its deliveries and all that must be written for them."""
    message_id, is_broadcast = new_id(Message.PREFIX), draft.to == (EVERYONE,)
    made = Message(
        id=message_id,
        project=target,
        from_project=draft.from_project,
        sender=act.actor,
        sender_key_id=act.caller.key_id,
        to=tuple(recipients),
        is_broadcast=is_broadcast,
        text=draft.body,
        priority=draft.priority.value,
        category=draft.category.value,
        thread_id=parent.thread_id if parent else message_id,
        reply_to=parent.id if parent else "",
        in_response_to=draft.in_response_to,
        chain_depth=parent.chain_depth + 1 if parent else 0,
        require_human=draft.require_human,
        user_originated=act.session is None,
        created_at=now,
        updated_at=now,
    )
    deliveries = tuple(
        Delivery(
            id=f"{message_id}:{name}",
            project=target,
            message_id=message_id,
            recipient=name,
            recipient_key_id=key_id,
            priority_rank=_RANKS[draft.priority],
            created_at=now,
            updated_at=now,
        )
        for name, key_id in recipients.items()
    )
    kept = tuple(replace(digest, message_id=message_id, updated_at=now) for digest in digests)
    return made, deliveries, Changes(puts=(made, *deliveries, *kept), events=(_sent(made, recipients),))


def _sent(made: Message, recipients: Mapping[str, str]) -> NewEvent:
    data = snapshot(
        made,
        *("id", "project", "from_project", "sender", "to", "is_broadcast", "text", "priority"),
        *("category", "thread_id", "reply_to", "require_human", "created_at"),
    )
    audience = dict.fromkeys(key for key in (made.sender_key_id, *recipients.values()) if key)
    return NewEvent(
        project=made.project, kind="message.sent", subject=made.id, data=data, audience=tuple(audience)
    )


async def _digests(
    act: Act, draft: Draft, target: str, recipients: Sequence[str], now: datetime
) -> list[MessageDigest]:
    """Return the digests to keep: two sends of the same text at once write the same one, so one fails.

    Raises:
        Clash: one of them is recent.
    """
    ids = {_digest_id(act, draft, target, recipient): recipient for recipient in recipients}
    return _fresh(ids, await act.store.get_many(MessageDigest, list(ids)), target, now)


def _fresh(
    ids: Mapping[str, str], found: Mapping[str, MessageDigest], target: str, now: datetime
) -> list[MessageDigest]:
    for digest in found.values():
        if now - digest.updated_at < REPEAT_WINDOW:
            raise Clash(
                f"the same text went to {ids[digest.id]!r} less than 5 minutes ago",
                field="message",
                hint=f"It is message {digest.message_id}; no need to send it again.",
            )
    return [
        found.get(one) or MessageDigest(id=one, project=target, message_id="", created_at=now) for one in ids
    ]


def _digest_id(act: Act, draft: Draft, target: str, recipient: str) -> str:
    # The lengths keep apart what no separator could: any of these may hold any character.
    parts = (draft.from_project, act.actor, target, recipient, draft.body)
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(joined.encode()).hexdigest()


async def _parent(act: Act, message_id: str) -> Message:
    found = await act.store.get(Message, message_id)
    if found is None or not await _is_party(act, found):
        raise NotFound(
            "no such message among those you sent or got", field="reply_to", hint="Send without reply_to."
        )
    return found


async def _person_s(act: Act, named: str) -> Message | None:
    """Return the message of a person that `in_response_to` names, if the caller got it and the chain may go on."""
    found = await act.store.get(Message, named) if named.startswith(f"{Message.PREFIX}_") else None
    if found is None or not found.user_originated or found.chain_depth >= MAX_CHAIN_DEPTH:
        return None
    return found if await _is_party(act, found) else None


async def _is_party(act: Act, found: Message) -> bool:
    if act.caller.role.includes(Role.ADMIN):
        return True
    session = act.session
    if session is None:
        key = act.caller.key_id
        if found.sender_key_id == key:
            return True
        mine = await act.store.find(Delivery, {"message_id": found.id, "recipient_key_id": key}, limit=1)
        return bool(mine.records)
    is_sender = (found.from_project, found.sender) == (session.project, session.agent)
    return is_sender or (found.project == session.project and session.agent in found.to)


async def _known(
    act: Act, draft: Draft, target: str, parent: Message | None, now: datetime
) -> tuple[dict[str, str], str, list[MessageDigest]]:
    """Return the recipients with their key ids (empty where unknown), what to say of them, the digests."""
    recipients: dict[str, str] = {}
    unknown: list[str] = []
    people = await persons(act, target, draft.to)
    if parent is not None and target == parent.from_project:
        people[parent.sender] = parent.sender_key_id
    sender = parent.sender if parent is not None else None
    names = [name if name in people or name == sender else agent_name("to", name) for name in draft.to]
    ids = {_digest_id(act, draft, target, name): name for name in names}
    agents, digests, project = await act.store.read(
        GetMany(Agent, tuple(f"{target}/{name}" for name in names)),
        GetMany(MessageDigest, tuple(ids)),
        Get(Project, target),
    )
    for name in names:
        agent = agents.get(f"{target}/{name}")
        recipients[name] = agent.key_id if agent else people.get(name, "")
        if agent is None and name not in people:
            unknown.append(name)
    if unknown and project is not None:
        raise NotFound(
            f"project {target!r} knows no agent {unknown[0]!r}",
            field="to",
            hint=f"{await _similar(act, target, unknown[0])} Pass reply_to to answer who wrote to you.",
        )
    note = f"Not seen yet in {target}: {', '.join(unknown)}; it waits for them." if unknown else ""
    return recipients, note, _fresh(ids, digests, target, now)


async def _similar(act: Act, project: str, name: str) -> str:
    newest = (By("last_seen_at", "desc"),)
    page = await act.store.find(Agent, {"project": project}, order=newest, limit=1_000)
    names = [agent.name for agent in page.records]
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"Did you mean {', '.join(close)}?"
    return f"Known agents: {', '.join(names[:3])}." if names else "It has no agents yet."


async def _active(act: Act, draft: Draft, target: str, now: datetime) -> tuple[dict[str, str], str]:
    """Return who has an active session in the project, with their key ids, the sender left out."""
    where: Where = {
        "project": target,
        "status": "active",
        "active_at": Span(after=now - act.rules.session_ttl),
    }
    page = await act.store.find(Session, where, order=(By("active_at", "desc"),), limit=1_000)
    found = {session.agent: session.key_id for session in reversed(page.records)}
    if act.session is not None and draft.from_project == target:
        found.pop(act.session.agent, None)
    if not found:
        raise Clash(f"no other agent is active in {target!r}", field="to", hint="Name the agents to tell.")
    if len(found) <= MAX_ACTIVE:
        return found, ""
    latest = dict(list(found.items())[-MAX_ACTIVE:])
    return latest, f"Only the {MAX_ACTIVE} most recently active agents get it."


def _addressees(to: Sequence[str]) -> tuple[str, ...]:
    if len(to) > MAX_NAMED:
        raise BadInput("to", f"has {len(to):,} entries, at most {MAX_NAMED} are taken")
    given = [part.strip() for entry in to for part in line("to", entry, max_bytes=10_000).split(",")]
    names = tuple(dict.fromkeys(part for part in given if part))
    if not names:
        raise BadInput("to", "must not be empty", hint="Name an agent, several with commas, or `*`.")
    if len(names) > MAX_NAMED:
        raise BadInput("to", f"has {len(names):,} names, at most {MAX_NAMED} are taken", hint="Use `*`.")
    if EVERYONE in names and len(names) > 1:
        raise BadInput("to", "must be either `*` or names")
    return names


async def _alert_admins(act: Act, parent: Message, project: str) -> tuple[str, ...]:
    """Tell the project's admin-tier agents of a chain that was stopped; return who has been told."""
    draft = Draft(
        to=(),
        body=f"A chain of {MAX_CHAIN_DEPTH} replies was stopped: thread {parent.thread_id}, last {parent.id}.",
        priority=MessagePriority.URGENT,
        category=MessageCategory.BLOCKER,
        from_project=project,
        to_project=project,
    )

    async def decision(now: datetime) -> Decision[tuple[str, ...]]:
        page = await act.store.find(Agent, {"project": project, "tier": "admin"}, limit=_ADMINS_ALERTED)
        admins = {agent.name: agent.key_id for agent in page.records if agent.name != act.actor}
        if not admins:
            return Decision(())
        try:
            digests = await _digests(act, draft, project, tuple(admins), now)
            _, _, changes = _written(act, draft, project, admins, digests, None, now)
        except Clash:
            changes = Changes()
        return Decision(tuple(admins), changes)

    return await act.decide(decision, is_final=False)
