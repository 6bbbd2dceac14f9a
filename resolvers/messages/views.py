"""How messages are shown: whole or cut, and to whom their text and their deliveries are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from resolvers.acts import Act
from resolvers.answers import answer
from resolvers.callers import Role
from resolvers.errors import BadInput, NotFound
from resolvers.inputs import agent_name, line
from resolvers.listing import Listing, listing
from resolvers.rules import MAX_NAME
from store.port import By, Find, In, Where
from store.records import Delivery, Message

LISTED_CHARACTERS = 8_000
"""Of one message in a list; more are shown when it is asked for by its id."""
INBOX_ORDER = (By("priority_rank"), By("created_at"))
_DELIVERY_PAGES = 10


@answer
@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as one reader sees it.

    `text` is None where it is not for the reader. `status` is that of the delivery it was found
    by, or empty. `deliveries` are those that the reader may see.
    """

    message: Message
    text: str | None
    note: str = ""
    delivery: Delivery | None = None
    deliveries: tuple[Delivery, ...] = ()

    @property
    def id(self) -> str:
        """The id of what it was listed by: with the next two, its place in the list."""
        return (self.delivery or self.message).id

    @property
    def created_at(self) -> datetime:
        return (self.delivery or self.message).created_at

    @property
    def priority_rank(self) -> int:
        return self.delivery.priority_rank if self.delivery else 0

    @property
    def status(self) -> str:
        return self.delivery.status if self.delivery else ""


def shortened(message: Message) -> MessageView:
    """Return the message with its text cut to 8,000 characters, and a note if it was."""
    whole = len(message.text)
    if whole <= LISTED_CHARACTERS:
        return MessageView(message, message.text)
    note = f"Cut: {LISTED_CHARACTERS:,} of {whole:,} characters; message_id {message.id} gets it whole."
    return MessageView(message, message.text[:LISTED_CHARACTERS], note)


async def messages(
    act: Act,
    *,
    project: str | None = None,
    agent: str | None = None,
    status: str | None = None,
    sender: str | None = None,
    thread: str | None = None,
    first: int = 50,
    after: str | None = None,
) -> Listing[Any]:
    """Return a page of a project's messages, newest first.

    With `agent`, its inbox instead: urgent first, then oldest; `status` narrows that. With
    `sender`, what it sent from the project; with `thread`, a thread in every project that the
    caller sees, oldest first. At most one of the three.

    Raises:
        BadInput: a value cannot be taken, or two of the three are given.
    """
    where = act.project(project)
    if sum(bool(one) for one in (agent, sender, thread)) > 1:
        raise BadInput("agent", "goes without `sender` and `thread`, and those without each other")
    if status and not agent:
        raise BadInput("status", "needs `agent`")
    page: Listing[Any]
    if agent:
        named: Where = {"project": where, "recipient": recipient_of(act, agent)}
        if status:
            named = {**named, "status": status}
        page = await listing(act, Delivery, named, INBOX_ORDER, first=first, after=after)
        return replace(page, records=await _by_delivery(act, page.records))
    newest = (By("created_at", "desc"),)
    if sender:
        sent = {"from_project": where, "sender": line("sender", sender, max_bytes=2 * MAX_NAME)}
        page = await listing(act, Message, sent, newest, first=first, after=after, projects=(where,))
    elif thread:
        chain = {"thread_id": line("thread", thread, max_bytes=MAX_NAME)}
        oldest = (By("created_at"),)
        page = await listing(act, Message, chain, oldest, first=first, after=after, projects=(where,))
    else:
        page = await listing(act, Message, {"project": where}, newest, first=first, after=after)
    return replace(page, records=await disclosed(act, [shortened(found) for found in page.records]))


def recipient_of(act: Act, named: str) -> str:
    """Return the name as deliveries have it: a person's own may hold what agents' names do not."""
    is_own = act.session is None and named.strip().lower() == act.actor.lower()
    return act.actor if is_own else agent_name("agent", named)


async def message(act: Act, *, message_id: str) -> MessageView:
    """Return one message with its whole text.

    Raises:
        NotFound: there is none that the caller may read.
    """
    found = await act.store.get(Message, line("id", message_id, max_bytes=MAX_NAME))
    if found is not None:
        (view,) = await disclosed(act, [MessageView(found, found.text)])
        if view.text is not None:
            return view
    raise NotFound("no such message", field="id")


async def unread_of(act: Act, agent_ids: Sequence[str]) -> list[int]:
    """Return how many messages wait for each agent, by `project/name`: the 1,000 oldest of them all are counted."""
    wanted: dict[str, list[str]] = {}
    for one in agent_ids:
        project, _, name = one.partition("/")
        wanted.setdefault(project, []).append(name)
    finds = [
        Find(Delivery, {"project": project, "recipient": In(tuple(names)), "status": "pending"}, limit=1_000)
        for project, names in wanted.items()
    ]
    counts: Counter[str] = Counter()
    for page in await act.store.read(*finds):
        counts.update(f"{one.project}/{one.recipient}" for one in page.records)
    return [counts[one] for one in agent_ids]


async def whole(act: Act, found: Message) -> MessageView:
    """Return a message with all of its deliveries, for its sender or an admin."""
    return MessageView(found, found.text, deliveries=await deliveries_of(act, (found.id,)))


async def _by_delivery(act: Act, found: Sequence[Delivery]) -> tuple[MessageView, ...]:
    kept = await act.store.get_many(Message, [one.message_id for one in found])
    views = [
        replace(shortened(kept[one.message_id]), delivery=one) for one in found if one.message_id in kept
    ]
    return await disclosed(act, views)


async def disclosed(act: Act, views: Sequence[MessageView]) -> tuple[MessageView, ...]:
    """Take the text from messages that are neither by nor to an agent of the caller's key.

    An admin sees all. Who a message was delivered to is told to its sender's key; a recipient's
    key sees its own deliveries.
    """
    key, is_admin = act.caller.key_id, act.caller.role.includes(Role.ADMIN)
    own = {view.message.id for view in views if is_admin or view.message.sender_key_id == key}
    others = {view.message.id for view in views} - own
    deliveries = [
        *await deliveries_of(act, tuple(own)),
        *await deliveries_of(act, tuple(others), {"recipient_key_id": key}),
    ]
    by_message: dict[str, list[Delivery]] = {}
    for one in deliveries:
        by_message.setdefault(one.message_id, []).append(one)
    return tuple(
        replace(view, deliveries=tuple(by_message.get(view.message.id, ())))
        if view.message.id in own or view.message.id in by_message
        else replace(view, text=None, note="Its text is for its sender and its recipients.")
        for view in views
    )


async def deliveries_of(
    act: Act, message_ids: tuple[str, ...], narrowed: Where | None = None
) -> tuple[Delivery, ...]:
    """Return the deliveries of messages (at most 100 of them), up to 10,000."""
    if not message_ids:
        return ()
    found: list[Delivery] = []
    where: Where = {"message_id": In(tuple(sorted(message_ids))), **(narrowed or {})}
    after = None
    for _ in range(_DELIVERY_PAGES):
        page = await act.store.find(Delivery, where, limit=1_000, after=after)
        found += page.records
        after = page.after
        if after is None:
            break
    return tuple(found)
