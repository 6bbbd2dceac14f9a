"""How the threads of a project are listed for a person: what waits for the reader first, then what is overdue or unread."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from resolvers.acts import Act
from resolvers.errors import BadInput
from resolvers.inputs import page_size
from resolvers.messages.awaited import addressed, unanswered
from resolvers.messages.messages import MessageCategory, MessagePriority
from resolvers.messages.views import MessageView, disclosed, shortened
from store.cursor import Cursor
from store.port import By, Find, Heads
from store.records import Delivery, Message

LATEST = 500
PRESSING = 1_000
LONGEST_MINUTES = 60 * 24 * 30
_URGENT = 0


@dataclass(slots=True)
class Thread:
    """A thread and what of it waits. `first` is None where its first message is no longer kept."""

    id: str
    project: str
    last: MessageView
    first: MessageView | None = None
    messages: list[Message] = field(default_factory=list)
    unread: list[Delivery] = field(default_factory=list)
    is_overdue: bool = False
    awaits_you: bool = False

    @property
    def created_at(self) -> datetime:
        return self.last.message.created_at

    @property
    def place(self) -> tuple[int, float, str]:
        """Return what it is ordered by, least first."""
        rank = 0 if self.awaits_you else 1 if self.is_overdue else 2 if self.unread else 3
        return rank, -self.created_at.timestamp(), self.id

    @property
    def participants(self) -> list[str]:
        ordered = sorted(self.messages, key=lambda one: one.created_at)
        names = [name for one in ordered for name in (one.sender, *(("*",) if one.is_broadcast else one.to))]
        return list(dict.fromkeys(names))[:50]

    @property
    def categories(self) -> list[MessageCategory]:
        return sorted({MessageCategory(one.category) for one in self.messages})

    @property
    def priorities(self) -> list[MessagePriority]:
        return sorted({MessagePriority(one.priority) for one in self.messages})


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """A page of threads; `is_cut` tells that older ones were not looked at."""

    threads: tuple[Thread, ...]
    following: str | None
    cursor: str
    is_cut: bool


async def threads(
    act: Act,
    *,
    project: str | None = None,
    overdue_minutes: int = 30,
    first: int = 50,
    after: str | None = None,
) -> ThreadPage:
    """Return a project's threads: what waits for the reader, then overdue, unread, and the others, each latest first.

    Of the newest 500 messages, and those of the 1,000 most pressing unread deliveries. A thread is
    overdue when one of its messages waits for longer than `overdue_minutes` (1 to 43,200). It waits
    for the reader while a message to the reader is unread, or one asks for a person's word.

    Raises:
        BadInput: a number is out of bounds, or `after` is not a cursor of this list.
    """
    where = act.project(project)
    size = page_size("first", first)
    minutes = page_size("overdue_minutes", overdue_minutes, limit=LONGEST_MINUTES)
    behind = None if after is None else _decoded(after)
    heads, latest, mine, waiting = await act.store.read(
        Heads((where,)),
        Find(Message, {"project": where}, (By("created_at", "desc"),), LATEST),
        addressed(act, where),
        Find(
            Delivery,
            {"project": where, "status": "pending"},
            (By("priority_rank"), By("created_at")),
            PRESSING,
        ),
    )
    messages = {one.id: one for one in latest.records}
    unread = {one.id: one for one in (*mine.records, *waiting.records)}
    missing = [one.message_id for one in unread.values() if one.message_id not in messages]
    messages |= await act.store.get_many(Message, list(dict.fromkeys(missing)))
    overdue_before = await act.store.now() - timedelta(minutes=minutes)
    grouped = _grouped(messages, list(unread.values()), overdue_before)
    asked = await unanswered(act, {one.id: one.messages for one in grouped})
    for one in grouped:
        one.awaits_you = one.id in asked or any(each.recipient == act.actor for each in one.unread)
    found = sorted(grouped, key=lambda one: one.place)
    rest = [one for one in found if behind is None or one.place > behind]
    shown = rest[:size]
    await _disclose(act, shown)
    cursor = Cursor({name: head.last for name, head in heads.items()}).encode()
    following = _encoded(shown[-1].place) if len(rest) > size else None
    return ThreadPage(tuple(shown), following, cursor, latest.after is not None)


def _grouped(
    messages: dict[str, Message], waiting: Sequence[Delivery], overdue_before: datetime
) -> list[Thread]:
    found: dict[str, Thread] = {}
    for one in sorted(messages.values(), key=lambda one: (one.created_at, one.id), reverse=True):
        thread = found.get(one.thread_id)
        if thread is None:
            thread = found[one.thread_id] = Thread(one.thread_id, one.project, shortened(one))
        thread.messages.append(one)
    for delivery in waiting:
        message = messages.get(delivery.message_id)
        if message is not None:
            thread = found[message.thread_id]
            thread.unread.append(delivery)
            thread.is_overdue = thread.is_overdue or delivery.created_at < overdue_before
    return list(found.values())


async def _disclose(act: Act, shown: Sequence[Thread]) -> None:
    """Give each thread its last and its first message as the caller may see them."""
    roots = await act.store.get_many(Message, [one.id for one in shown])
    views = await disclosed(
        act, [*(one.last for one in shown), *(shortened(roots[one.id]) for one in shown if one.id in roots)]
    )
    first = {view.message.id: view for view in views[len(shown) :]}
    for thread, view in zip(shown, views, strict=False):
        thread.last, thread.first = view, first.get(thread.id)


def _encoded(place: tuple[int, float, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _decoded(after: str) -> tuple[int, float, str]:
    try:
        raw: Any = json.loads(
            base64.b64decode(after.encode() + b"=" * (-len(after) % 4), b"-_", validate=True)
        )
        rank, at, name = raw
        return int(rank), float(at), str(name)
    except (binascii.Error, ValueError, TypeError, RecursionError, OverflowError) as error:
        raise BadInput("after", "is not a cursor of this list", hint="Start again without it.") from error
