"""An adapter does what a plain model in Python does, whatever is asked in whatever order."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from functools import cmp_to_key
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from store.errors import Conflict, Duplicate
from store.port import AnyOf, By, Changes, Has, Head, In, Not, Prefix, Span, Store
from store.records import EPOCH, Agent, Event, Lock, NewEvent, Record
from tests.store.conftest import OPENERS

T = TypeVar("T")
TEXTS = st.sampled_from(["", "a", "ab", "b", "é", "\U0001f600", "A"])
TIMES = st.one_of(st.none(), st.integers(0, 3).map(lambda n: EPOCH + timedelta(microseconds=n)))
IDS = st.sampled_from(["a", "b", "c", "d"])
PROJECTS = st.sampled_from(["", "p", "q"])
AGENTS = st.builds(
    Agent, id=IDS, project=PROJECTS, name=TEXTS, tier=TEXTS, last_seen_at=TIMES, session_count=st.integers(0, 2),
    path_patterns=st.lists(TEXTS, max_size=2).map(tuple),
)  # fmt: skip
LOCKS = st.builds(
    Lock, id=IDS, project=PROJECTS, path=st.sampled_from(["x", "y"]), session_id=TEXTS, agent=TEXTS,
    fence=st.integers(0, 2),
)  # fmt: skip
WRITES = st.tuples(
    st.sampled_from(["put", "put", "put", "delete", "check"]), st.one_of(AGENTS, LOCKS), st.integers(-1, 5)
)
EVENTS = st.builds(NewEvent, project=PROJECTS, kind=st.just("a.b"), subject=TEXTS)
NAMES = ("name", "tier", "last_seen_at", "session_count", "project", "id")
ORDERS = st.lists(st.builds(By, st.sampled_from(NAMES), st.sampled_from(["asc", "desc"])), max_size=3)
TEXT_CONDITIONS = st.one_of(
    TEXTS, st.builds(Not, TEXTS), st.builds(Prefix, TEXTS), st.builds(In, st.lists(TEXTS, max_size=3).map(tuple)),
    st.builds(Span, after=TEXTS), st.builds(AnyOf, st.tuples(st.builds(Prefix, TEXTS), TEXTS)),
)  # fmt: skip
WHERES = st.fixed_dictionaries(
    {},
    optional={
        "name": TEXT_CONDITIONS,
        "project": TEXTS,
        "last_seen_at": st.one_of(TIMES, st.builds(Not, TIMES), st.builds(Span, after=TIMES, before=TIMES)),
        "path_patterns": st.builds(Has, TEXTS),
    },
)


def holds(value: Any, condition: Any) -> bool:
    match condition:
        case In(values):
            return value in values
        case Not(other):
            return bool(value != other)
        case Span(after, before):
            return (
                value is not None and (after is None or value > after) and (before is None or value < before)
            )
        case Prefix(text):
            return bool(value.startswith(text))
        case Has(text):
            return text in value
        case AnyOf(conditions):
            return any(holds(value, one) for one in conditions)
    return bool(value == condition)


def ordered(records: list[Agent], order: list[By]) -> list[Agent]:
    last = order[-1].direction if order else "asc"

    def compare(left: Agent, right: Agent) -> int:
        for by in (*order, By("id", last)):
            one, two = getattr(left, by.name), getattr(right, by.name)
            if one != two:
                is_less = one is None or (two is not None and one < two)
                return -1 if is_less == (by.direction == "asc") else 1
        return 0

    return sorted(records, key=cmp_to_key(compare))


class Model:
    """The store's promises over two dictionaries."""

    def __init__(self) -> None:
        self.records: dict[tuple[type[Record], str], Record] = {}
        self.events: list[Event] = []

    def commit(self, changes: Changes) -> tuple[Event, ...]:
        written = [(type(record), record.id) for record in (*changes.puts, *changes.deletes)]
        if len(set(written)) < len(written):
            raise ValueError
        for record in (*changes.checks, *changes.deletes):
            stored = self.records.get((type(record), record.id))
            if stored is None or stored.version != record.version:
                raise Conflict(type(record).__name__, record.id)
        for record in changes.puts:
            stored = self.records.get((type(record), record.id))
            if record.version != (stored.version if stored else 0):
                raise Conflict(type(record).__name__, record.id)
        after = dict(self.records)
        for record in changes.deletes:
            del after[type(record), record.id]
        for record in changes.puts:
            after[type(record), record.id] = replace(record, version=record.version + 1)
        keys = [(lock.project, lock.path) for lock in after.values() if isinstance(lock, Lock)]
        if len(set(keys)) < len(keys):
            raise Duplicate("Lock", ("project", "path"))
        self.records = after
        return tuple(self._append(event) for event in changes.events)

    def _append(self, new: NewEvent) -> Event:
        sequence = sum(event.project == new.project for event in self.events) + 1
        event = Event(project=new.project, kind=new.kind, subject=new.subject, sequence=sequence)
        self.events.append(event)
        return event


