"""The collections of the database: how records become documents, and which indexes they need."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import MISSING
from typing import Any

from store.codec import FORMS, Codec, Column, Plain, codec_of, encode_time
from store.mongo.words import weights_of
from store.records import Event, Record

Document = dict[str, Any]

WORDS, WEIGHTS, MARK = "_words", "_weights", "_checked"
"""Fields of a document that are none of its record: what it is searched by, and who relied on it last."""

UNSEEN = {WORDS: 0, WEIGHTS: 0, MARK: 0}
"""The projection that leaves a record."""

LOGS, EVENTS, META = "logs", "events", "meta"


class Collection:
    """The collection of one kind of record."""

    def __init__(self, kind: type[Record]) -> None:
        self.kind = kind
        self.codec: Codec = codec_of(kind)
        self.name = self.codec.name
        self._lists = tuple(
            (i, column.name) for i, column in enumerate(self.codec.columns) if column.form is FORMS[tuple]
        )
        self._fields = tuple(field_of(name) for name in self.codec.names)
        self._decoders = tuple(_decoder(column) for column in self.codec.columns)
        self._version_at = self.codec.names.index("version")
        self._project_at = self.codec.names.index("project")
        self._searched = tuple(self.codec.names.index(name) for name in kind.SEARCHED)

    def encode(self, record: Record) -> Document:
        """Return the document of `record` one version on.

        Raises:
            ValueError: a value is not of the field's type, or holds a text that cannot be kept.
        """
        row: list[Any] = list(self.codec.encode(record))
        for i, name in self._lists:
            items = getattr(record, name)
            # Lists of texts are searched by their items; others are JSON that nobody looks into.
            if all(isinstance(item, str) for item in items):
                row[i] = list(items)
        row[self._version_at] += 1
        document = dict(zip(self._fields, row, strict=True))
        if self._searched:
            texts = (row[i] for i in self._searched)
            weights = weights_of(tuple(" ".join(t) if isinstance(t, list) else str(t or "") for t in texts))
            document[WORDS], document[WEIGHTS] = list(weights), weights
        return document

    def decode(self, document: Mapping[str, Any]) -> Any:
        """Return the record of a document."""
        get = document.get
        return self.codec.record_of(
            [decode(get(name, MISSING)) for name, decode in zip(self._fields, self._decoders, strict=True)]
        )

    @property
    def indexes(self) -> list[Document]:
        """Return the indexes as the server is told of them; the name says all about each."""
        unique = [_index(columns, is_unique=True) for columns in self.kind.UNIQUE]
        others = [(*columns, "id") for columns in self.kind.INDEXES if columns not in self.kind.UNIQUE]
        words = [(WORDS, "project")] if self._searched else []
        return [*unique, *(_index(columns) for columns in (*others, *words))]

    @property
    def defaults(self) -> Document:
        """Return what fields hold that a document of an older version lacks."""
        columns = (column for column in self.codec.columns if column.default is not MISSING)
        return {field_of(column.name): _default(column) for column in columns}


def field_of(name: str) -> str:
    """Return the name that a record's field has in a document."""
    return "_id" if name == "id" else name


def _index(columns: tuple[str, ...], *, is_unique: bool = False) -> Document:
    name = f"{'!' if is_unique else ':'}{','.join(columns)}"
    return {"name": name, "key": {field_of(column): 1 for column in columns}} | (
        {"unique": True} if is_unique else {}
    )


def _default(column: Column) -> Plain | list[str]:
    value = column.encode(column.default)
    return [] if value == "[]" else value


def _decoder(column: Column) -> Any:
    decode = column.form.decode or (int if column.form.affinity == "INTEGER" else None)
    default = None if column.default is MISSING else column.default
    is_list = column.form is FORMS[tuple]

    def decoded(value: Any) -> Any:
        if value is MISSING:
            return default
        if value is None or decode is None:
            return value
        if is_list and isinstance(value, list):
            return tuple(value)
        return decode(value)

    return decoded


_collections: dict[type[Record], Collection] = {}


def collection_of(kind: type[Record]) -> Collection:
    """Return the collection of a kind of record, made once."""
    collection = _collections.get(kind)
    if collection is None:
        collection = _collections[kind] = Collection(kind)
    return collection


_EVENT_CODEC = codec_of(Event)
_AT = {name: i for i, name in enumerate(_EVENT_CODEC.names)}


def encode_event(event: Event) -> Document:
    """Return the document of an event but for its place in the log.

    Raises:
        ValueError: a value cannot be kept.
    """
    row = _EVENT_CODEC.encode(event)
    named = {name: row[i] for name, i in _AT.items() if name not in ("project", "sequence")}
    return named | {"audience": list(event.audience)}


def event_id(project: str, sequence: Any) -> Document:
    """Return the id of an event: it sorts by project, then by number."""
    return {"p": project, "s": sequence}


def decode_event(document: Mapping[str, Any]) -> Event:
    """Return the event of a document."""
    place = document["_id"]
    return Event(
        project=place["p"],
        sequence=int(place["s"]),
        kind=document["kind"],
        subject=document["subject"],
        actor=document["actor"],
        data=_EVENT_CODEC.by_name["data"].form.decode(document["data"]),  # type: ignore[misc]
        audience=tuple(document["audience"]),
        at=_EVENT_CODEC.by_name["at"].form.decode(document["at"]),  # type: ignore[misc]
    )


def moment_of(value: Any) -> int:
    """Return a time as documents hold it."""
    return encode_time(value)


def digest_of(kinds: tuple[type[Record], ...]) -> str:
    """Return what changes whenever a collection, a field or an index does."""
    said = [(c.name, c.indexes, sorted(c.defaults)) for c in map(collection_of, kinds)]
    return hashlib.sha256(repr(said).encode()).hexdigest()
