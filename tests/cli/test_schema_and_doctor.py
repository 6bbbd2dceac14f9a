"""`interlock schema` prints the contract; `interlock doctor` says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.generate import schema_text
from tests.cli.conftest import Interlock
from tests.cli.peers import Peer
from tests.faults.processes import ROOT, ServerProcess


def test_the_schema_is_the_committed_one_and_what_the_code_makes(interlock: Interlock) -> None:
    said = interlock("schema")
    assert (said.code, said.err) == (0, "")
    assert said.out == (ROOT / "schema" / "schema.graphql").read_text() == schema_text()


def test_the_version_is_the_installed_package_s(
    interlock: Interlock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.main.version", lambda name: f"1.2.3 of {name}")
    said = interlock("--version")
    assert (said.code, said.out, said.err) == (0, "interlock 1.2.3 of interlock\n", "")


def test_the_doctor_finds_nothing_wrong_with_a_running_server(
    server: ServerProcess, interlock: Interlock
) -> None:
    said = interlock("doctor")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["ok", "python:"],
        ["ok", "data:"],
        ["ok", "server:"],
        ["ok", "key:"],
        ["ok", "tools:"],
    ]
    assert f"{server.url} is healthy" in lines[2]
    assert "authentication is off; acting as local (owner)" in lines[3]
    assert "40 MCP tools" in lines[4]


def test_the_doctor_counts_what_fails_without_a_server(interlock: Interlock) -> None:
    said = interlock("doctor")
    assert said.code == 1
    assert [line.split()[:2] for line in said.out.splitlines()] == [
        ["ok", "python:"],
        ["ok", "data:"],
        ["FAIL", "server:"],
        ["FAIL", "key:"],
        ["FAIL", "tools:"],
    ]
    assert said.line == "interlock: 3 of 5 checks failed"


def test_the_doctor_tells_a_wrong_key_from_a_missing_server(
    locked: ServerProcess, interlock: Interlock
) -> None:
    said = interlock("doctor", "--key", "ilk_wrong")
    told = dict(line[6:].split(": ", 1) for line in said.out.splitlines())
    assert "is healthy" in told["server"]
    assert "unknown or revoked" in told["key"]
    assert "HTTP 401" in told["tools"]
    assert said.line == "interlock: 2 of 5 checks failed"


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html>"), (200, b"[]"), (404, b"{}"), (503, b'{"status": "down"}'), (200, b"1")],
)
def test_the_doctor_says_of_another_server_that_it_is_not_ours(
    interlock: Interlock, peer: Peer, status: int, body: bytes
) -> None:
    peer.answers(status, body)
    said = interlock("doctor", "--url", peer.url)
    assert said.line == "interlock: 3 of 5 checks failed"
    assert f"FAIL  server: {peer.url} is not" in said.out


def test_the_doctor_says_that_the_data_directory_cannot_be(
    interlock: Interlock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("INTERLOCK_DATA", str(tmp_path / "file"))
    said = interlock("doctor")
    assert "FAIL  data:" in said.out
    assert "INTERLOCK_DATA" in said.out


def test_the_doctor_names_the_parts_of_a_server_that_fail(interlock: Interlock, peer: Peer) -> None:
    parts = b'{"store_read": {"ok": false, "detail": "MongoDB is away"}, "feed": {"ok": true}}'
    peer.answers(503, b'{"status": "failing", "parts": ' + parts + b"}")
    said = interlock("doctor", "--url", peer.url)
    assert said.out.splitlines()[2] == f"FAIL  server: {peer.url} is not healthy: store_read: MongoDB is away"
