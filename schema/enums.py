"""How the enums of the rules are shown: each value with its description."""

from __future__ import annotations

from enum import Enum
from typing import Any

import strawberry


def shown(kind: type[Enum], description: str, *, name: str | None = None, **values: str) -> Any:
    """Return `kind` as a GraphQL enum; `values` describes each member by its name in lower case.

    Raises:
        KeyError: a member is not described.
    """
    enum = strawberry.enum(kind, name=name, description=description)
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[value.name.lower()]
    return enum
