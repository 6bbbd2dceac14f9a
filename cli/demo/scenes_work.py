"""Scenes about work: items, files that two want, a shift's end. Each `yield` ends a beat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from cli.demo.agent import Agent
from cli.demo.team import Team

Beats = AsyncIterator[None]
PATIENCE_SECONDS = 50
MOST_FILES = 3


async def _ready(agent: Agent) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await agent.call("list_backlog", ready=True, limit=5)).get("items", [])
    return items


async def take_an_item(team: Team, who: Agent) -> Beats:
    """Claim an item, look around, edit under a lock, and close it."""
    ready = await _ready(who)
    if not ready:
        return
    item = team.story.dice.choice(ready)
    title = item["title"]
    await who.call("update_backlog_item", item_id=item["id"], claim=True)
    who.say(f"claims: {title}")
    await who.beat("busy", title)
    yield
    with team.some_files(MOST_FILES) as files:
        work = await who.call("update_work", title=title, status="in_progress", files_touched=files)
        for overlap in work.get("overlaps", []):
            who.say(f"is told that {overlap['agent']} is at {overlap['file']} too")
        found = await who.call("find_function", query=title)
        await who.call("query", query=title)
        who.say(f"looks first: {found.get('result_count', 0)} functions fit")
        yield
        got = await who.lock(*files, reason=title)
        if got["success"]:
            who.say(f"locks {', '.join(files)} (fence {got['fence']})")
            for _ in range(team.story.dice.randint(2, 5)):
                yield
                await who.beat("busy")
            await who.call("unlock_files", files=files)
            who.say(f"lets go of {', '.join(files)}")
            yield
    if team.story.dice.random() < 0.25:
        await who.call("update_backlog_item", item_id=item["id"], status="retest")
        who.say(f"gives to retest: {title}")
    else:
        done = f"Done in build {team.story.number()}, with a test."
        await who.call("complete_backlog_item", item_id=item["id"], resolution=done)
        who.say(f"closes: {title}")
    await who.call("update_work", title=title, status="completed")
    await who.beat("idle", "")
    yield


async def both_want_a_file(team: Team, first: Agent, second: Agent) -> Beats:
    """One has the file, the other is refused, waits, is written to, and gets it."""
    with team.a_file() as file:
        task = f"Rework {file}"
        await first.beat("busy", task)
        if not (await first.lock(file, reason=task))["success"]:
            return
        first.say(f"locks {file}")
        yield
        refused = await second.lock(file, reason=f"Test {file}")
        for conflict in refused.get("conflicts", []):
            second.say(f"is refused {file}: {conflict['held_by']} has it")
        await second.call(
            "update_work",
            title=f"Test {file}",
            status="blocked",
            files_touched=[file],
            blocked_by=first.name,
            blocked_reason=f"{first.name} has {file}",
        )
        yield
        waiting = asyncio.create_task(second.lock(file, reason=f"Test {file}", wait_seconds=PATIENCE_SECONDS))
        try:
            second.say(f"waits for {file}")
            yield
            text = f"{file} is yours in a moment: build {team.story.number()} is running."
            await first.send(second.name, "info", text)
            first.say(f"to {second.name}: {text}")
            yield
            await first.call("unlock_files", files=[file])
            first.say(f"lets go of {file}")
            await first.beat("idle", "")
            got = await waiting
        finally:
            waiting.cancel()
        if got["success"]:
            second.say(f"gets {file} (fence {got['fence']})")
            await second.call("update_work", title=f"Test {file}", status="in_progress")
            yield
            await second.read()
            await second.call("unlock_files", files=[file])
        await second.call("update_work", title=f"Test {file}", status="completed")
        await second.beat("idle", "")
        yield


async def race_for_an_item(team: Team, first: Agent, second: Agent) -> Beats:
    """Two claim one item at the same moment; one gets it."""
    ready = await _ready(first)
    if not ready:
        return
    claim = {"item_id": ready[0]["id"], "claim": True}
    both = (first, second)
    answers = await asyncio.gather(
        *(agent.attempt("CONFLICT", "update_backlog_item", **claim) for agent in both)
    )
    title = ready[0]["title"]
    for agent, answer in zip(both, answers, strict=True):
        if "code" in answer:
            agent.say(f"comes too late for: {title}")
        else:
            agent.say(f"is first to claim: {title}")
            await agent.beat("busy", title)
    yield
    winner = next(agent for agent, answer in zip(both, answers, strict=True) if "code" not in answer)
    yield
    await winner.call("complete_backlog_item", item_id=ready[0]["id"], resolution="It was quickly done.")
    winner.say(f"closes: {title}")
    await winner.beat("idle", "")
    yield


async def change_of_shift(team: Team, who: Agent) -> Beats:
    """End a session with a hand-off; the next one begins with it."""
    thing, number = team.story.thing(), team.story.number()
    await who.end(
        f"Finished what build {number} needed.",
        handoff_notes=f"Next: {thing}. Build {number} is green, its report is not read yet.",
        learnings=f"Build {number}: {thing} is quickest to test alone.",
        files_modified=[team.story.dice.choice(team.story.files)],
    )
    who.say(f"hands off and leaves: next is {thing}")
    yield
    yield
    yield
    brief = await who.start(f"Go on with {thing}")
    notes = (brief.get("handoff") or {}).get("handoff_notes", "")
    who.say(f"is back and reads: {notes}")
    await who.beat("busy", f"Reads the report of build {number}")
    yield
    await who.read()
    await who.beat("idle", "")
    yield


async def plan(team: Team, who: Agent) -> Beats:
    """Add an item and one that waits for it, and give something more weight."""
    dice = team.story.dice
    ids: list[str] = []
    for _ in range(2):
        title, description, tags = team.story.live("items")
        added = await who.call(
            "add_backlog_item",
            title=title,
            description=description,
            priority=dice.choice(["high", "medium", "medium", "low"]),
            target_version=dice.choice([row[3] for row in team.story.told["items"]]),
            tags=tags.lower().split(),
            **({"blocked_by": ids[:1]} if dice.random() < 0.4 else {}),
        )
        ids.append(added["id"])
        who.say(f"adds: {title}")
        yield
    listed = await who.call("list_backlog", status="open", limit=100)
    items = listed.get("items", [])
    chosen = dice.choice(items)
    if len(items) > 45:
        why = {"status": "deferred", "deferred_reason": "Too much at once."}
        await who.call("update_backlog_item", item_id=chosen["id"], **why)
        who.say(f"defers: {chosen['title']}")
    else:
        level = dice.choice([one for one in ("high", "medium", "low") if one != chosen["priority"]])
        await who.call("update_backlog_item", item_id=chosen["id"], priority=level)
        who.say(f"makes it {level}: {chosen['title']}")
    yield


async def settle_old_items(team: Team, who: Agent) -> Beats:
    """Retest what is said to be done, and free what nothing blocks any more."""
    for status, more, said in (
        ("retest", {"status": "done"}, "retests and closes"),
        ("blocked", {"status": "open"}, "opens again"),
        ("deferred", {"status": "open"}, "takes up again"),
    ):
        items = (await who.call("list_backlog", status=status, limit=20)).get("items", [])
        if items and (status != "deferred" or team.story.dice.random() < 0.3):
            item = team.story.dice.choice(items)
            await who.call("update_backlog_item", item_id=item["id"], **more)
            who.say(f"{said}: {item['title']}")
            yield


async def machine_breaks(team: Team, who: Agent) -> Beats:
    """Report an error, get help, and go on."""
    number = team.story.number()
    await who.beat("error", f"Build {number} fails: no space left on the device")
    text = f"Build {number} stopped: no space left on the device. I go on as soon as there is some."
    await who.send(team.planner.name, "blocker", text, priority="urgent")
    who.say(f"to {team.planner.name}: {text}")
    yield
    yield
    for message in await team.planner.read():
        team.planner.say(f"reads from {message['from']}: {message['message']}")
    await team.planner.send(who.name, "task", f"Removed the builds before {number - 40}. Please try again.")
    yield
    await who.read()
    await who.beat("busy", f"Builds {number} again")
    who.say(f"builds {number} again")
    yield
    await who.beat("idle", "")


async def want_what_is_stale(team: Team, who: Agent) -> Beats:
    """Ask for the file of the one who is not heard of any more; after half an hour it is given."""
    silent = team.story.told["silent"]
    if silent is None:
        return
    got = await who.lock(silent["file"], reason="Prices of the day are needed")
    if got["success"]:
        for lost in got.get("displaced", []):
            who.say(f"takes over {silent['file']}: {lost['held_by']} has not been heard of")
        yield
        await who.call("unlock_files", files=[silent["file"]])
    else:
        who.say(f"is refused {silent['file']}: {silent['agent']} has it, and says nothing")
        yield
