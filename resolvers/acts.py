"""Every request's way in and every change's way out: admission, and read-decide-commit."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import random
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakValueDictionary

from resolvers import answers
from resolvers.answers import Repeat
from resolvers.callers import LOCAL_OWNER, Caller, Role, ScopedStore
from resolvers.errors import BadInput, Clash, Forbidden, NotFound, OutsideScope, Unauthenticated, Unready
from resolvers.inputs import project_name
from resolvers.known import Known
from resolvers.oversight import audited, is_over
from resolvers.rules import Rules
from resolvers.tallies import Tallies
from resolvers.usage import UsageCounts
from store.errors import Conflict, Duplicate, Unavailable
from store.port import Changes, Store
from store.records import KINDS, Answer, Event, Key, KeyName, NewEvent, Record, Session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from resolvers.server import Process
    from store.databases import Databases
    from store.feed.feed import Feed
    from store.index import SearchIndex

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

DECISION_ATTEMPTS = 50

for _kind in KINDS:
    answers.answer(_kind)


@dataclass(frozen=True, slots=True)
class Decision(Generic[T_co]):
    """What was decided: the result for the caller, and what must be written for it to be true."""

    result: T_co
    changes: Changes = field(default_factory=Changes)


@dataclass(frozen=True, slots=True)
class Seal:
    """What turns the id of a session into its secret: the API key that began it as an argument.

    The secret follows from key and id, so that nothing of it need be kept to answer a repeat.
    """

    api_key: str = field(repr=False)

    def secret(self, session_id: str) -> str:
        """Return the session's secret: 256 bits, URL-safe."""
        digest = hmac.new(self.api_key.encode("utf-8", "replace"), f"session:{session_id}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")


