"""Which tests keep out the defects of the server replaced by this one; some of these tests are here."""

from __future__ import annotations

import ast
import asyncio
import gc
import json
import os
import re
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client

from api.app import Server
from mcp_adapter.documents import load_tools
from resolvers.acts import Engine
from resolvers.callers import LOCAL_OWNER, Role
from schema.context import RequestContext
from schema.root import build_schema
from store.records import KINDS, Record
from store.sqlite.store import SqliteStore
from tests import test_store_calls as costs
from tests.api.conftest import PATIENCE_SECONDS, Running, settings_for
from tests.auth import test_matrix as matrix
from tests.conftest import Run
from tests.operations import operations

ROOT = Path(__file__).parent.parent
world = matrix.world
HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
HERE = "test_defects.py::"

DEPLOYMENT, OTHERS = (
    "deployment, later",
    "it is about the older server's own tests",
)

REASONS = {DEPLOYMENT, OTHERS}

KEPT_OUT: dict[str, str | list[str]] = {
    "A1": [
        "areas/test_knowledge_finding.py::test_a_question_finds_with_types_what_it_finds_without_a1",
    ],
    "A2": [
        "areas/test_knowledge_finding.py::test_a_search_without_the_index_answers_from_words_and_says_so_a2",
    ],
    "A3": [
        "areas/test_knowledge_storing.py::test_the_id_returned_is_whole_and_opens_the_document_a3",
    ],
    "A4": [
        "areas/test_knowledge_statuses.py::test_what_a_tag_archives_it_restores_exactly_a4",
    ],
    "A5": ["areas/test_backlog.py::test_an_update_with_its_own_project_keeps_the_item_a5"],
    "A6": [
        "areas/test_locks.py::test_a6_a_directory_and_what_is_under_it_are_never_held_by_two",
        "areas/test_locks.py::test_a6_the_same_path_in_two_projects_does_not_collide",
        "areas/test_paths.py::test_every_spelling_of_a_path_becomes_the_same_one",
    ],
    "A7": [
        "areas/test_work.py::test_a7_a_real_overlap_is_reported_and_an_unrelated_file_is_not",
        "areas/test_work.py::test_a7_directories_overlap_with_what_is_under_them",
        "areas/test_brief.py::test_only_a_file_that_another_really_touches_is_an_overlap",
    ],
    "A8": [
        "areas/test_messages_inbox.py::test_urgent_messages_come_first_even_when_only_some_are_asked_for",
        "areas/test_brief.py::test_urgent_messages_come_before_older_ones_and_are_not_lost_to_the_limit",
    ],
    "A9": [
        "areas/test_messages.py::test_a_message_to_a_project_is_found_under_every_spelling_of_its_name",
        "areas/test_agents.py::test_agents_of_a_hyphenated_project_are_found_under_each_spelling",
    ],
    "A10": [
        "areas/test_messages.py::test_one_reader_of_a_broadcast_does_not_hide_it_from_the_others",
        "areas/test_messages.py::test_a_broadcast_reaches_all_who_are_active_but_its_sender",
    ],
    "A11": [
        "areas/test_search.py::test_nearer_documents_that_are_filtered_out_leave_room_for_those_that_are_not",
        "areas/test_knowledge_finding.py::test_what_no_longer_holds_never_fills_the_places_of_what_does_a11",
        "areas/test_knowledge_statuses.py::test_what_is_past_its_time_is_marked_and_forgotten_ninety_days_later",
    ],
    "A12": [
        "areas/test_search.py::test_a_perfect_match_is_not_pushed_down_by_newer_ones",
        "areas/test_knowledge_finding.py::test_the_best_match_comes_first_however_old_it_is_a12",
    ],
    "A13": [
        "areas/test_search.py::test_a_needle_far_down_a_long_text_is_found_and_shown",
        "areas/test_knowledge_storing.py::test_a_text_of_fifty_kilobytes_is_stored_and_found_by_its_last_word_a13",
        "areas/test_knowledge_storing.py::test_what_cannot_be_kept_is_refused_by_name_and_leaves_nothing_a13",
        "areas/test_knowledge_storing.py::test_a_learning_has_the_limits_of_every_document_a13",
    ],
    "A14": [
        "areas/test_functions.py::test_a_moved_line_is_the_same_function_a14",
        "areas/test_functions.py::test_registering_again_keeps_all_of_the_enrichment_a14",
    ],
    "A15": [
        "areas/test_specs.py::test_a_version_that_is_none_is_refused_a15",
        "areas/test_specs.py::test_a_version_that_is_not_greater_is_refused_with_the_current_one_a15",
        "areas/test_specs.py::test_a_spec_grows_by_a_patch_and_every_version_is_readable_the_current_too",
        "areas/test_specs.py::test_names_that_differ_by_punctuation_are_different_specs_a15",
        "areas/test_specs.py::test_the_history_of_another_project_is_not_readable_a15",
    ],
    "A16": [
        "areas/test_projects.py::test_a_role_text_alone_demotes_nobody",
        "areas/test_projects.py::test_the_coordinator_can_be_neither_removed_nor_lowered",
    ],
    "A17": ["areas/test_guidelines.py::test_the_same_name_in_another_scope_is_another_guideline"],
    "A18": [
        "areas/test_sessions.py::test_project_names_with_spaces_and_letters_of_any_script_work",
        "areas/test_projects.py::test_three_spellings_are_one_project",
        HERE + "test_reading_a_project_that_is_not_there_creates_nothing_a18",
        "areas/test_knowledge_finding.py::test_project_names_of_every_script_can_be_written_and_read_a18",
    ],
    "A19": [
        "areas/test_backlog.py::test_an_unknown_status_is_refused_a19",
        "areas/test_backlog.py::test_only_backlog_items_can_be_completed_a19",
    ],
    "A20": [
        "areas/test_presence.py::test_the_same_name_in_two_projects_has_two_heartbeats",
        "areas/test_presence.py::test_a_heartbeat_counts_as_activity",
        "areas/test_locks.py::test_a20_any_call_of_the_holder_keeps_its_lock_from_going_stale",
        "areas/test_backlog.py::test_the_backlog_touches_the_session_so_that_its_locks_stay_a20",
    ],
    "A21": ["areas/test_backlog_pages.py::test_asking_for_done_finds_done_a21"],
    "A22": [
        "areas/test_agents.py::test_no_alert_is_claimed_where_there_is_no_admin_to_tell",
        "areas/test_messages.py::test_a_chain_of_replies_stops_after_five_and_claims_no_alert_that_nobody_got",
        "mcp/test_definitions.py::test_a_tool_takes_what_its_callers_send",
        HERE + "test_the_texts_name_only_tools_and_parameters_that_exist_a22",
        "areas/test_knowledge_tools.py::test_both_spellings_in_circulation_are_taken_a22",
    ],
    "B1": [
        "areas/test_locks.py::test_b1_locks_are_in_the_store_and_not_in_memory",
        "areas/test_work.py::test_b1_signals_and_work_are_in_the_store_and_sent_to_the_feed",
        HERE + "test_a_restart_keeps_sessions_locks_signals_and_connections_b1",
        "areas/test_functions.py::test_functions_queue_and_leases_survive_a_restart_b1",
    ],
    "B2": [
        "areas/test_locks_races.py::test_b2_two_processes_on_one_store_never_grant_the_same_place",
        "faults/test_start_and_stop.py::test_a_second_server_on_one_data_directory_is_refused_with_one_line",
        "api/test_stdio.py::test_two_editors_share_one_brain_and_the_second_takes_over",
    ],
    "B3": [
        "areas/test_messages.py::test_of_the_same_text_sent_at_the_same_moment_one_is_kept",
        HERE + "test_the_same_text_through_two_servers_at_once_is_kept_once_b3",
    ],
    "B4": [
        "areas/test_specs.py::test_updates_at_the_same_moment_are_all_kept_b4",
        "areas/test_specs.py::test_of_writers_of_the_same_version_through_two_servers_one_wins_b4",
    ],
    "B5": [
        "areas/test_backlog.py::test_updates_of_different_fields_at_one_moment_are_all_kept_b5",
        "areas/test_backlog.py::test_updates_through_several_servers_are_all_kept_b5",
        "areas/test_knowledge_finding.py::test_counting_uses_never_touches_the_document_b5",
    ],
    "B6": [HERE + "test_clients_that_come_and_go_open_and_reset_nothing_of_the_servers_b6"],
    "B7": [
        HERE + "test_abandoned_connections_leave_no_state_b7",
        "mcp/test_over_http.py::test_a_session_id_of_the_protocol_means_nothing_to_the_server",
        "areas/test_sessions.py::test_idle_sessions_lapse_and_free_what_they_held",
    ],
    "B8": [
        "areas/test_functions_enrichment.py::test_the_queue_shrinks_as_functions_are_enriched_b8",
    ],
    "C1": [HERE + "test_writes_of_eight_clients_run_beside_the_event_loop_c1"],
    "C2": [
        HERE + "test_a_store_that_cannot_write_holds_up_neither_readers_nor_health_c2",
        "api/test_lifecycle.py::test_health_is_503_when_the_store_cannot_write",
    ],
    "C3": [
        "databases/test_reading.py::test_c3_a_slow_query_ends_at_its_time_out_on_the_server_and_blocks_nobody",
        "databases/test_queries.py::test_c3_others_are_answered_while_a_database_thinks",
    ],
    "C4": ["areas/test_search.py::test_a_search_embeds_its_question_once_and_a_store_its_text_once_c4"],
    "C5": [
        "areas/test_backlog_pages.py::test_no_filter_scans_or_sorts_the_backlog_c5",
        HERE + "test_no_query_of_the_schema_scans_a_table_c5",
        "test_store_calls.py::test_an_operation_costs_no_more_calls_of_the_store_with_many_rows",
        "areas/test_functions_tools.py::test_the_queue_is_read_by_index_alone_c5",
    ],
    "C6": [
        "areas/test_knowledge_finding.py::test_counting_uses_never_touches_the_document_b5",
        "test_store_calls.py::test_an_operation_costs_no_more_calls_of_the_store_with_many_rows",
    ],
    "D1": [
        "auth/test_matrix.py::test_a_role_does_in_its_own_project_what_it_may_and_nothing_else",
        "areas/test_functions.py::test_a_readonly_key_reads_functions_and_changes_none_d1",
        "areas/test_knowledge_statuses.py::test_a_readonly_key_changes_no_document_d1",
    ],
    "D2": [
        "auth/test_matrix.py::test_a_key_neither_sees_nor_changes_a_foreign_project",
        "mcp/test_authorization.py::test_a_key_opens_its_own_project_only",
        "areas/test_functions.py::test_a_key_reaches_no_function_of_a_foreign_project_d2",
        "areas/test_knowledge_finding.py::test_a_search_everywhere_stays_within_the_keys_projects_d2",
        "areas/test_knowledge_statuses.py::test_a_tag_reaches_the_sessions_project_or_all_of_the_keys_d2",
    ],
    "D3": [
        "auth/test_matrix.py::test_the_session_id_of_another_key_is_useless",
        "areas/test_keys.py::test_only_an_owner_manages_keys_d3",
        "areas/test_keys.py::test_the_session_of_an_owner_is_no_way_to_its_rights_d3",
        "areas/test_sessions.py::test_sessions_are_listed_latest_first_without_any_secret",
    ],
    "D4": [
        "areas/test_guidelines.py::test_nobody_unknown_reads_or_plants_a_rule",
        "auth/test_matrix.py::test_without_a_key_nothing_is_answered",
    ],
    "D5": [
        "areas/test_keys.py::test_an_agent_named_as_an_admin_is_none_d5",
        "areas/test_agents.py::test_another_keys_agent_name_is_refused_below_admin",
        "areas/test_messages_inbox.py::test_a_name_alone_opens_nobody_elses_inbox",
        "areas/test_projects.py::test_naming_oneself_like_an_admin_gives_no_power",
        "areas/test_specs.py::test_stating_the_owner_or_forcing_gives_no_agent_anothers_spec_d5",
        "areas/test_functions.py::test_enriching_cannot_touch_a_spec_or_a_document_d5",
        "areas/test_knowledge_statuses.py::test_neither_a_status_nor_a_tag_reaches_a_spec_d5",
        "areas/test_knowledge_storing.py::test_naming_oneself_the_owner_opens_no_interface_d5",
    ],
    "D6": [
        "areas/test_messages_inbox.py::test_nobody_but_the_recipient_or_an_admin_moves_a_status",
        "areas/test_sessions.py::test_another_keys_session_cannot_be_ended_by_its_id",
    ],
    "D7": [
        "areas/test_keys.py::test_a_revoked_key_stops_at_once_its_sessions_too_d7",
        "areas/test_keys.py::test_a_name_in_use_is_refused_and_a_revoked_one_is_free_again_d7",
        "api/test_gate.py::test_a_revoked_key_closes_its_sockets_and_no_other",
        "api/test_multipart.py::test_a_revoked_key_ends_its_parts_and_no_other",
    ],
    "D8": [
        HERE + "test_a_project_left_out_opens_nothing_beyond_the_keys_own_d8",
        "areas/test_guidelines.py::test_a_global_rule_needs_an_admin_of_all_projects",
        "areas/test_specs.py::test_shared_specs_are_read_by_all_and_written_by_keys_that_include_them",
        "areas/test_knowledge_storing.py::test_a_project_left_out_is_the_sessions_and_never_the_shared_one_d8",
    ],
    "D9": [
        "api/test_gate.py::test_a_foreign_host_is_refused_everywhere",
        "api/test_gate.py::test_a_foreign_page_is_refused_everywhere",
        "api/test_gate.py::test_without_a_valid_key_nothing_is_done",
        "api/test_settings.py::test_listening_to_everyone_without_authentication_is_refused",
    ],
    "D10": [
        "databases/test_guard.py::test_d10_an_outfile_behind_a_comment_is_refused_by_name",
        "databases/test_guard.py::test_every_hostile_statement_is_refused",
        "databases/test_harmless_on_servers.py::test_no_hostile_statement_reaches_the_server",
        "databases/test_reading.py::test_without_the_guard_the_connection_still_writes_nothing",
    ],
    "D11": [
        "librarian/test_roots.py::test_a_path_that_leads_out_of_the_root_is_not_read_d11",
        "librarian/test_roots.py::test_links_are_resolved_before_the_check_d11",
        "librarian/test_roots.py::test_a_link_put_there_after_the_check_is_not_followed_d11",
        "librarian/test_roots.py::test_only_regular_files_are_read_and_none_is_waited_for_d11",
        "librarian/test_daemon.py::test_what_cannot_be_read_is_set_aside_with_the_reason_and_nothing_is_sent_d11",
    ],
    "D12": [
        "mcp/test_over_http.py::test_the_authorization_header_reaches_the_executor",
        "mcp/test_authorization.py::test_a_key_opens_its_own_project_only",
        "areas/test_sessions.py::test_an_api_key_reaches_no_record_event_answer_or_log",
    ],
    "E1": [
        "librarian/test_daemon.py::test_a_registered_function_is_read_asked_about_and_enriched_e1",
        "librarian/test_daemon.py::test_code_sent_at_registration_stands_in_for_source_that_is_not_there",
        "cli/test_librarian.py::test_where_keys_are_wanted_it_works_with_an_agents_key_and_says_so_without_e1",
    ],
    "E2": [
        "mcp/test_over_stdio.py::test_standard_output_carries_only_the_protocol",
        HERE + "test_the_whole_server_on_stdio_writes_only_the_protocol_e2",
    ],
    "E3": DEPLOYMENT,
    "E4": DEPLOYMENT,
    "E5": OTHERS,
    "E6": DEPLOYMENT,
}


