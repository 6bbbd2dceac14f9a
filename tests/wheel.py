"""The check that the built wheel, alone in a clean environment, starts, lists its tools and has its page.

Run as `python -m tests.wheel`; it builds and installs, so it is no part of the test run.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv
from pathlib import Path

from tests.engines.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
LIST_TOOLS = """
import asyncio, sys
from mcp import Client

async def main():
    async with Client(sys.argv[1]) as client:
        return [tool.name for tool in (await client.list_tools()).tools]

names = asyncio.run(main())
assert "memory_lock_files" in names, names
print(len(names), "tools")
"""


def main() -> int:
    """Build, install, start, ask; returns the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        print("building the wheel")
        run([sys.executable, "-m", "build", "--wheel", "--outdir", folder, str(ROOT)], quiet=True)
        (wheel,) = place.glob("*.whl")
        print(f"installing {wheel.name} alone")
        venv.create(place / "env", with_pip=True)
        python = place / "env" / "bin" / "python"
        run([python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", wheel], cwd=place)
        port = free_port()
        environment = {**os.environ, "INTERLOCK_DATA": str(place / "data"), "INTERLOCK_PORT": str(port)}
        server = subprocess.Popen([place / "env" / "bin" / "interlock", "serve"], cwd=place, env=environment)
        try:
            wait_for(f"http://127.0.0.1:{port}/health", server)
            run([python, "-c", LIST_TOOLS, f"http://127.0.0.1:{port}/mcp"], cwd=place)
            check_page(f"http://127.0.0.1:{port}")
        finally:
            server.terminate()
            code = server.wait(20)
        print(f"the server ended with {code}")
        return code


def run(command: list[object], *, cwd: Path = ROOT, quiet: bool = False) -> None:
    """Run a command; its failure is ours."""
    out = subprocess.DEVNULL if quiet else None
    subprocess.run([str(part) for part in command], cwd=cwd, check=True, stdout=out)


def check_page(url: str) -> None:
    """Ask for the page as a browser does, and for each file that it names."""
    asked = urllib.request.Request(f"{url}/graphql", headers={"Accept": "text/html"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        files = re.findall(r'"(/assets/[^"]+)"', answer.read().decode())
    assert len(files) >= 2, "the wheel was built without the page for browsers"
    for file in files:
        with urllib.request.urlopen(url + file, timeout=10) as answer:
            assert answer.read(), file
    print("the page and", len(files), "files it names")


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers, 30 seconds at most."""
    until = time.monotonic() + 30
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit(f"the server did not answer at {url}")


if __name__ == "__main__":
    sys.exit(main())
