"""The rules of receiving messages: the inbox, its order and size, how statuses move, what is forgotten."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from resolvers.acts import Act, Decision, Engine
from resolvers.answers import answer
from resolvers.callers import Role
from resolvers.errors import BadInput, Clash, Forbidden, NotFound
from resolvers.inputs import agent_name, line, page_size
from resolvers.messages.views import INBOX_ORDER, MessageView, shortened, whole
from resolvers.oversight import is_over, is_person
from resolvers.rules import MAX_NAME
from store.errors import Conflict
from store.port import By, Changes, Find, Get, Span
from store.records import Delivery, Event, Message, NewEvent, Record, Session

INBOX_CHARACTERS = 32_000
"""Of all texts in one result: about 8,000 tokens."""


class MessageStatus(StrEnum):
    """How far a message has come with one recipient; it moves forwards only."""

    PENDING = "pending"
    DELIVERED = "delivered"
    RECEIVED = "received"
    COMPLETED = "completed"
    FAILED = "failed"


_STEPS = {"pending": 0, "delivered": 1, "received": 2, "completed": 3, "failed": 3}
_UNFINISHED = ("pending", "delivered", "received")


@answer
@dataclass(frozen=True, slots=True)
class Inbox:
    """What was received, in order; `has_more` tells that others wait behind."""

    messages: tuple[MessageView, ...]
    has_more: bool = False


@answer
@dataclass(frozen=True, slots=True)
class StatusChange:
    """A delivery as it stands now, and whether the call moved it."""

    delivery: Delivery
    is_changed: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whose inbox is read, and how; `is_own` marks what is returned as delivered."""

    session: Session
    agent: str
    is_own: bool
    include_delivered: bool
    limit: int


class _Nothing(Exception):
    """There is nothing to return yet, and time left to wait."""


async def receive_messages(
    act: Act,
    *,
    include_delivered: bool = False,
    limit: int = 20,
    message_id: str | None = None,
    for_instance: str | None = None,
    wait_seconds: int = 0,
) -> Inbox:
    """Return the agent's messages, urgent first, then oldest, and mark them delivered.

    Pending ones only, unless `include_delivered` adds those not finished. Texts are cut to 8,000
    characters each and end at 32,000 in all; `message_id` gets one message whole, also one that
    the agent sent. An admin reads another's inbox with `for_instance`, which marks nothing.
    When there is nothing, waits up to `wait_seconds` (at most 55) for a message.

    Raises:
        BadInput: a value cannot be taken.
        NotFound: there is no message of that id to or by the agent.
        Forbidden: `for_instance` is for admins.
        Clash: the session ended while it waited.
        Unauthenticated: the key was revoked while it waited.
    """
    session = act.in_session
    agent = agent_name("for_instance", for_instance) if for_instance else session.agent
    is_own = agent == session.agent
    if not is_own and not act.caller.role.includes(Role.ADMIN):
        raise Forbidden("only an admin reads another agent's inbox", field="for_instance")
    if not 0 <= wait_seconds <= act.rules.wait_limit_seconds:
        raise BadInput("wait_seconds", f"must be between 0 and {act.rules.wait_limit_seconds}")
    asked = _Asked(session, agent, is_own, include_delivered, page_size("limit", limit))
    if message_id:
        return await _one(act, asked, line("message_id", message_id, max_bytes=MAX_NAME))
    return await _awaited(act, asked, wait_seconds)


async def _awaited(act: Act, asked: _Asked, wait_seconds: int) -> Inbox:
    deadline = time.monotonic() + wait_seconds
    is_last = wait_seconds == 0
    project = asked.session.project

    async def decision(now: datetime) -> Decision[Inbox]:
        made = await _taken(act, asked, now)
        if not made.result.messages and not is_last:
            raise _Nothing
        return made

    def is_for_agent(event: Event) -> bool:
        return event.kind == "message.sent" and asked.agent in event.data.get("to", ())

    while True:
        # The cursor comes before the read, so that a message sent in between ends the wait.
        cursor = None if is_last else await act.feed.cursor((project,))
        try:
            return await act.decide(decision)
        except _Nothing:
            left = max(deadline - time.monotonic(), 0)
            is_last = not await act.feed.wait((project,), is_for_agent, left, after=cursor)
            await act.engine.require_valid(act.caller)