def _tests(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, functions)}


def test_every_defect_has_a_test_that_exists_or_a_reason() -> None:
    numbers = {"A": 22, "B": 8, "C": 6, "D": 12, "E": 6}
    assert list(KEPT_OUT) == [f"{part}{n}" for part, most in numbers.items() for n in range(1, most + 1)]
    for defect, tests in KEPT_OUT.items():
        if isinstance(tests, str):
            assert tests in REASONS, defect
            continue
        assert tests, defect
        for node in tests:
            path, _, name = node.partition("::")
            assert name in _tests(ROOT / "tests" / path), f"{defect}: {node} is not there"


class Http:
    """An MCP client of the older era that speaks JSON-RPC itself, so that it survives its server."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._headers = {"accept": "application/json, text/event-stream"}

    async def handshake(self, url: str) -> None:
        answer = await self._post(url, "initialize", HELLO)
        if "mcp-session-id" in answer.headers:
            self._headers["mcp-session-id"] = answer.headers["mcp-session-id"]

    async def call(self, url: str, tool: str, **arguments: Any) -> dict[str, Any]:
        answer = await self._post(url, "tools/call", {"name": tool, "arguments": arguments})
        assert answer.status_code == 200, answer.text
        result = answer.json()["result"]
        assert not result.get("isError"), result
        return dict(result["structuredContent"])

    async def _post(self, url: str, method: str, params: dict[str, Any]) -> httpx.Response:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return await self._client.post(
            f"{url}/mcp", json=body, headers=self._headers, timeout=PATIENCE_SECONDS
        )


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Running]]:
    """Start a server on the test's data directory, again and again."""
    started: list[Running] = []

    def begin() -> Running:
        started.append(Running(settings_for(tmp_path / "data")).start())
        return started[-1]

    yield begin
    for running in started:
        running.stop()


