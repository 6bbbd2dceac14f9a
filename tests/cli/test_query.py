"""`interlock query`: documents in, JSON out, and one line when it cannot."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Begin, Interlock
from tests.cli.peers import Peer
from tests.faults.processes import ServerProcess

pytestmark = pytest.mark.usefixtures("server")

ADD = """mutation ($p: String!, $t: String!, $tags: [String!]) {
  addBacklogItem(input: {project: $p, title: $t, description: "d", tags: $tags}) { title tags }
}"""
LIST = "query Titles($p: String!) { backlog(project: $p) { nodes { title } } }"
STATUS = "query Status { authStatus { role } }"


@pytest.fixture
def project() -> str:
    return f"p_{uuid.uuid4().hex}"


def added(out: str) -> dict[str, Any]:
    return dict(json.loads(out)["addBacklogItem"])


def test_a_document_is_an_argument_a_file_or_standard_input(interlock: Interlock, tmp_path: Path) -> None:
    file = tmp_path / "status.graphql"
    file.write_text(STATUS)
    expected = {"authStatus": {"role": "OWNER"}}
    for said in (
        interlock("query", STATUS),
        interlock("query", "--file", str(file)),
        interlock("query", "-", stdin=STATUS),
    ):
        assert (said.code, json.loads(said.out), said.err) == (0, expected, "")


def test_variables_come_as_one_object_and_one_by_one(interlock: Interlock, project: str) -> None:
    given = json.dumps({"p": project, "t": "overridden", "tags": ["a"]})
    said = interlock("query", ADD, "--variables", given, "--var", "t=é = text", "-v", 'tags=["x", "y"]')
    assert said.code == 0, said.err
    assert added(said.out) == {"title": "é = text", "tags": ["x", "y"]}
    assert "é" in said.out


def test_a_text_variable_that_looks_like_json_can_be_quoted(interlock: Interlock, project: str) -> None:
    said = interlock("query", ADD, "-v", f"p={project}", "-v", 't="42"')
    assert added(said.out)["title"] == "42"


def test_one_operation_of_several_is_picked_by_name(interlock: Interlock, project: str) -> None:
    both = f"{LIST} {STATUS}"
    assert json.loads(interlock("query", both, "--operation", "Status").out) == {
        "authStatus": {"role": "OWNER"}
    }
    assert "operationName" in interlock("query", both).line
    assert "'Third'" in interlock("query", both, "--operation", "Third").line


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "give one document"),
        ([STATUS, "--file", "x"], "give one document"),
        (["{ authStatus {"], "not a GraphQL document"),
        ([""], "give one document"),
        (["  "], "not a GraphQL document"),
        (["fragment F on Query { authStatus { role } }"], "BAD_INPUT"),
        (["{ nothingSuch }"], "nothingSuch"),
        ([LIST], "'$p'"),
        ([LIST, "-v", "p=1"], "BAD_INPUT"),
        ([LIST, "-v", "p=../x"], "BAD_INPUT project:"),
        ([LIST, "-v", "p"], "'p' is not NAME=VALUE"),
        ([STATUS, "--variables", "[1, 2"], "--variables is not JSON"),
        ([STATUS, "--variables", "[1, 2]"], "--variables must be a JSON object"),
        (["--file", "missing.graphql"], "cannot read missing.graphql"),
        (["--file", "."], "cannot read ."),
        (["--file", "binary"], "cannot read binary"),
        (['{ session(id: "ses_none") { id } }'], "NOT_FOUND id:"),
        (["subscription { nothingSuch }"], "nothingSuch"),
    ],
)
def test_what_cannot_be_asked_is_told_in_one_line(
    interlock: Interlock, tmp_path: Path, words: list[str], told: str
) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    said = interlock("query", *words)
    assert (said.code, said.out) == (1, "")
    assert told in said.line


def test_standard_input_that_is_no_text_is_told_in_one_line(interlock: Interlock) -> None:
    assert "not a GraphQL document" in interlock("query", "-", stdin="\x00\x01").line


def test_data_beside_errors_is_still_printed(interlock: Interlock, peer: Peer) -> None:
    peer.answers(
        200,
        {
            "data": {"good": 1, "bad": None},
            "errors": [
                {"message": "no\nsuch thing", "extensions": {"code": "NOT_FOUND", "hint": "look again"}},
                {"message": "and this"},
            ],
        },
    )
    said = interlock("query", "{ good bad }", "--url", peer.url)
    assert json.loads(said.out) == {"good": 1, "bad": None}
    assert said.line == "interlock: NOT_FOUND no such thing (look again); and this"


def test_a_subscription_prints_a_line_an_event(
    server: ServerProcess, interlock: Interlock, begin: Begin, project: str
) -> None:
    interlock("query", ADD, "-v", f"p={project}", "-v", "t=before")
    cursor = json.loads(
        interlock("query", "query($p: [String!]) { feedCursor(projects: $p) }", "-v", f'p=["{project}"]').out
    )
    document = """subscription ($p: [String!], $c: String) { events(projects: $p, after: $c) {
      ... on FeedEvent { kind cursor } ... on BacklogEvent { title } } }"""
    given = {"p": [project], "c": cursor["feedCursor"]}
    following = begin("query", document, "--variables", json.dumps(given))
    for title in ("one", "two"):
        interlock("query", ADD, "-v", f"p={project}", "-v", f"t={title}")
    assert [json.loads(following.out())["events"]["title"] for _ in range(2)] == ["one", "two"]
    assert following.end().code == 130


def test_a_subscription_that_is_refused_ends_with_one_line(interlock: Interlock) -> None:
    said = interlock("query", 'subscription { events(after: "nonsense") { __typename } }')
    assert (said.code, said.out) == (1, "")
    assert "BAD_INPUT after:" in said.line