async def _taken(act: Act, asked: _Asked, now: datetime) -> Decision[Inbox]:
    statuses = _UNFINISHED if asked.include_delivered else _UNFINISHED[:1]
    where = {"project": asked.session.project, "recipient": asked.agent}
    pages = await act.store.read(
        *(Find(Delivery, {**where, "status": one}, INBOX_ORDER, asked.limit + 1) for one in statuses)
    )
    rows = [row for page in pages for row in page.records]
    rows.sort(key=lambda row: (row.priority_rank, row.created_at, row.id))
    ids = [row.message_id for row in rows[: asked.limit]]
    messages = await act.store.get_many(Message, ids) if ids else {}
    views: list[MessageView] = []
    room = INBOX_CHARACTERS
    for row in rows[: asked.limit]:
        view = replace(shortened(messages[row.message_id]), delivery=row)
        room -= len(view.text or "")
        if room < 0:
            break
        views.append(view)
    return await _marked(act, asked, Inbox(tuple(views), has_more=len(views) < len(rows)), now)


async def _marked(act: Act, asked: _Asked, inbox: Inbox, now: datetime) -> Decision[Inbox]:
    """Move what is shown to its own recipient from pending to delivered."""
    pending = [view for view in inbox.messages if view.delivery and view.delivery.status == "pending"]
    if not pending or not asked.is_own:
        return Decision(inbox)
    # A session that ended while it waited must not swallow what its successor is to read.
    session = await act.store.get(Session, asked.session.id)
    if session is None or session.status != "active":
        raise is_over(session)
    shown: dict[str, Delivery] = {}
    events: list[NewEvent] = []
    for view in pending:
        assert view.delivery is not None
        delivery = replace(view.delivery, recipient_key_id=view.delivery.recipient_key_id or session.key_id)
        shown[delivery.id] = moved(delivery, MessageStatus.DELIVERED, now)
        events.append(status_changed(view.message, shown[delivery.id]))
    views = tuple(
        replace(view, delivery=shown.get(view.delivery.id, view.delivery)) if view.delivery else view
        for view in inbox.messages
    )
    changes = Changes(puts=tuple(shown.values()), checks=(session,), events=tuple(events))
    return Decision(replace(inbox, messages=views), changes)


async def _one(act: Act, asked: _Asked, message_id: str) -> Inbox:
    async def decision(now: datetime) -> Decision[Inbox]:
        message, delivery = await act.store.read(
            Get(Message, message_id), Get(Delivery, f"{message_id}:{asked.agent}")
        )
        project = asked.session.project
        if message is None:
            raise _missing()
        if delivery is not None and delivery.project == project:
            view = MessageView(message, message.text, delivery=delivery)
            return await _marked(act, asked, Inbox((view,)), now)
        if _sent_by(message, act.session) or act.caller.role.includes(Role.ADMIN):
            return Decision(Inbox((await whole(act, message),)))
        raise _missing()

    return await act.decide(decision)


async def acknowledge_message(act: Act, *, message_id: str) -> StatusChange:
    """Mark a message as received by the session's agent.

    Raises:
        NotFound: the agent did not get it.
        Clash: it is finished already.
    """
    return await update_message_status(act, message_id=message_id, status=MessageStatus.RECEIVED)


