"""Settings: names, defaults, and one line for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.settings import SettingsError, documented, load_settings, misspelt


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, _, _ in documented():
        monkeypatch.delenv(name, raising=False)


def test_the_environment_sets_and_what_is_given_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERLOCK_PORT", "9000")
    monkeypatch.setenv("SESSION_TTL_DAYS", "3")
    monkeypatch.setenv("INTERLOCK_ALLOWED_HOSTS", "a.example, b.example:8080")
    settings = load_settings()
    assert (settings.port, settings.rules.session_ttl.days) == (9000, 3)
    assert settings.allowed_hosts == ("a.example", "b.example:8080")
    assert load_settings(port=9001).port == 9001


def test_a_dotenv_file_sets_and_the_environment_outranks_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("INTERLOCK_PORT=9002\nEVENT_RETENTION_DAYS=2\nOTHER=x\n")
    monkeypatch.setenv("INTERLOCK_PORT", "9003")
    settings = load_settings()
    assert (settings.port, settings.event_retention_days) == (9003, 2)


def test_data_goes_where_xdg_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert load_settings().data == tmp_path / "xdg" / "interlock"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_settings().data == tmp_path / ".local" / "share" / "interlock"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INTERLOCK_PORT", "eighty"),
        ("INTERLOCK_PORT", "70000"),
        ("MCP_AUTH_ENABLED", "perhaps"),
        ("SESSION_TTL_DAYS", "0"),
        ("INTERLOCK_LOG_LEVEL", "loud"),
        ("INTERLOCK_LOG_FORMAT", "xml"),
        ("INTERLOCK_MAX_BODY_BYTES", "-1"),
        ("INTERLOCK_ALLOWED_HOSTS", "https://team.example"),
        ("INTERLOCK_ALLOWED_ORIGINS", "*"),
        ("INTERLOCK_ALLOWED_ORIGINS", "page.example"),
        ("INTERLOCK_ALLOWED_ORIGINS", "https://page.example/app"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).startswith(f"{name}: ")
    assert "\n" not in str(caught.value)
    assert value in str(caught.value)


def test_listening_to_everyone_without_authentication_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERLOCK_HOST", "0.0.0.0")
    with pytest.raises(SettingsError, match="MCP_AUTH_ENABLED") as caught:
        load_settings()
    assert "\n" not in str(caught.value)
    monkeypatch.setenv("MCP_AUTH_ENABLED", "true")
    assert load_settings().auth_enabled
    monkeypatch.setenv("MCP_AUTH_ENABLED", "false")
    monkeypatch.setenv("INTERLOCK_ALLOW_OPEN", "true")
    assert not load_settings().auth_enabled


def test_a_misspelt_variable_is_pointed_out() -> None:
    (line,) = misspelt(["INTERLOCK_PROT", "INTERLOCK_URL", "INTERLOCK_DATA", "PATH"])
    assert "INTERLOCK_PROT" in line and "INTERLOCK_PORT" in line


def test_every_setting_says_what_it_means() -> None:
    rows = documented()
    assert len(rows) > 15
    assert all(meaning.endswith(".") for _, _, meaning in rows)


def test_a_mongo_host_asks_for_mongodb_and_none_for_the_embedded_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load_settings().mongo is None
    monkeypatch.setenv("MONGO_HOST", "a.example, b.example:27018,::1")
    monkeypatch.setenv("MONGO_USER", "agent")
    monkeypatch.setenv("MONGO_PASSWORD", "p@ss/w:%")
    settings = load_settings()
    assert settings.mongo is not None
    assert settings.mongo.seeds == ["a.example:27017", "b.example:27018", "[::1]:27017"]
    assert settings.mongo.options["password"] == "p@ss/w:%"
    assert settings.mongo.options["authSource"] == "admin"
    assert "p@ss" not in repr(settings) + repr(settings.mongo)


@pytest.mark.parametrize(
    ("given", "missing"), [("MONGO_USER", "MONGO_PASSWORD"), ("MONGO_PASSWORD", "MONGO_USER")]
)
def test_a_mongodb_user_without_a_password_is_told_so_before_the_driver_is_asked_e4(
    monkeypatch: pytest.MonkeyPatch, given: str, missing: str
) -> None:
    monkeypatch.setenv("MONGO_HOST", "a.example")
    monkeypatch.setenv(given, "secret")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value) == f"{missing}: is missing while {given} is given; set both, or neither"


def test_without_a_mongodb_user_nobody_logs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGO_HOST", "a.example")
    monkeypatch.setenv("MONGO_PASSWORD", "")
    settings = load_settings()
    assert settings.mongo is not None
    assert settings.mongo.options == {"host": ["a.example:27017"]}


@pytest.mark.parametrize(
    "url",
    [
        "redis//:secret@a.example:6379",
        "redis://:secret/x@a.example:6379",
        "redis://:secret#x@a.example:6379",
        "redis://:secret@a.example:port",
        "redis://:secret@[::1:6379",
        "redis://:secret@",
    ],
)
def test_a_redis_url_that_is_not_well_formed_is_refused_by_name_and_its_password_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("BROADCAST_URL", url)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).startswith("BROADCAST_URL: ")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["redis://a", "redis://:p%2Fw@a.example:6379/1", "rediss://[::1]:6379", "memory://"]
)
def test_a_well_formed_redis_url_is_taken_and_not_shown(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("BROADCAST_URL", url)
    assert load_settings().broadcast_url == url
    assert "p%2Fw" not in repr(load_settings())


def test_a_whole_address_of_mongodb_is_taken_as_it_is_and_shown_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MONGO_URL", "mongodb://agent:secret@a.example:27017,b.example/?tls=true")
    settings = load_settings()
    assert settings.mongo is not None
    assert settings.mongo.options["host"] == "mongodb://agent:secret@a.example:27017,b.example/?tls=true"
    assert settings.mongo.shown == "a.example:27017,b.example"
    assert "secret" not in repr(settings) + repr(settings.mongo)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"MONGO_URL": "http://agent:secret@a.example"}, "MONGO_URL"),
        ({"MONGO_HOST": "a", "MONGO_PORT": "0"}, "MONGO_PORT"),
        ({"MONGO_HOST": "a", "MONGO_DB": "a/b"}, "MONGO_DB"),
        ({"MONGO_HOST": "a", "MONGO_DB": "x" * 64}, "MONGO_DB"),
        ({"MONGO_USER": "agent"}, "MONGO_USER"),
    ],
)
def test_wrong_settings_of_mongodb_name_their_variable(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], named: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).startswith(f"{named}: ")
    assert "secret" not in str(caught.value)


def test_mongodb_without_its_driver_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGO_HOST", "a.example")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"interlock\[team\]"):
        load_settings()
