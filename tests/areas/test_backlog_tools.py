"""The tools of the backlog and of administration, called as the adapter calls them."""

from __future__ import annotations

import pytest

from resolvers.acts import Engine
from tests.areas.test_backlog import begin
from tests.areas.test_messages_tools import call, tool_of
from tests.conftest import Run

PARAMETERS: dict[str, tuple[set[str], set[str]]] = {
    "memory_add_backlog_item": (
        {"session_id", "title", "description"},
        {"priority", "project", "assigned_to", "tags", "target_version", "deferred_reason"},
    ),
    "memory_list_backlog": (
        {"session_id"},
        {"project", "status", "priority", "assigned_to", "target_version", "include_done", "limit", "offset"},
    ),
    "memory_update_backlog_item": (
        {"session_id", "item_id"},
        {"status", "priority", "assigned_to", "title", "description", "target_version", "deferred_reason"}
        | {"project"},
    ),
    "memory_complete_backlog_item": ({"session_id", "item_id"}, {"resolution", "wont_do"}),
    "memory_admin": ({"session_id", "action"}, {"name", "role", "projects", "limit", "event_type"}),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_tool_takes_the_parameters_that_its_callers_send(name: str) -> None:
    shape = tool_of(name).input_schema
    needed, optional = PARAMETERS[name]
    assert set(shape["required"]) == needed
    assert optional <= set(shape["properties"])


async def test_an_item_is_added_listed_claimed_moved_and_completed(engine: Engine, run: Run) -> None:
    session = await begin(engine, "ann")
    added = await call(
        run, "memory_add_backlog_item", session_id=session, title="a", description="d", tags=["x"]
    )
    assert added.pop("id").startswith("bkl_")
    assert {key: value for key, value in added.items() if value} == {
        "status": "added",
        "title": "a",
        "priority": "medium",
        "project": "p",
    }
    listed = await call(run, "memory_list_backlog", session_id=session, limit=0, ready=True)
    assert (listed["count"], listed["total"]) == (1, 1)
    (item,) = listed["items"]
    assert (item["status"], item["tags"], item["created_by"], item.get("edit_count", 0)) == (
        "open",
        ["x"],
        "ann",
        0,
    )
    known = {"session_id": session, "item_id": item["id"]}
    claimed = await call(run, "memory_update_backlog_item", **known, claim=True)
    assert (claimed["status"], claimed["backlog_status"], claimed["assigned_to"]) == (
        "claimed",
        "in_progress",
        "ann",
    )
    edited = await call(run, "memory_update_backlog_item", **known, priority="high")
    assert (edited["status"], edited["priority"]) == ("updated", "high")
    moved = await call(run, "memory_update_backlog_item", **known, project="Other")
    assert (moved["status"], moved["project"], moved["id"]) == ("moved", "other", item["id"])
    done = await call(run, "memory_complete_backlog_item", **known, resolution="shipped", wont_do=False)
    assert done == {
        "status": "done",
        "id": item["id"],
        "title": "a",
        "completed_by": "ann",
        "resolution": "shipped",
    }
    found = await call(run, "memory_list_backlog", session_id=session, project="other", status="done")
    assert found["items"][0]["id"] == item["id"]


async def test_a_long_backlog_is_paged_by_next_and_by_offset(engine: Engine, run: Run) -> None:
    session = await begin(engine, "ann")
    for title in "abcde":
        await call(run, "memory_add_backlog_item", session_id=session, title=title, description="d")
    first = await call(run, "memory_list_backlog", session_id=session, limit=2)
    second = await call(run, "memory_list_backlog", session_id=session, limit=2, after=first["next"])
    by_offset = await call(run, "memory_list_backlog", session_id=session, limit=2, offset=2)
    assert [item["title"] for item in second["items"]] == ["c", "d"]
    assert by_offset["items"] == second["items"]
    last = await call(run, "memory_list_backlog", session_id=session, after=second["next"])
    assert [item["title"] for item in last["items"]] == ["e"]
    assert "next" not in last


async def test_keys_are_made_listed_and_revoked_and_the_log_says_so(engine: Engine, run: Run) -> None:
    session = await begin(engine, "ann")
    made = await call(run, "memory_admin", session_id=session, action="create_key", name="ci", projects=["p"])
    assert made["key"].startswith("ilk_")
    assert (made["status"], made["name"], made["role"], made["projects"]) == ("created", "ci", "agent", ["p"])
    listed = await call(run, "memory_admin", session_id=session, action="list_keys", limit=200)
    assert [key["name"] for key in listed["keys"]] == ["ci"]
    assert made["key"] not in str(listed)
    gone = await call(run, "memory_admin", session_id=session, action="revoke_key", name="ci")
    assert (gone["status"], gone["name"]) == ("revoked", "ci")
    log = await call(run, "memory_admin", session_id=session, action="audit_log", event_type="key.revoked")
    assert [(one["event"], one["actor"], one["target"]) for one in log["entries"]] == [
        ("key.revoked", "ann", "ci")
    ]
    status = await call(run, "memory_admin", session_id=session, action="auth_status")
    assert status["role"] == "owner"
