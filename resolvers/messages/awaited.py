"""Which threads wait for a person: what asks for a person's word, and what is addressed to the reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from resolvers.acts import Act
from resolvers.callers import PERSON
from resolvers.messages.views import deliveries_of
from store.port import By, Find
from store.records import Delivery, Message

MOST_ADDRESSED = 200
MOST_ASKING = 50
_ACKNOWLEDGED = ("received", "completed", "failed")


def addressed(act: Act, project: str) -> Find:
    """Return what to ask for the deliveries that wait for the reader: the 200 most pressing."""
    where = {"project": project, "recipient": act.actor, "status": "pending"}
    return Find(Delivery, where, (By("priority_rank"), By("created_at")), MOST_ADDRESSED)


async def unanswered(act: Act, threads: Mapping[str, Sequence[Message]]) -> frozenset[str]:
    """Return the threads in which a person's word was asked for and none has come yet.

    A person has answered in the thread, or acknowledged it, or the message is finished with all its
    recipients: then it waits no more. Of the messages that ask, the 50 latest are looked at.
    """
    asking = [
        one
        for messages in threads.values()
        for one in messages
        if one.require_human and not one.user_originated and not _is_answered(one, messages)
    ]
    asking.sort(key=lambda one: one.created_at, reverse=True)
    asking = asking[:MOST_ASKING]
    by_message: dict[str, list[Delivery]] = {}
    for delivery in await deliveries_of(act, tuple(one.id for one in asking)):
        by_message.setdefault(delivery.message_id, []).append(delivery)
    return frozenset(one.thread_id for one in asking if _is_open(by_message.get(one.id, ())))


def _is_answered(asked: Message, messages: Sequence[Message]) -> bool:
    return any(
        one.user_originated and (one.reply_to == asked.id or one.created_at > asked.created_at)
        for one in messages
    )


def _is_open(deliveries: Sequence[Delivery]) -> bool:
    if any(one.recipient.startswith(PERSON) and one.status in _ACKNOWLEDGED for one in deliveries):
        return False
    return any(one.finished_at is None for one in deliveries)
