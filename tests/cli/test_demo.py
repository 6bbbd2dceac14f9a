"""`interlock demo`: a whole run by the real command, asked by GraphQL; and how it ends before its time."""

from __future__ import annotations

import contextlib
import json
import queue
import re
import signal
import socket
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.demo.scratch import scratch
from cli.demo.story import PROJECTS, load
from cli.failure import Failure
from tests.cli.conftest import Begin, Running

TIMES = re.compile(r"^\d\d:\d\d:\d\d  ")
ASKED = """query ($p: String!) {
  backlog(project: $p, includeDone: true, first: 100) { nodes { status assignee blockedBy targetVersion } }
  messages(project: $p, first: 100) { nodes { category replyTo priority } }
  documents(project: $p, first: 100) { nodes { type status } }
  functions(project: $p, first: 100) { nodes { isEnriched } }
  specs(project: $p, first: 100) { nodes { name versions } }
  checklists(project: $p) { nodes { name progress } }
  guidelines(scope: $p) { nodes { name } }
  agents(project: $p) { nodes { name } }
  sessions(project: $p, first: 100) { nodes { agent status } }
  locks(project: $p) { nodes { path holder } }
  agentStatuses(project: $p) { nodes { agent status } }
  duplicateDocuments(project: $p) { nodes { similarity } }
  lockContention(project: $p) { path refusals waits }
}"""


def ask(url: str, project: str) -> dict[str, Any]:
    answer = httpx.post(f"{url}/graphql", json={"query": ASKED, "variables": {"p": project}}, timeout=20)
    response = answer.json()
    assert "errors" not in response, response
    lists = response["data"].items()
    return {name: value["nodes"] if isinstance(value, dict) else value for name, value in lists}


def until(running: Running, text: str) -> list[str]:
    """Return the lines of output up to the one that has a text in it."""
    lines = [line(running)]
    while text not in lines[-1]:
        lines.append(line(running))
    return lines


def line(running: Running) -> str:
    """Return the next line of output; a server takes its time to start where all cores are busy."""
    for _ in range(4):
        with contextlib.suppress(queue.Empty):
            return running.out()
    raise AssertionError("the demo says nothing")


def url_of(lines: Iterable[str]) -> str:
    (address,) = (line for line in lines if line.startswith("MCP "))
    return address.split()[1].removesuffix("/mcp")


def assert_none_failed(lines: list[str]) -> None:
    assert [line for line in lines if "cannot go on" in line] == []
    (count,) = (
        re.match(r"\d+ calls, (\d+) refused as the story means, (\d+) failed", line) for line in lines[-2:-1]
    )
    assert count is not None, lines[-3:]
    assert count[2] == "0"


@pytest.fixture(autouse=True)
def _settings_of_another_team(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # A demo that obeyed them would not start; or worse, would write where a team works.
    monkeypatch.setenv("MONGO_HOST", "127.0.0.1:1")
    (tmp_path / ".env").write_text("MONGO_HOST=127.0.0.1:1\nMCP_AUTH_ENABLED=true\n")


def assert_filled(url: str) -> None:
    patience = time.monotonic() + 30
    both = [ask(url, project) for project in PROJECTS]
    # What is almost the same is found by the index, which follows behind.
    while not all(one["duplicateDocuments"] for one in both) and time.monotonic() < patience:
        both = [ask(url, project) for project in PROJECTS]
    counts = {name: sum(len(one[name]) for one in both) for name in both[0]}
    assert counts["backlog"] >= 40
    assert counts["messages"] >= 60
    assert counts["documents"] >= 25
    assert counts["functions"] >= 30
    assert counts["specs"] >= 6
    assert counts["duplicateDocuments"] >= 2
    assert counts["agentStatuses"] == 12
    assert counts["agents"] >= 12
    for one in both:
        assert {item["status"] for item in one["backlog"]} >= {"OPEN", "IN_PROGRESS", "DONE"}
        assert any(item["blockedBy"] for item in one["backlog"])
        assert any(message["replyTo"] for message in one["messages"])
        assert all(len(spec["versions"]) >= 2 for spec in one["specs"])
        assert any(function["isEnriched"] for function in one["functions"])
        assert one["checklists"] and one["guidelines"]
        assert any(session["status"] == "ACTIVE" for session in one["sessions"])
    assert {"path": "src/pricing/snapshots.py", "holder": "nightly"} in both[0]["locks"]


def test_a_demo_fills_what_the_page_shows_and_goes_on_where_it_was_kept(begin: Begin, tmp_path: Path) -> None:
    data = tmp_path / "kept"
    play = ("demo", "--minutes", "0.05", "--speed", "200", "--seed", "3", "--port", "0", "--data", str(data))
    first = begin(*play)
    lines = until(first, "stays up")
    url = url_of(lines)
    assert any(line.startswith("Before: ") for line in lines)
    live = lines[next(number for number, line in enumerate(lines) if line.startswith("Before: ")) :]
    assert [line for line in live if TIMES.match(line)]
    assert_none_failed(lines)
    assert_filled(url)
    said = first.end(signal.SIGTERM)
    assert (said.code, said.err) == (0, "")
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{url}/health", timeout=2)

    second = begin(*play)
    lines = until(second, "stays up")
    assert not any(line.startswith("Before: ") for line in lines)
    assert_none_failed(lines)
    assert_filled(url_of(lines))
    # Counted every few seconds, and at the latest when the first server ended.
    contested = ask(url_of(lines), "basket")["lockContention"]
    assert contested[0]["refusals"] >= 4, contested
    said = second.end(signal.SIGINT)
    assert (said.code, said.err) == (0, "")


def test_a_demo_that_is_stopped_early_leaves_no_server_and_no_directory(begin: Begin, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        running = begin("demo", TMPDIR=str(temporary), INTERLOCK_PORT=str(port))
        url = url_of(until(running, "gathers a team"))
    assert port < int(url.rpartition(":")[2]) <= port + 50
    assert [path.name.startswith("interlock-demo-") for path in temporary.iterdir()] == [True]
    said = running.end(signal.SIGTERM)
    assert (said.code, said.err) == (0, "")
    assert list(temporary.iterdir()) == []
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{url}/health", timeout=2)


def test_a_directory_that_holds_other_data_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "interlock.db").write_text("a team's")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(Failure, match="holds other data"), scratch(tmp_path):
        pass
    assert sorted(tmp_path.iterdir()) == before


def test_a_kept_directory_without_its_whole_past_is_refused(tmp_path: Path) -> None:
    with scratch(tmp_path / "kept") as begun:
        assert begun.told == 0
    with pytest.raises(Failure, match="did not come to its end"), scratch(tmp_path / "kept"):
        pass
    begun.note()
    with scratch(tmp_path / "kept") as again:
        assert again.told == 1


def test_the_same_seed_tells_the_same_and_another_one_does_not() -> None:
    def told(seed: int) -> str:
        story = load("basket", seed)
        return json.dumps(
            [story.live(kind) for kind in ("items", "learnings", "questions") for _ in range(10)]
        )

    assert told(5) == told(5) != told(6)


@pytest.mark.parametrize("project", PROJECTS)
def test_live_texts_are_not_told_twice_while_others_are_left(project: str) -> None:
    story = load(project, 1)
    for kind in ("items", "learnings", "questions"):
        number = len(story.told["live"][kind]) * len(story.told["live"]["things"])
        titles = [story.live(kind)[0] for _ in range(number)]
        assert len(set(titles)) == number
        assert not any("{" in title for title in titles)
        assert story.live(kind)
