"""The failures that a caller is told of, each with the code it is known by."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar


class Code(StrEnum):
    """What kind of failure it is; clients act on this, not on the message."""

    BAD_INPUT = "BAD_INPUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


WHAT_TO_DO = {
    Code.BAD_INPUT: "Correct the field named and send it again.",
    Code.UNAUTHENTICATED: "Send `Authorization: Bearer <key>`, or `api_key` when starting a session.",
    Code.FORBIDDEN: "Use a key with the role or the project that the message names.",
    Code.NOT_FOUND: "Look the id or name up again; it may be in a project the key does not include.",
    Code.CONFLICT: "Read the state again, then decide; the hint says what stands in the way.",
    Code.LIMIT_EXCEEDED: "Ask for less at once.",
    Code.UNAVAILABLE: "Try again later; `/health` says which part is down.",
    Code.INTERNAL: "Report the id in the hint.",
}
"""A line for each code, for the documentation."""


class DomainError(Exception):
    """A failure with a code, a message to act on and, where there is one, a hint.

    `field` names the input at fault in snake_case, as the resolver's parameter is called; the
    message does not repeat it.
    """

    code: ClassVar[Code] = Code.INTERNAL

    def __init__(self, message: str, *, field: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.hint = hint


class BadInput(DomainError):
    """A value cannot be taken as it is."""

    code = Code.BAD_INPUT

    def __init__(self, field: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, field=field, hint=hint)


class Unauthenticated(DomainError):
    """Nobody is known to be calling."""

    code = Code.UNAUTHENTICATED


class Forbidden(DomainError):
    """The caller is known, and may not."""

    code = Code.FORBIDDEN


class OutsideScope(Forbidden):
    """The caller's key does not include the project; kept in the audit log."""

    def __init__(self, project: str, *, field: str = "project") -> None:
        named = f"project {project!r}" if project else "the server's own records"
        super().__init__(f"this key does not include {named}", field=field)
        self.project = project


class NotFound(DomainError):
    """No such thing where the caller may look."""

    code = Code.NOT_FOUND


class Clash(DomainError):
    """The state of things does not allow it now."""

    code = Code.CONFLICT


class LimitExceeded(DomainError):
    """More than is served at once."""

    code = Code.LIMIT_EXCEEDED


class Unready(DomainError):
    """The server cannot do it now; nothing was written."""

    code = Code.UNAVAILABLE
