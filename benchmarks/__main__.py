"""`python -m benchmarks [NAME ...] [--quick]`: run the benchmarks and print their figures."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import platform
import sys

NAMES = ("sizes", "start", "tools", "knowledge", "retrieval", "scale", "fanout", "races")


def main() -> None:
    """Run those named, or all."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="which; default: all")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller sizes")
    parser.add_argument(
        "--full", action="store_true", help="knowledge: index 50,000 documents by meaning, too"
    )
    given = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}", flush=True)
    for name in given.names or NAMES:
        print(f"\n## {name}", flush=True)
        more = {"is_full": given.full} if name == "knowledge" else {}
        asyncio.run(importlib.import_module(f"benchmarks.{name}").run(quick=given.quick, **more))
    sys.stdout.flush()


main()
