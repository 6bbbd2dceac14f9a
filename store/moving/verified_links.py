"""Which records point at which, and what their counters must say. Told of every record, a page at a time."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from store.moving.snapshot import Snapshot
from store.records import (
    BacklogItem,
    BacklogLink,
    BacklogTag,
    Delivery,
    Document,
    DocumentBand,
    DocumentDigest,
    DocumentTag,
    Fence,
    Key,
    KeyName,
    Lock,
    LockWaiter,
    Message,
    Notice,
    Record,
    Session,
    Spec,
    SpecVersion,
    Work,
    WorkFile,
)

_SHORTEST_RETENTION = timedelta(days=1)
_BITS_BELOW_TIME = 72
_DIGITS = {digit: value for value, digit in enumerate("0123456789abcdefghjkmnpqrstvwxyz")}
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Link:
    """The ids of `target` that a record of `source` needs to be there.

    `fault` says what is wrong with one that is. What retention removes may be `gone` for a good reason.
    """

    source: type[Record]
    target: type[Record]
    ids: Callable[[Any], Sequence[str]]
    fault: Callable[[Any, Any], str] = lambda record, target: ""
    may_be_gone: bool = False


def _foreign(record: Any, target: Any) -> str:
    return "" if record.project == target.project else f"of another project, {target.project!r}"


def _ended(record: Any, session: Session) -> str:
    return "" if session.status == "active" else f"which is {session.status}"


def _thread(record: Message, parent: Message) -> str:
    is_reply = record.thread_id == parent.thread_id and record.chain_depth == parent.chain_depth + 1
    return "" if is_reply else "of another thread or depth"


def _current(record: Spec, version: SpecVersion) -> str:
    return "" if record.number == version.number else f"which is number {version.number}, not {record.number}"


def _key_of(record: KeyName, key: Key) -> str:
    return "which was revoked" if key.revoked_at is not None else ""


def _tag(record: BacklogItem, tag: BacklogTag) -> str:
    is_placed = (tag.is_closed, tag.priority_rank) == (record.is_closed, record.priority_rank)
    return _foreign(record, tag) or ("" if is_placed else "in another place of the backlog")


def _one(name: str) -> Callable[[Any], Sequence[str]]:
    return lambda record: [getattr(record, name)] if getattr(record, name) else []


LINKS = (
    Link(Delivery, Message, _one("message_id"), _foreign),
    Link(Message, Message, _one("reply_to"), _thread, may_be_gone=True),
    Link(Lock, Session, _one("session_id"), _ended),
    Link(LockWaiter, Session, _one("session_id")),
    Link(Notice, Session, _one("session_id")),
    Link(Work, Session, _one("id")),
    Link(WorkFile, Session, _one("session_id")),
    Link(BacklogItem, BacklogItem, lambda item: item.blocked_by, _foreign),
    Link(BacklogItem, BacklogLink, lambda item: [f"{item.id}>{one}" for one in item.blocked_by], _foreign),
    Link(BacklogItem, BacklogTag, lambda item: [f"{item.id}:{tag}" for tag in item.tags], _tag),
    Link(BacklogLink, BacklogItem, lambda link: [link.item_id, link.blocker_id], _foreign),
    Link(BacklogTag, BacklogItem, _one("item_id"), _foreign),
    Link(Document, Document, _one("superseded_by"), may_be_gone=True),
    Link(Document, DocumentTag, lambda document: [f"{document.id}:{tag}" for tag in document.tags], _foreign),
    Link(DocumentTag, Document, _one("document_id"), _foreign),
    Link(DocumentBand, Document, _one("document_id"), _foreign),
    Link(DocumentDigest, Document, _one("document_id"), _foreign),
    Link(Spec, SpecVersion, lambda spec: [f"{spec.id}@{spec.spec_version}"], _current),
    Link(SpecVersion, Spec, _one("spec_id"), _foreign),
    Link(KeyName, Key, _one("key_id"), _key_of),
    Link(Key, KeyName, lambda key: [] if key.revoked_at else [key.name]),
)


class Links:
    """What is known of the links so far."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._keys: set[bytes] = set()
        self._blocking: Counter[str] = Counter()
        self._versions: Counter[str] = Counter()
        self._fences: Counter[str] = Counter()

    async def check(self, page: Sequence[Record]) -> AsyncIterator[str]:
        """Yield what is wrong with the records of a page."""
        kind = type(page[0])
        for link in LINKS:
            if link.source is kind:
                async for finding in self._linked(link, page):
                    yield finding
        for finding in self._unique(page):
            yield finding
        if kind is BacklogItem:
            async for finding in self._waiting(page):
                yield finding
        for record in page:
            self._counted(record)

    def remaining(self) -> Iterator[str]:
        """Yield what is wrong with counters, once all records were seen."""
        for counts, told in (
            (self._blocking, "blocks {} more items than it has links"),
            (self._versions, "counts {} more versions than there are"),
            (self._fences, "has a lock {} above its fence"),
        ):
            for name, number in counts.items():
                if number > 0 or (number < 0 and counts is not self._fences):
                    yield f"{name} {told.format(number)}"

    async def _linked(self, link: Link, page: Sequence[Record]) -> AsyncIterator[str]:
        wanted = [(record, one) for record in page for one in link.ids(record)]
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            there: Mapping[str, Any] = await self._snapshot.get_many(link.target, [one for _, one in part])
            for record, one in part:
                target = there.get(one)
                said = "which is missing" if target is None else link.fault(record, target)
                if target is None and link.may_be_gone and not _is_recent(one):
                    said = ""
                if said:
                    yield f"{record.id} points at {link.target.__name__} {one}, {said}"

    async def _waiting(self, page: Sequence[Record]) -> AsyncIterator[str]:
        items = [record for record in page if isinstance(record, BacklogItem)]
        ids = list(dict.fromkeys(one for item in items for one in item.blocked_by))
        blockers: dict[str, BacklogItem] = {}
        for start in range(0, len(ids), _AT_ONCE):
            blockers |= await self._snapshot.get_many(BacklogItem, ids[start : start + _AT_ONCE])
        for item in items:
            waits = sum(one in blockers and not blockers[one].is_closed for one in item.blocked_by)
            if waits != item.open_blockers:
                yield f"{item.id} counts {item.open_blockers} open blockers and has {waits}"

    def _unique(self, page: Sequence[Record]) -> Iterator[str]:
        for fields in type(page[0]).UNIQUE:
            for record in page:
                values = (type(record).__name__, *(getattr(record, name) for name in fields))
                key = hashlib.blake2b(repr(values).encode(), digest_size=12).digest()
                if key in self._keys:
                    yield f"{record.id} has the same {', '.join(fields)} as another"
                self._keys.add(key)

    def _counted(self, record: Record) -> None:
        match record:
            case BacklogItem() if record.blocking:
                self._blocking[record.id] += record.blocking
            case BacklogLink():
                self._blocking[record.blocker_id] -= 1
            case Spec():
                self._versions[record.id] += record.number
            case SpecVersion():
                self._versions[record.spec_id] -= 1
            case Lock():
                self._fences[record.project] = max(self._fences[record.project], record.fence)
            case Fence():
                self._fences[record.project] -= record.value


def _is_recent(record_id: str) -> bool:
    """Tell whether an id was made so lately that no retention has taken its record; of foreign ids nobody knows."""
    number = 0
    for digit in record_id.rpartition("_")[2]:
        if digit not in _DIGITS:
            return False
        number = number * 32 + _DIGITS[digit]
    made_at = number >> _BITS_BELOW_TIME
    day = _SHORTEST_RETENTION / timedelta(milliseconds=1)
    return 0 <= datetime.now(UTC).timestamp() * 1000 - made_at < day
