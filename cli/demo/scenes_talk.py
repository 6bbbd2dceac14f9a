"""Scenes about what is said and known: threads, contracts, learnings, functions, checklists."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from cli.demo.agent import Agent
from cli.demo.scenes_work import PATIENCE_SECONDS, Beats
from cli.demo.team import Team

LATE_BEATS = 15
MOST_SPEC_LINES = 25


async def ask_and_answer(team: Team, first: Agent, second: Agent) -> Beats:
    """A question, its answer, thanks: one thread."""
    question, answer = team.story.live("questions")
    asked = await first.send(second.name, "question", question)
    first.say(f"asks {second.name}: {question}")
    yield
    await second.read()
    replied = await second.send(first.name, "info", answer, reply_to=asked)
    await second.call("update_message_status", message_id=asked, status="completed")
    second.say(f"answers {first.name}: {answer}")
    yield
    await first.read()
    await first.call("update_message_status", message_id=replied, status="completed")
    if team.story.dice.random() < 0.5:
        await first.send(
            second.name, "info", f"Thanks, that was it: {answer}", priority="low", reply_to=replied
        )
        yield


async def wait_for_a_late_answer(team: Team, who: Agent) -> Beats:
    """Ask what blocks the work; the answer takes its time."""
    other = team.other(who.name)
    if other is None:
        return
    question, answer = team.story.live("questions")
    title, signal = f"Blocked: {question}", f"answer-{team.story.number()}"
    asked = await who.send(other.name, "question", question, priority="urgent")
    await who.call(
        "update_work",
        title=title,
        status="blocked",
        blocked_by=other.name,
        blocked_reason="The answer decides how to go on.",
        waiting_for_signal=signal,
    )
    await who.beat("busy", f"Waits for an answer of {other.name}")
    who.say(f"asks {other.name}, and waits: {question}")
    waiting = asyncio.create_task(who.call("get_messages", limit=50, wait_seconds=PATIENCE_SECONDS))
    try:
        for _ in range(LATE_BEATS):
            yield
        while not other.is_here:
            yield
        await other.read()
        replied = await other.send(who.name, "info", f"Sorry, I was away. {answer}", reply_to=asked)
        given = {"signals": [signal], "signal_details": answer}
        await other.call("update_work", title=f"Answer {who.name}", status="completed", **given)
        other.say(f"answers {who.name} late: {answer}")
        await waiting
    finally:
        waiting.cancel()
    yield
    await who.read()
    await who.call("update_message_status", message_id=replied, status="completed")
    await who.call("update_work", title=title, status="completed")
    await who.beat("idle", "")
    who.say("goes on")
    yield


async def ask_the_neighbour(team: Team, who: Agent) -> Beats:
    """A question to the other project, and its answer."""
    there = team.neighbour
    other = there.other() if there else None
    if there is None or other is None:
        return
    question, answer = there.story.live("questions")
    asked = await who.send(f"{there.story.project}/{other.name}", "question", question)
    who.say(f"asks {other.name} of {there.story.project}: {question}")
    yield
    yield
    if other.is_here:
        await other.read()
        await other.send(f"{team.story.project}/{who.name}", "contract", answer, reply_to=asked)
        other.say(f"answers {who.name} of {team.story.project}: {answer}")
        yield
        await who.read()


async def read_the_inbox(team: Team, who: Agent) -> Beats:
    """Read and acknowledge what came."""
    for message in await who.read():
        who.say(f"reads from {message['from']}: {message['message']}")
    yield


async def announce(team: Team, who: Agent) -> Beats:
    """Write to all who are there; somebody answers."""
    text = f"Build {team.story.number()} is the candidate: please look at {team.story.thing()}."
    sent = await who.send("*", "info", text)
    who.say(f"to all: {text}")
    yield
    other = team.other(who.name)
    if other is not None:
        await other.read()
        await other.send(who.name, "review", f"Looked at it: {text}", reply_to=sent, priority="low")
        other.say(f"answers {who.name}: looked at it")
        yield


async def change_a_contract(team: Team, who: Agent) -> Beats:
    """Define a spec's next version, and tell the others, who read it."""
    own = [row[0] for row in team.story.told["specs"] if row[1] == who.name]
    if not own:
        return
    name = team.story.dice.choice(own)
    spec = await who.call("get_spec", name=name)
    major, minor, _ = (int(part) for part in spec["version"].split("."))
    lines = spec["content"].splitlines()
    if len(lines) < MOST_SPEC_LINES:
        version, lines = f"{major}.{minor + 1}.0", [*lines, *team.story.live("spec_lines")]
    else:
        version, lines = f"{major + 1}.0.0", lines[:8]
    await who.call("define_spec", name=name, version=version, content="\n".join(lines))
    who.say(f"defines {name} {version}")
    yield
    sent = await who.send("*", "contract", f"{name} {version} is defined: {lines[-1]}")
    yield
    other = team.other(who.name)
    if other is not None:
        await other.call("get_spec", name=name)
        await other.read()
        await other.send(who.name, "contract", f"Read {name} {version}. Fine with me.", reply_to=sent)
        other.say(f"reads {name} {version} and agrees")
        yield