async def update_message_status(
    act: Act,
    *,
    message_id: str,
    status: MessageStatus,
    recipient: str | None = None,
    project: str | None = None,
) -> StatusChange:
    """Move a message forwards for the session's agent; an admin may name another `recipient`.

    The status that it has already is taken without effect.

    Raises:
        NotFound: the agent did not get it.
        Forbidden: the caller only sent it, or names another recipient without being an admin.
        Clash: the status would move backwards.
    """
    message_id = line("message_id", message_id, required=True, max_bytes=MAX_NAME)
    is_admin = act.caller.role.includes(Role.ADMIN)
    agent = agent_name("recipient", recipient) if recipient else _own_name(act)
    is_own = agent == act.actor
    if not is_own and not is_admin:
        raise Forbidden("only an admin moves another agent's message", field="recipient")
    where = act.project(project)
    if is_own and act.session is not None and where != act.session.project and not is_admin:
        raise Forbidden("only an admin moves messages of another project", field="project")

    async def decision(now: datetime) -> Decision[StatusChange]:
        message, delivery = await act.store.read(
            Get(Message, message_id), Get(Delivery, f"{message_id}:{agent}")
        )
        is_anothers = act.session is None and delivery is not None and not _may_move(act, delivery)
        if message is None or delivery is None or delivery.project != where or is_anothers:
            if message is not None and _sent_by(message, act.session):
                raise Forbidden("only its recipient moves a message's status", field="message_id")
            raise _missing()
        if delivery.status == status:
            return Decision(StatusChange(delivery, False))
        if _STEPS[status] <= _STEPS[delivery.status]:
            raise Clash(
                f"it is {delivery.status} already and moves forwards only",
                field="status",
                hint="pending -> delivered -> received -> completed or failed.",
            )
        made = moved(delivery, status, now)
        return Decision(
            StatusChange(made, True), Changes(puts=(made,), events=(status_changed(message, made),))
        )

    return await act.decide(decision)


def _own_name(act: Act) -> str:
    """Return the name under which the caller gets messages: its agent's, or a person's own.

    Raises:
        BadInput: there is no session, and the key stands for no person.
    """
    return act.actor if is_person(act) else act.in_session.agent


def _may_move(act: Act, delivery: Delivery) -> bool:
    return act.caller.role.includes(Role.ADMIN) or delivery.recipient_key_id in ("", act.caller.key_id)


def _sent_by(message: Message, session: Session | None) -> bool:
    return session is not None and (message.from_project, message.sender) == (session.project, session.agent)


def _missing() -> NotFound:
    return NotFound(
        "no such message among yours", field="message_id", hint="List them with memory_get_messages."
    )


def moved(delivery: Delivery, status: MessageStatus, now: datetime) -> Delivery:
    """Return the delivery at `status`, with the times of the steps passed."""
    step = _STEPS[status]
    return replace(
        delivery,
        status=status.value,
        delivered_at=delivery.delivered_at or now,
        received_at=delivery.received_at or (now if step > 1 else None),
        finished_at=now if step > 2 else None,
        updated_at=now,
    )


NOBODY = "-"
"""In place of a key: only admins see the event."""


def status_changed(message: Message, delivery: Delivery) -> NewEvent:
    """Return the event that tells of it the keys of the sender and the recipient, and admins."""
    audience = dict.fromkeys(key for key in (message.sender_key_id, delivery.recipient_key_id) if key)
    return NewEvent(
        project=delivery.project,
        kind="message.status_changed",
        subject=message.id,
        data={"id": message.id, "recipient": delivery.recipient, "status": delivery.status},
        # An empty one would be everyone.
        audience=tuple(audience) or (NOBODY,),
    )


async def drop_finished_messages(engine: Engine, limit: int = 500) -> int:
    """Forget deliveries finished longer ago than the retention, and messages left without any.

    Takes up to `limit` (1 to 1,000) deliveries, oldest first, and returns how many went. What is
    not finished stays.
    """
    store, now = engine.store, await engine.store.now()
    finished = Span(before=now - engine.rules.message_retention)
    oldest = (By("finished_at"),)
    old = (await store.find(Delivery, {"finished_at": finished}, order=oldest, limit=limit)).records
    deletes: list[Record] = [*old, *await _emptied(engine, old)]
    if deletes:
        try:
            await engine.write(Changes(deletes=tuple(deletes)))
        except Conflict:
            return 0
    return len(old)


async def _emptied(engine: Engine, old: Sequence[Delivery]) -> list[Message]:
    """Return the messages that have no deliveries but `old`."""
    going: dict[str, int] = {}
    for delivery in old:
        going[delivery.message_id] = going.get(delivery.message_id, 0) + 1
    messages = await engine.store.get_many(Message, list(going))
    emptied = []
    for message in messages.values():
        left = len(message.to)
        if left > going[message.id]:
            left = await engine.store.count(Delivery, {"message_id": message.id})
        if left <= going[message.id]:
            emptied.append(message)
    return emptied
