"""Sending messages, through GraphQL on the real store."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from resolvers.acts import Engine
from resolvers.callers import Caller, Role
from schema.context import RequestContext
from schema.root import build_schema
from store.port import Changes
from store.records import Agent, Delivery, Key, Message, MessageDigest, Project, Session, new_id
from tests.areas.session_cases import make_named_key
from tests.conftest import Clock, Run, failure

SEND = """mutation($input: SendMessageInput!, $key: String) {
  sendMessage(input: $input, idempotencyKey: $key) {
    id to recipientCount project fromProject sender priority category threadId replyTo chainDepth
    requireHuman userOriginated note text deliveries { recipient status }
  }
}"""
READ = """mutation($input: ReceiveMessagesInput!) {
  receiveMessages(input: $input) { count hasMore messages { id sender text status deliveries { recipient status } } }
}"""
FOLLOW = """subscription($agent: String, $after: String) {
  messageReceived(project: "p", agent: $agent, after: $after) { ... on MessageEvent { text } }
}"""

KEY_A = Caller("key_a", "a", Role.AGENT, frozenset({"p"}))
KEY_B = Caller("key_b", "b", Role.AGENT, frozenset({"p"}))
WATCHER = Caller("key_r", "r", Role.READONLY, frozenset({"p"}))


async def begin(
    engine: Engine, agent: str, project: str = "p", key_id: str = "local", tier: str = "named"
) -> str:
    """Put a session of an agent into the store and return its id."""
    now = await engine.store.now()
    known = await engine.store.get(Agent, f"{project}/{agent}")
    session = Session(
        id=new_id("ses"),
        project=project,
        agent=agent,
        key_id=key_id,
        active_at=now,
        created_at=now,
        updated_at=now,
    )
    record = Agent(
        id=f"{project}/{agent}", project=project, name=agent, key_id=key_id, tier=tier, last_seen_at=now
    )
    await engine.store.commit(Changes(puts=(session,) if known else (session, record)))
    return session.id


async def register(engine: Engine, project: str) -> None:
    await engine.store.commit(Changes(puts=(Project(id=project, project=project),)))


async def send(
    run: Run, session: str, to: str, text: str, caller: Caller | None = None, **more: Any
) -> dict[str, Any]:
    asked = {"input": {"sessionId": session, "to": to, "message": text, **more}}
    return await run(SEND, asked, **({"caller": caller} if caller else {}))


async def sent(run: Run, session: str, to: str, text: str, **more: Any) -> dict[str, Any]:
    response = await send(run, session, to, text, **more)
    assert not response["errors"], response["errors"]
    made: dict[str, Any] = response["data"]["sendMessage"]
    return made


async def inbox(run: Run, session: str, **more: Any) -> dict[str, Any]:
    caller = more.pop("caller", None)
    response = await run(
        READ, {"input": {"sessionId": session, **more}}, **({"caller": caller} if caller else {})
    )
    assert not response["errors"], response["errors"]
    found: dict[str, Any] = response["data"]["receiveMessages"]
    return found


async def texts(run: Run, session: str, **more: Any) -> list[str]:
    return [message["text"] for message in (await inbox(run, session, **more))["messages"]]


async def nothing_written(engine: Engine) -> bool:
    kinds = (Message, Delivery, MessageDigest)
    return not sum([await engine.store.count(kind, {}) for kind in kinds])


async def test_a_message_reaches_each_of_the_agents_named(run: Run, engine: Engine) -> None:
    alice, bob, carol = [await begin(engine, name) for name in ("alice", "bob", "carol")]
    made = await sent(
        run, alice, "Bob, carol", "hello", priority="URGENT", category="TASK", requireHuman=True
    )
    assert made["to"] == ["bob", "carol"]
    assert (made["priority"], made["category"], made["requireHuman"]) == ("URGENT", "TASK", True)
    assert made["userOriginated"] is False
    assert made["deliveries"] == [
        {"recipient": "bob", "status": "PENDING"},
        {"recipient": "carol", "status": "PENDING"},
    ]
    assert await texts(run, bob) == ["hello"]
    assert await texts(run, carol) == ["hello"]
    assert await texts(run, alice) == []


async def test_a_broadcast_reaches_all_who_are_active_but_its_sender(
    run: Run, engine: Engine, clock: Clock
) -> None:
    gone = await begin(engine, "gone")
    clock.forward(days=15)
    alice, bob, carol = [await begin(engine, name) for name in ("alice", "bob", "carol")]
    stranger = await begin(engine, "stranger", project="q")
    made = await sent(run, alice, "*", "all hands")
    assert (made["to"], made["recipientCount"]) == (["*"], 2)
    assert await texts(run, bob) == ["all hands"]
    assert await texts(run, carol) == ["all hands"]
    assert await texts(run, alice) == []
    assert await texts(run, stranger) == []
    assert await engine.store.count(Delivery, {"recipient": "gone"}) == 0
    assert gone


async def test_one_reader_of_a_broadcast_does_not_hide_it_from_the_others(run: Run, engine: Engine) -> None:
    """A10."""
    alice, bob, carol = [await begin(engine, name) for name in ("alice", "bob", "carol")]
    made = await sent(run, alice, "*", "all hands")
    await texts(run, bob)
    done = await run(
        "mutation($id: ID!, $s: ID!) { acknowledgeMessage(input: {sessionId: $s, messageId: $id}) { status } }",
        {"id": made["id"], "s": bob},
    )
    assert done["data"]["acknowledgeMessage"]["status"] == "RECEIVED"
    assert await texts(run, carol) == ["all hands"]
    mine = await inbox(run, alice, messageId=made["id"])
    assert mine["messages"][0]["deliveries"] == [
        {"recipient": "bob", "status": "RECEIVED"},
        {"recipient": "carol", "status": "DELIVERED"},
    ]


async def test_a_broadcast_says_when_more_are_active_than_it_reaches(run: Run, engine: Engine) -> None:
    alice = await begin(engine, "alice")
    now = await engine.store.now()
    others = tuple(
        Session(id=f"ses_{n}", project="p", agent=f"agent{n}", active_at=now - timedelta(seconds=n))
        for n in range(501)
    )
    await engine.store.commit(Changes(puts=others))
    made = await sent(run, alice, "*", "all hands")
    assert made["recipientCount"] == 500
    assert "500" in made["note"]
    assert await engine.store.count(Delivery, {"recipient": "agent500"}) == 0


async def test_a_broadcast_to_nobody_is_refused_and_writes_nothing(run: Run, engine: Engine) -> None:
    alice = await begin(engine, "alice")
    assert failure(await send(run, alice, "*", "hello?")) == ("CONFLICT", "to")
    assert await nothing_written(engine)


async def test_a_message_to_a_project_is_found_under_every_spelling_of_its_name(
    run: Run, engine: Engine
) -> None:
    """A9."""
    await register(engine, "my_app")
    alice, bob = await begin(engine, "alice"), await begin(engine, "bob", project="my_app")
    made = await sent(run, alice, "bob", "hello", toProject="My-App")
    assert (made["project"], made["fromProject"]) == ("my_app", "p")
    assert await texts(run, bob) == ["hello"]


async def test_the_same_name_in_another_project_does_not_get_the_message(run: Run, engine: Engine) -> None:
    alice, here = await begin(engine, "alice"), await begin(engine, "bob")
    there = await begin(engine, "bob", project="q")
    made = await sent(run, alice, "bob", "hello")
    assert await texts(run, there) == []
    agent = Caller("local", "x", Role.AGENT)
    gone = await run(READ, {"input": {"sessionId": there, "messageId": made["id"]}}, caller=agent)
    assert failure(gone) == ("NOT_FOUND", "messageId")
    assert await texts(run, here) == ["hello"]


async def test_an_unknown_recipient_in_a_registered_project_names_similar_ones(
    run: Run, engine: Engine
) -> None:
    await register(engine, "p")
    alice, _ = await begin(engine, "alice"), await begin(engine, "backend")
    response = await send(run, alice, "backed", "hello")
    assert failure(response) == ("NOT_FOUND", "to")
    assert "backend" in response["errors"][0]["extensions"]["hint"]
    assert await nothing_written(engine)


async def test_a_message_waits_for_an_agent_that_an_unregistered_project_does_not_know(
    run: Run, engine: Engine
) -> None:
    alice = await begin(engine, "alice")
    made = await sent(run, alice, "newcomer", "welcome")
    assert "newcomer" in made["note"]
    newcomer = await begin(engine, "newcomer", key_id="key_n")
    assert await texts(run, newcomer) == ["welcome"]
    delivery = await engine.store.get(Delivery, f"{made['id']}:newcomer")
    assert delivery is not None
    assert delivery.recipient_key_id == "key_n"


async def test_the_same_text_again_within_five_minutes_names_the_first(
    run: Run, engine: Engine, clock: Clock
) -> None:
    alice, _ = await begin(engine, "alice"), await begin(engine, "bob")
    first = await sent(run, alice, "bob", "ping")
    again = await send(run, alice, "bob", "ping")
    assert failure(again) == ("CONFLICT", "message")
    assert first["id"] in again["errors"][0]["extensions"]["hint"]
    await sent(run, alice, "carol", "ping")
    clock.forward(minutes=6)
    later = await sent(run, alice, "bob", "ping")
    assert later["id"] != first["id"]


@pytest.mark.parametrize("number", [2, 8, 40])
async def test_of_the_same_text_sent_at_the_same_moment_one_is_kept(
    run: Run, engine: Engine, number: int
) -> None:
    """B3: each pair is one text sent twice."""
    alice, bob = await begin(engine, "alice"), await begin(engine, "bob")
    answers = await asyncio.gather(
        *(send(run, alice, "bob", f"text {pair}") for pair in range(number) for _ in range(2))
    )
    refused = [answer for answer in answers if answer["errors"]]
    assert len(refused) == number
    assert {failure(answer) for answer in refused} == {("CONFLICT", "message")}
    assert await engine.store.count(Message, {}) == number
    assert sorted(await texts(run, bob, limit=100)) == sorted(f"text {pair}" for pair in range(number))


async def test_a_repeat_with_the_same_idempotency_key_sends_once(run: Run, engine: Engine) -> None:
    alice, _ = await begin(engine, "alice"), await begin(engine, "bob")
    asked = {"input": {"sessionId": alice, "to": "bob", "message": "once"}, "key": "k"}
    first = await run(SEND, asked)
    assert not first["errors"]
    assert await run(SEND, asked) == first
    assert await engine.store.count(Message, {}) == 1


async def test_a_reply_stays_in_the_thread_and_goes_back_to_where_it_came_from(
    run: Run, engine: Engine
) -> None:
    alice, bob = await begin(engine, "alice"), await begin(engine, "bob", project="q")
    first = await sent(run, alice, "bob", "question", toProject="q")
    reply = await sent(run, bob, "alice", "answer", replyTo=first["id"])
    assert (reply["threadId"], reply["replyTo"], reply["chainDepth"]) == (first["id"], first["id"], 1)
    assert (reply["project"], reply["fromProject"]) == ("p", "q")
    assert await texts(run, alice) == ["answer"]
    listed = 'query($thread: ID!) { messages(project: "p", thread: $thread) { nodes { text } } }'
    shown = await run(listed, {"thread": first["id"]})
    assert [node["text"] for node in shown["data"]["messages"]["nodes"]] == ["question", "answer"]


async def chain(run: Run, one: str, other: str) -> str:
    """Send a message and five replies between alice and bob; return the last one's id."""
    last: str = (await sent(run, one, "bob", "0"))["id"]
    for depth in range(1, 6):
        sender, to = ((other, "alice"), (one, "bob"))[(depth + 1) % 2]
        last = (await sent(run, sender, to, str(depth), replyTo=last))["id"]
    return last