async def test_a_restart_keeps_sessions_locks_signals_and_connections_b1(
    start: Callable[[], Running],
) -> None:
    first = start()
    async with httpx.AsyncClient() as http:
        client = Http(http)
        await client.handshake(first.url)
        begun = await client.call(first.url, "memory_start_session", project="p", claude_instance="ann")
        session = begun["session_id"]
        await client.call(first.url, "memory_lock_files", session_id=session, files=["a.py"], reason="mine")
        work = {"title": "t", "status": "completed", "signals": ["built"]}
        await client.call(first.url, "memory_update_work", session_id=session, **work)
        before = await client.call(first.url, "memory_get_locks", session_id=session)
        await asyncio.to_thread(first.stop)
        second = await asyncio.to_thread(start)
        assert await client.call(second.url, "memory_get_locks", session_id=session) == before
        assert "a.py" in str(before)
        assert "built" in str(await client.call(second.url, "memory_get_active_work", session_id=session))
        freed = await client.call(second.url, "memory_unlock_files", session_id=session)
        assert "a.py" in str(freed)


async def test_the_same_text_through_two_servers_at_once_is_kept_once_b3(engine: Engine, run: Run) -> None:
    starts = [
        await run(f'mutation {{ startSession(input: {{project: "p", agent: "{name}"}}) {{ sessionId }} }}')
        for name in ("ann", "bob")
    ]
    session = starts[0]["data"]["startSession"]["sessionId"]
    send = "mutation($i: SendMessageInput!) { sendMessage(input: $i) { id } }"
    engines = [engine, Engine(engine.store, engine.feed)]

    async def sent(through: Engine, text: str) -> bool:
        values = {"i": {"sessionId": session, "to": ["bob"], "message": text}}
        context = RequestContext(through, LOCAL_OWNER)
        return not (await build_schema().execute(send, variable_values=values, context_value=context)).errors

    kept = await asyncio.gather(*(sent(one, f"text {pair}") for pair in range(20) for one in engines))
    assert [kept[n] + kept[n + 1] for n in range(0, 40, 2)] == [1] * 20


