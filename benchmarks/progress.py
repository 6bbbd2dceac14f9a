"""How a long step tells how far it is: one line that moves on a terminal, few lines elsewhere."""

from __future__ import annotations

import sys
import time

_QUIET_SECONDS = 15.0


class Progress:
    """Writes to standard error, so that the figures alone are on standard output."""

    def __init__(self, label: str, total: int) -> None:
        self._label, self._total = label, total
        self._began = self._told = time.perf_counter()
        self._moves = sys.stderr.isatty()

    def at(self, number: int) -> None:
        """Tell that `number` of the total are done."""
        now = time.perf_counter()
        if self._moves or now - self._told >= _QUIET_SECONDS:
            self._told = now
            end = "\r" if self._moves else "\n"
            print(f"  {self._label} {number:,} of {self._total:,}", end=end, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Tell how long all of it took."""
        seconds = time.perf_counter() - self._began
        print(f"  {self._label} {self._total:,} in {seconds:.1f} s   ", file=sys.stderr, flush=True)
