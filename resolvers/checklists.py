"""The rules of checklists: named lists of things to tick off, one record each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from resolvers.acts import Act, Decision, require_as_read
from resolvers.errors import BadInput, Clash, NotFound
from resolvers.inputs import line, text
from resolvers.listing import Listing, listing
from resolvers.rules import MAX_LINE, MAX_NAME
from store.port import By, Changes
from store.records import Checklist, NewEvent

MAX_ITEMS = 500


async def create_checklist(
    act: Act, *, name: str, items: Sequence[str] | None, project: str | None = None
) -> Checklist:
    """Create a checklist with its first items.

    Raises:
        Clash: there is one of that name.
    """
    where, called = act.project(project), _name(name)
    new = _items(items)

    async def decision(now: datetime) -> Decision[Checklist]:
        if await act.store.get(Checklist, f"{where}/{called}") is not None:
            raise Clash(f"there is a checklist {called!r}", field="name", hint="Use the action `add`.")
        made = Checklist(
            id=f"{where}/{called}",
            project=where,
            name=called,
            items=new,
            created_by=act.actor,
            created_at=now,
            updated_at=now,
        )
        return Decision(made, Changes(puts=(made,), events=(_event(made, "created"),)))

    return await act.decide(decision)


async def add_checklist_items(
    act: Act, *, name: str, items: Sequence[str] | None, project: str | None = None
) -> Checklist:
    """Append items to a checklist.

    Raises:
        NotFound: there is no such checklist.
        BadInput: there are no items, or more than 500 in all.
    """
    new = _items(items)
    if not new:
        raise BadInput("items", "must not be empty")

    def append(found: Checklist, now: datetime) -> tuple[Mapping[str, Any], ...]:
        if len(found.items) + len(new) > MAX_ITEMS:
            raise BadInput("items", f"would make more than {MAX_ITEMS} items")
        return (*found.items, *new)

    return await _changed(act, name, project, append)


async def check_checklist_item(
    act: Act,
    *,
    name: str,
    item_index: int,
    done: bool = True,
    notes: str | None = None,
    item_text: str | None = None,
    project: str | None = None,
) -> Checklist:
    """Tick an item off, or open it again; `item_index` counts from 0.

    Raises:
        NotFound: there is no such checklist.
        BadInput: there is no such item.
        Clash: the item there has another text than `item_text`.
    """
    meant = None if item_text is None else line("item_text", item_text)
    remark = None if notes is None else text("notes", notes, max_bytes=MAX_LINE)

    def tick(found: Checklist, now: datetime) -> tuple[Mapping[str, Any], ...]:
        is_there = 0 <= item_index < len(found.items)
        if meant is not None and (not is_there or found.items[item_index]["text"] != meant):
            raise Clash(
                f"entry {item_index} is another one meanwhile", field="item_text", hint="Read the list again."
            )
        if not is_there:
            last = len(found.items) - 1
            raise BadInput(
                "item_index", f"must be between 0 and {last}" if last >= 0 else "the list is empty"
            )
        item = dict(found.items[item_index])
        item |= {
            "done": done,
            "checked_by": act.actor if done else "",
            "checked_at": now.isoformat() if done else None,
        }
        if remark is not None:
            item["notes"] = remark
        return (*found.items[:item_index], item, *found.items[item_index + 1 :])

    return await _changed(act, name, project, tick)


@dataclass(frozen=True, slots=True)
class Entry:
    """What an entry is to be: the one at `index` as it is, or with another text; without an index a new one."""

    index: int | None
    text: str | None


async def update_checklist(
    act: Act,
    *,
    name: str,
    items: Sequence[Entry] | None = None,
    new_name: str | None = None,
    updated_at: datetime | None = None,
    project: str | None = None,
) -> Checklist:
    """Give a checklist another name, or other entries in another order; those not named go.

    Raises:
        NotFound: there is no such checklist.
        BadInput: an entry cannot be taken.
        Clash: it changed since `updated_at`, or there is one of the new name.
    """
    where, called = act.project(project), _name(name)
    renamed = called if new_name is None else line("new_name", new_name, required=True, max_bytes=MAX_NAME)

    async def decision(now: datetime) -> Decision[Checklist]:
        found = await _found(act, where, called)
        require_as_read(found, updated_at)
        entries = found.items if items is None else _rearranged(found, items)
        made = replace(found, items=entries, updated_at=now)
        if renamed == called:
            return Decision(made, Changes(puts=(made,), events=(_event(made, "updated"),)))
        if await act.store.get(Checklist, f"{where}/{renamed}") is not None:
            raise Clash(f"there is a checklist {renamed!r}", field="new_name")
        moved = replace(made, id=f"{where}/{renamed}", name=renamed, version=0)
        events = (_event(found, "deleted"), _event(moved, "created"))
        return Decision(moved, Changes(puts=(moved,), deletes=(found,), events=events))

    return await act.decide(decision, turn=f"checklist:{where}/{called}")


def _rearranged(found: Checklist, items: Sequence[Entry]) -> tuple[Mapping[str, Any], ...]:
    if len(items) > MAX_ITEMS:
        raise BadInput("items", f"has {len(items):,} entries, at most {MAX_ITEMS} are taken")
    named = [item.index for item in items if item.index is not None]
    if len(set(named)) < len(named) or not all(0 <= index < len(found.items) for index in named):
        raise BadInput("index", f"must name each entry once, 0 to {len(found.items) - 1}")
    made: list[Mapping[str, Any]] = []
    for item in items:
        if item.index is None:
            made += _items((item.text or "",))
        elif item.text is None:
            made.append(found.items[item.index])
        else:
            made.append({**found.items[item.index], "text": line("text", item.text, required=True)})
    return tuple(made)


async def delete_checklist(act: Act, *, name: str, project: str | None = None) -> Checklist:
    """Delete a checklist and return it as it was.

    Raises:
        NotFound: there is no such checklist.
    """
    where, called = act.project(project), _name(name)

    async def decision(now: datetime) -> Decision[Checklist]:
        found = await _found(act, where, called)
        return Decision(found, Changes(deletes=(found,), events=(_event(found, "deleted"),)))

    return await act.decide(decision)


async def checklist(act: Act, *, name: str, project: str | None = None) -> Checklist:
    """Return a checklist.

    Raises:
        NotFound: there is no such checklist.
    """
    return await _found(act, act.project(project), _name(name))


async def checklists(
    act: Act, *, project: str | None = None, first: int = 100, after: str | None = None
) -> Listing[Checklist]:
    """Return a project's checklists by name."""
    return await listing(
        act, Checklist, {"project": act.project(project)}, (By("name"),), first=first, after=after
    )


