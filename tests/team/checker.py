"""What must be true of every history, whatever failed meanwhile: each rule yields what breaks it, in words."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from store.records import Event
from tests.team.history import Call, End, History, Outcome, Seen

Broken = Iterator[str]
_GRANTS = ("lock.granted", "lock.taken_over")
_RELEASES = ("lock.released", "lock.forced", "session.ended", "session.lapsed")


def check(history: History, end: End) -> list[str]:
    """Return what is wrong with a run; nothing if all is well."""
    return [problem for rule in _RULES for problem in rule(history, end)]


def no_call_failed_inside(history: History, end: End) -> Broken:
    """Whatever goes away, a server knows what to say."""
    for call in history.calls:
        if call.result.get("code") == "INTERNAL":
            yield f"{call.who} was answered INTERNAL to {call.what}: {dict(call.result)}"


def the_log_has_no_gap(history: History, end: End) -> Broken:
    """Events are numbered from 1 on, each number once."""
    numbers = [event.sequence for event in end.log]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"the log has gaps or repeats near {_first_jump(numbers, 0)}"


def each_subscriber_got_the_log(history: History, end: End) -> Broken:
    """All of it, in order, nothing twice."""
    log = [Seen(event.sequence, event.kind, event.at) for event in end.log]
    for who, seen in history.seen.items():
        if seen == log:
            continue
        numbers = [event.sequence for event in seen]
        if numbers != [event.sequence for event in log]:
            yield f"{who} got {len(seen)} of {len(log)} events; they go wrong at {_first_jump(numbers, 0)}"
        else:
            yield f"{who} got events that are not those of the log"


def _first_jump(numbers: Sequence[int], before: int) -> int:
    for number in numbers:
        if number != before + 1:
            return number
        before = number
    return before + 1


def no_path_has_two_holders_by_their_own_account(history: History, end: End) -> Broken:
    """From when a grant was acknowledged until its release was asked for, nobody else was granted the same."""
    held: list[tuple[float, float, str, str]] = []
    for grant in _granted(history):
        path = grant.given["files"][0]
        until = min((call.began for call in _releases(history, grant)), default=math.inf)
        held.append((grant.ended, until, path, grant.who))
    held.sort()
    for place, (_, until, path, who) in enumerate(held):
        for began, _, other, whose in held[place + 1 :]:
            if began >= until:
                break
            if whose != who and touch(path, other):
                yield f"{who} and {whose} both held {path} and {other}"


def _granted(history: History) -> list[Call]:
    return [call for call in history.of("lock") if call.is_acknowledged and call.result.get("success")]


def _releases(history: History, grant: Call) -> Iterator[Call]:
    for call in history.of("unlock"):
        if (
            call.who == grant.who
            and call.began >= grant.ended
            and grant.given["files"][0] in call.given["files"]
        ):
            yield call


def touch(one: str, other: str) -> bool:
    """Tell whether two paths are the same, or one is a directory with the other in it."""
    return one == other or any(a.endswith("/") and b.startswith(a) for a, b in ((one, other), (other, one)))


def fences_only_grow(history: History, end: End) -> Broken:
    """In the log from grant to grant; and who was granted a path later has the greater fence."""
    last = 0
    for event in end.log:
        for lock in event.data["locks"] if event.kind in _GRANTS else ():
            if lock["fence"] <= last:
                yield f"fence {lock['fence']} was given after {last}"
            last = lock["fence"]
    by_path: dict[str, list[Call]] = defaultdict(list)
    for grant in sorted(_granted(history), key=lambda call: call.ended):
        path = grant.given["files"][0]
        for before in by_path[path]:
            is_same = before.who == grant.who and before.result["fence"] == grant.result["fence"]
            if before.ended < grant.began and before.result["fence"] >= grant.result["fence"] and not is_same:
                yield f"{grant.who} was granted {path} with fence {grant.result['fence']}, after a greater one"
        by_path[path].append(grant)


def the_log_of_locks_is_one_story(history: History, end: End) -> Broken:
    """Replayed, it never has two holders, tells of every acknowledged grant and release, and ends where the store does."""
    held: dict[str, tuple[str, int]] = {}
    grants: set[tuple[str, str, int]] = set()
    releases: Counter[tuple[str, str]] = Counter()
    for event in end.log:
        for lost in event.data.get("displaced", ()):
            held.pop(lost["path"], None)
        if event.kind in _GRANTS:
            for lock in event.data["locks"]:
                yield from _taken(held, event, lock["path"], lock["agent"])
                held[lock["path"]] = lock["agent"], lock["fence"]
                grants.add((lock["path"], lock["agent"], lock["fence"]))
        elif event.kind in _RELEASES:
            for lock in event.data.get("locks", ()):
                if held.pop(lock["path"], None) != (lock["agent"], lock["fence"]):
                    yield f"event {event.sequence} releases {lock['path']}, which {lock['agent']} does not hold"
                releases[lock["path"], lock["agent"]] += 1
    yield from _told(history, grants, releases)
    if held != {lock.path: (lock.agent, lock.fence) for lock in end.locks}:
        yield "the locks at the end are not those of the log"


def _taken(held: dict[str, tuple[str, int]], event: Event, path: str, agent: str) -> Broken:
    for other, (holder, _) in held.items():
        if touch(path, other) and (holder != agent or path == other):
            yield f"event {event.sequence} grants {path} to {agent} while {holder} holds {other}"


def _told(history: History, grants: set[tuple[str, str, int]], releases: Counter[tuple[str, str]]) -> Broken:
    for call in _granted(history):
        if (call.given["files"][0], call.who, call.result["fence"]) not in grants:
            yield f"a grant of {call.given['files'][0]} to {call.who} was acknowledged and is not in the log"
    released = Counter(
        (path, call.who)
        for call in history.of("unlock")
        if call.is_acknowledged
        for path in call.result.get("released", ())
    )
    for (path, who), count in released.items():
        if count > releases[path, who]:
            yield f"{who} was told of {count} releases of {path}, the log knows {releases[path, who]}"


def nobody_shares_a_claim(history: History, end: End) -> Broken:
    """An item is claimed once, and its assignee is the one who was told so."""
    items = {item.id: item for item in end.items}
    told: dict[str, set[str]] = defaultdict(set)
    asked: dict[str, set[str]] = defaultdict(set)
    for call in history.of("claim"):
        asked[call.given["item_id"]].add(call.who)
        if call.is_acknowledged:
            told[call.given["item_id"]].add(call.who)
    for item_id, winners in told.items():
        if len(winners) > 1:
            yield f"{item_id} was claimed by {sorted(winners)}"
        if item_id in items and items[item_id].assignee not in winners:
            yield f"{item_id} was claimed by {sorted(winners)} and is {items[item_id].assignee!r}'s"
    claims = Counter(event.subject for event in end.log if event.kind == "backlog.claimed")
    for item in end.items:
        if claims[item.id] != bool(item.assignee):
            yield f"{item.id} of {item.assignee!r} has {claims[item.id]} claims in the log"
        if item.assignee and item.assignee not in asked[item.id]:
            yield f"{item.id} went to {item.assignee}, who never asked for it"


def items_are_kept(history: History, end: End) -> Broken:
    """Each acknowledged one is there once; of the others each is there whole, or not at all."""
    found = [(item.title, item.description) for item in end.items]
    yield from _kept(history.of("add"), found, ("title", "description"), "backlog.added", end)
    ids = {item.title: item.id for item in end.items}
    for call in history.of("add"):
        if call.is_acknowledged and ids.get(call.given["title"]) != call.result["id"]:
            yield f"{call.given['title']} was acknowledged as {call.result['id']}"


def learnings_are_kept(history: History, end: End) -> Broken:
    """Each acknowledged one is there once; of the others each is there whole, or not at all."""
    found = [(document.title, document.content) for document in end.documents]
    yield from _kept(history.of("learn"), found, ("title", "details"), "document.stored", end)


def what_was_learnt_is_found(history: History, end: End) -> Broken:
    """By the next question, whatever became of the index meanwhile."""
    for call in _acknowledged(history, "ask"):
        texts = [found["content"] for found in call.result.get("results", ())]
        if not any(call.given["query"] in text for text in texts):
            yield f"{call.who} did not find {call.given['query']}, which it had kept"


def _kept(
    calls: Sequence[Call], found: Sequence[tuple[str, str]], names: tuple[str, str], kind: str, end: End
) -> Broken:
    asked = {(call.given[names[0]], call.given[names[1]]): call for call in calls}
    counts = Counter(found)
    for key, call in asked.items():
        if call.is_acknowledged and counts[key] != 1:
            yield f"{key[0]} was acknowledged and is there {counts[key]} times"
        if call.outcome is Outcome.REFUSED and counts[key]:
            yield f"{key[0]} was refused and is there"
    for key, count in counts.items():
        if count > 1:
            yield f"{key[0]} is there {count} times"
        if key not in asked:
            yield f"{key[0]} is there, and nobody asked for it so"
    told = sum(event.kind == kind for event in end.log)
    if told != len(found):
        yield f"{len(found)} things are there, and {told} events {kind} tell of them"


def spec_versions_only_grow(history: History, end: End) -> Broken:
    """No version is given twice or lost; each holds what was sent; who comes later gets the later one."""
    kept = {version.spec_version: version.content for version in end.versions}
    sent = {call.given["content"] for call in history.of("spec")}
    told: dict[str, Call] = {}
    for call in sorted(_acknowledged(history, "spec"), key=lambda one: one.ended):
        version = call.result["version"]
        if version in told:
            yield f"{version} was given to {told[version].who} and to {call.who}"
        if kept.get(version) != call.given["content"]:
            yield f"{version} of {call.who} is lost, or another's"
        for before in told.values():
            if before.ended < call.began and _number(before.result["version"]) >= _number(version):
                yield f"{version} was given after {before.result['version']}"
        told[version] = call
    if sorted(map(_number, kept)) != [(1, 0, patch) for patch in range(len(kept))]:
        yield f"versions have holes: {sorted(map(_number, kept))}"
    for version, content in kept.items():
        if content not in sent:
            yield f"{version} holds what nobody sent"
    defined = [event.data["spec_version"] for event in end.log if event.kind == "spec.defined"]
    if sorted(defined) != sorted(kept):
        yield "the versions that events tell of are not those that are there"


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _acknowledged(history: History, what: str) -> Iterable[Call]:
    return (call for call in history.of(what) if call.is_acknowledged)


def messages_arrive_once(history: History, end: End) -> Broken:
    """Each acknowledged one is there once, for exactly its recipients, each of whom was shown it once as new."""
    texts = Counter(message.text for message in end.messages)
    asked = {call.given["message"]: call for call in history.of("send")}
    recipients: dict[str, set[str]] = defaultdict(set)
    for delivery in end.deliveries:
        recipients[delivery.message_id].add(delivery.recipient)
    for text, call in asked.items():
        if texts[text] != 1 and (call.is_acknowledged or texts[text]):
            yield f"{text} is there {texts[text]} times"
    for message in end.messages:
        if message.text not in asked:
            yield f"{message.text} is there, and nobody sent it"
        elif recipients[message.id] != set(asked[message.text].given["to_instance"].split(",")):
            yield f"{message.text} went to {sorted(recipients[message.id])}"
    sent = Counter(event.subject for event in end.log if event.kind == "message.sent")
    if sent != Counter(message.id for message in end.messages):
        yield "the messages that events tell of are not those that are there"
    yield from _shown(history, end, recipients)


def _shown(history: History, end: End, recipients: dict[str, set[str]]) -> Broken:
    new: Counter[tuple[str, str]] = Counter()
    known: set[tuple[str, str]] = set()
    for call in _acknowledged(history, "read"):
        for message in call.result.get("messages", ()):
            known.add((message["id"], call.who))
            new[message["id"], call.who] += not call.given.get("include_delivered")
    for (message_id, who), count in new.items():
        if count > 1:
            yield f"{who} was shown {message_id} as new {count} times"
        if who not in recipients[message_id]:
            yield f"{who} was shown {message_id}, which is not theirs"
    for message in end.messages:
        for who in recipients[message.id]:
            if (message.id, who) not in known:
                yield f"{message.text} never reached {who}"


def times_are_the_stores(earliest: datetime, latest: datetime) -> Callable[[History, End], Broken]:
    """Return the rule that all happened between these times of the store's clock, wherever it was decided."""

    def rule(history: History, end: End) -> Broken:
        for event in end.log:
            if not earliest <= event.at <= latest:
                yield f"event {event.sequence} says it happened at {event.at}"

    return rule


_RULES: tuple[Callable[[History, End], Broken], ...] = (
    no_call_failed_inside,
    the_log_has_no_gap,
    each_subscriber_got_the_log,
    no_path_has_two_holders_by_their_own_account,
    fences_only_grow,
    the_log_of_locks_is_one_story,
    nobody_shares_a_claim,
    items_are_kept,
    learnings_are_kept,
    what_was_learnt_is_found,
    spec_versions_only_grow,
    messages_arrive_once,
)
