"""What `--help` shows in a terminal of 80 columns."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from cli.main import app


@pytest.mark.parametrize("group", [[], ["keys"]])
def test_the_list_of_commands_cuts_no_text(group: list[str]) -> None:
    said = CliRunner().invoke(app, [*group, "--help"], env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"})
    assert said.exit_code == 0
    commands = said.output.partition("Commands:")[2].strip().splitlines()
    assert len(commands) >= 3
    assert [line for line in commands if not line.endswith(".") or line.endswith("...")] == []