class Comparison(RuleBasedStateMachine):
    """Asks the adapter and the model the same."""

    adapter = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.directory = Path(tempfile.mkdtemp())
        self.store: Store = self.run(OPENERS[self.adapter](self.directory))  # type: ignore[arg-type]
        self.model = Model()

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(call)

    def teardown(self) -> None:
        self.run(self.store.close())
        self.runner.close()
        shutil.rmtree(self.directory)

    @rule(writes=st.lists(WRITES, max_size=4), events=st.lists(EVENTS, max_size=3))
    def commit(self, writes: list[tuple[str, Record, int]], events: list[NewEvent]) -> None:
        parts: dict[str, list[Record]] = {"put": [], "delete": [], "check": []}
        for how, record, version in writes:
            stored = self.model.records.get((type(record), record.id))
            # -1 stands for the version that is right, so that most commits succeed.
            right = (stored.version if stored else 0) if version < 3 else version - 3
            parts[how].append(replace(record, version=right))
        # Unique keys that change hands between updates of one commit are not promised.
        changes = Changes(tuple(parts["put"]), tuple(parts["delete"]), tuple(parts["check"]), tuple(events))
        if self._swaps_keys(changes):
            return
        expected, error = self._expected(changes)
        if error is None:
            assert self.run(self.store.commit(changes)) == expected
        else:
            with pytest.raises(error):
                self.run(self.store.commit(changes))

    def _swaps_keys(self, changes: Changes) -> bool:
        return sum(isinstance(record, Lock) and record.version > 0 for record in changes.puts) > 1

    def _expected(self, changes: Changes) -> tuple[tuple[Event, ...], tuple[type[Exception], ...] | None]:
        try:
            return self.model.commit(changes), None
        except ValueError:
            return (), (ValueError,)
        except (Conflict, Duplicate):
            # When both hold, which of the two is met first is not promised.
            return (), (Conflict, Duplicate)

    @rule(where=WHERES, order=ORDERS, size=st.integers(1, 3))
    def find(self, where: dict[str, Any], order: list[By], size: int) -> None:
        matching = [
            record for record in self.model.records.values()
            if isinstance(record, Agent) and all(holds(getattr(record, name), one) for name, one in where.items())
        ]  # fmt: skip
        found: list[Agent] = []
        after: str | None = None
        while True:
            page = self.run(self.store.find(Agent, where, order=order, limit=size, after=after))
            found += page.records
            assert len(found) <= len(matching)
            after = page.after
            if after is None:
                break
        assert found == ordered(matching, order)
        assert self.run(self.store.count(Agent, where)) == len(matching)

    @rule(project=PROJECTS, after=st.integers(0, 5), limit=st.integers(1, 4))
    def read_log(self, project: str, after: int, limit: int) -> None:
        log = [event for event in self.model.events if event.project == project]
        assert self.run(self.store.events_after(project, after, limit)) == log[after : after + limit]
        assert self.run(self.store.heads([project])) == {project: Head(1, len(log))}

    @rule()
    def reopen(self) -> None:
        self.run(self.store.close())
        self.store = self.run(OPENERS[self.adapter](self.directory))  # type: ignore[arg-type]

    @invariant()
    def the_same_records_are_there(self) -> None:
        for kind in (Agent, Lock):
            found = self.run(self.store.get_many(kind, ["a", "b", "c", "d"]))
            assert found == {key: record for (of, key), record in self.model.records.items() if of is kind}


@pytest.mark.parametrize("adapter", sorted(OPENERS))
def test_an_adapter_agrees_with_a_plain_model(adapter: str) -> None:
    machine = type("ComparisonWith" + adapter.title(), (Comparison,), {"adapter": adapter})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