class Engine:
    """What a server process shares: the store, the feed, the rules."""

    def __init__(
        self,
        store: Store,
        feed: Feed,
        rules: Rules | None = None,
        *,
        auth: bool = False,
        local_secret: str | None = None,
        index: SearchIndex | None = None,
    ) -> None:
        self.store = store
        # None: searches by meaning are not wanted.
        self.index = index
        self.feed = feed
        self.rules = rules or Rules()
        self.is_auth_enabled = auth
        # By which other processes on the same store tell this one.
        self.name = secrets.token_hex(8)
        # Whoever can read the data directory owns what is in it: this opens the door to make the first key.
        self.local_secret = local_secret or secrets.token_urlsafe(32)
        self.known = Known(store)
        self.usage = UsageCounts()
        self.tallies = Tallies()
        self.process: Process | None = None
        self.databases: Databases | None = None
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._writes: set[asyncio.Task[Any]] = set()

    async def authenticate(self, secret: str | None) -> Caller | None:
        """Return who holds the API key `secret`, or None when there is none.

        Raises:
            Unauthenticated: the key is unknown or revoked.
        """
        if not self.is_auth_enabled:
            return LOCAL_OWNER
        if not secret:
            return None
        if secrets.compare_digest(secret_hash(secret), secret_hash(self.local_secret)):
            return LOCAL_OWNER
        page = await self.store.find(Key, {"hash": secret_hash(secret)}, limit=1)
        if not page.records or page.records[0].revoked_at is not None:
            raise Unauthenticated("this API key is unknown or revoked")
        self.usage.add(page.records)
        return caller_of(page.records[0])

    async def is_in_force(self, key_id: str) -> bool:
        """Tell whether the API key of this id exists and is not revoked."""
        key = await self.store.get(Key, key_id)
        return key is not None and key.revoked_at is None

    async def holders(self, names: Sequence[str]) -> list[Key]:
        """Return the keys of these names that are in force: they belong to no project, so no scope shows them."""
        held = await self.store.get_many(KeyName, names)
        keys = await self.store.get_many(Key, [one.key_id for one in held.values()])
        return [key for key in keys.values() if key.revoked_at is None]

    async def admit(
        self,
        caller: Caller | None,
        needs: Role,
        session_id: str | None = None,
        *,
        in_any_state: bool = False,
    ) -> Act:
        """Return the act of `caller`, in the session named, if it may do what `needs` says.

        The session is touched, so that its locks stay fresh (at most one write in 30 s);
        `in_any_state` takes it as it is, for a rule that judges its state itself.

        Raises:
            Unauthenticated: there is neither a key nor the secret of a session.
            Forbidden: the role is too low, or the session's project is out of scope.
            NotFound: the session does not exist, or belongs to another key.
            Clash: the session has ended or lapsed.
        """
        session = None
        if session_id:
            session, caller = await self._session(caller, session_id)
        if caller is None:
            raise Unauthenticated(
                "an API key is needed",
                hint="Send `Authorization: Bearer <key>`, or pass api_key when you start the session.",
            )
        if not caller.role.includes(needs):
            raise Forbidden(f"this needs the role {needs}, the key {caller.key_name!r} is {caller.role}")
        if session is not None:
            if not caller.sees(session.project):
                raise OutsideScope(session.project, field="session_id")
            session = session if in_any_state else await self._touch(session)
        return Act(self, caller, session)

    async def admit_key(self, api_key: str, needs: Role) -> Act:
        """Return the act of whoever holds the API key that came as an argument, without a header.

        Raises:
            Unauthenticated: the key is unknown or revoked.
            Forbidden: its role is too low.
        """
        caller = await self.authenticate(api_key)
        if caller is LOCAL_OWNER and self.is_auth_enabled:
            # It is new at each start, so a session that rests on it could not be taken up again.
            raise Unauthenticated(
                "the data directory's own secret begins no sessions",
                hint="Make a key with `interlock keys create`.",
            )
        act = await self.admit(caller, needs)
        return replace(act, seal=Seal(api_key)) if self.is_auth_enabled else act

    async def require_valid(self, caller: Caller) -> None:
        """Check that the caller's key was not revoked meanwhile; for rules that waited.

        Raises:
            Unauthenticated: it was.
        """
        key = None if caller is LOCAL_OWNER else await self.store.get(Key, caller.key_id)
        if key is not None and key.revoked_at is not None:
            raise Unauthenticated("this API key was revoked")

    async def _session(self, caller: Caller | None, session_id: str) -> tuple[Session, Caller]:
        record_id, _, secret = session_id.partition(".")
        session = await self.known.session(record_id) if len(record_id) <= 64 else None
        if session is not None and caller is None and _opens(session, secret):
            key = await self.store.get(Key, session.key_id)
            if key is None or key.revoked_at is not None:
                raise Unauthenticated("the API key of this session was revoked")
            self.usage.add((key,))
            caller = caller_of(key)
        if caller is None:
            raise Unauthenticated("an API key is needed, or the session id as it was handed out")
        if session is None or (caller is not LOCAL_OWNER and session.key_id != caller.key_id):
            raise NotFound(
                "no such session",
                field="session_id",
                hint="Start one with memory_start_session and use the session_id it returns.",
            )
        return session, caller

    async def _touch(self, session: Session) -> Session:
        now = await self.store.now()
        idle = now - session.active_at
        if session.status != "active" or idle > self.rules.session_ttl:
            raise is_over(session)
        if idle < self.rules.session_touch_every:
            return session
        touched = replace(session, active_at=now, updated_at=now)
        try:
            await self.write(Changes(puts=(touched,)))
        except (Conflict, Unavailable):
            return session
        return replace(touched, version=session.version + 1)

    async def write(self, changes: Changes) -> None:
        """Commit, and announce what was committed even if the caller is cancelled meanwhile.

        Raises:
            Conflict, Duplicate, Unavailable: as the store's `commit`.
        """

        async def given() -> tuple[None, Changes]:
            return None, changes

        await self.settle(given)

    async def settle(self, decide: Callable[[], Awaitable[tuple[T, Changes]]]) -> T:
        """Decide and commit as the store's `settle` does, and announce it even if the caller is cancelled.

        Raises:
            Conflict, Duplicate, Unavailable: as the store's `settle`, and whatever `decide` raises.
        """
        return await self.finished(self._settled(decide))

    async def finished(self, work: Coroutine[Any, Any, T]) -> T:
        """Finish `work`, even if the caller is cancelled meanwhile, and return what it returns."""
        task = asyncio.create_task(work)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return await asyncio.shield(task)

    async def _settled(self, decide: Callable[[], Awaitable[tuple[T, Changes]]]) -> T:
        try:
            result, changes, events = await self.store.settle(decide)
        except Unavailable:
            # Whether it was written is not known.
            self.known.clear()
            raise
        self.known.written(changes)
        self.feed.announce(events)
        self.tallies.add(events)
        return result

    @asynccontextmanager
    async def turn(self, name: str | None) -> AsyncIterator[None]:
        """Let one decision of that name run at a time in this process; versions judge the rest.

        A store with a single writer puts decisions in a row by itself.
        """
        if name is None or not self.store.is_shared:
            yield
            return
        lock = self._turns.get(name)
        if lock is None:
            lock = self._turns[name] = asyncio.Lock()
        async with lock:
            yield


