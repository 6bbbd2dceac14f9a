"""Databases as mcp-shared-memory leaves them, with what is odd and broken in real ones."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import chromadb
from bson.datetime_ms import DatetimeMS
from chromadb.config import Settings
from pymongo import MongoClient

DATABASE = "mcp_orchestrator_of_a_test"
NAIVE = datetime(2026, 3, 1, 10, 0, 0)
SESSION = "my-app_alice_0a1b2c3d"
RAW_KEY = "smk_" + "k" * 43
ENRICHED = (
    "**Search Summary:** rounds money\n\n# Function: round_cents\n\n**Location:** src/money.py:10\n\n"
    "**Purpose:** Rounds\n\n**Code:**\n```\ndef round_cents(x):\n    return x\n```\n\n"
    "## Librarian Analysis\n**Signature:** `round_cents(x)`\n\n**Returns:** the cents\n\n**Complexity:** O(1)"
)
HANDOFF = (
    "## Session Summary\nDid the ledger.\n\n## Files Modified\n- src/ledger.py\n\n"
    "## Handoff Notes\nNext: the tests.\n\n## Session Info\n- Claude: alice\n"
)
LONG = "line of a learning that no limit held back\n" * 3_000


def fill_chroma(directory: Path) -> None:
    """Write its collections with an embedded Chroma."""
    client = chromadb.PersistentClient(str(directory), settings=Settings(anonymized_telemetry=False))
    put(client, "proj_my_app", {"project": "my-app", "created": "2026-01-01T00:00:00"}, project_documents())
    put(client, "shared_patterns", {"type": "shared"}, shared_patterns())
    put(client, "shared_context", {"type": "shared"}, shared_context())
    put(client, "shared_work", {"type": "shared"}, shared_work())
    put(client, "somebody_elses", {"hnsw:space": "l2"}, {"x": ("text", {"a": 1})})
    client.close()


def put(
    client: Any, name: str, about: dict[str, Any], documents: dict[str, tuple[str, dict[str, Any]]]
) -> None:
    collection = client.create_collection(name, metadata=about, embedding_function=None)
    vectors = [[0.1 * n, 1.0, 0.0] for n in range(len(documents))]
    texts, metadatas = zip(*documents.values(), strict=True)
    collection.add(ids=list(documents), embeddings=vectors, documents=list(texts), metadatas=list(metadatas))


def common(**more: Any) -> dict[str, Any]:
    """Return what its metadata always have."""
    return {
        "status": "active", "claude_instance": "alice", "session_id": SESSION,
        "created": "2026-02-01T08:00:00+00:00", "updated": "2026-02-02T09:30:00.250000+00:00",
    } | more  # fmt: skip


def project_documents() -> dict[str, tuple[str, dict[str, Any]]]:
    return {
        "a1b2c3d4e5f60718": (
            "We chose PostgreSQL for the ledger.",
            common(
                title="Ledger database", type="adr", tags=json.dumps(["db", "ledger"]), project="my-app",
                files_related=json.dumps(["src\\ledger.py", "../outside", "C:/elsewhere/x.py"]),
                content_hash="ab", access_count=4, expires_at="2027-01-01T00:00:00+00:00",
            ),
        ),
        "learning_00112233445566aa": (
            "# Retry with care\n\nThe gateway repeats requests.",
            common(title="Retry with care", type="learning", tags="not json, but a list"),
        ),
        "learning_long": (f"# Long\n\n{LONG}", common(title="Long", type="learning")),
        "archived00000000": (
            "An old way.",
            common(title="Old", type="pattern", status="archived", previous_status="archived", tags="[]"),
        ),
        "superseded000000": (
            "Superseded.", common(title="S", type="solution", status="superseded", superseded_by="a1b2c3d4e5f60718")
        ),
        "strange000000000": ("Of a strange type.\x00\x07", common(title="Strange", type="riddle", created="yesterday")),
        "empty00000000000": ("", common(title="", type="learning")),
        "interface_payments": (
            "POST /pay", common(
                title="Payments", type="interface", interface_name="api:payments", interface_version="2.0",
                interface_owner="alice", interface_schema=json.dumps({"type": "object"}),
            ),
        ),
        "backlog_0123456789ab": (
            "# Fix the rounding\n\nCents are lost.\n\n## Resolution\nUsed decimals",
            {
                "title": "Fix the rounding", "type": "backlog", "backlog_status": "done", "priority": "high",
                "project": "my-app", "assigned_to": "bob", "tags": json.dumps(["money"]), "target_version": "1.2",
                "deferred_reason": "", "created_by": "alice", "created": "2026-01-05T00:00:00+00:00",
                "updated": "2026-01-09T00:00:00+00:00", "completed_at": "2026-01-09T00:00:00+00:00",
                "completed_by": "bob", "resolution": "Used decimals", "edit_count": 2,
            },
        ),
        "backlog_banana000000": (
            "# Odd\n\ntext",
            {"title": "Odd", "type": "backlog", "backlog_status": "banana", "priority": "huge", "edit_count": "x"},
        ),
        "func_aaaaaaaaaaaa": (
            ENRICHED,
            common(
                type="function_ref", title="round_cents", func_name="round_cents", func_file="src/money.py:10",
                func_purpose="Rounds", project="my-app", enriched="true", enriched_at="2026-02-03T00:00:00+00:00",
                signature="round_cents(x)", calls=json.dumps(["round"]), gotchas="half to even",
                search_summary="rounds money", requires=json.dumps(["decimal"]),
            ),
        ),
        "func_bbbbbbbbbbbb": (
            "# Function: round_cents", common(
                type="function_ref", func_name="round_cents", func_file="src/money.py:12", func_purpose="Rounds",
                enriched="false", updated="2026-03-02T00:00:00+00:00",
            ),
        ),
        "func_cccccccccccc": ("# nothing", common(type="function_ref", func_name="lost", func_file="")),
        f"handoff_{SESSION}": (
            HANDOFF,
            common(title="Handoff: the ledger", type="handoff", files_modified=json.dumps(["src/ledger.py"])),
        ),
        "spec_api_ledger": (
            "ledger v3",
            common(
                title="Spec: api:ledger", type="spec", spec_name="api:ledger", spec_version="1.0.2", spec_owner="alice",
                spec_type="interface", tags="[]", project="my-app", json_schema=json.dumps({"type": "object"}),
                created_by="alice", updated_by="alice",
            ),
        ),
        "spec_fruit": (
            "fruit", common(type="spec", spec_name="fruit", spec_version="banana", spec_owner="alice", project="my-app")
        ),
    }  # fmt: skip


def shared_patterns() -> dict[str, tuple[str, dict[str, Any]]]:
    return {
        "a1b2c3d4e5f60718": ("The same id elsewhere.", common(title="Twin", type="pattern", project="")),
        "naked": ("A text without a single field.", {"created": "2026-01-01"}),
    }


def shared_context() -> dict[str, tuple[str, dict[str, Any]]]:
    return {
        f"spec_history_api_ledger_1_0_{n}": (
            f"ledger v{n + 1}",
            {
                "title": f"Spec History: api:ledger v1.0.{n}", "type": "spec", "spec_name": "api:ledger",
                "spec_version": f"1.0.{n}", "spec_owner": "alice", "status": "archived", "archived_by": "alice",
                "archived_at": f"2026-01-1{n}T00:00:00+00:00",
            },
        )
        for n in (1, 0)
    } | {
        "spec_history_gone_1_0_0": (
            "of a spec that is gone",
            {
                "title": "Spec History: gone v1.0.0", "type": "spec", "spec_name": "gone", "spec_version": "1.0.0",
                "spec_owner": "alice", "status": "archived", "archived_at": "2026-01-10T00:00:00+00:00",
            },
        )
    }  # fmt: skip


def shared_work() -> dict[str, tuple[str, dict[str, Any]]]:
    other = "my-app_bob_99887766"
    return {
        f"work_{SESSION}": ("Did the ledger.", work("the ledger", "completed", SESSION, "alice")),
        f"work_{other}": ("rounding\n\nhalf way", work("rounding", "in_progress", other, "bob")),
        "backlog_ffffffffffff": (
            "# For all\n\nof no project", {"title": "For all", "type": "backlog", "backlog_status": "open", "project": ""}
        ),
    }  # fmt: skip


def work(title: str, status: str, session: str, agent: str) -> dict[str, Any]:
    return {
        "title": title, "status": status, "session_id": session, "claude_instance": agent, "project": "my-app",
        "files_touched": json.dumps(["src/ledger.py"]), "blocked_by": "", "created": "2026-02-01T08:00:00+00:00",
        "updated": "2026-02-02T09:30:00+00:00",
    }  # fmt: skip


def fill_mongo(hosts: str) -> None:
    """Write its collections, in a database of their own."""
    with MongoClient[dict[str, Any]](hosts.split(",")) as client:
        client.drop_database(DATABASE)
        for name, documents in collections().items():
            client[DATABASE][name].insert_many(documents)


def drop_mongo(hosts: str) -> None:
    with MongoClient[dict[str, Any]](hosts.split(",")) as client:
        client.drop_database(DATABASE)


def collections() -> dict[str, list[dict[str, Any]]]:
    times = {"created_at": NAIVE, "updated_at": NAIVE}
    return {
        "projects": [
            {"name": "my_app", "display_name": "My App", "admins": ["human", "coordinator", "alice"], **times},
            {"name": "", "admins": None},
        ],
        "registered_agents": [
            {"project": "my_app", "name": "alice", "tier": "named", "role_description": "the ledger",
             "path_patterns": ["*/ledger/*"], "created_at": NAIVE, "last_seen": None, "session_count": 0},
        ],
        "agent_directory": [
            {"project": "my_app", "instance": "alice", "last_seen": NAIVE, "last_task": "tests", "session_count": 7,
             "first_seen": NAIVE, "role_description": ""},
            {"project": "my-app", "instance": "Bob The Second!", "last_seen": NAIVE, "session_count": 1},
            {"project": None, "instance": "nobody"},
        ],
        "agent_status": [
            {"instance": "alice", "status": "busy", "current_task": "tests", "last_heartbeat": NAIVE},
            {"instance": "stranger", "status": "idle", "last_heartbeat": NAIVE},
        ],
        "messages": [
            message("msg_000000000001", "alice", "bob", "hello", 1),
            message("msg_000000000002", "bob", "alice", "answer", 2, reply_to="msg_000000000001", status="completed",
                    completed_at=NAIVE),
            message("msg_000000000003", "alice", "*", "to all", 3, priority="urgent"),
            message("msg_000000000004", "alice", "", "to none", 4),
            message("msg_000000000005", "alice", "bob", "odd", 5, priority="shout", status="lost", category=None),
            message("msg_000000000006", "alice", "bob", "odd answer", 6, reply_to={"id": ["msg_000000000001"]}),
            message("msg of 7", "alice", "bob", "odd id", 7, received_at=DatetimeMS(-(2**60))),
            message("msg_000000000008", "bob", "alice", "answer to it", 8, reply_to="msg of 7"),
        ],
        "checklists": [
            {"_id": "my_app:release", "name": "release", "project": "my_app", "created_by": "alice", **times, "items": [
                {"text": "tag", "done": True, "checked_by": "alice", "checked_at": NAIVE, "notes": ""},
                {"text": "ship", "done": False, "checked_by": None, "checked_at": None, "notes": ""},
                "a bare text", {"done": True},
            ]},
        ],
        "guidelines": [
            {"name": "tests first", "rule": "Write the test first.", "scope": "global", "priority": 500, "active": True,
             "updated": "2026-01-01T00:00:00+00:00"},
            {"name": "ledger", "rule": "Decimals only.", "scope": "my_app", "priority": 10, "active": True},
            {"name": "off", "rule": "Never mind.", "scope": "global", "active": False},
        ],
        "api_keys": [
            {"key_hash": hashlib.sha256(RAW_KEY.encode()).hexdigest(), "key_prefix": RAW_KEY[:12], "name": "laptop",
             "role": "agent", "projects": ["my-app"], "active": True, "created": NAIVE, "created_by": "owner"},
            {"key_hash": "ab" * 32, "name": "laptop", "role": "owner", "projects": [], "active": True, "created": NAIVE},
            {"key_hash": "0" * 64, "name": "old", "role": "owner", "projects": [], "active": False, "created": NAIVE},
            {"key_hash": "short", "name": "bad", "role": "root", "active": True},
        ],
        "audit_log": [
            {"event_type": "session.start", "actor": "alice", "project": "my_app", "session_id": SESSION,
             "details": {"auth": False}, "timestamp": NAIVE},
        ],
        "agent_autopilot": [{"project": "my_app", "agent": "alice", "enabled": False}],
        "notes_of_somebody": [{"x": 1}],
    }  # fmt: skip


def message(one: str, sender: str, to: str, text: str, minute: int, **more: Any) -> dict[str, Any]:
    return {
        "_id": one, "to_instance": to, "to_project": "my_app", "from_instance": sender, "from_project": "my-app",
        "from_session": SESSION, "message": text, "priority": "normal", "category": "info", "reply_to": None,
        "in_response_to": None, "chain_depth": 0, "require_human": False, "user_originated": False,
        "status": "pending", "created_at": NAIVE.replace(minute=minute), "delivered_at": None, "received_at": None,
        "completed_at": None,
    } | more  # fmt: skip
