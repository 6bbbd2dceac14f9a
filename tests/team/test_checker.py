"""The checker sees what is broken: each rule is fed a history that breaks it, and a sound one that does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from store.records import BacklogItem, Delivery, Document, Event, Lock, Message, SpecVersion
from tests.team.checker import check, times_are_the_stores, touch
from tests.team.history import Call, End, History, Outcome, Seen

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOUND = "nothing is wrong"


def lock_event(sequence: int, kind: str, path: str, agent: str, fence: int) -> Event:
    data = {"locks": [{"path": path, "agent": agent, "fence": fence}]}
    return Event(project="p", kind=kind, subject=path, at=NOW, data=data, sequence=sequence)


def event(sequence: int, kind: str, subject: str, **data: Any) -> Event:
    return Event(project="p", kind=kind, subject=subject, at=NOW, data=data, sequence=sequence)


def call(who: str, what: str, began: float, result: dict[str, Any] | None = None, **given: Any) -> Call:
    """Return a call acknowledged a second after it began; one without a result is unanswered."""
    if result is None:
        return Call(who, what, given, began)
    return Call(who, what, given, began, began + 1, Outcome.ACKNOWLEDGED, result)


def locked(who: str, path: str, fence: int, began: float) -> Call:
    return call(who, "lock", began, {"success": True, "fence": fence}, files=[path])


def unlocked(who: str, path: str, began: float) -> Call:
    return call(who, "unlock", began, {"released": [path]}, files=[path])


def sound() -> tuple[History, End]:
    """Return a run in which all went well, a little of everything in it."""
    log = (
        lock_event(1, "lock.granted", "a.py", "ann", 1),
        lock_event(2, "lock.released", "a.py", "ann", 1),
        lock_event(3, "lock.granted", "a.py", "bob", 2),
        event(4, "backlog.added", "bkl_1"),
        event(5, "backlog.claimed", "bkl_1"),
        event(6, "spec.defined", "p/api", spec_version="1.0.0"),
        event(7, "spec.defined", "p/api", spec_version="1.0.1"),
        event(8, "message.sent", "msg_1"),
        event(9, "document.stored", "doc_1"),
    )
    shown = {"messages": [{"id": "msg_1"}]}
    calls = [
        locked("ann", "a.py", 1, 0),
        unlocked("ann", "a.py", 2),
        locked("bob", "a.py", 2, 4),
        call("ann", "add", 0, {"id": "bkl_1"}, title="item", description="of ann"),
        call("bob", "claim", 2, {"id": "bkl_1"}, item_id="bkl_1"),
        call("ann", "spec", 0, {"version": "1.0.0"}, content="first"),
        call("bob", "spec", 2, {"version": "1.0.1"}, content="second"),
        call("ann", "send", 0, {"id": "msg_1"}, message="hello", to_instance="bob"),
        call("bob", "read", 2, shown),
        call("bob", "read", 4, shown, include_delivered=True),
        call("ann", "learn", 0, {"id": "doc_1"}, title="lesson", details="of ann"),
        call("ann", "ask", 2, {"results": [{"content": "of ann"}]}, query="ann"),
    ]
    common: dict[str, Any] = {"project": "p"}
    content = {"spec_id": "p/api", "spec_type": "interface", **common}
    end = End(
        log=log,
        locks=(Lock(id="p:a.py", path="a.py", session_id="ses_2", agent="bob", fence=2, **common),),
        items=(BacklogItem(id="bkl_1", title="item", description="of ann", assignee="bob", **common),),
        versions=(
            SpecVersion(id="1", number=1, content="first", spec_version="1.0.0", **content),
            SpecVersion(id="2", number=2, content="second", spec_version="1.0.1", **content),
        ),
        messages=(
            Message(
                id="msg_1",
                from_project="p",
                sender="ann",
                to=("bob",),
                text="hello",
                thread_id="msg_1",
                **common,
            ),
        ),
        deliveries=(Delivery(id="msg_1:bob", message_id="msg_1", recipient="bob", **common),),
        documents=(Document(id="doc_1", type="learning", title="lesson", content="of ann", **common),),
    )
    seen = [Seen(one.sequence, one.kind, one.at) for one in log]
    return History(calls, {"sue": seen}), end


def test_a_sound_history_has_nothing_wrong() -> None:
    assert check(*sound()) == []


Break = Callable[[History, End], End | None]
BREAKS: dict[str, tuple[Break, str]] = {}


def breaks(said: str) -> Callable[[Break], Break]:
    """Note how a sound history is broken, and what the checker must say of it."""

    def note(how: Break) -> Break:
        BREAKS[how.__name__] = (how, said)
        return how

    return note


@breaks("ann was answered INTERNAL")
def an_internal_error(history: History, end: End) -> None:
    history.calls.append(Call("ann", "read", {}, 9, 10, Outcome.UNKNOWN, {"code": "INTERNAL"}))


@breaks("the log has gaps or repeats near 3")
def a_gap_in_the_log(history: History, end: End) -> End:
    history.seen.clear()
    return replace(end, log=end.log[:1] + end.log[2:])


@breaks("sue got 8 of 9 events; they go wrong at 3")
def an_event_that_was_not_received(history: History, end: End) -> None:
    del history.seen["sue"][1]


@breaks("sue got 10 of 9 events; they go wrong at 2")
def an_event_received_twice(history: History, end: End) -> None:
    history.seen["sue"].insert(1, history.seen["sue"][1])


@breaks("they go wrong at 3")
def events_received_in_another_order(history: History, end: End) -> None:
    seen = history.seen["sue"]
    seen[1], seen[2] = seen[2], seen[1]


@breaks("not those of the log")
def an_event_that_is_another(history: History, end: End) -> None:
    history.seen["sue"][1] = Seen(2, "lock.granted", NOW)


@breaks("ann and bob both held a.py and a.py")
def two_holders_at_a_time(history: History, end: End) -> None:
    history.calls[1].began = 7


@breaks("ann and bob both held src/ and src/x.py")
def a_directory_and_a_file_in_it(history: History, end: End) -> None:
    history.calls += [locked("ann", "src/", 3, 10), locked("bob", "src/x.py", 4, 12)]


@breaks("fence 2 was given after 2")
def a_fence_given_twice(history: History, end: End) -> End:
    return replace(end, log=(*end.log, lock_event(10, "lock.granted", "b.py", "ann", 2)))


@breaks("bob was granted a.py with fence 1, after a greater one")
def a_fence_that_shrinks(history: History, end: End) -> None:
    history.calls[0].result = {"success": True, "fence": 5}
    history.calls[2].result = {"success": True, "fence": 1}


@breaks("event 3 grants a.py to bob while ann holds a.py")
def a_grant_of_what_is_held(history: History, end: End) -> End:
    gone = event(2, "work.updated", "x")
    return replace(end, log=(end.log[0], gone, *end.log[2:]))


@breaks("a grant of b.py to ann was acknowledged and is not in the log")
def an_acknowledged_grant_that_never_was(history: History, end: End) -> None:
    history.calls.append(locked("ann", "b.py", 9, 10))


@breaks("ann was told of 2 releases of a.py, the log knows 1")
def a_release_that_never_was(history: History, end: End) -> None:
    history.calls.append(unlocked("ann", "a.py", 3))


@breaks("event 2 releases a.py, which eve does not hold")
def a_release_of_anothers_lock(history: History, end: End) -> End:
    other = lock_event(2, "lock.released", "a.py", "eve", 1)
    return replace(end, log=(end.log[0], other, *end.log[2:]))


@breaks("the locks at the end are not those of the log")
def a_lock_that_vanished(history: History, end: End) -> End:
    return replace(end, locks=())


@breaks("bkl_1 was claimed by ['ann', 'bob']")
def two_claims(history: History, end: End) -> None:
    history.calls.append(call("ann", "claim", 2, {"id": "bkl_1"}, item_id="bkl_1"))


@breaks("bkl_1 was claimed by ['bob'] and is ''")
def a_claim_that_was_lost(history: History, end: End) -> End:
    return replace(end, items=(replace(end.items[0], assignee=""),))


@breaks("bkl_1 of 'bob' has 2 claims in the log")
def a_claim_written_twice(history: History, end: End) -> End:
    return replace(end, log=(*end.log, event(10, "backlog.claimed", "bkl_1")))


@breaks("item was acknowledged and is there 0 times")
def an_item_that_was_lost(history: History, end: End) -> End:
    return replace(end, items=())


@breaks("item is there 2 times")
def an_item_added_twice(history: History, end: End) -> End:
    return replace(end, items=(*end.items, replace(end.items[0], id="bkl_2")))


@breaks("half is there, and nobody asked for it so")
def an_unanswered_write_that_is_there_in_part(history: History, end: End) -> End:
    history.calls.append(call("ann", "add", 5, title="half", description="whole text"))
    return replace(
        end,
        items=(*end.items, BacklogItem(id="bkl_2", project="p", title="half")),
        log=(*end.log, event(10, "backlog.added", "bkl_2")),
    )


@breaks("1 things are there, and 2 events document.stored tell of them")
def a_learning_without_its_event(history: History, end: End) -> End:
    return replace(end, log=(*end.log, event(10, "document.stored", "doc_2")))


@breaks("refused was refused and is there")
def a_refused_write_that_is_there(history: History, end: End) -> End:
    refused = Call("ann", "learn", {"title": "refused", "details": "x"}, 1, 2, Outcome.REFUSED)
    history.calls.append(refused)
    more = Document(id="doc_2", project="p", type="learning", title="refused", content="x")
    return replace(end, documents=(*end.documents, more))


@breaks("ann did not find ann, which it had kept")
def a_learning_that_is_not_found(history: History, end: End) -> None:
    history.calls[-1].result = {"results": [{"content": "of bob"}]}


@breaks("1.0.0 was given to ann and to bob")
def a_version_given_twice(history: History, end: End) -> None:
    history.calls[6].result = {"version": "1.0.0"}


@breaks("1.0.1 of bob is lost, or another's")
def a_version_with_anothers_content(history: History, end: End) -> End:
    return replace(end, versions=(end.versions[0], replace(end.versions[1], content="first")))


@breaks("versions have holes")
def a_version_that_was_lost(history: History, end: End) -> End:
    return replace(end, versions=end.versions[1:])


@breaks("1.0.0 was given after 1.0.1")
def a_version_that_shrinks(history: History, end: End) -> None:
    for number, version in ((5, "1.0.1"), (6, "1.0.0")):
        history.calls[number].result = {"version": version}


@breaks("hello is there 0 times")
def a_message_that_was_lost(history: History, end: End) -> End:
    return replace(end, messages=())


@breaks("hello is there 2 times")
def a_message_sent_twice(history: History, end: End) -> End:
    return replace(end, messages=(*end.messages, replace(end.messages[0], id="msg_2")))


@breaks("hello went to ['bob', 'eve']")
def a_message_to_the_wrong_one(history: History, end: End) -> End:
    return replace(end, deliveries=(*end.deliveries, replace(end.deliveries[0], id="x", recipient="eve")))


@breaks("bob was shown msg_1 as new 2 times")
def a_message_delivered_twice(history: History, end: End) -> None:
    history.calls.append(call("bob", "read", 6, {"messages": [{"id": "msg_1"}]}))


@breaks("hello never reached bob")
def a_message_never_delivered(history: History, end: End) -> None:
    history.calls = [one for one in history.calls if one.what != "read"]


@pytest.mark.parametrize("name", BREAKS)
def test_what_is_broken_is_seen(name: str) -> None:
    how, said = BREAKS[name]
    history, end = sound()
    problems = check(history, how(history, end) or end)
    assert any(said in problem for problem in problems), problems or SOUND


def test_an_unanswered_write_may_be_there_or_not() -> None:
    history, end = sound()
    history.calls.append(call("ann", "add", 5, title="perhaps", description="x"))
    assert check(history, end) == []
    there = BacklogItem(id="bkl_2", project="p", title="perhaps", description="x")
    log = (*end.log, event(10, "backlog.added", "bkl_2"))
    history.seen["sue"].append(Seen(10, "backlog.added", NOW))
    assert check(history, replace(end, items=(*end.items, there), log=log)) == []


def test_a_time_that_is_not_the_stores_is_seen() -> None:
    rule = times_are_the_stores(NOW - timedelta(minutes=1), NOW + timedelta(minutes=1))
    history, end = sound()
    assert not list(rule(history, end))
    late = replace(end.log[0], at=NOW + timedelta(minutes=10))
    assert list(rule(history, replace(end, log=(late, *end.log[1:]))))


def test_paths_touch_when_one_is_in_the_other() -> None:
    assert touch("src/", "src/a.py") and touch("src/a.py", "src/") and touch("a", "a")
    assert not touch("src/a.py", "src/b.py") and not touch("src", "src/a.py")