async def _changed(act: Act, name: str, project: str | None, change: Any) -> Checklist:
    where, called = act.project(project), _name(name)

    async def decision(now: datetime) -> Decision[Checklist]:
        found = await _found(act, where, called)
        made = replace(found, items=change(found, now), updated_at=now)
        return Decision(made, Changes(puts=(made,), events=(_event(made, "updated"),)))

    return await act.decide(decision, turn=f"checklist:{where}/{called}")


async def _found(act: Act, project: str, name: str) -> Checklist:
    found = await act.store.get(Checklist, f"{project}/{name}")
    if found is None:
        raise NotFound(f"there is no checklist {name!r} in {project!r}", field="name")
    return found


def _name(name: str) -> str:
    return line("name", name, required=True, max_bytes=MAX_NAME)


def _items(texts: Sequence[str] | None) -> tuple[Mapping[str, Any], ...]:
    texts = texts or ()
    if len(texts) > MAX_ITEMS:
        raise BadInput("items", f"has {len(texts):,} entries, at most {MAX_ITEMS} are taken")
    return tuple(
        {
            "text": line("items", item, required=True),
            "done": False,
            "checked_by": "",
            "checked_at": None,
            "notes": "",
        }
        for item in texts
    )


def _event(found: Checklist, verb: str) -> NewEvent:
    done = sum(bool(item["done"]) for item in found.items)
    return NewEvent(
        project=found.project,
        kind=f"checklist.{verb}",
        subject=found.name,
        data={"name": found.name, "done": done, "total": len(found.items)},
    )
