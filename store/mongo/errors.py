"""What a failure of MongoDB or of its driver means to a caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bson.errors import InvalidDocument
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    DocumentTooLarge,
    DuplicateKeyError,
    ExecutionTimeout,
    InvalidOperation,
    InvalidURI,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WriteConcernError,
    WTimeoutError,
)

from store.errors import Conflict, Duplicate, StoreError, Unavailable
from store.records import Record

_WRITE_CONFLICT = 112
_TOO_LARGE = {10334, 17419, 17420}
_CODES = {
    13: (
        "MongoDB does not let this user read and write",
        "set MONGO_USER and MONGO_PASSWORD, both, and grant that user the role readWrite on the database",
    ),
    18: (
        "MongoDB refuses these credentials",
        "check MONGO_USER, MONGO_PASSWORD and MONGO_AUTH_DB (the database in which the user was made)",
    ),
    _WRITE_CONFLICT: ("others keep writing the same records", "try again"),
    239: (
        "reading everything took longer than MongoDB keeps one moment",
        "raise its parameter minSnapshotHistoryWindowInSeconds (300 by default) for as long as this takes",
    ),
    246: ("the replica set of MongoDB has only just elected a primary", "try again"),
    14031: ("the disk of MongoDB is full", "free space on its volume"),
}
_AWAY = "check that MongoDB runs and that MONGO_HOST and MONGO_PORT are where it listens"
_REPEAT = "look whether it was, or repeat it with the idempotency key it was sent with"
_ESCAPE = "in it, percent-encode user and password (/ is %2F, @ is %40), or use MONGO_USER and MONGO_PASSWORD"
_NO_PRIMARY = "look at rs.status() in its shell: a majority of the members must be up to elect one"


def unavailable(exc: Exception, shown: str) -> Unavailable:
    """Return why the store at the address `shown` cannot serve, and what a person can do about it."""
    if isinstance(exc, OperationFailure) and exc.code in _CODES:
        reason, hint = _CODES[exc.code]
        return Unavailable(reason, hint)
    if isinstance(exc, PyMongoError) and is_outcome_unknown(exc):
        return Unavailable(f"MongoDB at {shown} does not say whether this was written", _REPEAT)
    if isinstance(exc, ServerSelectionTimeoutError):
        if "No replica set members match" in str(exc) or "No primary" in str(exc):
            return Unavailable(f"the replica set at {shown} has no primary", _NO_PRIMARY)
        return Unavailable(f"MongoDB at {shown} does not answer", _AWAY)
    if isinstance(exc, ExecutionTimeout | WTimeoutError | TimeoutError) or getattr(exc, "timeout", False):
        return Unavailable(f"MongoDB at {shown} does not answer in time", _AWAY)
    if isinstance(exc, ConnectionFailure):
        return Unavailable(f"the connection to MongoDB at {shown} is lost", _AWAY)
    if isinstance(exc, InvalidURI):
        # Its text may quote a part of the password.
        return Unavailable(f"MongoDB at {shown} cannot be used: MONGO_URL is not well formed", _ESCAPE)
    if isinstance(exc, ConfigurationError):
        return Unavailable(f"MongoDB at {shown} cannot be used: {exc}", "check the MONGO_ settings")
    if isinstance(exc, InvalidOperation):
        return Unavailable("the store is closed")
    return Unavailable(f"MongoDB at {shown} failed: {str(exc)[:300]}", "look at the logs of MongoDB")


def translate(exc: Exception, shown: str) -> Exception:
    """Return what a caller gets for an error of one call: ours as they are, the driver's translated."""
    if isinstance(exc, StoreError):
        return exc
    is_too_large = isinstance(exc, OperationFailure) and exc.code in _TOO_LARGE
    if is_too_large or isinstance(exc, DocumentTooLarge | InvalidDocument):
        return ValueError(f"this is too large for one record: {str(exc)[:200]}")
    if isinstance(exc, PyMongoError | WriteConcernError | OSError):
        return unavailable(exc, shown)
    return exc


def is_race(exc: PyMongoError) -> bool:
    """Tell whether another transaction, that is not over yet, wrote the same."""
    return isinstance(exc, OperationFailure) and exc.code == _WRITE_CONFLICT


def is_transient(exc: PyMongoError) -> bool:
    """Tell whether a transaction that failed so left nothing behind and may be tried again."""
    return exc.has_error_label("TransientTransactionError")


def is_outcome_unknown(exc: PyMongoError) -> bool:
    """Tell whether only asking the server again can say if the transaction was committed."""
    return exc.has_error_label("UnknownTransactionCommitResult")


def broken_key(exc: PyMongoError, kind: type[Record], ids: list[str]) -> StoreError | None:
    """Return the conflict or the duplicate that a write of `kind` met; None if it is neither.

    `ids` are the records in the order of their statements.
    """
    details: Mapping[str, Any] = getattr(exc, "details", None) or {}
    if isinstance(exc, BulkWriteError):
        details = (details.get("writeErrors") or [{}])[0]
    elif not isinstance(exc, DuplicateKeyError):
        return None
    if details.get("code") != 11000:
        return None
    fields = tuple(details.get("keyPattern") or ())
    if fields == ("_id",):
        return Conflict(kind.__name__, str(details.get("keyValue", {}).get("_id", ids[0])))
    return Duplicate(kind.__name__, fields)
