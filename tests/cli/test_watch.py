"""`interlock watch`: every event once, in order, over restarts, and nothing that steers the terminal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import uuid
from pathlib import Path

import pytest

from cli.watch import line
from tests.cli.conftest import COMMAND, Begin, Interlock
from tests.faults.conftest import Serve
from tests.faults.processes import ROOT, ServerProcess

ADD = """mutation ($p: String!, $t: String!) {
  addBacklogItem(input: {project: $p, title: $t, description: "d"}) { id }
}"""


@pytest.fixture
def project() -> str:
    return f"p_{uuid.uuid4().hex}"


def add(interlock: Interlock, project: str, title: str, *more: str) -> None:
    said = interlock("query", ADD, "-v", f"p={project}", "-v", f"t={title}", *more)
    assert said.code == 0, said.err


def cursor_of(text: str) -> str:
    """Return the cursor of the line that says how to go on."""
    (told,) = [told for told in text.splitlines() if told.startswith("go on with: interlock watch --after ")]
    return told.split()[-1]


def test_an_event_is_a_line_of_text_and_ctrl_c_prints_the_cursor_to_go_on_from(
    server: ServerProcess, interlock: Interlock, begin: Begin, project: str
) -> None:
    watching = begin("watch", "--project", project)
    assert watching.err() == f"watching {server.url}"
    add(interlock, project, "first")
    said = watching.out()
    assert f"  {project}  backlog." in said
    assert "first [open]" in said
    end = watching.end()
    assert (end.code, end.out) == (130, "")

    add(interlock, project, "second")
    resumed = begin("watch", "-p", project, "--after", cursor_of(end.err))
    assert "second [open]" in resumed.out()
    assert resumed.end().out == ""


def test_json_lines_carry_the_cursor_and_resume_without_gap_or_duplicate(
    server: ServerProcess, interlock: Interlock, begin: Begin, project: str
) -> None:
    watching = begin("watch", "--project", project, "--json")
    watching.err()
    for title in "abcd":
        add(interlock, project, title)
    seen = [json.loads(watching.out()) for _ in range(4)]
    assert [event["title"] for event in seen] == list("abcd")
    watching.end()
    resumed = begin("watch", "--project", project, "--json", "--after", seen[1]["cursor"])
    assert [json.loads(resumed.out())["title"] for _ in range(2)] == ["c", "d"]
    add(interlock, project, "e")
    last = json.loads(resumed.out())
    assert (last["title"], last["sequence"]) == ("e", seen[3]["sequence"] + 1)


def test_only_the_kinds_asked_for_are_shown(
    server: ServerProcess, interlock: Interlock, begin: Begin, project: str
) -> None:
    watching = begin("watch", "--project", project, "--kind", "session", "--json")
    watching.err()
    add(interlock, project, "not shown")
    start = (
        'mutation ($p: String!) { startSession(input: {project: $p, agent: "ada", task: "t"}) { sessionId } }'
    )
    assert interlock("query", start, "-v", f"p={project}").code == 0
    assert json.loads(watching.out())["kind"] == "session.started"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_restarted_server_is_found_again_where_the_watch_broke_off(
    serve: Serve, begin: Begin, number: signal.Signals
) -> None:
    server = serve()
    await server.start()
    watching = begin("watch", "--json", "--url", server.url)
    watching.err()
    # `interlock` runs a loop of its own, which this test has already.
    adding = ("query", ADD, "-v", "p=demo", "--url", server.url, "-v")
    assert begin(*adding, "t=before").wait() == 0
    assert json.loads(watching.out())["title"] == "before"
    await server.end(number)
    await server.start()
    for title in ("after", "later"):
        assert begin(*adding, f"t={title}").wait() == 0
    assert [json.loads(watching.out())["title"] for _ in range(2)] == ["after", "later"]


async def test_a_local_watch_takes_the_new_secret_of_a_restarted_server_that_wants_keys(
    serve: Serve, begin: Begin, tmp_path: Path
) -> None:
    server = serve(MCP_AUTH_ENABLED="true")
    local = {"INTERLOCK_DATA": str(tmp_path / "data")}
    await server.start()
    watching = begin("watch", "--json", **local)
    watching.err()
    for number in (signal.SIGKILL, signal.SIGTERM):
        await server.end(number)
        await server.start()
        assert begin("query", ADD, "-v", "p=demo", "-v", f"t={number.name}", **local).wait() == 0
        assert json.loads(watching.out())["title"] == number.name


async def test_a_server_that_stays_away_is_told_of_once(serve: Serve, begin: Begin) -> None:
    server = serve()
    await server.start()
    watching = begin("watch", "--json", "--url", server.url)
    watching.err()
    await server.end()
    assert "trying again" in watching.err()
    # A process takes longer to start than the first tries are apart.
    await server.start()
    assert f"watching {server.url} again" in watching.err()
    assert begin("query", ADD, "-v", "p=demo", "-v", "t=back", "--url", server.url).wait() == 0
    assert json.loads(watching.out())["title"] == "back"
    assert "trying again" not in watching.end().err


def test_a_key_that_is_revoked_ends_the_watch_with_one_line(
    locked: ServerProcess, interlock: Interlock, begin: Begin
) -> None:
    name = f"k-{uuid.uuid4().hex[:12]}"
    secret = interlock("keys", "create", "--name", name).out.strip()
    watching = begin("watch", "--kind", "lock", "--key", secret)
    watching.err()
    interlock("keys", "revoke", name)
    end = watching.rest()
    assert end.code == 1
    assert "refuses this key" in end.err.splitlines()[-1]


def test_stored_text_cannot_steer_the_terminal(
    server: ServerProcess, interlock: Interlock, begin: Begin, project: str
) -> None:
    watching = begin("watch", "--project", project)
    watching.err()
    start = (
        'mutation ($p: String!) { startSession(input: {project: $p, agent: "ada", task: "x"}) { sessionId } }'
    )
    identity = json.loads(interlock("query", start, "-v", f"p={project}").out)["startSession"]["sessionId"]
    watching.out(), watching.out()
    send = """mutation ($s: ID!, $m: String!) {
      sendMessage(input: {sessionId: $s, to: ["ben"], message: $m}) { id } }"""
    hostile = "\u202e right to left\u2028\nlock.granted"
    said = interlock("query", send, "--variables", json.dumps({"s": identity, "m": hostile}))
    assert said.code == 0, said.err
    shown = watching.out()
    assert "message.sent" in shown
    assert shown.isprintable()
    assert shown.endswith("right to left lock.granted")


def test_specs_functions_and_documents_are_shown_by_name(
    server: ServerProcess, interlock: Interlock, begin: Begin, project: str
) -> None:
    watching = begin("watch", "--project", project)
    watching.err()
    for document in (
        'mutation ($p: String!) { defineSpec(input: {project: $p, name: "api", content: "c"}) { __typename } }',
        """mutation ($p: String!) {
          registerFunctions(input: {project: $p, functions: [{name: "A.b", file: "a.py"}]}) { registered } }""",
        'mutation ($p: String!) { recordLearning(input: {project: $p, title: "Known", details: "d"}) { id } }',
    ):
        said = interlock("query", document, "-v", f"p={project}")
        assert said.code == 0, said.err
    assert watching.out().endswith("api 1.0.0 (of user-local)")
    assert watching.out().endswith("A.b a.py")
    assert watching.out().endswith("Known [active]")


def test_no_field_of_an_event_can_steer_the_terminal() -> None:
    hostile = "a\x1b[2Jb"
    event = {"at": "2026-01-01T00:00:00Z", "project": hostile, "kind": hostile, "actor": hostile}
    assert line({"__typename": "OtherEvent", "subject": hostile, **event}).isprintable()
    assert line({"__typename": "Expired", "projects": [hostile]}).isprintable()


def test_a_reader_that_goes_away_ends_the_watch_quietly(
    server: ServerProcess, interlock: Interlock, project: str
) -> None:
    watching = subprocess.Popen(
        [*COMMAND, "watch", "--project", project],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with watching:
        assert watching.stdout is not None
        assert watching.stderr is not None
        watching.stderr.readline()
        add(interlock, project, "a")
        assert "a [open]" in watching.stdout.readline()
        watching.stdout.close()
        add(interlock, project, "b")
        assert watching.wait(20) == 1
        assert [told.split(" --after")[0] for told in watching.stderr] == ["go on with: interlock watch"]


def test_who_waits_for_a_lock_is_shown_with_the_path_and_its_holder(
    server: ServerProcess, interlock: Interlock, begin: Begin, project: str
) -> None:
    def ask(document: str, **variables: str | int) -> str:
        said = interlock("query", document, "--variables", json.dumps(variables))
        assert said.code == 0, said.err
        return said.out

    start = """mutation ($p: String!, $a: String!) {
      startSession(input: {project: $p, agent: $a, task: "x"}) { sessionId } }"""
    lock = """mutation ($s: ID!, $w: Int!) {
      lockFiles(input: {sessionId: $s, files: ["a.py"], reason: "r", waitSeconds: $w}) { isGranted } }"""
    ada, ben = [json.loads(ask(start, p=project, a=a))["startSession"]["sessionId"] for a in ("ada", "ben")]
    watching = begin("watch", "--project", project, "--kind", "lock")
    watching.err()
    ask(lock, s=ada, w=0)
    ask(lock, s=ben, w=1)
    assert "lock.granted  ada" in watching.out()
    assert watching.out().endswith("lock.waiting  ben  a.py (waits for a.py of ada)")
