"""What a browser gets at /graphql: GraphiQL as `frontend/` builds it, which loads nothing from elsewhere."""

from __future__ import annotations

import mimetypes
import re
from pathlib import Path

from starlette.responses import FileResponse, JSONResponse, Response

FOLDER = Path(__file__).parent / "page"
_YEAR_SECONDS = 31_536_000

NOT_BUILT = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Interlock GraphQL</title></head><body>
<h1>This page is not built</h1>
<p>The server runs, and GraphQL clients can use this address. For GraphiQL in the browser,
run <code>make install</code> where Node.js 20.19 or newer, or the Python package registry, can be reached,
and start the server again.</p>
</body></html>
"""

# GraphiQL's editor writes style elements of its own and keeps its icons in data addresses.
_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; "
    "style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# A worker is bound by the policy that came with its own script.
_ASSET_POLICY = "default-src 'none'; script-src 'self'; frame-ancestors 'none'"

PAGE_HEADERS = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
    (b"vary", b"accept"),
)

# Some systems' own tables call scripts plain text, which browsers then refuse to run.
mimetypes.add_type("text/javascript", ".js")


def page(folder: Path = FOLDER) -> bytes:
    """Return the page, or one that tells how to build it."""
    try:
        return (folder / "explorer" / "index.html").read_bytes()
    except FileNotFoundError:
        return NOT_BUILT


class Assets:
    """The files that pages load, under `/assets/`: those that were there at the start, no others."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {f"/assets/{file.name}": file for file in folder.glob("assets/*")}
        self._packed = {f"/assets/{file.stem}": file for file in folder.glob("packed/*.gz")}

    def __contains__(self, path: str) -> bool:
        return path in self._files

    def answer(self, path: str, method: str, accepted: str = "") -> Response:
        """Return a file, packed where `accepted` (the header Accept-Encoding) names gzip.

        Its name changes with its content, so browsers keep it for a year.
        """
        if method not in ("GET", "HEAD"):
            problem = {"errors": [{"message": "use GET"}]}
            return JSONResponse(problem, 405, headers={"allow": "GET, HEAD"})
        headers = {
            "cache-control": f"public, max-age={_YEAR_SECONDS}, immutable",
            "content-security-policy": _ASSET_POLICY,
            "x-content-type-options": "nosniff",
            "vary": "accept-encoding",
        }
        file = self._files[path]
        kind = mimetypes.guess_type(file.name)[0]
        if path in self._packed and _takes_gzip(accepted):
            return FileResponse(
                self._packed[path], headers={**headers, "content-encoding": "gzip"}, media_type=kind
            )
        return FileResponse(file, headers=headers, media_type=kind)


def _takes_gzip(accepted: str) -> bool:
    """Tell whether gzip is named and not refused by a weight of 0."""
    for part in accepted.lower().split(","):
        name, _, weight = part.replace(" ", "").partition(";")
        if name == "gzip":
            return re.fullmatch(r"q=0(\.0*)?", weight) is None
    return False
