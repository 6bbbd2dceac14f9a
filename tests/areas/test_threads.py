"""Threads for a person: what is overdue first, then what is unread, then the latest."""

from __future__ import annotations

from typing import Any

import pytest

from resolvers.acts import Engine
from tests.areas.session_cases import make_key, make_named_key, start
from tests.conftest import Clock, Run, failure

THREADS = """query($minutes: Int! = 30, $first: Int! = 50, $after: String) {
  threads(project: "p", overdueMinutes: $minutes, first: $first, after: $after) {
    nodes {
      id lastAt messageCount participants unreadCount isOverdue isUrgent oldestUnreadAt
      first { text } last { sender text }
    }
    next isCut cursor
  }
}"""
SEND = """mutation($input: SendMessageInput!) { sendMessage(input: $input) { id } }"""
READ = "mutation($session: ID!) { receiveMessages(input: {sessionId: $session}) { count } }"


async def send(run: Run, *, text: str, to: str = "ada", **more: Any) -> str:
    """Send a message and return its id."""
    given = {"project": "p", "to": [to], "message": text, **more}
    answer = await run(SEND, {"input": given})
    assert not answer["errors"], answer["errors"]
    return str(answer["data"]["sendMessage"]["id"])


async def threads(run: Run, **asked: Any) -> Any:
    """Return a page of threads."""
    answer = await run(THREADS, asked)
    assert not answer["errors"], answer["errors"]
    return answer["data"]["threads"]


async def test_overdue_threads_come_before_unread_ones_and_those_before_read_ones(
    run: Run, clock: Clock
) -> None:
    ada, ben = (await start(run, "ada"))["sessionId"], (await start(run, "ben"))["sessionId"]
    read = await send(run, text="read")
    await run(READ, {"session": ada})
    overdue = await send(run, text="overdue", to="ben", priority="URGENT")
    clock.forward(minutes=31)
    unread = await send(run, text="unread")
    answer = await send(run, text="again", to="ben", replyTo=read, sessionId=ada)
    await run(READ, {"session": ben})
    overdue2 = await send(run, text="old", to="cy")
    clock.forward(minutes=10)
    page = await threads(run, minutes=20)
    assert [one["id"] for one in page["nodes"]] == [overdue2, unread, read, overdue]
    page = await threads(run, minutes=5)
    by_id = {one["id"]: one for one in page["nodes"]}
    assert {one["id"] for one in page["nodes"][:2]} == {unread, overdue2}
    assert by_id[unread]["isOverdue"] and not by_id[read]["isOverdue"]
    assert answer not in by_id
    assert by_id[read]["messageCount"] == 2
    assert by_id[read]["participants"] == ["user-local", "ada", "ben"]
    assert by_id[read]["first"]["text"] == "read"
    assert by_id[read]["last"] == {"sender": "ada", "text": "again"}
    assert (by_id[overdue]["unreadCount"], by_id[overdue]["isUrgent"]) == (0, False)


async def test_a_thread_counts_each_delivery_unread_and_says_since_when(run: Run, clock: Clock) -> None:
    for name in ("ada", "ben", "cy"):
        await start(run, name)
    await send(run, text="all", to="*", priority="URGENT")
    (one,) = (await threads(run))["nodes"]
    assert (one["unreadCount"], one["isUrgent"], one["isOverdue"]) == (3, True, False)
    assert one["oldestUnreadAt"] == one["lastAt"]
    assert one["participants"] == ["user-local", "*"]
    clock.forward(minutes=31)
    assert (await threads(run))["nodes"][0]["isOverdue"]


@pytest.mark.parametrize("first", [1, 3, 100])
async def test_pages_of_threads_neither_repeat_nor_leave_out_any(run: Run, first: int) -> None:
    sent = {await send(run, text=f"{n}", to="ada" if n % 2 else "ben") for n in range(7)}
    await run(READ, {"session": (await start(run, "ada"))["sessionId"]})
    seen, after = [], None
    while True:
        page = await threads(run, first=first, after=after)
        assert len(page["nodes"]) <= first
        seen += [one["id"] for one in page["nodes"]]
        after = page["next"]
        if after is None:
            break
    assert len(seen) == len(sent) and set(seen) == sent


async def test_a_thread_tells_the_categories_and_priorities_of_all_its_messages(run: Run) -> None:
    for name in ("ada", "ben"):
        await start(run, name)
    begun = await send(run, text="1", category="TASK")
    await send(run, text="2", to="ben", replyTo=begun, category="BLOCKER", priority="LOW")
    await send(run, text="3", replyTo=begun, category="INFO")
    await send(run, text="other", category="QUESTION", priority="URGENT")
    asked = '{ threads(project: "p") { nodes { id messageCount categories priorities } } }'
    found = {one["id"]: one for one in (await run(asked))["data"]["threads"]["nodes"]}
    assert found[begun] == {
        "id": begun,
        "messageCount": 3,
        "categories": ["BLOCKER", "INFO", "TASK"],
        "priorities": ["LOW", "NORMAL"],
    }
    assert [one["categories"] for one in found.values() if one["id"] != begun] == [["QUESTION"]]