async def write_down(team: Team, who: Agent) -> Beats:
    """Ask what is known, and keep what was learnt."""
    title, details = team.story.live("learnings")
    known = await who.call("query", query=title)
    who.say(f"asks what is known: {known.get('result_count', 0)} found")
    yield
    if team.story.dice.random() < 0.7:
        kept = await who.call("record_learning", title=title, details=details, tags=["live"])
        team.learnt.add(kept["id"])
        who.say(f"keeps: {title}")
    else:
        about = {"tags": ["live", "decision"], "files_related": [team.story.dice.choice(team.story.files)]}
        await who.call("store", title=f"Decided: {title}", content=details, memory_type="adr", **about)
        who.say(f"decides: {title}")
    yield


async def revise(team: Team, who: Agent) -> Beats:
    """Replace what a scene learnt by something newer; what the story began with stays, to be cleaned up by hand."""
    title, details = team.story.live("learnings")
    hits = (await who.call("query", query=title, memory_types=["learning"], limit=5)).get("results", [])
    old = next((hit for hit in hits if hit["id"] in team.learnt), None)
    kept = await who.call("record_learning", title=title, details=details, tags=["live"])
    team.learnt.add(kept["id"])
    who.say(f"keeps: {title}")
    yield
    if old is not None and team.story.dice.random() < 0.6:
        given = {"doc_id": old["id"], "new_status": "superseded", "superseded_by": kept["id"]}
        await who.call("change_status", reason="newer runs say otherwise", **given)
        team.learnt.discard(old["id"])
        who.say(f"replaces: {old['title']}")
        yield


async def register(team: Team, who: Agent) -> Beats:
    """Look for a function, find none that fits, write and register one."""
    thing = team.story.thing()
    verb = team.story.dice.choice(team.story.told["live"]["functions"])
    name = f"{verb}_{re.sub(r'[^a-z]+', '_', thing.removeprefix('the '))}"
    await who.call("find_function", query=f"{verb} {thing}")
    yield
    file = f"{team.story.dice.choice(team.story.files)}:{team.story.number()}"
    await who.call("register_function", name=name, file=file, purpose=f"{verb} {thing}".replace("_", " "))
    who.say(f"registers {name}")
    yield


async def enrich(team: Team, who: Agent) -> Beats:
    """Take functions that nobody has described yet, and describe them."""
    taken = await who.call("become_librarian", limit=2)
    known = {row[0]: row for row in team.story.told["functions"]}
    if taken.get("items"):
        await who.beat("busy", f"Describes {len(taken['items'])} functions")
    for item in taken.get("items", []):
        yield
        found = _described(item["name"], known.get(item["name"]))
        await who.call("enrich_function", func_id=item["id"], lease_id=taken["lease_id"], **found)
        who.say(f"describes {item['name']}")
    await who.beat("idle", "")
    yield


def _described(name: str, row: list[Any] | None) -> dict[str, str]:
    if row is None:
        words = name.replace("_", " ")
        return {"signature": f"{name}(build: int) -> None", "returns": "Nothing", "search_summary": words}
    return {"signature": row[4], "returns": row[5], "search_summary": row[6], "complexity": "low"}


async def tick_off(team: Team, who: Agent) -> Beats:
    """Tick off the next entry of a checklist; begin a new round when all is done."""
    lists = (await who.call("checklist", action="list")).get("checklists", [])
    for name in (entry["name"] for entry in reversed(lists)):
        entries = (await who.call("checklist", action="get", name=name)).get("items", [])
        todo = [entry for entry in entries if not entry.get("done")]
        if todo:
            note = f"In build {team.story.number()}."
            ticked = {"name": name, "item_index": todo[0]["index"], "done": True, "notes": note}
            await who.call("checklist", action="check", **ticked)
            who.say(f"ticks off in {name}: {todo[0]['text']}")
            yield
            return
    name, items = team.story.dice.choice(list(team.story.told["checklists"].items()))
    again = f"{name}, round {team.story.number()}"
    await who.call("checklist", action="create", name=again, items=items)
    who.say(f"begins the checklist {again}")
    yield
