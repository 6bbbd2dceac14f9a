"""`interlock scan`: register all functions of a code base, and remove those that are gone."""

from __future__ import annotations

import json
import stat
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.connection import ApiKey, Url, complete, connection, request, session
from cli.failure import Failure
from cli.librarian import needs_extra

if TYPE_CHECKING:
    from rich.progress import Progress

    from librarian.scanning import Scanned

REGISTER = """mutation ($project: String!, $functions: [FunctionInput!]!) {
  registerFunctions(input: {project: $project, functions: $functions}) { registered updated unchanged }
}"""
KNOWN = """query ($project: String!, $file: String, $after: String) {
  functions(project: $project, file: $file, first: 100, after: $after) {
    nodes { id name file line }
    pageInfo { hasNextPage endCursor }
  }
}"""
REMOVE = """mutation ($project: String!, $ids: [ID!]!) {
  removeFunctions(input: {project: $project, ids: $ids}) { removed }
}"""
MOST_IN_BATCH = 200
MOST_BATCH_CHARACTERS = 250_000


def scan(
    path: Annotated[Path, typer.Argument(help="A directory or a file.")],
    project: Annotated[
        str, typer.Option("--project", "-p", help="The project that the functions belong to.")
    ],
    root: Annotated[
        Path | None,
        typer.Option(
            help="What files are named relative to; default: the git work tree around PATH, else PATH."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Parse and count, register nothing.")] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove functions under PATH that are gone.")
    ] = False,
    without_code: Annotated[
        bool, typer.Option("--without-code", help="Send names, purposes and hashes, no source.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
    url: Url = "",
    key: ApiKey = "",
) -> None:
    """Register the functions and methods of a code base. To do it again changes only what changed.

    Python, TypeScript, JavaScript, C#, Go, Rust, Java, C and C++. What .gitignore names, hidden and
    minified files, links, virtual environments and node_modules are left out.
    """
    needs_extra("tree_sitter", "pathspec", "rich")
    from librarian.ignoring import project_root, source_files

    at = path.expanduser().resolve()
    if not at.exists():
        raise Failure(f"there is no {path}")
    base = (root or project_root(at)).expanduser().resolve()
    if at != base and base not in at.parents:
        raise Failure(f"{path} is not under {base}")
    under = "" if at == base else at.relative_to(base).as_posix() + ("/" if at.is_dir() else "")
    to = None if dry_run else connection(url, key)
    began = time.perf_counter()
    with _progress(is_quiet=as_json) as progress:
        files = list(source_files(base, at))
        results = _parsed(base, files, progress)
        report = _Report(files=len(files))

        async def run() -> None:
            assert to is not None
            async with session(to) as connected:
                names = await _registered(connected, project, results, report, is_with_code=not without_code)
                if prune:
                    report.pruned = await _pruned(connected, project, base, under, names)

        if to is None:
            for one in results:
                report.add(one)
        else:
            complete(run, to)
    report.seconds = time.perf_counter() - began
    typer.echo(json.dumps(report.counts()) if as_json else report.text(is_dry=dry_run, is_pruning=prune))
    if not files:
        typer.echo(
            f"no source was found in {path}: what .gitignore names under {base} is left out, and what is hidden "
            "or in no known language; --root names another top",
            err=True,
        )


class _Report:
    """What is told at the end."""

    def __init__(self, files: int) -> None:
        self.files = files
        self.skipped = 0
        self.languages: Counter[str] = Counter()
        self.server: Counter[str] = Counter()
        self.pruned = 0
        self.seconds = 0.0

    def add(self, scanned: Scanned) -> None:
        """Count a file."""
        self.skipped += bool(scanned.skipped)
        if scanned.functions:
            self.languages[scanned.language] += len(scanned.functions)

    def counts(self) -> dict[str, Any]:
        """Return the counts as JSON has them."""
        return {
            "files": self.files,
            "skipped": self.skipped,
            "functions": self.languages.total(),
            "languages": dict(self.languages.most_common()),
            **{name: self.server[name] for name in ("registered", "updated", "unchanged")},
            "pruned": self.pruned,
            "seconds": round(self.seconds, 3),
        }

    def text(self, *, is_dry: bool, is_pruning: bool) -> str:
        """Return the counts in words."""
        by_language = ", ".join(f"{name} {count:,}" for name, count in self.languages.most_common())
        functions, skipped = self.languages.total(), f", {self.skipped:,} skipped" if self.skipped else ""
        lines = [f"{functions:,} functions in {self.files:,} files{skipped}, {self.seconds:.1f} s"]
        lines += [by_language] if by_language else []
        if not is_dry:
            said = [f"{self.server[name]:,} {name}" for name in ("registered", "updated", "unchanged")]
            lines.append(", ".join(said + ([f"{self.pruned:,} removed"] if is_pruning else [])))
        return "\n".join(lines)


def _progress(*, is_quiet: bool) -> Progress:
    """Return a progress bar on standard error; away from a terminal it says nothing."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(
        *columns, console=Console(stderr=True), disable=is_quiet or not sys.stderr.isatty(), transient=True
    )


def _parsed(base: Path, files: list[str], progress: Progress) -> Iterator[Scanned]:
    from librarian.scanning import scan as scan_files

    task = progress.add_task("scanning", total=len(files))
    for one in scan_files(base, files):
        progress.advance(task)
        yield one


async def _registered(
    connected: Any, project: str, results: Iterable[Scanned], report: _Report, *, is_with_code: bool
) -> dict[str, Scanned]:
    """Register what is parsed, a batch at a time; return the files by name."""
    seen: dict[str, Scanned] = {}

    def functions() -> Iterator[dict[str, Any]]:
        for one in results:
            report.add(one)
            found, one.functions = one.functions, []
            # As the server spells it.
            seen[unicodedata.normalize("NFC", one.file)] = one
            yield from found if is_with_code else ({**each, "code": None} for each in found)

    for batch in _batches(functions()):
        asked = request(REGISTER, {"project": project, "functions": batch})
        report.server.update((await connected.execute(asked))["registerFunctions"])
    return seen


def _batches(functions: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield batches that the server takes: at most 200 functions, and well below its largest body."""
    batch: list[dict[str, Any]] = []
    size = 0
    for one in functions:
        length = len(one["code"] or "") + 500
        if batch and (len(batch) == MOST_IN_BATCH or size + length > MOST_BATCH_CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += length
    if batch:
        yield batch


async def _pruned(connected: Any, project: str, base: Path, under: str, seen: Mapping[str, Scanned]) -> int:
    """Remove the functions under the path whose file or definition is gone; return how many."""
    variables: dict[str, Any] = {"project": project, "file": under or None, "after": None}
    gone: list[str] = []
    while True:
        page = (await connected.execute(request(KNOWN, variables)))["functions"]
        gone += [node["id"] for node in page["nodes"] if _is_gone(node, base, seen)]
        if not page["pageInfo"]["hasNextPage"]:
            break
        variables["after"] = page["pageInfo"]["endCursor"]
    removed = 0
    for first in range(0, len(gone), MOST_IN_BATCH):
        asked = request(REMOVE, {"project": project, "ids": gone[first : first + MOST_IN_BATCH]})
        removed += (await connected.execute(asked))["removeFunctions"]["removed"]
    return removed


def _is_gone(node: Mapping[str, Any], base: Path, seen: Mapping[str, Scanned]) -> bool:
    """Tell whether a function is known to be no more: what was not parsed may still be there."""
    from librarian.cutting import match

    scanned = seen.get(node["file"])
    if scanned is None:
        try:
            at = (base / node["file"]).stat()
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False
        return stat.S_ISREG(at.st_mode) and not at.st_size
    return not scanned.skipped and match(scanned.names, node["name"], node["line"]) is None