async def test_a_chain_of_replies_stops_after_five_and_claims_no_alert_that_nobody_got(
    run: Run, engine: Engine
) -> None:
    """A22."""
    alice, bob = await begin(engine, "alice"), await begin(engine, "bob")
    last = await chain(run, alice, bob)
    refused = await send(run, alice, "bob", "6", replyTo=last)
    assert failure(refused) == ("LIMIT_EXCEEDED", "replyTo")
    assert "told" not in refused["errors"][0]["extensions"]["hint"]
    assert await engine.store.count(Message, {}) == 6


async def test_an_admin_agent_is_told_once_of_a_chain_that_was_stopped(run: Run, engine: Engine) -> None:
    alice, bob = await begin(engine, "alice"), await begin(engine, "bob")
    boss = await begin(engine, "boss", tier="admin")
    last = await chain(run, alice, bob)
    for _ in range(2):
        refused = await send(run, alice, "bob", "6", replyTo=last)
        assert failure(refused) == ("LIMIT_EXCEEDED", "replyTo")
        assert "boss was told" in refused["errors"][0]["extensions"]["hint"]
    (told,) = await texts(run, boss)
    assert last in told


async def test_nobody_replies_to_a_message_that_is_not_theirs(run: Run, engine: Engine) -> None:
    alice, _, eve = [await begin(engine, name, key_id="key_a") for name in ("alice", "bob", "eve")]
    made = (await send(run, alice, "bob", "secret", KEY_A))["data"]["sendMessage"]
    refused = await send(run, eve, "bob", "hm", KEY_A, replyTo=made["id"])
    assert failure(refused) == ("NOT_FOUND", "replyTo")
    assert failure(await send(run, eve, "bob", "hm", KEY_A, replyTo="msg_none")) == ("NOT_FOUND", "replyTo")


