"""The documentation is held to the code: its commands run, its links lead somewhere, nothing is left out."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import httpx
import pytest

from api.settings import documented
from cli.main import app
from docs.generate import command_paths
from resolvers.errors import Code
from tests.faults import conftest as faults
from tests.faults.processes import ROOT, ServerProcess

serve = faults.serve

README = (ROOT / "README.md").read_text()
PAGES_TO_READ = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = [
    line
    for kind, text in BLOCKS
    if not kind
    for line in text.replace("\\\n", " ").splitlines()
    if re.match(r"\S*(make|curl|claude|interlock|python)\b", line)
]
DEFAULT = "http://127.0.0.1:8080"


def doc(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def to_run(command: str, server: ServerProcess) -> str:
    """Return a command of the README, against a server of the test instead of the default one."""
    interlock = f"{shlex.quote(sys.executable)} -c 'from cli.main import main; main()'"
    return command.replace(DEFAULT, server.url).replace(".venv/bin/interlock", interlock)


def run(command: str, server: ServerProcess) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["bash", "-c", f"exec {to_run(command, server)}"],
        cwd=ROOT,
        env={**server._environment, "INTERLOCK_PORT": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_readme_has_the_commands_that_these_tests_run() -> None:
    programs = [Path(command.split()[0]).name for command in COMMANDS]
    for program in ("make", "curl", "claude", "interlock", "python"):
        assert program in programs, COMMANDS


async def test_every_curl_and_interlock_command_runs(serve: faults.Serve) -> None:
    server = serve()
    await server.start()
    ran = []
    for command in COMMANDS:
        program = Path(command.split()[0]).name
        if program not in ("curl", "interlock"):
            continue
        ran.append(command)
        process = run(command, server)
        with process:
            if "subscription" in command or " watch" in command:
                assert process.stdout is not None
                if " watch" in command:
                    assert process.stderr is not None
                    assert process.stderr.readline().startswith("watching")
                adding = next(one for one in COMMANDS if one.startswith("curl"))
                # A subscription starts when it starts: what is added is added until it is shown.
                await follow(process, adding, server)
                process.terminate()
                continue
            out, err = process.communicate(timeout=30)
            assert process.returncode == 0, f"{command}\n{err}"
            assert out.strip(), command
            assert '"errors"' not in out, out
    assert len(ran) >= 6


async def follow(process: subprocess.Popen[str], adding: str, server: ServerProcess) -> None:
    """Make events until the process has printed one."""
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    body = json.loads(shlex.split(adding)[-1])
    async with httpx.AsyncClient() as client:
        for _ in range(2000):
            assert process.poll() is None
            assert "errors" not in (await client.post(f"{server.url}/graphql", json=body)).json()
            if line := process.stdout.readline():
                assert "demo" in line or "kind" in line
                return
    raise AssertionError("nothing was shown")


async def test_the_curl_command_adds_what_the_query_shows(serve: faults.Serve) -> None:
    server = serve()
    await server.start()
    adding = next(one for one in COMMANDS if one.startswith("curl"))
    asking = next(one for one in COMMANDS if "backlog(" in one)
    for command in (adding, asking):
        process = run(command, server)
        out, _ = process.communicate(timeout=30)
    shown = json.loads(out)["backlog"]
    assert [(node["title"], node["status"]) for node in shown["nodes"]] == [("Try it", "OPEN")]
    assert shown["cursor"]


def test_the_settings_of_other_programs_parse_and_name_this_server() -> None:
    parsed = [json.loads(text)["mcpServers"] for kind, text in BLOCKS if kind == "json"]
    parsed += [tomllib.loads(text)["mcp_servers"] for kind, text in BLOCKS if kind == "toml"]
    assert len(parsed) == 4
    for servers in parsed:
        entry = servers["interlock"]
        if "url" in entry:
            assert entry == {"url": f"{DEFAULT}/mcp"}
        else:
            assert entry == {"command": "interlock", "args": ["serve", "--transport", "stdio"]}
    claude = [shlex.split(command) for command in COMMANDS if command.startswith("claude")]
    assert [command[:3] for command in claude] == [["claude", "mcp", "add"]] * 2
    assert claude[0][-1] == f"{DEFAULT}/mcp"
    assert claude[1][-4:] == ["interlock", "serve", "--transport", "stdio"]


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = {target for page in PAGES_TO_READ for target in re.findall(r"`?\bmake (\w+)`", page.read_text())}
    named |= {command.split()[1] for command in COMMANDS if command.startswith("make")}
    assert {"serve", "test"} <= named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_script_that_is_named_exists() -> None:
    for command in COMMANDS:
        if "python" in command.split()[0]:
            assert (ROOT / command.split()[1]).is_file(), command


@pytest.mark.parametrize("page", PAGES_TO_READ, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_every_setting_is_documented() -> None:
    page = doc("configuration.md")
    names = [name for name, _, _ in documented()]
    assert len(names) > 15
    for name, _, meaning in documented():
        assert f"| `{name}` |" in page
        assert meaning.endswith(".")


def test_every_error_code_says_what_it_means_and_what_to_do() -> None:
    rows = [row.split("|")[1:4] for row in doc("errors.md").splitlines() if row.startswith("| `")]
    assert [row[0].strip(" `") for row in rows] == [code.value for code in Code]
    for _, meaning, what_to_do in rows:
        assert len(meaning.strip()) > 10
        assert len(what_to_do.strip()) > 10


def test_every_tool_and_each_of_its_parameters_is_documented() -> None:
    page = doc("tools.md")
    sections = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    documents = sorted((ROOT / "mcp_adapter" / "tools").glob("*.graphql"))
    assert len(documents) >= 23
    assert list(sections) == [path.stem for path in documents]
    for path in documents:
        for parameter in set(re.findall(r"\$(\w+):", path.read_text())):
            assert f"| `{parameter}` |" in sections[path.stem], (path.stem, parameter)


def test_every_command_is_documented_with_what_its_help_says() -> None:
    page = doc("commands.md")
    paths = [" ".join(path) for path in command_paths(app)]
    assert sorted(paths) == sorted(
        ["serve", "query", "watch", "schema", "doctor", "keys create", "keys list", "keys revoke"]
        + ["scan", "librarian", "reindex", "export", "import", "verify", "demo"]
    )
    for path in paths:
        assert f"## interlock {path}\n\n```\nUsage: interlock {path} " in page


def test_the_readme_names_every_page() -> None:
    for page in (ROOT / "docs").glob("*.md"):
        assert f"docs/{page.name}" in README
