"""Commands without the server they need: one line that says what to do."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Interlock
from tests.cli.peers import Peer
from tests.faults.processes import ROOT

ASKING = [
    ["query", "{ authStatus { role } }"],
    ["query", "subscription { events { __typename } }"],
    ["watch"],
    ["watch", "--after", "x"],
    ["keys", "list"],
    ["keys", "create"],
    ["keys", "revoke", "x"],
]


@pytest.mark.parametrize("words", ASKING, ids=" ".join)
def test_a_command_without_a_server_names_the_address_and_what_to_do(
    interlock: Interlock, words: list[str]
) -> None:
    said = interlock(*words)
    assert (said.code, said.out) == (1, "")
    assert said.line.startswith("interlock: no server at http://127.0.0.1:1: ")
    assert "interlock serve" in said.line
    assert "INTERLOCK_URL" in said.line


@pytest.mark.parametrize("words", ASKING, ids=" ".join)
@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b"not here"), (200, b"<html>hello</html>"), (200, b'{"hello": 1}'), (200, b"[]"), (500, b"")],
    ids=["404", "a page", "other JSON", "a list", "500"],
)
def test_a_server_that_is_not_ours_is_told_in_one_line(
    interlock: Interlock, peer: Peer, words: list[str], status: int, body: bytes
) -> None:
    peer.answers(status, body)
    said = interlock(*words, "--url", peer.url)
    assert (said.code, said.out) == (1, "")
    assert peer.url in said.line
    assert "no server at" not in said.line


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "localhost:8080",
        "http://",
        "http://[",
        "http://a b",
        "http://h:99999",
        "http://h:x",
        "ftp://h",
        "http://h\n",
        "http://h:0",
        "http://[::1",
        "http://\x1b[2J",
    ],
)
@pytest.mark.parametrize("words", [ASKING[0], ASKING[2], ["doctor"]], ids=" ".join)
def test_an_address_that_is_none_is_told_in_one_line(
    interlock: Interlock, monkeypatch: pytest.MonkeyPatch, words: list[str], url: str
) -> None:
    monkeypatch.setenv("INTERLOCK_URL", url)
    said = interlock(*words)
    if url != "http://h\n":
        assert "is no address of a server" in said.line
    assert "\x1b" not in said.err


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '{"url": null}', '{"pid": "1"}', "\x00"])
def test_what_a_dead_server_left_in_the_data_directory_does_no_harm(
    interlock: Interlock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    (tmp_path / "interlock.lock").write_text(text)
    monkeypatch.setenv("INTERLOCK_DATA", str(tmp_path))
    assert "no server at http://127.0.0.1:1:" in interlock(*ASKING[0]).line


def test_the_address_that_a_dead_server_left_is_named(
    interlock: Interlock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "interlock.lock").write_text(json.dumps({"url": "http://127.0.0.1:2", "secret": "s"}))
    monkeypatch.setenv("INTERLOCK_DATA", str(tmp_path))
    assert "no server at http://127.0.0.1:2:" in interlock(*ASKING[0]).line


def test_the_local_server_is_looked_for_where_its_env_file_puts_it(
    interlock: Interlock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("INTERLOCK_DATA")
    monkeypatch.delenv("INTERLOCK_PORT")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / ".env").write_text("INTERLOCK_HOST=::1\nINTERLOCK_PORT=3\n")
    assert "no server at http://[::1]:3:" in interlock(*ASKING[0]).line


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nonsense"], "'nonsense'"),
        (["keys", "revoke"], "'name'"),
        (["keys", "create", "--role", "king"], "'king'"),
        (["query", "--nonsense"], "--nonsense"),
        (["serve", "--transport", "pigeon"], "'pigeon'"),
        (["serve", "--port", "many"], "--port"),
        (["schema", "extra"], "extra"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_command_line_that_is_wrong_ends_with_one_line(
    interlock: Interlock, words: list[str], told: str
) -> None:
    said = interlock(*words)
    assert (said.code, said.out) == (2, "")
    assert told in said.line
    assert "Value error" not in said.line


@pytest.mark.parametrize("words", [[], ["keys"]], ids=["interlock", "interlock keys"])
def test_no_command_shows_the_commands_there_are(interlock: Interlock, words: list[str]) -> None:
    said = interlock(*words)
    assert said.code == 2
    assert re.search(r"Commands:\n +\w+ +\w", said.err)


def test_help_is_no_failure(interlock: Interlock) -> None:
    said = interlock("--help")
    assert (said.code, said.err) == (0, "")
    assert "doctor" in said.out


def test_the_command_starts_without_loading_the_server(interlock: Interlock) -> None:
    """A client command must not pay for strawberry, starlette or the store."""
    check = (
        "import sys, cli.main; sys.exit(bool({'strawberry', 'starlette', 'store', 'mcp'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("name", ["\udcff", "a \ud800"])
def test_an_argument_that_is_not_utf_8_is_not_taken_for_a_server_that_is_away(
    interlock: Interlock, peer: Peer, name: str
) -> None:
    said = interlock("keys", "create", "--name", name, "--url", peer.url)
    assert said.line == "interlock: what was given is not UTF-8, so it cannot be sent"


@pytest.mark.parametrize(
    "words", [["doctor"], ["keys", "list"], ["serve"], ["serve", "--transport", "stdio"]]
)
def test_the_home_of_a_user_who_has_none_is_told_in_one_line(
    interlock: Interlock, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setenv("INTERLOCK_DATA", "~nobody-of-this-name/interlock")
    assert interlock(*words).line.startswith("interlock: INTERLOCK_DATA: there is no such home directory")


def test_an_output_that_cannot_be_written_is_told_in_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", "from cli.main import main; main()", "schema"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "interlock: [Errno 28] No space left on device\n")