async def test_a_person_writes_without_a_session_and_can_be_answered(run: Run, engine: Engine) -> None:
    await register(engine, "p")
    bob = await begin(engine, "bob")
    made = (await run(SEND, {"input": {"project": "p", "to": "bob", "message": "please"}}))["data"][
        "sendMessage"
    ]
    assert (made["sender"], made["userOriginated"]) == ("user-local", True)
    assert await texts(run, bob) == ["please"]
    await sent(run, bob, "user-local", "done", replyTo=made["id"])
    shown = await run('{ messages(project: "p", agent: "user-local") { nodes { text status } } }')
    assert shown["data"]["messages"]["nodes"] == [{"text": "done", "status": "PENDING"}]


async def test_an_agent_writes_first_to_the_person_in_charge(run: Run, engine: Engine) -> None:
    await register(engine, "p")
    bob = await begin(engine, "bob")
    made = await sent(run, bob, "user-local", "may I drop the column?", requireHuman=True)
    assert (made["to"], made["note"]) == (["user-local"], "")
    shown = await run('{ messages(project: "p", agent: "user-local") { nodes { text status } } }')
    assert shown["data"]["messages"]["nodes"] == [{"text": "may I drop the column?", "status": "PENDING"}]
    refused = await send(run, bob, "user-nobody", "hello?")
    assert failure(refused) == ("NOT_FOUND", "to")
    assert "reply_to" in refused["errors"][0]["extensions"]["hint"]


