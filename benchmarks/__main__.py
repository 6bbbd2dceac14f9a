"""`python -m benchmarks [NAME ...] [--quick]`: run the benchmarks and print their figures."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import platform
import sys
from pathlib import Path

NAMES = ("sizes", "start", "tools", "knowledge", "retrieval", "scale", "fanout", "races", "team", "dashboard")


def main() -> None:
    """Run those named, or all."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="which; default: all")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller sizes")
    parser.add_argument(
        "--full", action="store_true", help="knowledge: index 50,000 documents by meaning, too"
    )
    parser.add_argument(
        "--data",
        type=Path,
        help="knowledge: keep in this folder what was filled and indexed, and use it again",
    )
    parser.add_argument("--fill", action="store_true", help="knowledge: fill the folder only")
    given = parser.parse_args()
    if given.fill and given.data is None:
        parser.error("--fill needs --data")
    print(f"{platform.platform()}, Python {platform.python_version()}", flush=True)
    for name in given.names or NAMES:
        print(f"\n## {name}", flush=True)
        kept = {"is_full": given.full, "data": given.data, "fills_only": given.fill}
        more = kept if name == "knowledge" else {}
        asyncio.run(importlib.import_module(f"benchmarks.{name}").run(quick=given.quick, **more))
    sys.stdout.flush()


main()
