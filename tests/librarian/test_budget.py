"""How many tokens a day may cost, over restarts and for several librarians."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from librarian.budget import Budget, Spent, default_path

NOON = 1_700_049_600.0


def test_what_was_used_counts_over_restarts_until_the_next_day(tmp_path: Path) -> None:
    now = [NOON]
    path = tmp_path / "deep" / "tokens.json"
    budget = Budget(path, 1_000, lambda: now[0])
    reserved = budget.reserve(600)
    assert budget.left() == 400
    with pytest.raises(Spent) as spent:
        budget.reserve(500)
    assert spent.value.seconds == 12 * 3600
    budget.settle(reserved, 50)
    assert Budget(path, 1_000, lambda: now[0]).left() == 950
    late = budget.reserve(900)
    now[0] += 13 * 3600
    assert budget.left() == 1_000
    budget.settle(late, 900)
    assert budget.left() == 1_000
    assert (path.stat().st_mode & 0o777) == 0o600


def test_no_limit_is_no_limit_and_a_broken_file_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    for junk in ("", "{", "[]", '{"day": 3}', '{"used": "x", "day": "2023-11-15"}'):
        path.write_text(junk)
        assert Budget(path, 10, lambda: NOON).left() == 10
    unlimited = Budget(path, 0, lambda: NOON)
    unlimited.reserve(10**9)
    assert unlimited.left() is None
    assert json.loads(path.read_text())["used"] == 10**9


def test_of_many_at_once_none_goes_over_the_limit(tmp_path: Path) -> None:
    budgets = [Budget(tmp_path / "tokens.json", 1_000, lambda: NOON) for _ in range(8)]

    def spend(budget: Budget) -> int:
        taken = 0
        for _ in range(50):
            try:
                budget.reserve(10)
            except Spent:
                return taken
            taken += 10
        return taken

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(spend, budgets)) == 1_000


def test_the_count_is_kept_in_the_users_state_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_path() == tmp_path / "interlock" / "librarian.json"
