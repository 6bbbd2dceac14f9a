"""What a browser gets at / and at the addresses of the dashboard's views: one page, which then asks /graphql."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import Response

from api.explorer import FOLDER

VIEWS = frozenset(
    {
        "now",
        "messages",
        "backlog",
        "knowledge",
        "functions",
        "specs",
        "checklists",
        "guidelines",
        "history",
        "admin",
    }
)
"""The first part of each address that the page knows; what follows it names a record."""

NOT_BUILT = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Interlock</title></head><body>
<h1>The dashboard is not built</h1>
<p>The server runs: agents use <code>/mcp</code>, GraphQL clients <code>/graphql</code>. For the dashboard,
run <code>make install</code> where Node.js 20.19 or newer, or the Python package registry, can be reached,
and start the server again.</p>
</body></html>
"""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


class Dashboard:
    """The page as it was at the start; without it, one that tells how to build it."""

    def __init__(self, folder: Path = FOLDER) -> None:
        try:
            self._page = (folder / "dashboard" / "index.html").read_bytes()
        except FileNotFoundError:
            self._page = NOT_BUILT

    def __contains__(self, path: str) -> bool:
        return path == "/" or (path.startswith("/") and path.split("/", 2)[1] in VIEWS)

    def answer(self, method: str) -> Response:
        """Return the page; methods other than GET and HEAD are refused."""
        if method not in ("GET", "HEAD"):
            return Response(b"use GET\n", 405, {"allow": "GET, HEAD", "content-type": "text/plain"})
        return Response(self._page, 200, _HEADERS)
