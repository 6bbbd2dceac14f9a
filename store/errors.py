"""The errors that the store raises; every adapter translates its driver's errors to these."""

from __future__ import annotations


class StoreError(Exception):
    """Any failure of the store."""


class Conflict(StoreError):
    """A record was changed by another commit since it was read. Decide again."""

    def __init__(self, kind: str, record_id: str) -> None:
        super().__init__(f"{kind} {record_id} was changed by another commit")
        self.kind = kind
        self.record_id = record_id


class Duplicate(StoreError):
    """A commit would break a unique key."""

    def __init__(self, kind: str, fields: tuple[str, ...]) -> None:
        super().__init__(f"{kind} already holds a record with the same {', '.join(fields)}")
        self.kind = kind
        self.fields = fields


class Unavailable(StoreError):
    """The store cannot serve now (disk full, read-only, locked, closed); nothing was written."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


class AlreadyServed(StoreError):
    """Another process holds this data directory."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is in use by another Interlock server")
        self.path = path
