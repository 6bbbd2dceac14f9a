"""`interlock watch`: print each event as it happens, and go on from a cursor."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import typer
from gql.transport.exceptions import TransportConnectionFailed, TransportError, TransportQueryError

from cli.connection import (
    ApiKey,
    Connection,
    Url,
    complete,
    connection,
    refused,
    renewed,
    request,
    session,
    stream,
    unreachable,
)

CURSOR = """query ($projects: [String!]) { feedCursor(projects: $projects) }"""
WATCH = """subscription ($projects: [String!], $kinds: [String!], $after: String) {
  events(projects: $projects, kinds: $kinds, after: $after) {
    __typename
    ... on FeedEvent { cursor sequence project kind at actor }
    ... on LockEvent { locks { path agent fence } displaced { path agent } reason }
    ... on MessageEvent { id to text priority category recipient delivery: status }
    ... on BacklogEvent { id title progress: status assignee }
    ... on SessionEvent { id agent task summary handoff }
    ... on WorkEvent { sessionId title state: status files blockedBy waitingForSignal }
    ... on SignalEvent { name details }
    ... on SpecEvent { name specVersion owner }
    ... on FunctionEvent { ids functionName: name file line pending }
    ... on DocumentEvent { ids title documentType: type documentStatus: status reason }
    ... on HeartbeatEvent { agent presence: status currentTask }
    ... on OtherEvent { subject data }
    ... on Expired { cursor projects }
  }
}"""
MOST_SECONDS_BETWEEN_TRIES = 15.0


def watch(
    project: Annotated[
        list[str] | None, typer.Option("--project", "-p", help="A project; repeat it. Default: all.")
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", "-k", help="A kind (lock.granted) or an area (lock); repeat it."),
    ] = None,
    after: Annotated[str | None, typer.Option(help="A cursor: what followed it comes first.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, with the cursor.")] = False,
    url: Url = "",
    key: ApiKey = "",
) -> None:
    """Print each event as it happens.

    A lost connection is taken up again where it broke off. On Ctrl-C the cursor to go on from is
    printed to stderr.
    """
    watcher = _Watcher(
        connection(url, key), lambda to: renewed(to, url, key), project or None, kind or None, after, as_json
    )
    is_interrupted = False
    try:
        complete(watcher.run, watcher.to)
    except KeyboardInterrupt:
        is_interrupted = True
        raise
    finally:
        if watcher.after and (is_interrupted or watcher.after != after):
            print(f"go on with: interlock watch --after {watcher.after}", file=sys.stderr)


class _Watcher:
    def __init__(
        self,
        to: Connection,
        renew: Callable[[Connection], Connection],
        projects: list[str] | None,
        kinds: list[str] | None,
        after: str | None,
        as_json: bool,
    ) -> None:
        self.to = to
        self.after = after
        self._renew = renew
        self._given = {"projects": projects, "kinds": kinds}
        self._as_json = as_json

    async def run(self) -> None:
        """Watch until interrupted; the first connection must succeed, later ones are tried again."""
        # Asked with a cursor too: what is wrong with the address or the key is told here, not tried again.
        async with session(self.to) as connected:
            answer = await connected.execute(request(CURSOR, {"projects": self._given["projects"]}))
        self.after = self.after or answer["feedCursor"]
        print(f"watching {self.to.url}", file=sys.stderr, flush=True)
        pause, told = 0.2, ""
        while True:
            try:
                async with stream(self.to) as connected:
                    if told:
                        told = ""
                        print(f"watching {self.to.url} again", file=sys.stderr, flush=True)
                    asked = request(WATCH, {**self._given, "after": self.after})
                    async for item in connected.subscribe(asked):
                        pause, told = 0.2, ""
                        self._show(item["events"])
            except (TransportQueryError, BrokenPipeError):
                raise
            except (TransportError, OSError) as error:
                if refused(error) and self._renew(self.to) == self.to:
                    raise
                said = unreachable(error, self.to)
                if isinstance(error, (TransportConnectionFailed, OSError)) and said != told:
                    told = said
                    print(f"{said}; trying again", file=sys.stderr, flush=True)
            # The server closed in good order, or went away: either way it may come back.
            await asyncio.sleep(pause * random.uniform(0.7, 1.3))
            pause = min(pause * 2, MOST_SECONDS_BETWEEN_TRIES)
            self.to = self._renew(self.to)

    def _show(self, event: dict[str, Any]) -> None:
        print(json.dumps(event, ensure_ascii=False) if self._as_json else line(event), flush=True)
        self.after = event["cursor"]


def line(event: dict[str, Any]) -> str:
    """Return one line for an event: when, where, what, who, and what about."""
    if event["__typename"] == "Expired":
        text = f"--:--:--  events were missed in {', '.join(event['projects'])}: read the state anew"
    else:
        at = datetime.fromisoformat(event["at"]).astimezone().strftime("%H:%M:%S")
        about = " ".join(_about(event).split())
        text = f"{at}  {event['project'] or '(server)'}  {event['kind']}  {event['actor']}  {about}".rstrip()
    # Stored text is data: nothing in it may steer the terminal.
    return "".join(c if c.isprintable() else "?" for c in text)


def _about(event: dict[str, Any]) -> str:
    match event["__typename"]:
        case "LockEvent":
            locks = ", ".join(_lock(lock) for lock in event["locks"])
            lost = ", ".join(f"{lock['agent']} lost {lock['path']}" for lock in event["displaced"])
            return " ".join(part for part in (locks, f"({lost})" if lost else "", event["reason"]) if part)
        case "MessageEvent":
            if event["text"] is None:
                return f"{event['id']} {event['recipient']}: {(event['delivery'] or '').lower()}"
            return f"to {', '.join(event['to'])} [{event['priority'].lower()}] {_cut(event['text'])}"
        case "BacklogEvent":
            assignee = f" -> {event['assignee']}" if event["assignee"] else ""
            return f"{event['id']} {_cut(event['title'])} [{(event['progress'] or '').lower()}]{assignee}"
        case "SessionEvent":
            return _cut(event["summary"] or event["task"])
        case "WorkEvent":
            files = f": {', '.join(event['files'][:5])}" if event["files"] else ""
            return f"{_cut(event['title'])} [{(event['state'] or '').lower()}]{files}"
        case "SignalEvent":
            return f"{event['name']} {_cut(event['details'])}"
        case "HeartbeatEvent":
            return f"{(event['presence'] or '').lower()} {_cut(event['currentTask'])}"
        case "OtherEvent" if event["kind"] == "lock.waiting":
            held = ", ".join(f"{one['path']} of {one['holder']}" for one in event["data"]["in_the_way"])
            return f"{', '.join(event['data']['paths'])} (waits for {held})"
        case _:
            return _about_known(event)


def _about_known(event: dict[str, Any]) -> str:
    match event["__typename"]:
        case "SpecEvent":
            return f"{event['name']} {event['specVersion']} (of {event['owner']})"
        case "FunctionEvent":
            return f"{_of(event, event['functionName'])} {event['file']}"
        case "DocumentEvent":
            status = f" [{event['documentStatus'].lower()}]" if event["documentStatus"] else ""
            return f"{_of(event, event['title'])}{status} {_cut(event['reason'])}"
        case _:
            return str(event.get("subject", ""))


def _of(event: dict[str, Any], name: str) -> str:
    """Return what an event is about: the id and name of one, or how many."""
    ids = event["ids"]
    return f"{ids[0]} {_cut(name)}" if name else f"{len(ids)} at once"


def _lock(lock: dict[str, Any]) -> str:
    return f"{lock['path']} (fence {lock['fence']})" if lock["fence"] is not None else str(lock["path"])


def _cut(text: str, width: int = 100) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."
