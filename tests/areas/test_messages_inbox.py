"""Receiving messages: order, size, statuses, waiting and forgetting, on the real store."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from resolvers.acts import Engine
from resolvers.callers import Caller, Role
from resolvers.messages.deliveries import drop_finished_messages
from store.port import Changes
from store.records import Delivery, Key, Message, Session
from tests.areas.test_messages import KEY_A, KEY_B, READ, begin, inbox, send, sent, texts
from tests.conftest import Clock, Run, failure

MOVE = """mutation($input: UpdateMessageStatusInput!) {
  updateMessageStatus(input: $input) { messageId status isChanged delivery { deliveredAt receivedAt finishedAt } }
}"""
BOUND_SECONDS = 20


async def move(run: Run, session: str | None, message: str, status: str, **more: Any) -> dict[str, Any]:
    caller = more.pop("caller", None)
    asked = {"input": {"sessionId": session, "messageId": message, "status": status, **more}}
    return await run(MOVE, asked, **({"caller": caller} if caller else {}))


async def parked(engine: Engine) -> None:
    """Return when somebody waits on the feed."""
    async with asyncio.timeout(BOUND_SECONDS):
        while not engine.feed.subscriber_count:
            await asyncio.sleep(0)


async def test_urgent_messages_come_first_even_when_only_some_are_asked_for(run: Run, engine: Engine) -> None:
    """A8."""
    alice, bob = await begin(engine, "alice"), await begin(engine, "bob")
    for number in range(5):
        await sent(run, alice, "bob", f"low {number}", priority="LOW")
    await sent(run, alice, "bob", "normal")
    await sent(run, alice, "bob", "urgent", priority="URGENT")
    first = await inbox(run, bob, limit=3)
    assert [message["text"] for message in first["messages"]] == ["urgent", "normal", "low 0"]
    assert first["hasMore"] is True
    rest = await inbox(run, bob)
    assert [message["text"] for message in rest["messages"]] == ["low 1", "low 2", "low 3", "low 4"]
    assert rest["hasMore"] is False


async def test_what_is_returned_is_delivered_and_not_returned_again(run: Run, engine: Engine) -> None:
    alice, bob = await begin(engine, "alice"), await begin(engine, "bob")
    made = await sent(run, alice, "bob", "hello")
    (message,) = (await inbox(run, bob))["messages"]
    assert (message["id"], message["status"]) == (made["id"], "DELIVERED")
    assert (await inbox(run, bob))["count"] == 0
    assert await texts(run, bob, includeDelivered=True) == ["hello"]
    await move(run, bob, made["id"], "COMPLETED")
    assert await texts(run, bob, includeDelivered=True) == []
    assert await texts(run, bob, messageId=made["id"]) == ["hello"]


@pytest.mark.parametrize("number", [2, 8, 64])
async def test_of_readers_at_the_same_moment_each_message_goes_to_one(
    run: Run, engine: Engine, number: int
) -> None:
    alice, bob = await begin(engine, "alice"), await begin(engine, "bob")
    for text in range(3):
        await sent(run, alice, "bob", str(text))
    boxes = await asyncio.gather(*(texts(run, bob, limit=2) for _ in range(number)))
    read = [text for box in boxes for text in box]
    assert sorted(read) == ["0", "1", "2"]


async def test_long_texts_are_cut_and_one_is_had_whole_by_its_id(run: Run, engine: Engine) -> None:
    alice, bob = await begin(engine, "alice"), await begin(engine, "bob")
    ids = [(await sent(run, alice, "bob", f"{number}" * 50_000))["id"] for number in range(6)]
    document = READ.replace("status deliveries", "note deliveries")
    first = (await run(document, {"input": {"sessionId": bob}}))["data"]["receiveMessages"]
    assert first["hasMore"] is True
    assert sum(len(message["text"]) for message in first["messages"]) <= 32_000
    assert [message["id"] for message in first["messages"]] == ids[:4]
    for message in first["messages"]:
        assert message["id"] in message["note"]
        assert "50,000" in message["note"]
    rest = await inbox(run, bob)
    assert [message["id"] for message in rest["messages"]] == ids[4:]
    assert await texts(run, bob, messageId=ids[0]) == ["0" * 50_000]


async def test_a_waiting_reader_gets_the_message_that_comes(run: Run, engine: Engine) -> None:
    alice, bob = await begin(engine, "alice"), await begin(engine, "bob")
    reader = asyncio.create_task(texts(run, bob, waitSeconds=BOUND_SECONDS))
    await parked(engine)
    await sent(run, alice, "carol", "not for bob")
    await sent(run, alice, "bob", "hello")
    async with asyncio.timeout(BOUND_SECONDS / 2):
        assert await reader == ["hello"]


async def test_a_wait_ends_empty_when_nothing_comes(run: Run, engine: Engine) -> None:
    bob = await begin(engine, "bob")
    async with asyncio.timeout(BOUND_SECONDS):
        assert await texts(run, bob, waitSeconds=1) == []


async def test_a_reader_whose_session_ended_while_it_waited_leaves_the_message_to_the_next(
    run: Run, engine: Engine
) -> None:
    alice, bob = await begin(engine, "alice"), await begin(engine, "bob")
    reader = asyncio.ensure_future(run(READ, {"input": {"sessionId": bob, "waitSeconds": BOUND_SECONDS}}))
    await parked(engine)
    session = await engine.store.get(Session, bob)
    assert session is not None
    await engine.write(Changes(puts=(replace(session, status="ended"),)))
    await sent(run, alice, "bob", "hello")
    async with asyncio.timeout(BOUND_SECONDS):
        assert failure(await reader) == ("CONFLICT", "sessionId")
    assert await texts(run, await begin(engine, "bob")) == ["hello"]


async def test_a_reader_whose_key_is_revoked_while_it_waits_gets_nothing(run: Run, engine: Engine) -> None:
    """D7."""
    alice, bob = await begin(engine, "alice"), await begin(engine, "bob", key_id=KEY_B.key_id)
    key = Key(id=KEY_B.key_id, project="", name="b", role="agent", hash="h")
    await engine.store.commit(Changes(puts=(key,)))
    asked = {"input": {"sessionId": bob, "waitSeconds": BOUND_SECONDS}}
    reader = asyncio.ensure_future(run(READ, asked, caller=KEY_B))
    await parked(engine)
    revoked = replace(key, version=1, revoked_at=await engine.store.now())
    await engine.store.commit(Changes(puts=(revoked,)))
    made = await sent(run, alice, "bob", "secret")
    async with asyncio.timeout(BOUND_SECONDS):
        assert failure(await reader)[0] == "UNAUTHENTICATED"
    delivery = await engine.store.get(Delivery, f"{made['id']}:bob")
    assert delivery is not None
    assert delivery.status == "pending"


async def test_a_status_moves_forwards_only(run: Run, engine: Engine) -> None:
    alice, bob = await begin(engine, "alice"), await begin(engine, "bob")
    made = await sent(run, alice, "bob", "hello")
    for status in ("PENDING", "RECEIVED", "RECEIVED", "COMPLETED"):
        assert not (await move(run, bob, made["id"], status))["errors"]
    for status in ("PENDING", "DELIVERED", "RECEIVED", "FAILED"):
        assert failure(await move(run, bob, made["id"], status)) == ("CONFLICT", "status")
    delivery = await engine.store.get(Delivery, f"{made['id']}:bob")
    assert delivery is not None
    assert delivery.status == "completed"
    assert delivery.delivered_at and delivery.received_at and delivery.finished_at


async def test_the_status_that_it_has_already_changes_nothing(run: Run, engine: Engine) -> None:
    alice, bob = await begin(engine, "alice"), await begin(engine, "bob")
    made = await sent(run, alice, "bob", "hello")
    first = (await move(run, bob, made["id"], "FAILED"))["data"]["updateMessageStatus"]
    again = (await move(run, bob, made["id"], "FAILED"))["data"]["updateMessageStatus"]
    assert (first["isChanged"], again["isChanged"]) == (True, False)
    assert again["delivery"] == first["delivery"]
    kinds = [event.kind for event in await engine.store.events_after("p", 0)]
    assert kinds == ["message.sent", "message.status_changed"]


async def test_nobody_but_the_recipient_or_an_admin_moves_a_status(run: Run, engine: Engine) -> None:
    """D6."""
    alice = await begin(engine, "alice", key_id="key_a")
    bob = await begin(engine, "bob", key_id="key_b")
    eve = await begin(engine, "eve", key_id="key_a")
    made = (await send(run, alice, "bob", "hello", KEY_A))["data"]["sendMessage"]
    id_ = made["id"]
    assert failure(await move(run, eve, id_, "COMPLETED", caller=KEY_A)) == ("NOT_FOUND", "messageId")
    assert failure(await move(run, alice, id_, "COMPLETED", caller=KEY_A)) == ("FORBIDDEN", "messageId")
    forced = await move(run, eve, id_, "COMPLETED", caller=KEY_A, recipient="bob")
    assert failure(forced) == ("FORBIDDEN", "recipient")
    stolen = await move(run, bob, id_, "COMPLETED", caller=KEY_A)
    assert failure(stolen) == ("NOT_FOUND", "sessionId")
    delivery = await engine.store.get(Delivery, f"{id_}:bob")
    assert delivery is not None
    assert delivery.status == "pending"
    assert not (await move(run, bob, id_, "RECEIVED", caller=KEY_B))["errors"]
    admin = Caller("key_x", "x", Role.ADMIN, frozenset({"p"}))
    moved = await move(run, None, id_, "FAILED", caller=admin, recipient="bob", project="p")
    assert moved["data"]["updateMessageStatus"]["status"] == "FAILED"


async def test_a_name_alone_opens_nobody_elses_inbox(run: Run, engine: Engine) -> None:
    """D5: neither `human` nor any other name is more than a name."""
    alice = await begin(engine, "alice", key_id="key_a")
    await begin(engine, "bob", key_id="key_b")
    human = await begin(engine, "human", key_id="key_a")
    made = (await send(run, alice, "bob", "secret", KEY_A))["data"]["sendMessage"]
    for asked in ({"forInstance": "bob"}, {"messageId": made["id"]}):
        response = await run(READ, {"input": {"sessionId": human, **asked}}, caller=KEY_A)
        assert failure(response)[0] in ("FORBIDDEN", "NOT_FOUND")


async def test_an_admin_reads_anothers_inbox_without_marking_it(run: Run, engine: Engine) -> None:
    alice, bob = await begin(engine, "alice"), await begin(engine, "bob")
    await sent(run, alice, "bob", "hello")
    (message,) = (await inbox(run, alice, forInstance="bob"))["messages"]
    assert (message["text"], message["status"]) == ("hello", "PENDING")
    assert await texts(run, bob) == ["hello"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"waitSeconds": -1}, "waitSeconds"),
        ({"waitSeconds": 56}, "waitSeconds"),
        ({"messageId": "x" * 1_000}, "messageId"),
        ({"messageId": "a\0"}, "messageId"),
        ({"forInstance": "../bob"}, "forInstance"),
    ],
)
async def test_a_value_that_cannot_be_taken_is_named_and_nothing_is_marked(
    run: Run, engine: Engine, given: dict[str, Any], field: str
) -> None:
    alice, bob = await begin(engine, "alice"), await begin(engine, "bob")
    await sent(run, alice, "bob", "hello")
    response = await run(READ, {"input": {"sessionId": bob, **given}})
    assert failure(response) == ("BAD_INPUT", field)
    assert await engine.store.count(Delivery, {"status": "pending"}) == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"messageId": ""}, "messageId"),
        ({"messageId": "x" * 1_000}, "messageId"),
        ({"recipient": "a b/c"}, "recipient"),
        ({"project": "a/b"}, "project"),
    ],
)
async def test_a_bad_value_of_a_status_change_is_named(
    run: Run, engine: Engine, given: dict[str, Any], field: str
) -> None:
    alice, bob = await begin(engine, "alice"), await begin(engine, "bob")
    made = await sent(run, alice, "bob", "hello")
    asked = {"sessionId": bob, "messageId": made["id"], "status": "RECEIVED", **given}
    assert failure(await run(MOVE, {"input": asked})) == ("BAD_INPUT", field)
    assert await engine.store.count(Delivery, {"status": "pending"}) == 1


async def test_finished_messages_are_forgotten_and_unread_ones_stay(
    run: Run, engine: Engine, clock: Clock
) -> None:
    alice, bob = await begin(engine, "alice"), await begin(engine, "bob")
    done = await sent(run, alice, "bob", "done")
    half = await sent(run, alice, "bob, carol", "half done")
    unread = await sent(run, alice, "bob", "unread")
    for message in (done, half):
        await move(run, bob, message["id"], "COMPLETED")
    clock.forward(days=6)
    assert await drop_finished_messages(engine) == 0
    clock.forward(days=2)
    assert await drop_finished_messages(engine) == 2
    kept = await engine.store.find(Message, {})
    assert {message.id for message in kept.records} == {half["id"], unread["id"]}
    deliveries = await engine.store.find(Delivery, {})
    assert {one.id for one in deliveries.records} == {f"{half['id']}:carol", f"{unread['id']}:bob"}
    assert await texts(run, await begin(engine, "bob")) == ["unread"]
    await drop_finished_messages(engine)
    assert await engine.store.count(Message, {}) == 2


async def test_a_message_goes_only_with_its_last_delivery(run: Run, engine: Engine, clock: Clock) -> None:
    alice, bob = await begin(engine, "alice"), await begin(engine, "bob")
    carol = await begin(engine, "carol")
    made = await sent(run, alice, "bob, carol", "hello")
    for session in (bob, carol):
        await move(run, session, made["id"], "COMPLETED")
    clock.forward(days=8)
    assert await drop_finished_messages(engine, 1) == 1
    assert await engine.store.count(Message, {}) == 1
    assert await drop_finished_messages(engine, 1) == 1
    assert await engine.store.count(Message, {}) == 0