async def test_the_text_of_a_thread_is_for_its_parties_and_admins_only(engine: Engine, run: Run) -> None:
    await start(run, "ada")
    await send(run, text="secret")
    reader, _ = await make_key(engine, "reader", "readonly", ("p",))
    admin, _ = await make_key(engine, "boss", "admin", ("p",))
    for caller, text in ((reader, None), (admin, "secret")):
        (one,) = (await run(THREADS, caller=caller))["data"]["threads"]["nodes"]
        assert (one["last"]["text"], one["first"]["text"]) == (text, text)
    foreign, _ = await make_key(engine, "other", "admin", ("q",))
    assert failure(await run(THREADS, caller=foreign)) == ("FORBIDDEN", "project")


async def test_threads_refuse_what_is_no_cursor_and_numbers_out_of_bounds(run: Run) -> None:
    for after in ("x", "bnVsbA", "WyJhIiwxLDJd"):
        assert failure(await run(THREADS, {"after": after})) == ("BAD_INPUT", "after")
    assert failure(await run(THREADS, {"minutes": 0})) == ("BAD_INPUT", "overdueMinutes")
    assert failure(await run(THREADS, {"first": 101})) == ("BAD_INPUT", "first")


AWAITED = '{ threads(project: "p") { nodes { id awaitsYou } } }'


async def awaited(run: Run, **more: Any) -> list[str]:
    """Return the threads that wait for the caller; they must stand first."""
    nodes = (await run(AWAITED, **more))["data"]["threads"]["nodes"]
    marks = [one["awaitsYou"] for one in nodes]
    assert marks == sorted(marks, reverse=True)
    return [one["id"] for one in nodes if one["awaitsYou"]]


async def test_what_is_written_to_the_person_stands_first_until_it_is_answered_or_acknowledged(
    run: Run, clock: Clock
) -> None:
    ann = (await start(run, "ann"))["sessionId"]
    await start(run, "bob")
    mine = await send(run, text="may I?", to="user-local", sessionId=ann)
    also = await send(run, text="and this?", to="user-local", sessionId=ann)
    clock.forward(minutes=31)
    await send(run, text="urgent", to="bob", priority="URGENT", sessionId=ann)
    assert set(await awaited(run)) == {mine, also}
    await send(run, text="yes", to="ann", replyTo=mine)
    assert await awaited(run) == [also]
    acknowledge = """mutation($id: ID!) {
      updateMessageStatus(input: {project: "p", messageId: $id, status: RECEIVED}) { status }
    }"""
    assert not (await run(acknowledge, {"id": also}))["errors"]
    assert await awaited(run) == []


@pytest.mark.parametrize("settled_by", ["answer", "completed"])
async def test_a_persons_word_that_agents_ask_for_is_awaited_until_it_comes(
    run: Run, clock: Clock, settled_by: str
) -> None:
    ann = (await start(run, "ann"))["sessionId"]
    bob = (await start(run, "bob"))["sessionId"]
    asked = await send(run, text="drop it?", to="bob", requireHuman=True, sessionId=ann)
    await run(READ, {"session": bob})
    clock.forward(minutes=1)
    await send(run, text="not mine to say", to="ann", replyTo=asked, sessionId=bob)
    await send(run, text="the latest", to="bob", sessionId=ann)
    assert await awaited(run) == [asked]
    clock.forward(minutes=1)
    if settled_by == "answer":
        await send(run, text="yes, drop it", to="ann", replyTo=asked)
    else:
        done = """mutation($id: ID!, $session: ID!) {
          updateMessageStatus(input: {messageId: $id, status: COMPLETED, sessionId: $session}) { status }
        }"""
        assert not (await run(done, {"id": asked, "session": bob}))["errors"]
    assert await awaited(run) == []


async def test_what_is_written_to_one_person_does_not_wait_for_another(engine: Engine, run: Run) -> None:
    ann = (await start(run, "ann"))["sessionId"]
    one = await make_named_key(engine, "one", "admin", ("p",))
    other = await make_named_key(engine, "other", "admin", ("p",))
    mine = await send(run, text="for one", to="user-one", sessionId=ann)
    assert await awaited(run, caller=one) == [mine]
    assert await awaited(run, caller=other) == []
