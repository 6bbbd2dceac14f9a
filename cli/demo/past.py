"""What the team has done before anybody looks: told quickly, by the same calls."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from cli.demo.agent import Agent
from cli.demo.team import Team, Teams

Counts = Counter[str]


async def fill(teams: Teams) -> Counts:
    """Let the teams do all that lies before the story; return how many of what there are."""
    counts: Counts = Counter()
    async with asyncio.TaskGroup() as group:
        for team in teams.values():
            group.create_task(_fill(team, counts))
    # After both: some messages go from one project to the other.
    for team in teams.values():
        await _messages(team, teams, counts)
        await _silence(team)
    return counts


async def _fill(team: Team, counts: Counts) -> None:
    await _gather(team)
    team.planner.say(f"gathers a team of {len(team.agents)}")
    for chapter in (_rules, _specs, _backlog, _documents, _functions):
        await chapter(team, counts)
        team.planner.say(f"has {chapter.__name__.strip('_')} written down")


async def begin(teams: Teams) -> None:
    """Start a session of each agent that has a part in what comes."""
    for team in teams.values():
        for agent in team.players:
            await agent.start(f"Go on with {team.story.thing()}")


async def _gather(team: Team) -> None:
    told = team.story.told
    await team.planner.start("Plan the next milestone")
    await team.planner.call(
        "project", action="create", name=team.story.project, display_name=told["display_name"]
    )
    for name, role in told["agents"].items():
        tier = "admin" if name == told["planner"] else "named"
        registered = {"agent": name, "role_description": role, "tier": tier}
        await team.planner.call("project", action="add_agent", name=team.story.project, **registered)
    for name, agent in team.agents.items():
        if agent is not team.planner:
            await agent.start(f"Go on with {team.story.thing()}")
            await agent.beat("idle", f"reads the brief of {name}")


async def _rules(team: Team, counts: Counts) -> None:
    told = team.story.told
    for scope, name, rule, priority in told["guidelines"]:
        await team.planner.call(
            "guidelines", action="set", scope=scope, name=name, rule=rule, priority=priority
        )
        counts["guidelines"] += 1
    for name, items in told["checklists"].items():
        await team.planner.call("checklist", action="create", name=name, items=items)
        for index in range(told["checked"].get(name, 0)):
            ticked = {"name": name, "item_index": index, "done": True}
            await _worker(team).call("checklist", action="check", **ticked)
        counts["checklists"] += 1


async def _specs(team: Team, counts: Counts) -> None:
    for name, owner, kind, versions in team.story.told["specs"]:
        for version, content in versions:
            given = {"name": name, "version": version, "content": content, "spec_type": kind}
            await team.agents[owner].call("define_spec", **given)
        counts["specs"] += 1


async def _backlog(team: Team, counts: Counts) -> None:
    told = team.story.told
    ids: list[str] = []
    for number, (title, description, priority, milestone, tags, _, _) in enumerate(told["items"]):
        blockers = [ids[one] for one in told["after"].get(str(number), ())]
        added = await team.planner.call(
            "add_backlog_item",
            title=title,
            description=description,
            priority=priority,
            target_version=milestone,
            tags=tags.split(),
            **({"blocked_by": blockers} if blockers else {}),
        )
        ids.append(added["id"])
        counts["backlog items"] += 1
    for item, row in zip(ids, told["items"], strict=True):
        await _moved(team, item, status=row[5], by=row[6])


async def _moved(team: Team, item: str, *, status: str, by: str) -> None:
    if by:
        await team.agents[by].call("update_backlog_item", item_id=item, claim=True)
    if status == "done":
        await team.agents[by].call("complete_backlog_item", item_id=item, resolution="Done, with a test.")
    elif status == "wont_do":
        why = {"resolution": "Nobody asked for it again.", "wont_do": True}
        await team.planner.call("complete_backlog_item", item_id=item, **why)
    elif status == "deferred":
        why = {"status": status, "deferred_reason": "After the holidays."}
        await team.planner.call("update_backlog_item", item_id=item, **why)
    elif status not in ("open", "in_progress"):
        await team.planner.call("update_backlog_item", item_id=item, status=status)


async def _documents(team: Team, counts: Counts) -> None:
    told = team.story.told
    ids: list[str] = []
    for by, kind, title, content, tags, file in told["documents"]:
        related = {"files_related": [file]} if file else {}
        given: dict[str, Any] = {"title": title, "content": content, "tags": tags.split(), **related}
        stored = await team.agents[by].call("store", memory_type=kind, **given)
        ids.append(stored["id"])
        counts["documents"] += 1
    for old, new in told["replaced"]:
        given = {"doc_id": ids[old], "new_status": "superseded", "superseded_by": ids[new]}
        await team.planner.call("change_status", reason="the second study says otherwise", **given)
    for number in told["deprecated"]:
        given = {"doc_id": ids[number], "new_status": "deprecated"}
        await team.planner.call("change_status", reason="from last year", **given)


async def _functions(team: Team, counts: Counts) -> None:
    told = team.story.told
    for number, (name, file, purpose, gotchas, signature, returns, summary) in enumerate(told["functions"]):
        given = {"name": name, "file": file, "purpose": purpose, "gotchas": gotchas}
        registered = await _worker(team).call("register_function", **given)
        counts["functions"] += 1
        if number < told["enriched"]:
            found = {"signature": signature, "returns": returns, "search_summary": summary}
            await team.librarian.call("enrich_function", func_id=registered["id"], complexity="low", **found)


async def _messages(team: Team, teams: Teams, counts: Counts) -> None:
    for thread in team.story.told["threads"]:
        is_unread = thread[0] == "unread"
        before = ""
        for sender, to, category, priority, text in thread[is_unread:]:
            author, at = _agent(team, teams, sender)
            reply = {"reply_to": before} if before else {}
            address = to if at is team else f"{team.story.project}/{to}"
            before = await author.send(address, category, text, priority=priority, **reply)
            counts["messages"] += 1
            if not is_unread:
                await _settled(team, teams, to if to != "*" else _hearer(team, sender), before)


async def _settled(team: Team, teams: Teams, to: str, message: str) -> None:
    reader, _ = _agent(team, teams, to)
    await reader.call("get_messages", limit=50)
    await reader.call("update_message_status", message_id=message, status="completed")


def _agent(team: Team, teams: Teams, name: str) -> tuple[Agent, Team]:
    """Return the agent called `name` in its own project or `project/name`, with its team."""
    project, _, plain = name.rpartition("/")
    at = teams[project] if project else team
    return at.agents[plain], at


async def _silence(team: Team) -> None:
    """Let one take a lock, and never hear of it again: both go stale."""
    if team.silent is None:
        return
    silent = team.story.told["silent"]
    await team.silent.beat("busy", silent["task"])
    await team.silent.call(
        "update_work", title=silent["task"], status="in_progress", files_touched=[silent["file"]]
    )
    await team.silent.lock(silent["file"], reason=silent["task"])
    for name in team.story.workers:
        await team.agents[name].lock(silent["file"], reason="Prices of the day are needed")


def _hearer(team: Team, sender: str) -> str:
    return team.story.dice.choice([name for name in team.story.workers if name != sender])


def _worker(team: Team) -> Agent:
    return team.agents[team.story.dice.choice(team.story.workers)]
