"""`interlock librarian` as a command: what it needs, how it ends, what it says."""

from __future__ import annotations

import importlib.util
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Begin, Interlock
from tests.faults.conftest import Serve
from tests.faults.processes import ServerProcess
from tests.librarian.model import PATIENCE_SECONDS, Model, failed

REGISTER = """mutation ($p: String!, $n: String!) {
  registerFunction(input: {project: $p, name: $n, file: "a.py", purpose: "it"}) { function { queue } } }"""
STATE = "query ($p: String!) { functions(project: $p, first: 100) { nodes { name queue } } }"


@pytest.fixture
def model() -> Iterator[Model]:
    with Model().serving() as one:
        yield one


@pytest.fixture
def ready(told: str, server: ServerProcess) -> str:
    """Set all that the librarian needs, a server included; return a project of the test's own."""
    return told


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model: Model) -> str:
    project = f"p_{tmp_path.name.lower().replace('-', '_')}"
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text("def f(): pass\n\ndef g(): pass\n")
    values = {
        "LIBRARIAN_PROJECT_ROOTS": json.dumps({project: str(tmp_path / "code")}),
        "LIBRARIAN_MODEL": "m",
        "ANTHROPIC_API_KEY": "secret-key",
        "ANTHROPIC_BASE_URL": model.url,
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return project


def states(interlock: Interlock, project: str) -> dict[str, str]:
    said = json.loads(interlock("query", STATE, "-v", f"p={project}").out)
    return {node["name"]: node["queue"] for node in said["functions"]["nodes"]}


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("ANTHROPIC_API_KEY", "", "interlock: ANTHROPIC_API_KEY is not set"),
        ("LIBRARIAN_MODEL", "", "interlock: LIBRARIAN_MODEL is not set"),
        ("LIBRARIAN_PROJECT_ROOTS", "", "interlock: LIBRARIAN_PROJECT_ROOTS is not set"),
        ("LIBRARIAN_PROJECT_ROOTS", "{bad", "interlock: LIBRARIAN_PROJECT_ROOTS: is not JSON"),
        (
            "LIBRARIAN_PROJECT_ROOTS",
            '{"p": "/nowhere/at/all"}',
            "interlock: LIBRARIAN_PROJECT_ROOTS: '/nowhere",
        ),
        (
            "LIBRARIAN_PROJECT_ROOTS",
            "code",
            "interlock: LIBRARIAN_PROJECT_ROOTS: 'code' of * must be an absolute",
        ),
        ("LIBRARIAN_PROJECT_ROOTS", "3", "interlock: LIBRARIAN_PROJECT_ROOTS: "),
        ("LIBRARIAN_CONCURRENCY", "many", "interlock: LIBRARIAN_CONCURRENCY: "),
        ("ANTHROPIC_BASE_URL", "localhost:1", "interlock: ANTHROPIC_BASE_URL: must begin with http"),
        ("INTERLOCK_URL", "http://127.0.0.1:1", "interlock: no server at http://127.0.0.1:1"),
    ],
)
def test_what_is_missing_is_told_in_one_line(
    interlock: Interlock, ready: str, monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str
) -> None:
    monkeypatch.setenv(name, value)
    if name == "ANTHROPIC_API_KEY":
        monkeypatch.delenv("ANTHROPIC_BASE_URL")
    said = interlock("librarian", "--once")
    assert said.line.startswith(line)
    assert "secret-key" not in said.err


@pytest.mark.parametrize("words", [("librarian", "--once"), ("scan", ".", "--project", "p")])
def test_a_missing_extra_is_told_in_one_line(
    interlock: Interlock, ready: str, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "tree_sitter" else real(name, *more)
    )
    line = interlock(*words).line
    assert line == "interlock: tree_sitter is not installed: pip install 'interlock[librarian]'"


def test_once_drains_the_queue_and_ends(interlock: Interlock, ready: str, model: Model) -> None:
    for name in "fg":
        assert interlock("query", REGISTER, "-v", f"p={ready}", "-v", f"n={name}").code == 0
    said = interlock("librarian", "--once", "--concurrency", "1")
    assert (said.code, said.out) == (0, "enriched 2, failed 0, tokens 240\n")
    assert states(interlock, ready) == {"f": "DONE", "g": "DONE"}
    again = interlock("librarian", "--once", "--project", "another")
    assert again.out == "enriched 0, failed 0, tokens 0\n"


def test_where_keys_are_wanted_it_works_with_an_agents_key_and_says_so_without_e1(
    interlock: Interlock, told: str, locked: ServerProcess, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert interlock("query", REGISTER, "-v", f"p={told}", "-v", "n=f").code == 0
    secret = interlock("keys", "create", "--name", told, "--project", told).out.strip()
    # Nothing of the local owner's is at hand.
    monkeypatch.setenv("INTERLOCK_DATA", "/nowhere")
    monkeypatch.setenv("INTERLOCK_URL", locked.url)
    assert "UNAUTHENTICATED" in interlock("librarian", "--once").line
    assert not model.asked
    monkeypatch.setenv("INTERLOCK_API_KEY", secret)
    assert interlock("librarian", "--once").out == "enriched 1, failed 0, tokens 120\n"
    assert states(interlock, told) == {"f": "DONE"}
    assert secret not in json.dumps(model.asked) + json.dumps(model.headers)


def test_a_model_that_refuses_the_key_ends_it_with_one_line(
    interlock: Interlock, ready: str, model: Model
) -> None:
    model.otherwise = failed(401, "bad key")
    assert interlock("query", REGISTER, "-v", f"p={ready}", "-v", "n=f").code == 0
    said = interlock("librarian", "--once")
    assert said.code == 1
    assert said.err.strip().splitlines()[-1] == "interlock: the model's endpoint answers HTTP 401: bad key"
    assert states(interlock, ready) == {"f": "PENDING"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well_and_gives_back_its_work(
    interlock: Interlock, begin: Begin, ready: str, model: Model, number: signal.Signals
) -> None:
    model.hold.clear()
    assert interlock("query", REGISTER, "-v", f"p={ready}", "-v", "n=f").code == 0
    running = begin("librarian", LIBRARIAN_METRICS_PORT="0")
    address = running.err_until("metrics at ").removeprefix("metrics at ")
    running.err_until("librarian at ")
    assert model.waiting.acquire(timeout=PATIENCE_SECONDS)
    assert states(interlock, ready) == {"f": "LEASED"}
    assert "librarian_working 1.0" in httpx.get(address).text
    said = running.end(number)
    assert said.code == 0
    assert said.err.strip().splitlines()[-1] == "enriched 0, failed 0, tokens 0"
    assert states(interlock, ready) == {"f": "PENDING"}


async def test_it_takes_the_new_secret_of_a_restarted_local_server_that_wants_keys(
    serve: Serve, begin: Begin, told: str, tmp_path: Path, model: Model
) -> None:
    local = {"INTERLOCK_DATA": str(tmp_path / "data")}
    server = serve(MCP_AUTH_ENABLED="true")
    await server.start()
    running = begin("librarian", LIBRARIAN_POLL_SECONDS="3600", **local)
    running.err_until("librarian at ")
    await server.end(signal.SIGTERM)
    await server.start()
    assert begin("query", REGISTER, "-v", f"p={told}", "-v", "n=f", **local).wait() == 0
    running.err_until(f"f of {told} is enriched")
    assert running.end(signal.SIGTERM).code == 0
    assert len(model.asked) == 1
