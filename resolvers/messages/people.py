"""The rules of persons among the recipients: by which names agents reach them, and what an answer of theirs settles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from resolvers.acts import Act
from resolvers.callers import LOCAL_OWNER, PERSON, Role
from resolvers.messages.deliveries import MessageStatus, moved, status_changed
from resolvers.oversight import is_person
from store.port import By, Changes, Find
from store.records import Delivery, Message

_SETTLED_BY_ANSWER = 200


async def persons(act: Act, project: str, names: Sequence[str]) -> dict[str, str]:
    """Return those of `names` that are persons, with the ids of their keys.

    A person is who holds a valid key of role user or above that includes the project, or whoever has
    written from it outside a session; without authentication it is `user-local`.
    """
    asked = [name for name in dict.fromkeys(names) if name.startswith(PERSON)]
    if not asked:
        return {}
    found: dict[str, str] = {}
    written = [
        Find(Message, {"from_project": project, "sender": name}, (By("created_at", "desc"),), 1)
        for name in asked
    ]
    pages = await act.store.read(*written)
    for name, page in zip(asked, pages, strict=True):
        if page.records and page.records[0].user_originated:
            found[name] = page.records[0].sender_key_id
    if not act.engine.is_auth_enabled:
        local = LOCAL_OWNER.person
        return found | ({local: LOCAL_OWNER.key_id} if local in asked else {})
    for key in await act.engine.holders([name.removeprefix(PERSON) for name in asked]):
        if Role(key.role).includes(Role.USER) and (not key.projects or project in key.projects):
            found[PERSON + key.name] = key.id
    return found


async def settled(act: Act, parent: Message | None, now: datetime) -> Changes:
    """Return the changes by which a person's answer acknowledges what of the thread waits for that person."""
    if parent is None or not is_person(act):
        return Changes()
    latest = (By("created_at", "desc"),)
    page = await act.store.find(
        Message, {"thread_id": parent.thread_id}, order=latest, limit=_SETTLED_BY_ANSWER
    )
    messages = {one.id: one for one in page.records}
    mine = await act.store.get_many(Delivery, [f"{one}:{act.actor}" for one in messages])
    waiting = [one for one in mine.values() if one.status in ("pending", "delivered")]
    made = [
        moved(
            replace(one, recipient_key_id=one.recipient_key_id or act.caller.key_id),
            MessageStatus.RECEIVED,
            now,
        )
        for one in waiting
        if one.recipient_key_id in ("", act.caller.key_id)
    ]
    return Changes(
        puts=tuple(made), events=tuple(status_changed(messages[one.message_id], one) for one in made)
    )
