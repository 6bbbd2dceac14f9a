"""The arguments that many fields share."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

_SESSION = "The session acted in, as `startSession` returned it."
_REASON = "Why; of a person's call (role user and up, no session) the audit log keeps it. Up to 1,000 bytes."
_KEPT_REASON = "Why; the audit log and the event keep it. Up to 1,000 bytes."
_PROJECT = "A project's name; default: the session's."

SessionArgument = Annotated[strawberry.ID | None, strawberry.argument(description=_SESSION)]
"""`session_id` of a query: it gives the default project."""

ProjectArgument = Annotated[str | None, strawberry.argument(description=_PROJECT)]


CountsAsUse = Annotated[
    bool,
    strawberry.argument(description="Whether it raises `accessCount`: false for a person who only looks."),
]


def session_field() -> Any:
    """Return an input object's optional `session_id`."""
    return strawberry.field(default=None, description=_SESSION)


def needed_session_field() -> Any:
    """Return the `session_id` of an input object that makes no sense without."""
    return strawberry.field(description=_SESSION)


def reason_field() -> Any:
    """Return an input object's optional `reason`: of a call without a session it stands in the audit log."""
    return strawberry.field(default=None, description=_REASON)


def kept_reason_field() -> Any:
    """Return an input object's optional `reason` of an act that the audit log always keeps."""
    return strawberry.field(default=None, description=_KEPT_REASON)


def project_field() -> Any:
    """Return an input object's optional `project`."""
    return strawberry.field(default=None, description=_PROJECT)
