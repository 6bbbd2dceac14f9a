"""How a store is exported, imported and verified without a server, as the settings name it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from api.legacy.report import Report as LegacyReport
from api.legacy.sources import SourceAway, chroma_source, mongo_source
from api.legacy.takeover import Takeover
from api.settings import Settings
from api.stores import open_store
from api.transfer_files import Write
from resolvers.errors import BadInput
from resolvers.inputs import project_name
from store.errors import AlreadyServed, Conflict, Duplicate, StoreError
from store.moving.exporting import export, holds
from store.moving.importing import Found, TargetInUse, apply, compare
from store.moving.portable_file import Described, PortableFile
from store.moving.snapshot import MovableStore, Snapshot
from store.moving.verifying import Report, verify
from store.sqlite.snapshot import snapshot_of
from store.sqlite.store import FILE, served_by

Advance = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and of how much."""


class Untransferable(Exception):
    """It cannot be done; the message is the one line that says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import found and wrote."""

    described: Described
    found: Found
    written: Counter[str]


async def export_store(
    settings: Settings, write: Write, *, project: str | None, product: str, advance: Advance
) -> Counter[str]:
    """Write all that the store holds, or one project of it, as it is at this moment; a server may run.

    Raises:
        Untransferable: the store cannot be read, or holds nothing of the project.
    """
    counts: Counter[str] = Counter()

    def told(done: int, total: int) -> None:
        counts["lines"], counts["announced"] = done, total
        advance("exporting", done, total)

    with_project = _project(project)
    async with _told(), snapshot_in(settings) as snapshot:
        await _require_held(snapshot, with_project)
        lines = export(snapshot, product=product, project=with_project, advance=told)
        async for chunk in lines:
            write(chunk)
    return counts


async def import_store(
    settings: Settings, path: Path, *, shown: str, merge: bool, dry_run: bool, advance: Advance
) -> Imported:
    """Put an export into the store, which must hold nothing else unless `merge`.

    Raises:
        Untransferable: the file is not whole, a server runs, or the store holds other data.
    """
    async with _told():
        file = PortableFile(path, shown)
        described = file.check(lambda done, total: advance("checking", done, total))
        async with AsyncExitStack() as stack:
            store = await claimed(stack, settings)
            total = described.total
            found = await compare(store, file, total, lambda done, all_: advance("comparing", done, all_))
            if not found.is_clear and not merge and not dry_run:
                raise TargetInUse(
                    f"{_name(settings)} holds other data: {found.obstacles()}; choose an empty store, or pass "
                    "--merge to add what is missing and keep what is there"
                )
            written: Counter[str] = Counter()
            if not dry_run:
                written = await apply(
                    store, file, found, total, lambda done, all_: advance("importing", done, all_)
                )
    return Imported(described, found, written)


async def take_over(
    settings: Settings, *, mongo: str, database: str, chroma: str, dry_run: bool, advance: Advance
) -> LegacyReport:
    """Take over the memory of mcp-shared-memory: its MongoDB, its Chroma (an address or a directory), or both.

    What is in the store stays as it is, so doing it again adds only what is new.

    Raises:
        Untransferable: a source cannot be read, a server runs, or the store fails.
    """
    async with _told(), AsyncExitStack() as stack:
        try:
            team = stack.enter_context(mongo_source(mongo, database)) if mongo else None
            memory = stack.enter_context(chroma_source(chroma)) if chroma else None
            work = Takeover(await claimed(stack, settings), advance, is_dry=dry_run)
            if team is not None:
                await work.team(team)
            if memory is not None:
                await work.memory(memory)
        except SourceAway as error:
            raise Untransferable(str(error)) from error
        except ImportError as error:
            raise Untransferable(f"needs {error.name}: pip install 'interlock[team,semantic]'") from error
    return work.report


async def verify_store(settings: Settings, *, project: str | None, advance: Advance) -> Report:
    """Read all of the store, or one project, and return what is wrong with it; a server may run.

    Raises:
        Untransferable: the store cannot be read, or holds nothing of the project.
    """
    where = _project(project)
    async with _told(), snapshot_in(settings) as snapshot:
        await _require_held(snapshot, where)
        return await verify(
            snapshot, project=where, advance=lambda done, total: advance("verifying", done, total)
        )


@asynccontextmanager
async def snapshot_in(settings: Settings) -> AsyncIterator[Snapshot]:
    """Hold a snapshot of the store that the settings name, beside a server that serves it."""
    if settings.mongo is None:
        async with snapshot_of(settings.data / FILE) as snapshot:
            yield snapshot
        return
    from store.mongo.store import MongoStore

    store = await MongoStore.open(settings.mongo)
    try:
        async with store.snapshot() as snapshot:
            yield snapshot
    finally:
        await store.close()


async def claimed(stack: AsyncExitStack, settings: Settings) -> MovableStore:
    """Open the store to write to; no server of this data directory runs meanwhile.

    Raises:
        Untransferable: one does.
    """
    try:
        return await open_store(stack, settings, {"role": "import"})
    except AlreadyServed as error:
        owner = served_by(settings.data) or {}
        at = f", at {owner['url']}" if owner.get("url") else ""
        raise Untransferable(
            f"{settings.data} is in use by a server (process {owner.get('pid', 'unknown')}{at}); stop it first"
        ) from error


@asynccontextmanager
async def _told() -> AsyncIterator[None]:
    """Raise what the store does as one line."""
    try:
        yield
    except Conflict as error:
        raise Untransferable(f"{error}: stop the servers of this store, then repeat the command") from error
    except Duplicate as error:
        raise Untransferable(f"{error}; what was written before it stays") from error
    except StoreError as error:
        hint = getattr(error, "hint", "")
        raise Untransferable(f"{error} ({hint})" if hint else str(error)) from error
    except ValueError as error:
        raise Untransferable(f"the store holds what cannot be read: {error}") from error


async def _require_held(snapshot: Snapshot, project: str | None) -> None:
    """Refuse a project of which there is nothing: an empty file would pass for a backup."""
    if project is not None and not await holds(snapshot, project):
        raise Untransferable(f"--project: the store holds nothing of {project!r}")


def _project(named: str | None) -> str | None:
    try:
        return None if named is None else project_name("--project", named)
    except BadInput as error:
        raise Untransferable(str(error)) from error


def _name(settings: Settings) -> str:
    return str(settings.data) if settings.mongo is None else f"MongoDB at {settings.mongo.shown}"
