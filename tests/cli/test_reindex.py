"""`interlock reindex`: it says how many records it indexed, or why it cannot."""

from __future__ import annotations

from tests.cli.conftest import Interlock
from tests.faults.processes import ServerProcess

REGISTER = """mutation { registerFunction(input:
  {project: "reindexed", name: "f", file: "a.py", purpose: "counts"}) { __typename } }"""


def test_a_reindex_ends_when_all_is_indexed(server: ServerProcess, interlock: Interlock) -> None:
    assert interlock("query", REGISTER).code == 0
    done = interlock("reindex", "--project", "reindexed")
    assert (done.code, done.err) == (0, "")
    assert done.out == "1 records indexed with all-minilm-l6-v2-int8-in-8-bits\n"
    begun = interlock("reindex", "--no-wait")
    assert (begun.code, begun.out.split()[1:]) == (0, ["records", "are", "being", "indexed"])


def test_a_reindex_needs_an_administrator(locked: ServerProcess, interlock: Interlock) -> None:
    key = interlock("keys", "create", "--role", "agent", "--name", "reindexer").out.strip()
    refused = interlock("reindex", "--key", key)
    assert refused.code == 1
    assert "needs the role admin" in refused.err
