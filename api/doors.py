"""How hosts and pages that may reach the server are written in its settings: as requests name them."""

from __future__ import annotations

import re

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@*\s]+")


def host_names(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names as they are.

    Raises:
        ValueError: one is a whole address, which no `Host` header would ever equal.
    """
    for value in values:
        if "/" in value:
            raise ValueError(f"{value!r} must be a name alone, without http:// and path")
    return values


def origins(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the origins as browsers send them: in lower case, without a slash at the end.

    Raises:
        ValueError: one is no origin, so that no page's would ever equal it.
    """
    written = tuple(value.lower().rstrip("/") for value in values)
    for origin in written:
        if origin != "null" and not _ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} must be the origin of a page, such as https://page.example")
    return written
