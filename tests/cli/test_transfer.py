"""`interlock export`, `import` and `verify`, as an operator runs them."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import uuid
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import COMMAND, Interlock
from tests.faults.processes import ROOT, ServerProcess
from tests.transfer.shared_memory import fill_chroma

STORE = """mutation { storeDocument(input: {project: "moved", title: "t", content: "kept text", type: ADR}) { id } }"""


def stored(server: ServerProcess) -> str:
    """Store a document through the server and return its id."""
    answer = httpx.post(
        f"{server.url}/graphql", json={"query": STORE.replace("kept", uuid.uuid4().hex)}
    ).json()
    return str(answer["data"]["storeDocument"]["id"])


def test_a_store_is_exported_while_its_server_runs_and_imported_where_none_does(
    server: ServerProcess, interlock: Interlock, tmp_path: Path
) -> None:
    document = stored(server)
    said = interlock("export", "all.jsonl.gz")
    assert said.code == 0, said.err
    assert "records and events exported" in said.out
    assert stat.S_IMODE((tmp_path / "all.jsonl.gz").stat().st_mode) == 0o600

    trial = interlock("import", "all.jsonl.gz", "--data", "moved", "--dry-run")
    assert "would be written, 0 are there" in trial.out
    first = interlock("import", "all.jsonl.gz", "--data", "moved")
    assert first.code == 0, first.err
    assert " 0 records kept" in first.out
    again = interlock("import", "all.jsonl.gz", "--data", "moved")
    assert again.out.startswith("0 records and events written")

    verified = interlock("verify", "--data", "moved")
    assert verified.code == 0, verified.out
    assert "no fault" in verified.out
    counts = json.loads(interlock("verify", "--data", "moved", "--json").out)
    assert counts["findings"] == []
    assert counts["records"]["moved"]["document"] >= 1
    exported = interlock("export", "-", "--project", "moved", "--data", "moved")
    assert document in exported.out
    misspelt = interlock("export", "moved.jsonl", "--project", "mooved", "--data", "moved")
    assert misspelt.line == "interlock: --project: the store holds nothing of 'mooved'"
    assert not Path("moved.jsonl").exists()
    assert "nothing of 'mooved'" in interlock("verify", "--project", "mooved", "--data", "moved").line


def test_a_store_whose_server_runs_is_not_imported_into(
    server: ServerProcess, interlock: Interlock, tmp_path: Path
) -> None:
    interlock("export", "all.jsonl")
    said = interlock("import", "all.jsonl")
    assert server.url in said.line
    assert said.line.endswith("stop it first")


def test_standard_output_and_input_make_a_pipe(
    server: ServerProcess, interlock: Interlock, tmp_path: Path
) -> None:
    stored(server)
    exported = interlock("export", "-")
    assert "exported" in exported.err
    assert exported.out.endswith("}\n")
    piped = subprocess.run(
        [*COMMAND, "import", "-"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "INTERLOCK_DATA": str(tmp_path / "piped")},
        input=exported.out,
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert piped.returncode == 0, piped.stderr
    assert "records and events written" in piped.stdout
    assert "\x1b" not in piped.stderr + exported.err


def test_a_fault_ends_verify_with_1_and_a_line(interlock: Interlock, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    assert interlock("import", "empty.jsonl", "--data", "d").line == "interlock: empty.jsonl is empty"
    assert "there is no database" in interlock("verify", "--data", "d").line
    assert "there is no database" in interlock("export", "x.jsonl", "--data", "d").line
    assert not (tmp_path / "x.jsonl.part").exists()
    assert "name either the file" in interlock("import", "--data", "d").line
    assert "name either the file" in interlock("import", "x", "--from-mcp-shared-memory").line
    assert "name its --mongo-url" in interlock("import", "--from-mcp-shared-memory").line
    said = interlock("import", "--from-mcp-shared-memory", "--chroma", "nowhere", "--data", "d")
    assert "no directory of Chroma" in said.line


def test_the_memory_of_mcp_shared_memory_is_imported_with_a_table(
    interlock: Interlock, tmp_path: Path
) -> None:
    pytest.importorskip("chromadb")
    fill_chroma(tmp_path / "chroma")
    words = ("import", "--from-mcp-shared-memory", "--chroma", "chroma", "--data", "d")
    trial = interlock(*words, "--dry-run")
    assert trial.code == 0, trial.err
    assert trial.out.splitlines()[-1] == "nothing was written"
    said = interlock(*words, "--ids", "ids.csv")
    assert said.out.splitlines()[0].split() == ["collection", "taken", "there", "skipped"]
    assert trial.out.startswith(said.out)
    assert "spec_api_ledger,spec,my_app/api:ledger" in (tmp_path / "ids.csv").read_text().splitlines()
    assert "no fault" in interlock("verify", "--data", "d").out


def test_verify_names_what_is_broken(
    server: ServerProcess, interlock: Interlock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(server)
    interlock("export", "all.jsonl")
    interlock("import", "all.jsonl", "--data", "broken")
    database = sqlite3.connect(tmp_path / "broken" / "interlock.db")
    database.execute("DELETE FROM event WHERE project = 'moved' AND sequence = 1")
    database.commit()
    database.close()
    said = interlock("verify", "--data", "broken")
    assert said.code == 1
    assert said.err == ""
    assert any(line.startswith("feed: ") for line in said.out.splitlines())
    assert said.out.splitlines()[-1].endswith("1 faults")
