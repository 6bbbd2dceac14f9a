"""`interlock keys`: the first key comes from the data directory, the others from a key."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from tests.cli.conftest import Interlock
from tests.faults.processes import ServerProcess

PROJECTS = "{ projects { nodes { name } } }"
STATUS = "{ authStatus { isEnabled keyName role } }"


@pytest.fixture
def name() -> str:
    return f"k-{uuid.uuid4().hex[:12]}"


def row(interlock: Interlock, name: str) -> list[str]:
    """Return the words that the list says of a key."""
    (line,) = [line for line in interlock("keys", "list").out.splitlines() if name in line]
    return line.split()


def test_whoever_reads_the_data_directory_makes_the_first_key(
    locked: ServerProcess, interlock: Interlock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    made = interlock("keys", "create", "--role", "owner", "--name", name)
    assert made.code == 0, made.err
    secret = made.out.strip()
    assert made.out == f"{secret}\n"
    assert len(secret) > 30
    assert made.err.split()[1:] == [name, "owner", "all", "projects"]

    # From another machine, as it were: no data directory, only the address.
    monkeypatch.setenv("INTERLOCK_DATA", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("INTERLOCK_URL", locked.url)
    refused = interlock("query", STATUS.replace("isEnabled", "")).line
    assert "UNAUTHENTICATED" in refused and "(Set INTERLOCK_API_KEY or pass --key.)" in refused
    assert json.loads(interlock("query", STATUS, "--key", secret).out)["authStatus"]["keyName"] == name
    monkeypatch.setenv("INTERLOCK_API_KEY", secret)
    status = json.loads(interlock("query", STATUS).out)["authStatus"]
    assert status == {"isEnabled": True, "keyName": name, "role": "OWNER"}


def test_the_data_directory_s_secret_is_not_sent_to_another_address(
    locked: ServerProcess, interlock: Interlock
) -> None:
    other_name = locked.url.replace("127.0.0.1", "localhost")
    assert "UNAUTHENTICATED" in interlock("keys", "list", "--url", other_name).line


def test_keys_are_listed_and_revoked_by_name_and_stop_at_once(
    locked: ServerProcess, interlock: Interlock, name: str
) -> None:
    secret = interlock("keys", "create", "--name", name, "--project", "a", "--project", "b").out.strip()
    identity, *said = row(interlock, name)
    assert said == [name, "agent", "a,b", f"...{secret[-4:]}", "active"]
    assert secret not in interlock("keys", "list").out
    assert interlock("query", PROJECTS, "--key", secret).code == 0

    revoked = interlock("keys", "revoke", name)
    assert (revoked.code, revoked.out) == (0, f"revoked {name} ({identity})\n")
    assert row(interlock, name)[5] == "revoked"
    assert "UNAUTHENTICATED" in interlock("query", PROJECTS, "--key", secret).line
    assert "NOT_FOUND" in interlock("keys", "revoke", name).line


def test_a_key_without_a_name_is_called_after_its_role(locked: ServerProcess, interlock: Interlock) -> None:
    made = interlock("keys", "create", "--role", "readonly")
    assert made.code == 0, made.err
    assert made.err.split()[1:3] == ["readonly", "readonly"]


@pytest.mark.parametrize(
    "words",
    [
        ["keys", "list"],
        ["keys", "create"],
        ["keys", "revoke", "x"],
        ["query", PROJECTS],
        ["query", "subscription { events { __typename } }"],
        ["watch"],
        ["watch", "--after", "x"],
    ],
    ids=" ".join,
)
def test_a_wrong_key_is_told_in_one_line(
    locked: ServerProcess, interlock: Interlock, words: list[str]
) -> None:
    said = interlock(*words, "--key", "ilk_wrong")
    assert (said.code, said.out) == (1, "")
    assert "unknown or revoked" in said.line


@pytest.mark.parametrize("role", ["readonly", "agent", "user", "admin"])
def test_only_an_owner_makes_keys(locked: ServerProcess, interlock: Interlock, name: str, role: str) -> None:
    secret = interlock("keys", "create", "--role", role, "--name", name).out.strip()
    assert "FORBIDDEN" in interlock("keys", "create", "--key", secret).line


def test_a_name_that_is_taken_is_told(locked: ServerProcess, interlock: Interlock, name: str) -> None:
    interlock("keys", "create", "--name", name)
    said = interlock("keys", "create", "--name", name)
    assert said.out == ""
    assert "CONFLICT" in said.line


def test_a_secret_that_is_no_header_is_told_in_one_line(locked: ServerProcess, interlock: Interlock) -> None:
    for key in ("ключ", "a\nb", "a b"):
        assert interlock("keys", "list", "--key", key).code == 1
        assert len(interlock("keys", "list", "--key", key).err.splitlines()) == 1
        assert len(interlock("doctor", "--key", key).err.splitlines()) == 1
