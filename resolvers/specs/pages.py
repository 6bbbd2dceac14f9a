"""How specs are read: one at a version, a list by name, and what is told when there is no such one."""

from __future__ import annotations

import asyncio
import difflib
from dataclasses import dataclass
from datetime import datetime

from resolvers.acts import Act
from resolvers.errors import NotFound
from resolvers.inputs import line
from resolvers.knowledge.fields import readable
from resolvers.listing import Listing, listing
from resolvers.specs.specs import spec_id, spec_kind, spec_name, version_id
from resolvers.specs.versions import MAX_VERSION
from store.cursor import Cursor
from store.port import By, Find, Get, Heads, In, Prefix, Where
from store.records import SHARED, Spec, SpecVersion

_SIMILAR = 3
_CONSIDERED = 20
_LISTED = 10


@dataclass(frozen=True, slots=True)
class SpecView:
    """A spec at one of its versions. `archived_at` is when the next version came, None for the current one.

    `cursor` is the feed's, of the moment at which it was read; None where the caller may not follow it.
    """

    spec: Spec
    version: SpecVersion
    archived_at: datetime | None
    cursor: str | None


async def spec(act: Act, *, name: str, version: str | None = None, project: str | None = None) -> SpecView:
    """Return a spec at its current version, or at the one named.

    Raises:
        NotFound: there is no such spec or version; the hint names similar ones.
    """
    where, called = readable(act, project), spec_name(name)
    wanted = line("version", version, max_bytes=MAX_VERSION)
    followed = (where,) if act.caller.sees(where) else ()
    heads, found, then = await act.store.read(
        Heads(followed),
        Get(Spec, spec_id(where, called)),
        Get(SpecVersion, version_id(where, called, wanted)),
    )
    if found is None:
        raise await _no_spec(act, where, called)
    archived_at = None
    if not wanted or wanted == found.spec_version:
        then = await act.store.get(SpecVersion, version_id(where, called, found.spec_version))
    elif then is not None:
        archived_at = await _archived_at(act, then)
    if then is None:
        raise _no_version(found, wanted)
    cursor = Cursor({project: head.last for project, head in heads.items()}).encode() if followed else None
    return SpecView(found, then, archived_at, cursor)


async def specs(
    act: Act,
    *,
    project: str | None = None,
    spec_type: str | None = None,
    first: int = 50,
    after: str | None = None,
) -> Listing[Spec]:
    """Return specs by name, without their content: of one project, else the session's and the shared ones."""
    if project:
        projects: tuple[str, ...] = (readable(act, project),)
    else:
        projects = tuple(dict.fromkeys((act.project(), SHARED)))
    where: Where = {"project": projects[0] if len(projects) == 1 else In(projects)}
    kind = spec_kind(spec_type)
    if kind:
        where = {**where, "spec_type": kind}
    return await listing(act, Spec, where, (By("name"),), first=first, after=after, projects=projects)


async def spec_versions(
    act: Act, *, name: str, project: str | None = None, first: int = 20, after: str | None = None
) -> Listing[SpecVersion]:
    """Return the versions of a spec with their content, the newest first.

    Raises:
        NotFound: there is no such spec.
        BadInput: a page argument is wrong.
    """
    where, called = readable(act, project), spec_name(name)
    found = await act.store.get(Spec, spec_id(where, called))
    if found is None:
        raise await _no_spec(act, where, called)
    newest = (By("number", "desc"),)
    return await listing(
        act, SpecVersion, {"spec_id": found.id}, newest, first=first, after=after, projects=(where,)
    )


async def _archived_at(act: Act, then: SpecVersion) -> datetime | None:
    where: Where = {"spec_id": then.spec_id, "number": then.number + 1}
    following = (await act.store.find(SpecVersion, where, limit=1)).records
    return following[0].created_at if following else None


async def _no_spec(act: Act, project: str, name: str) -> NotFound:
    similar = await _similar(act, project, name)
    hint = f"There is: {', '.join(similar)}." if similar else "memory_list_specs shows which there are."
    return NotFound(f"there is no spec {name!r} in {project!r}", field="name", hint=hint)


def _no_version(found: Spec, wanted: str) -> NotFound:
    newest = ", ".join(found.versions[:_LISTED])
    more = f" and {found.number - _LISTED} older" if found.number > _LISTED else ""
    return NotFound(
        f"{found.name!r} has no version {wanted!r}", field="version", hint=f"It has {newest}{more}."
    )


async def _similar(act: Act, project: str, name: str) -> list[str]:
    """Return up to 3 names like `name`, here and among the shared specs."""
    projects = tuple(dict.fromkeys((project, SHARED)))
    start = Prefix(name[: max(len(name) // 3, 1)])
    hits, pages = await asyncio.gather(
        act.store.search(Spec, name, {"project": In(projects)}, limit=_CONSIDERED),
        act.store.read(
            *(Find(Spec, {"project": one, "name": start}, (By("name"),), _CONSIDERED) for one in projects)
        ),
    )
    found = [*(hit.record for hit in hits), *(one for page in pages for one in page.records)]
    shown = {
        one.name if one.project == project else f"{one.name} (project {one.project})": one.name
        for one in found
    }
    close = difflib.get_close_matches(name, list(dict.fromkeys(shown.values())), n=_SIMILAR, cutoff=0.4)
    return sorted(shown, key=lambda told: close.index(shown[told]) if shown[told] in close else _SIMILAR)[
        : len(close)
    ]
