"""Commands against real servers: in this process, or as their own where signals and pipes matter."""

from __future__ import annotations

import asyncio
import io
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from cli.main import main
from tests.cli.peers import Peer
from tests.faults.conftest import serve  # noqa: F401 - a fixture of these tests too
from tests.faults.processes import ROOT, ServerProcess

COMMAND = [sys.executable, "-c", "from cli.main import main; main()"]
PATIENCE_SECONDS = 40.0


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The one line of a failure, and nothing beside it."""
        (line,) = self.err.strip().splitlines()
        assert self.code != 0
        assert line.startswith("interlock: "), line
        return line


Interlock = Callable[..., Said]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("INTERLOCK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("INTERLOCK_DATA", str(tmp_path / "nobody serves this"))
    # Nothing listens there: a command without a server of its own must not find another one.
    monkeypatch.setenv("INTERLOCK_PORT", "1")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def interlock(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Interlock:
    """Run a command to its end; an exception that leaves it fails the test."""

    def run(*words: str, stdin: str = "") -> Said:
        monkeypatch.setattr(sys, "argv", ["interlock", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Said(int(end.value.code or 0), out, err)

    return run


def _started(data: Path, **environment: str) -> ServerProcess:
    server = ServerProcess(data, **environment)
    asyncio.run(server.start())
    return server


@pytest.fixture(scope="session")
def _open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerProcess, Path]]:
    data = tmp_path_factory.mktemp("open")
    server = _started(data)
    yield server, data
    server.kill()


@pytest.fixture(scope="session")
def _locked_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerProcess, Path]]:
    data = tmp_path_factory.mktemp("locked")
    server = _started(data, MCP_AUTH_ENABLED="true")
    yield server, data
    server.kill()


@pytest.fixture
def server(_open_server: tuple[ServerProcess, Path], monkeypatch: pytest.MonkeyPatch) -> ServerProcess:
    """A server without authentication, that commands find by its data directory."""
    monkeypatch.setenv("INTERLOCK_DATA", str(_open_server[1]))
    return _open_server[0]


@pytest.fixture
def locked(_locked_server: tuple[ServerProcess, Path], monkeypatch: pytest.MonkeyPatch) -> ServerProcess:
    """A server that wants keys, that commands find by its data directory."""
    monkeypatch.setenv("INTERLOCK_DATA", str(_locked_server[1]))
    return _locked_server[0]


class Running:
    """A command under way as a process of its own."""

    def __init__(self, *words: str, **environment: str) -> None:
        self._process = subprocess.Popen(
            [*COMMAND, *words],
            cwd=Path.cwd(),
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: dict[str, queue.Queue[str]] = {"out": queue.Queue(), "err": queue.Queue()}
        self._readers = [
            threading.Thread(target=self._read, args=(stream, self._lines[name]), daemon=True)
            for name, stream in (("out", self._process.stdout), ("err", self._process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream: IO[str] | None, lines: queue.Queue[str]) -> None:
        assert stream is not None
        for line in stream:
            lines.put(line.rstrip("\n"))

    def out(self) -> str:
        """Return the next line of standard output."""
        return self._lines["out"].get(timeout=PATIENCE_SECONDS)

    def err(self) -> str:
        """Return the next line of standard error."""
        return self._lines["err"].get(timeout=PATIENCE_SECONDS)

    def err_until(self, text: str) -> str:
        """Return the next line of standard error that has a text in it."""
        while text not in (line := self.err()):
            pass
        return line

    def put(self, line: str) -> None:
        """Write a line to standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def wait(self) -> int:
        """Wait for the end by itself."""
        return self._process.wait(PATIENCE_SECONDS)

    def end(self, number: signal.Signals = signal.SIGINT) -> Said:
        """Send a signal, and return what was not read yet."""
        self._process.send_signal(number)
        return self.rest()

    def rest(self) -> Said:
        """Wait for the end, and return what was not read yet."""
        code = self.wait()
        for reader in self._readers:
            reader.join(PATIENCE_SECONDS)
        return Said(code, _drained(self._lines["out"]), _drained(self._lines["err"]))

    def close(self) -> None:
        """Kill it if it still runs."""
        self._process.kill()
        self._process.wait(PATIENCE_SECONDS)
        for reader in self._readers:
            reader.join(PATIENCE_SECONDS)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()


def _drained(lines: queue.Queue[str]) -> str:
    text = ""
    while not lines.empty():
        text += lines.get() + "\n"
    return text


Begin = Callable[..., Running]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Begin commands as processes of their own; what still runs after the test is killed."""
    running: list[Running] = []

    def start(*words: str, **environment: str) -> Running:
        running.append(Running(*words, **environment))
        return running[-1]

    yield start
    for one in running:
        one.close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    """A server that is not ours."""
    with Peer().serving() as one:
        yield one
