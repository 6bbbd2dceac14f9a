"""What a client is told of a failure: the code, the message, the field and a hint; never a traceback."""

from __future__ import annotations

import logging
import re

from graphql import GraphQLError
from strawberry.extensions import MaskErrors
from strawberry.utils.str_converters import to_camel_case

from resolvers.errors import Code, DomainError
from store.errors import Unavailable
from store.records import new_id

log = logging.getLogger("interlock.errors")

_UNKNOWN_FIELD = re.compile(r"Field '(\w+)'|field '(\w+)'|argument '(\w+)'|'\$(\w+)'")


def told(error: GraphQLError) -> GraphQLError:
    """Return the error as the client may see it.

    Failures of the rules keep their message; faults of the request are BAD_INPUT; anything else
    is logged with an id, which is all that the client gets.
    """
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, DomainError):
        return _shown(error, cause.code, cause.message, field=cause.field, hint=cause.hint)
    if isinstance(cause, Unavailable):
        return _shown(error, Code.UNAVAILABLE, cause.reason, hint=cause.hint)
    if cause is None or isinstance(cause, GraphQLError):
        code = (error.extensions or {}).get("code", Code.BAD_INPUT)
        named = _UNKNOWN_FIELD.search(error.message)
        field = next((group for group in named.groups() if group), "") if named else ""
        return _shown(error, Code(code), error.message, detail=error.message, field=field)
    incident = new_id("err")
    log.error("%s: %s", incident, cause, exc_info=cause)
    return _shown(
        error, Code.INTERNAL, "something went wrong in the server", hint=f"Its log has it as {incident}."
    )


def _shown(
    error: GraphQLError, code: Code, message: str, *, field: str = "", hint: str = "", detail: str = ""
) -> GraphQLError:
    name = to_camel_case(field) if field else ""
    extensions: dict[str, str] = {"code": code.value, "detail": detail or message}
    if name:
        extensions["field"] = name
    if hint:
        extensions["hint"] = hint
    return GraphQLError(
        detail or (f"{name}: {message}" if name else message),
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )


class ToldErrors(MaskErrors):
    """Applies `told` to every error of every result, each item of a subscription included."""

    def anonymise_error(self, error: GraphQLError) -> GraphQLError:
        """Return the error as the client may see it."""
        return told(error)