@dataclass(frozen=True, slots=True)
class Act:
    """One caller doing one thing: what every rule is handed first."""

    engine: Engine
    caller: Caller
    session: Session | None = None
    repeat: Repeat | None = None
    seal: Seal | None = None
    reason: str | None = None
    """Why, of a request from outside; empty where it says nothing. None: the server acts by itself."""

    @property
    def store(self) -> ScopedStore:
        """The store, narrowed to the caller's projects."""
        return ScopedStore(self.engine.store, self.caller)

    @property
    def is_alone(self) -> bool:
        """Whether nobody else writes to the store: nothing then comes between a decision's reads and its commit."""
        return not self.engine.store.is_shared

    @property
    def rules(self) -> Rules:
        return self.engine.rules

    @property
    def feed(self) -> Feed:
        return self.engine.feed

    @property
    def in_session(self) -> Session:
        """The session acted in.

        Raises:
            BadInput: there is none.
        """
        if self.session is None:
            raise BadInput(
                "session_id",
                "is needed",
                hint="Start a session with memory_start_session and pass its session_id.",
            )
        return self.session

    @property
    def actor(self) -> str:
        """Who is doing it, as others are told: the session's agent, else `user-<key name>`."""
        return self.session.agent if self.session is not None else self.caller.person

    def project(self, named: str | None = None, *, field: str = "project") -> str:
        """Return the canonical project meant: the one named, else the session's.

        Raises:
            BadInput: neither is there, or it is no project name.
            Forbidden: the key does not include it.
        """
        if named:
            name = project_name(field, named)
        elif self.session is not None:
            name = self.session.project
        else:
            raise BadInput(field, "is needed where there is no session")
        if not self.caller.sees(name):
            raise OutsideScope(name, field=field)
        return name

    async def decide(
        self,
        decision: Callable[[datetime], Awaitable[Decision[T]]],
        *,
        turn: str | None = None,
        is_final: bool = True,
    ) -> T:
        """Read, decide and commit, again for as long as others' commits come between.

        `decision` gets the store's time and must only read, awaiting nothing but the store; it may
        run several times, and in the thread of the store's writer. With an
        idempotency key the result is kept in the same commit, and a repeat returns it; pass
        `is_final=False` for a step whose result is not the mutation's. Decisions of the same
        `turn` (a name such as `locks:project`) queue up within this process instead of colliding.

        Raises:
            Clash: others kept changing the same records, or the idempotency key was used for
                another request.
            Unready: the store cannot write; nothing was written.
        """

        async def settled() -> tuple[T, Changes]:
            return await self._decided(decision, is_final=is_final)

        async with self.engine.turn(turn):
            met: str | None = None
            for attempt in range(DECISION_ATTEMPTS):
                try:
                    # Who lost a record to others takes turns with them: of many, all come through.
                    async with self.engine.turn(met):
                        return await self.engine.settle(settled)
                except (Conflict, Duplicate) as error:
                    met = f"{error.kind} {error.record_id}" if isinstance(error, Conflict) else None
                    if attempt > 1:
                        await asyncio.sleep(random.uniform(0, 0.002 * min(attempt, 20)))
                except Unavailable as error:
                    raise Unready(error.reason, hint=error.hint) from error
        raise Clash("others keep changing the same records", hint="Try again.")

    async def _decided(
        self, decision: Callable[[datetime], Awaitable[Decision[T]]], *, is_final: bool
    ) -> tuple[T, Changes]:
        """Return the result and all that is to be written for it; of a repeat the first result."""
        repeat = self.repeat if is_final else None
        if repeat is not None:
            kept = await self._kept(repeat)
            if kept is not None:
                return answers.unpack(kept.result["answer"]), Changes()
        now = await self.engine.store.now()
        made = await decision(now)
        changes = self.stamped(audited(self, made.changes, now), now)
        self.store.require(changes)
        if repeat is None or made.result is None:
            return made.result, changes
        kept = Answer(
            id=self._repeat_id(repeat),
            project="",
            request_hash=repeat.request_hash,
            result={"answer": answers.pack(made.result)},
            created_at=now,
            updated_at=now,
        )
        return made.result, replace(changes, puts=(*changes.puts, kept))

    async def _kept(self, repeat: Repeat) -> Answer | None:
        kept = await self.engine.store.get(Answer, self._repeat_id(repeat))
        if kept is not None and kept.request_hash != repeat.request_hash:
            raise Clash("this key was used for another request", field="idempotency_key")
        return kept

    def _repeat_id(self, repeat: Repeat) -> str:
        return f"{self.caller.key_id}:{repeat.operation}:{repeat.key}"

    def stamped(self, changes: Changes, now: datetime) -> Changes:
        """Fill in what every event has: when, and by whom."""
        if not changes.events:
            return changes
        events = tuple(replace(event, at=now, actor=event.actor or self.actor) for event in changes.events)
        return replace(changes, events=events)

    def announce_live(self, event: NewEvent) -> None:
        """Tell those who listen now of something that is not history (a heartbeat)."""
        self.feed.announce(
            (
                Event(
                    project=event.project,
                    kind=event.kind,
                    subject=event.subject,
                    actor=event.actor or self.actor,
                    data=event.data,
                    audience=event.audience,
                    at=event.at,
                    sequence=0,
                ),
            )
        )


def _opens(session: Session, secret: str) -> bool:
    return bool(secret and session.secret_hash) and secrets.compare_digest(
        session.secret_hash, secret_hash(secret)
    )


def secret_hash(secret: str) -> str:
    """Return what is stored of a random secret: its SHA-256 (256 random bits need no salt)."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def caller_of(key: Key) -> Caller:
    """Return the caller that a key stands for."""
    return Caller(key.id, key.name, Role(key.role), frozenset(key.projects) if key.projects else None)


def require_as_read(found: Record | None, updated_at: datetime | None) -> None:
    """Require that a record is as the caller read it; None: whatever it is.

    Raises:
        Clash: it was changed or deleted since `updated_at`.
    """
    if updated_at is None or (found is not None and found.updated_at == updated_at):
        return
    done = "changed" if found is not None else "deleted"
    raise Clash(f"it was {done} meanwhile", field="updated_at", hint="Read it again, then change it.")