@pytest.mark.parametrize(
    ("name", "role", "projects", "is_reached"),
    [
        ("Anna B", "user", ("p",), True),
        ("boss", "owner", (), True),
        ("away", "admin", ("q",), False),
        ("ci", "agent", ("p",), False),
    ],
)
async def test_a_person_is_reached_by_the_name_of_a_key_that_includes_the_project(
    run: Run, engine: Engine, name: str, role: str, projects: tuple[str, ...], is_reached: bool
) -> None:
    await register(engine, "p")
    key = await make_named_key(engine, name, role, projects)
    bob = await begin(engine, "bob", key_id="key_a")
    answer = await send(run, bob, f"user-{name}", "may I?", KEY_A)
    if not is_reached:
        assert failure(answer) == ("NOT_FOUND", "to")
        return
    assert not answer["errors"], answer["errors"]
    delivery = await engine.store.get(Delivery, f"{answer['data']['sendMessage']['id']}:user-{name}")
    assert delivery is not None and delivery.recipient_key_id == key.key_id


async def test_a_person_follows_the_messages_to_a_name_that_no_agent_could_have(
    run: Run, engine: Engine
) -> None:
    person = await make_named_key(engine, "Ann Smith", "user", ("p",))
    bob = await begin(engine, "bob", key_id="key_a")
    context = RequestContext(engine, person)
    cursor = (await run('{ feedCursor(projects: ["p"]) }'))["data"]["feedCursor"]
    stream: Any = await build_schema().subscribe(
        FOLLOW, variable_values={"agent": "user-Ann Smith", "after": cursor}, context_value=context
    )
    await send(run, bob, "user-Ann Smith", "may I?", KEY_A)
    async with asyncio.timeout(20), aclosing(stream):
        item = await anext(stream)
    assert item.data["messageReceived"]["text"] == "may I?"


async def test_a_revoked_key_stands_for_nobody(run: Run, engine: Engine) -> None:
    await register(engine, "p")
    key = await make_named_key(engine, "boss", "owner")
    kept = await engine.store.get(Key, key.key_id)
    assert kept is not None
    gone = replace(kept, revoked_at=await engine.store.now())
    await engine.store.commit(Changes(puts=(gone,)))
    bob = await begin(engine, "bob", key_id="key_a")
    assert failure(await send(run, bob, "user-boss", "may I?", KEY_A)) == ("NOT_FOUND", "to")


