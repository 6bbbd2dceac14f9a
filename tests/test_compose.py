"""The files of the deployment hold what they say: valid, pinned, closed by default, and in step with the product."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from api.settings import CLIENT_VARIABLES, Settings, load_settings, variable
from cli.main import app
from docs.generate import command_paths
from librarian.settings import Settings as LibrarianSettings
from tests.deploy.reading import (
    COMPOSE,
    OVERLAYS,
    ROOT,
    SCHEMA,
    Missing,
    compose,
    example,
    filled,
    final_stage,
    instructions,
    services,
    uses,
)

FILES = [COMPOSE, *OVERLAYS]
GIVEN = {name: value or "x1" for name, value in example().items()}
ONE_SHOT = {"mongo-init"}
SECRETS = {"TEAM_MONGO_ROOT_PASSWORD", "TEAM_MONGO_PASSWORD", "TEAM_MONGO_KEY", "TEAM_REDIS_PASSWORD"}
PINNED = re.compile(r"[a-z0-9./-]+:\d+\.\d+\.\d+[a-z0-9.-]*")


def whole() -> list[Any]:
    """Return every service of every file that is no mere addition to one of the main file."""
    listed = [
        pytest.param(service, id=f"{path.stem}-{name}")
        for path in FILES
        for name, service in services(path).items()
        if path == COMPOSE or name not in services()
    ]
    assert len(listed) >= 9
    return listed


def settings_names() -> set[str]:
    return {variable(field) for field in Settings.model_fields}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_compose_file_is_valid_by_the_published_schema(path: Path) -> None:
    validator = jsonschema.Draft7Validator(SCHEMA)
    problems = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(compose(path))]
    assert not problems
    # It is looked at at all.
    assert list(validator.iter_errors({"services": {"api": {"imgae": "x"}}}))


def test_every_variable_is_in_the_example_and_every_line_of_the_example_is_used() -> None:
    used = {name for path in FILES for name, _, _ in uses(path)}
    assert used == set(example())
    assert all(name.startswith("TEAM_") for name in used), "a server beside it would take it for its own"


def test_no_secret_has_a_default_and_a_missing_one_is_named() -> None:
    for path in FILES:
        for name, sign, _ in uses(path):
            assert (sign == "?") == (name in SECRETS | {"TEAM_TLS_PEM"}), (path.name, name)
    for name in SECRETS:
        assert example()[name] == ""
        with pytest.raises(Missing, match=rf"{name} .*\.env\.example"):
            filled(compose(), GIVEN | {name: ""})
    for path in FILES:
        text = path.read_text()
        assert not re.search(
            r"(?i)(password|passwd|secret)\s*[:=]\s*['\"]?[a-z0-9]+['\"]?\s*$", text, re.MULTILINE
        )


@pytest.mark.parametrize("service", whole())
def test_every_service_is_pinned_bounded_and_without_privileges(service: dict[str, Any]) -> None:
    assert PINNED.fullmatch(service["image"]), service["image"]
    assert service["read_only"] is True
    user, group = service["user"].split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert 0 < service["pids_limit"] <= 2048
    assert service["logging"]["options"]["max-size"]


def test_only_the_proxy_is_published_and_by_default_on_loopback() -> None:
    for path in FILES:
        for name, service in services(path).items():
            assert service.get("network_mode") is None
            if name != "proxy":
                assert "ports" not in service, name
                continue
            for port in filled(service["ports"], GIVEN | {"TEAM_BIND": ""}):
                assert port.startswith("127.0.0.1:"), port
    assert example()["TEAM_BIND"] == "127.0.0.1"


def test_databases_are_reached_from_inside_only() -> None:
    file = compose()
    assert file["networks"]["back"] == {"internal": True}
    for name in ("mongo", "mongo-init", "redis", "chroma"):
        assert file["services"][name]["networks"] == ["back"], name
    assert "back" not in file["services"]["proxy"]["networks"]
    assert "back" not in file["services"]["librarian"]["networks"]


def test_what_is_waited_for_exists_and_can_say_that_it_is_well() -> None:
    for path in FILES:
        known = services() | services(path)
        for name, service in services(path).items():
            for other, how in service.get("depends_on", {}).items():
                assert other in known, (name, other)
                if how["condition"] == "service_healthy":
                    assert known[other]["healthcheck"]["test"], other
                if how["condition"] == "service_completed_successfully":
                    assert other in ONE_SHOT
    for name, service in services().items():
        if name in ONE_SHOT:
            assert service["restart"] == "no"
        else:
            assert service["restart"] == "unless-stopped"
            assert service["healthcheck"]["test"][0].startswith("CMD"), name
            assert service["healthcheck"]["retries"] >= 2


def test_every_python_health_check_compiles_and_shell_lines_parse() -> None:
    checks, lines = 0, 0
    for path in FILES:
        for service in filled(services(path), GIVEN).values():
            test = service.get("healthcheck", {}).get("test", [])
            if test[:3] == ["CMD", "python", "-c"]:
                compile(test[3], "health", "exec")
                checks += 1
            if service.get("entrypoint", [""])[0] in ("sh", "bash"):
                (line,) = service["command"]
                done = subprocess.run(["bash", "-n", "-c", line], capture_output=True, text=True, check=False)
                assert done.returncode == 0, done.stderr
                lines += 1
    assert checks >= 3
    assert lines >= 4


def test_the_api_s_variables_are_settings_and_the_server_would_start_with_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = GIVEN | {"TEAM_REPLICAS": "", "TEAM_ORIGINS": "https://team.example"}
    environment = filled(services()["api"]["environment"], given)
    assert set(environment) <= settings_names()
    monkeypatch.chdir(tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.auth_enabled
    assert not settings.allow_open
    assert settings.mongo is not None
    assert settings.mongo.seeds == ["mongo:27017"]
    assert settings.broadcast_url == "redis://:x1@redis:6379"
    assert settings.chroma_host in services()
    assert set(settings.allowed_hosts) == {"proxy", "localhost"}
    assert settings.allowed_origins == ("https://team.example",)


def test_the_other_variables_are_known_to_those_that_get_them() -> None:
    librarian = {str(field.validation_alias) for field in LibrarianSettings.model_fields.values()}
    assert set(services()["librarian"]["environment"]) <= librarian | CLIENT_VARIABLES
    script = (ROOT / "deploy" / "replica_set.py").read_text()
    wanted = set(re.findall(r'environ\["(\w+)"\]', script))
    assert wanted == set(services()["mongo-init"]["environment"])
    for path in OVERLAYS:
        for name, service in services(path).items():
            if name in services():
                assert set(service.get("environment", {})) <= set(services()[name].get("environment", {}))


def test_volumes_and_mounted_files_are_there() -> None:
    for path in FILES:
        named = set(compose(path).get("volumes", {}))
        for service in services(path).values():
            for volume in service.get("volumes", []):
                source = re.sub(r"^\$\{[^}]*\}", "", volume).split(":")[0]
                if source.startswith("./"):
                    assert (ROOT / source).exists(), source
                    assert volume.endswith(":ro")
                elif source:
                    assert source in named, source


def test_what_a_member_of_mongodb_is_told_is_the_same_in_both_files() -> None:
    first, second = services()["mongo"], services(ROOT / "deploy" / "three-members.yml")["mongo2"]
    for key in ("image", "user", "entrypoint", "command", "tmpfs", "mem_limit", "healthcheck", "networks"):
        assert first[key] == second[key], key
    # A member that had made users of its own could not join.
    assert not [name for name in second["environment"] if name.startswith("MONGO_INITDB")]


def test_the_image_is_pinned_and_runs_as_nobody_special() -> None:
    bases = [words.split()[0] for name, words in instructions() if name == "FROM"]
    assert len(bases) == 2
    for base in bases:
        assert PINNED.fullmatch(base), base
    stage = dict(final_stage())
    user, group = stage["USER"].split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert json.loads(stage["ENTRYPOINT"]) == ["interlock"]
    assert tuple(json.loads(stage["CMD"])) in {tuple(path) for path in command_paths(app)}
    assert "/health" in stage["HEALTHCHECK"]
    compile(json.loads(stage["HEALTHCHECK"].split("CMD", 1)[1])[2], "health", "exec")
    assert not [name for name, _ in instructions() if name == "ADD"]
    names = [name for name, _ in final_stage()]
    # What is written in the directory after it was declared a volume is lost.
    assert names.index("RUN") < names.index("VOLUME")
    assert names.index("USER") > names.index("RUN")


def test_the_image_s_variables_are_settings_and_close_its_door() -> None:
    (words,) = [words for name, words in final_stage() if name == "ENV"]
    environment = dict(pair.split("=", 1) for pair in shlex.split(words))
    ours = {name for name in environment if name.startswith(("INTERLOCK_", "MCP_"))}
    assert ours <= settings_names()
    assert environment["MCP_AUTH_ENABLED"] == "true"
    assert environment["PATH"].startswith("/opt/interlock/bin:")


def test_what_the_dockerfile_copies_exists_and_is_what_the_wheel_is_made_of() -> None:
    copied: set[str] = set()
    for name, words in instructions():
        if name == "COPY" and "--from=" not in words:
            copied |= set(words.split()[:-1])
    for source in copied:
        assert (ROOT / source).exists(), source
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = {
        name.removesuffix("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]
    }
    assert copied == packages | {
        "frontend",
        "constraints.txt",
        "pyproject.toml",
        project["project"]["readme"],
    }
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert let_in == copied
    extras = re.search(r"\.whl\)\[([\w,]+)\]", (ROOT / "Dockerfile").read_text())
    assert extras is not None
    assert set(extras[1].split(",")) == {"team", "semantic", "databases", "librarian"}
    assert set(extras[1].split(",")) <= set(project["project"]["optional-dependencies"])


def test_everything_that_is_installed_in_the_image_has_its_version_fixed() -> None:
    constraints = {
        line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().split() if "==" in line
    }
    installs = [
        words for name, words in instructions() if name == "RUN" and "pip" in words and "install" in words
    ]
    assert len(installs) == 2
    for words in installs:
        assert "-c constraints.txt" in words
    for word in installs[0].split("constraints.txt", 1)[1].split():
        assert "==" in word or word in constraints, word
    # Debian's own change with the release that the base image names.
    assert all(
        "--no-install-recommends" in words for name, words in instructions() if "apt-get install" in words
    )


def test_images_have_the_version_of_the_package() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert services()["api"]["image"] == f"interlock:{version}"
    assert f'org.opencontainers.image.version="{version}"' in (ROOT / "Dockerfile").read_text()


OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
SCALING = (ROOT / "docs" / "scaling.md").read_text()


def test_every_command_that_operators_are_told_exists() -> None:
    paths = {" ".join(path) for path in command_paths(app)}
    told = set(re.findall(r"interlock ((?:keys )?[a-z]+)(?=[ `])", OPERATIONS + SCALING)) - {"interlock"}
    told = {
        words for words in told if words.split()[0] in {path.split()[0] for path in paths} or "keys" in words
    }
    assert {"keys create", "keys revoke", "doctor", "export", "verify", "reindex"} <= told
    assert told <= paths, told - paths
    for words in re.findall(r"docker compose (?:exec|run)((?: -[-\w]+(?: \./\S+)?)*) (\S+)", OPERATIONS):
        assert words[1] in services(), words


def test_every_variable_that_operators_are_told_exists() -> None:
    known = settings_names() | set(example()) | CLIENT_VARIABLES | {"MONGO_INITDB_ROOT_PASSWORD"}
    prefixes = ("TEAM_", "INTERLOCK_", "MONGO_", "MCP_", "CHROMA_", "BROADCAST_")
    told = {
        name
        for name in re.findall(r"\b[A-Z]+_[A-Z_]+\b", OPERATIONS + SCALING)
        if name.startswith(prefixes) or name.endswith("_DAYS")
    }
    assert len(told) > 20
    whole_families = {"TEAM_LIBRARIAN_"}
    assert told - whole_families <= known, told - known


def test_every_metric_is_in_the_operators_list_and_none_that_is_not() -> None:
    source = (ROOT / "api" / "metrics.py").read_text()
    told = {
        name.removesuffix("_total")
        for name in re.findall(r"`(interlock_[a-z_]+?)(?:\{[^}]*\})?`", OPERATIONS)
    }
    made = set(re.findall(r'"(interlock_[a-z_]+)"', source)) | {"interlock_store_bytes"}
    made |= {"interlock_search_indexed", "interlock_search_embed_seconds"}
    assert told - {"interlock_mongo"} == made
