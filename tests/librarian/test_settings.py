"""The librarian's settings: their page, their forms, and what of them is never shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from librarian.metrics import Metrics
from librarian.settings import Settings, SettingsError, documented, load

PAGE = Path(__file__).parent.parent.parent / "docs" / "librarian.md"


def test_the_page_has_a_line_for_each_setting_and_for_no_other() -> None:
    text = PAGE.read_text("utf-8")
    rows = documented()
    assert len(rows) > 10
    for name, default, meaning in rows:
        shown = f"`{default}`" if default else ""
        assert f"| `{name}` | {shown} | {meaning} |" in text
    named = set(re.findall(r"\b(?:LIBRARIAN|ANTHROPIC)_[A-Z_]+\b", text))
    assert named == {name for name, _, _ in rows}


def test_the_page_names_each_number_that_is_counted() -> None:
    text = PAGE.read_text("utf-8")
    counted = [
        f"{one.name}_total" if one.type == "counter" else one.name for one in Metrics().registry.collect()
    ]
    assert len(counted) == 5
    for name in counted:
        assert name in text


@pytest.mark.parametrize("form", ['{{"*": ["{0}"]}}', '{{"*": "{0}"}}', '["{0}"]', '"{0}"', "{0}", "{0}, "])
def test_roots_are_taken_in_each_form(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, form: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIBRARIAN_PROJECT_ROOTS", form.format(tmp_path))
    monkeypatch.setenv("LIBRARIAN_MODEL", "m")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:11434/v1/")
    settings = load()
    assert settings.roots == {"*": [tmp_path]}
    assert settings.base_url == "http://127.0.0.1:11434"


def test_a_dotenv_file_is_read_and_the_key_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(
        f"ANTHROPIC_API_KEY=secret-key\nLIBRARIAN_MODEL=m\nLIBRARIAN_PROJECT_ROOTS={tmp_path}\n"
        "LIBRARIAN_PROJECTS=a, b\n"
    )
    settings = load(concurrency=7, projects=None)
    assert (settings.concurrency, settings.projects) == (7, ("a", "b"))
    assert "secret-key" not in repr(settings)
    with pytest.raises(SettingsError, match="LIBRARIAN_CONCURRENCY"):
        load(concurrency=0)


def test_there_is_no_default_that_leaves_loopback_for_the_metrics() -> None:
    assert Settings.model_fields["metrics_port"].default is None
    metrics = Metrics()
    port = metrics.serve(0)
    metrics.close()
    assert port > 0