async def test_whoever_has_written_without_a_session_can_be_written_to(run: Run, engine: Engine) -> None:
    await register(engine, "p")
    bob = await begin(engine, "bob", key_id="key_a")
    program = Caller("key_c", "ci", Role.AGENT, frozenset({"p"}))
    asked = {"input": {"project": "p", "to": "bob", "message": "the build is red"}}
    assert not (await run(SEND, asked, caller=program))["errors"]
    answer = await send(run, bob, "user-ci", "on it", KEY_A)
    assert not answer["errors"], answer["errors"]
    delivery = await engine.store.get(Delivery, f"{answer['data']['sendMessage']['id']}:user-ci")
    assert delivery is not None and delivery.recipient_key_id == "key_c"


async def test_in_response_to_a_persons_broadcast_answers_it(run: Run, engine: Engine) -> None:
    await register(engine, "p")
    bob, eve = await begin(engine, "bob"), await begin(engine, "eve", key_id="key_b")
    asked = {"input": {"project": "p", "to": "*", "message": "who owns the parser?"}}
    made = (await run(SEND, asked))["data"]["sendMessage"]
    answer = await sent(run, bob, "user-local", "I do", inResponseTo=made["id"])
    assert (answer["threadId"], answer["replyTo"], answer["chainDepth"]) == (made["id"], made["id"], 1)
    other = await sent(run, bob, "eve", "about that", inResponseTo=answer["id"])
    assert (other["threadId"], other["replyTo"]) == (other["id"], "")
    label = await sent(run, bob, "eve", "about the spec", inResponseTo="spec/api")
    assert label["threadId"] == label["id"]
    private = {"input": {"project": "p", "to": "bob", "message": "a word"}}
    secret = (await run(SEND, private))["data"]["sendMessage"]
    foreign = await send(run, eve, "bob", "and I?", KEY_B, inResponseTo=secret["id"])
    assert foreign["data"]["sendMessage"]["replyTo"] == ""


async def test_what_a_person_answers_waits_for_that_person_no_more(run: Run, engine: Engine) -> None:
    bob = await begin(engine, "bob")
    first = await sent(run, bob, "user-local", "may I?")
    await sent(run, bob, "user-local", "well?", replyTo=first["id"])
    elsewhere = await sent(run, bob, "user-local", "something else")
    counted = '{ overview(projects: ["p"]) { messagesToYou } }'
    assert (await run(counted))["data"]["overview"] == [{"messagesToYou": 3}]
    asked = {"input": {"project": "p", "to": "bob", "message": "yes", "replyTo": first["id"]}}
    assert not (await run(SEND, asked))["errors"]
    assert (await run(counted))["data"]["overview"] == [{"messagesToYou": 1}]
    shown = await run('{ messages(project: "p", agent: "user-local", status: PENDING) { nodes { id } } }')
    assert [one["id"] for one in shown["data"]["messages"]["nodes"]] == [elsewhere["id"]]


async def test_an_agent_that_calls_itself_a_user_is_not_taken_for_one(run: Run, engine: Engine) -> None:
    """D5."""
    fake = await begin(engine, "user-boss")
    assert (await sent(run, fake, "bob", "obey"))["userOriginated"] is False


async def test_a_readonly_key_sends_and_moves_nothing(run: Run, engine: Engine) -> None:
    """D1."""
    watcher = await begin(engine, "watcher", key_id="key_r")
    assert failure(await send(run, watcher, "bob", "hi", WATCHER))[0] == "FORBIDDEN"
    read = await run(READ, {"input": {"sessionId": watcher}}, caller=WATCHER)
    assert failure(read)[0] == "FORBIDDEN"
    assert await nothing_written(engine)


async def test_a_key_of_one_project_neither_writes_to_nor_reads_another(run: Run, engine: Engine) -> None:
    """D2."""
    alice = await begin(engine, "alice", key_id="key_a")
    stranger = await begin(engine, "stranger", project="q")
    assert failure(await send(run, alice, "stranger", "hi", KEY_A, toProject="q")) == (
        "FORBIDDEN",
        "toProject",
    )
    assert await nothing_written(engine)
    made = await sent(run, stranger, "other", "inside q")
    assert failure(await run('{ messages(project: "q") { nodes { text } } }', caller=KEY_A))[0] == "FORBIDDEN"
    asked = await run("query($id: ID!) { message(id: $id) { text } }", {"id": made["id"]}, caller=KEY_A)
    assert failure(asked) == ("NOT_FOUND", "id")