async def test_clients_that_come_and_go_open_and_reset_nothing_of_the_servers_b6(
    start: Callable[[], Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[SqliteStore] = []
    real = SqliteStore.open

    async def counting(*args: Any, **more: Any) -> SqliteStore:
        opened.append(await real(*args, **more))
        return opened[-1]

    monkeypatch.setattr(SqliteStore, "open", counting)
    server = start()
    url = f"{server.url}/mcp"
    async with Client(url, mode="legacy") as stays:
        arguments = {"project": "p", "claude_instance": "ann"}
        begun = await stays.call_tool("memory_start_session", arguments)
        session = {"session_id": begun.structured_content["session_id"]}
        for _ in range(10):
            async with Client(url, mode="legacy") as passing:
                assert not (await passing.call_tool("memory_get_locks", session)).is_error
            assert not (await stays.call_tool("memory_get_locks", session)).is_error

    async def current(running: Server) -> Any:
        return running.engine.store

    assert opened == [server.within(current)]


async def test_abandoned_connections_leave_no_state_b7(start: Callable[[], Running]) -> None:
    server = start()

    async def held(running: Server) -> Counter[str]:
        gc.collect()
        found = Counter({"tasks": len(asyncio.all_tasks())})
        kinds = (type(one) for one in gc.get_objects())
        return found + Counter(f"{kind.__module__}.{kind.__name__}" for kind in kinds)

    async def abandon(count: int) -> None:
        async with httpx.AsyncClient() as http:
            for _ in range(count):
                await Http(http).handshake(server.url)

    await abandon(20)
    before = await asyncio.to_thread(server.within, held)
    await abandon(500)
    after = await asyncio.to_thread(server.within, held)
    assert {name: more for name, more in (after - before).items() if more >= 400} == {}


async def test_writes_of_eight_clients_run_beside_the_event_loop_c1(
    start: Callable[[], Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    used: Counter[int] = Counter()

    class Noted(sqlite3.Connection):
        def execute(self, *args: Any) -> sqlite3.Cursor:
            used[threading.get_ident()] += 1
            return super().execute(*args)

    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **more: real(*args, factory=Noted, **more))
    server = start()

    async def ident(running: Server) -> int:
        return threading.get_ident()

    loop_thread = server.within(ident)
    async with httpx.AsyncClient() as http:
        client = Http(http)
        begun = await client.call(server.url, "memory_start_session", project="p", claude_instance="ann")
        session = begun["session_id"]

        async def write(name: int) -> None:
            for n in range(10):
                item = {"title": f"{name}/{n}", "description": "d"}
                await client.call(server.url, "memory_add_backlog_item", session_id=session, **item)

        writers = [asyncio.create_task(write(name)) for name in range(8)]
        lags = []
        while not all(writer.done() for writer in writers):
            began = time.perf_counter()
            await client.call(server.url, "memory_get_locks", session_id=session)
            lags.append(time.perf_counter() - began)
        await asyncio.gather(*writers)
    assert used.total() > 100, "the statements must have been seen"
    assert used[loop_thread] == 0
    assert max(lags) < 5.0


async def test_a_store_that_cannot_write_holds_up_neither_readers_nor_health_c2(
    start: Callable[[], Running],
) -> None:
    server = start()
    gate = threading.Event()
    async with httpx.AsyncClient() as http:
        client = Http(http)
        begun = await client.call(server.url, "memory_start_session", project="p", claude_instance="ann")
        session = begun["session_id"]

        async def stuck(running: Server) -> None:
            assert isinstance(running.engine.store, SqliteStore)
            running.engine.store._writer.submit(lambda connection: gate.wait(PATIENCE_SECONDS))

        try:
            await asyncio.to_thread(server.within, stuck)
            writing = asyncio.create_task(
                client.call(server.url, "memory_lock_files", session_id=session, files=["a"], reason="r")
            )
            for _ in range(5):
                await client.call(server.url, "memory_get_locks", session_id=session)
                await client.call(server.url, "memory_list_backlog", session_id=session)
            assert (await server.data("{ __typename }"))["__typename"] == "Query"
            assert (await http.get(f"{server.url}/metrics", timeout=PATIENCE_SECONDS)).status_code == 200
            assert not writing.done()
        finally:
            gate.set()
        assert (await writing)["success"] is True


async def test_no_query_of_the_schema_scans_a_table_c5(tmp_path: Path) -> None:
    async with costs.world(tmp_path, 3) as filled:
        inner = filled.engine.store
        assert isinstance(inner, SqliteStore)
        asked: set[str] = set()
        for lane in (inner._quick, inner._slow):
            await lane.submit(lambda connection: connection.set_trace_callback(asked.add))
        for bound in costs.QUERIES:
            await filled.cost("query", bound.field, **costs.asked(bound, filled))
        questions = sorted(sql for sql in asked if sql.startswith("SELECT") and "MATCH" not in sql)
        assert len(questions) > 20
        scans = []
        with closing(sqlite3.connect(inner.directory / "interlock.db")) as database:
            for sql in questions:
                steps = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {sql}")]
                scans += [(sql, step) for step in steps if re.match(r"SCAN t\b(?!.*USING)", step)]
        assert scans == []


async def test_the_whole_server_on_stdio_writes_only_the_protocol_e2(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INTERLOCK_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from cli.main import main; main()",
        "serve",
        "--transport",
        "stdio",
        cwd=ROOT,
        env={**kept, "INTERLOCK_DATA": str(tmp_path / "data"), "INTERLOCK_LOG_LEVEL": "debug"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    called = {"name": "memory_start_session", "arguments": {"project": "p", "claude_instance": "ann"}}
    for number, (method, params) in enumerate(
        (("initialize", HELLO), ("tools/list", {}), ("tools/call", called)), start=1
    ):
        frame = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        process.stdin.write(json.dumps(frame).encode() + b"\n")
    lines = [await asyncio.wait_for(process.stdout.readline(), 20) for _ in range(3)]
    process.stdin.close()
    rest, _ = await asyncio.wait_for(process.communicate(), 20)
    assert sorted(json.loads(line)["id"] for line in lines) == [1, 2, 3]
    assert rest == b""
    assert process.returncode == 0


async def test_reading_a_project_that_is_not_there_creates_nothing_a18(engine: Engine, run: Run) -> None:
    async def dump() -> dict[str, tuple[Record, ...]]:
        return {kind.__name__: (await engine.store.find(kind, {}, limit=1000)).records for kind in KINDS}

    await run('mutation { startSession(input: {project: "shop", agent: "ann"}) { sessionId } }')
    before, events = await dump(), await engine.store.logged_projects()
    for operation in operations(build_schema()._schema):
        if operation.root == "query":
            await run(
                operation.document, operation.variables({"project": "shpo", "projects": ["shpo"], "first": 5})
            )
    assert await dump() == before
    assert await engine.store.logged_projects() == events


async def test_a_project_left_out_opens_nothing_beyond_the_keys_own_d8(world: matrix.World) -> None:
    caller = await world.key(Role.ADMIN, "own")
    before = {project: await world.dump(project) for project in ("foreign", "")}
    own = {name: value for name, value in world.values["own"].items() if "roject" not in name}
    more = {"first": 5, "text": "x", "title": "x", "files": ["x"], "reason": "x", "scope": "global"}
    for operation in matrix.OPERATIONS:
        if operation.root != "subscription":
            answer = await world.ask(caller, operation, {**more, **own})
            assert matrix.MARK.lower() not in str(answer).lower(), operation.name
    # Refusals are kept: the audit log is the one place that may grow.
    for project, rows in before.items():
        assert {**await world.dump(project), "Audit": rows["Audit"]} == rows


def test_the_texts_name_only_tools_and_parameters_that_exist_a22() -> None:
    tools = load_tools(build_schema()._schema)
    texts = [
        ROOT / "README.md",
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / "examples").rglob("*.py")),
    ]
    parameters = {name for tool in tools.values() for name in tool.known}
    named = 0
    for path in texts:
        for tool, arguments in re.findall(r"\b(memory_[a-z_]+)\b(?:\(([^()]*)\))?", path.read_text("utf-8")):
            if tool in parameters:
                continue
            assert tool in tools, f"{path.name} names {tool}"
            named += 1
            for given in re.findall(r"\b([a-z_]+)\s*=", arguments):
                taken = {*tools[tool].known, *tools[tool].aliases, "action"}
                assert given in taken, f"{path.name}: {tool} does not take {given}"
    assert named > 5
