"""The rules of the areas hold where two processes share a MongoDB: the areas' own tests, called in turn by both."""

from __future__ import annotations

from tests.areas.test_backlog import (
    test_an_item_is_ready_when_its_last_blocker_closes,
    test_blockers_that_close_together_are_all_counted,
    test_claims_through_several_servers_meet_in_the_store,
    test_links_and_closings_through_several_servers_never_leave_an_item_waiting,
    test_links_through_several_servers_make_no_cycle,
    test_of_all_that_claim_one_gets_it,
    test_updates_of_different_fields_at_one_moment_are_all_kept_b5,
)
from tests.areas.test_locks_races import (
    test_a_cancelled_waiter_leaves_the_queue_and_blocks_nobody,
    test_a_later_request_does_not_overtake_one_that_waits,
    test_b2_of_many_who_ask_at_once_exactly_one_gets_the_path,
    test_locking_and_ending_at_once_never_leaves_a_lock_behind,
    test_overlapping_paths_and_directories_never_have_two_holders,
    test_the_end_of_a_session_hands_its_locks_to_who_waits,
    test_waiters_are_served_in_the_order_they_came,
)
from tests.areas.test_messages import (
    test_a_broadcast_reaches_all_who_are_active_but_its_sender,
    test_a_repeat_with_the_same_idempotency_key_sends_once,
    test_of_the_same_text_sent_at_the_same_moment_one_is_kept,
    test_one_reader_of_a_broadcast_does_not_hide_it_from_the_others,
)

__all__ = [
    "test_a_broadcast_reaches_all_who_are_active_but_its_sender",
    "test_a_cancelled_waiter_leaves_the_queue_and_blocks_nobody",
    "test_a_later_request_does_not_overtake_one_that_waits",
    "test_a_repeat_with_the_same_idempotency_key_sends_once",
    "test_an_item_is_ready_when_its_last_blocker_closes",
    "test_b2_of_many_who_ask_at_once_exactly_one_gets_the_path",
    "test_blockers_that_close_together_are_all_counted",
    "test_claims_through_several_servers_meet_in_the_store",
    "test_links_and_closings_through_several_servers_never_leave_an_item_waiting",
    "test_links_through_several_servers_make_no_cycle",
    "test_locking_and_ending_at_once_never_leaves_a_lock_behind",
    "test_of_all_that_claim_one_gets_it",
    "test_of_the_same_text_sent_at_the_same_moment_one_is_kept",
    "test_one_reader_of_a_broadcast_does_not_hide_it_from_the_others",
    "test_overlapping_paths_and_directories_never_have_two_holders",
    "test_the_end_of_a_session_hands_its_locks_to_who_waits",
    "test_updates_of_different_fields_at_one_moment_are_all_kept_b5",
    "test_waiters_are_served_in_the_order_they_came",
]