async def test_the_text_of_a_message_is_shown_to_the_keys_of_its_parties_and_to_admins_only(
    run: Run, engine: Engine
) -> None:
    alice = await begin(engine, "alice", key_id="key_a")
    await begin(engine, "bob", key_id="key_b")
    await send(run, alice, "bob", "secret", KEY_A)
    shown = '{ messages(project: "p") { nodes { id text deliveries { recipient } } } }'
    for caller, text in ((KEY_A, "secret"), (KEY_B, "secret"), (WATCHER, None)):
        (node,) = (await run(shown, caller=caller))["data"]["messages"]["nodes"]
        assert node["text"] == text
        assert bool(node["deliveries"]) is (text is not None)
    (node,) = (await run(shown))["data"]["messages"]["nodes"]
    assert node["text"] == "secret"
    asked = await run("query($id: ID!) { message(id: $id) { text } }", {"id": node["id"]}, caller=WATCHER)
    assert failure(asked)[0] == "NOT_FOUND"


async def test_messages_are_listed_newest_first_page_by_page(run: Run, engine: Engine) -> None:
    alice = await begin(engine, "alice")
    for number in range(5):
        await sent(run, alice, "bob", str(number))
    found: list[str] = []
    after = None
    while True:
        page = (
            await run(
                'query($after: String) { messages(project: "p", first: 2, after: $after) '
                "{ nodes { text } pageInfo { hasNextPage endCursor } } }",
                {"after": after},
            )
        )["data"]["messages"]
        found += [node["text"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == ["4", "3", "2", "1", "0"]
    by = await run('{ messages(project: "p", sender: "alice") { nodes { text } } }')
    assert len(by["data"]["messages"]["nodes"]) == 5
    assert failure(await run('{ messages(project: "p", status: PENDING) { nodes { text } } }')) == (
        "BAD_INPUT",
        "status",
    )


async def test_the_event_of_a_message_is_for_the_keys_of_its_parties(run: Run, engine: Engine) -> None:
    alice = await begin(engine, "alice", key_id="key_a")
    bob = await begin(engine, "bob", key_id="key_b")
    made = (await send(run, alice, "bob", "secret", KEY_A))["data"]["sendMessage"]
    await inbox(run, bob, caller=KEY_B)
    first, second = await engine.store.events_after("p", 0)
    assert (first.kind, second.kind) == ("message.sent", "message.status_changed")
    assert set(first.audience) == set(second.audience) == {"key_a", "key_b"}
    assert first.data["text"] == "secret"
    assert first.data["to"] == ["bob"]
    assert second.data == {"id": made["id"], "recipient": "bob", "status": "delivered"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"to": ""}, "to"),
        ({"to": []}, "to"),
        ({"to": " , "}, "to"),
        ({"to": "../bob"}, "to"),
        ({"to": "bob\0"}, "to"),
        ({"to": "*, bob"}, "to"),
        ({"to": [f"a{n}" for n in range(51)]}, "to"),
        ({"to": ",".join(f"a{n}" for n in range(51))}, "to"),
        ({"to": "a" * 1_000_000}, "to"),
        ({"message": ""}, "message"),
        ({"message": "   "}, "message"),
        ({"message": "x" * 1_000_000}, "message"),
        ({"message": "\0"}, "message"),
        ({"toProject": "a/b"}, "toProject"),
        ({"replyTo": "x" * 1_000}, "replyTo"),
        ({"inResponseTo": "x" * 1_000}, "inResponseTo"),
        ({"project": "../x"}, "project"),
    ],
)
async def test_a_value_that_cannot_be_taken_is_named_and_nothing_is_written(
    run: Run, engine: Engine, given: dict[str, Any], field: str
) -> None:
    alice = await begin(engine, "alice")
    asked = {"sessionId": alice, "to": "bob", "message": "hello", **given}
    assert failure(await run(SEND, {"input": asked})) == ("BAD_INPUT", field)
    assert await nothing_written(engine)


async def test_the_largest_text_is_taken_whole(run: Run, engine: Engine) -> None:
    alice, bob = await begin(engine, "alice"), await begin(engine, "bob")
    text = "é" * 25_600
    made = await sent(run, alice, "bob", text)
    assert await texts(run, bob, messageId=made["id"]) == [text]
