"""What an import from mcp-shared-memory tells: of each collection what was taken, what was there, what not and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

_EXAMPLES = 3


@dataclass(slots=True)
class Line:
    """One collection: how many documents were taken, were there, were skipped; and why, with examples."""

    source: str
    taken: int = 0
    there: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    @property
    def skipped(self) -> int:
        return self.reasons.total()

    def skip(self, reason: str, legacy_id: str, number: int = 1) -> None:
        """Count what is not taken."""
        self.reasons[reason] += number
        examples = self.examples.setdefault(reason, [])
        if legacy_id and len(examples) < _EXAMPLES:
            examples.append(legacy_id)


@dataclass(slots=True)
class Report:
    """All lines, and the ids that changed: theirs, the kind that it became, ours."""

    lines: list[Line] = field(default_factory=list)
    ids: list[tuple[str, str, str]] = field(default_factory=list)

    def line(self, source: str) -> Line:
        """Return a new line."""
        self.lines.append(Line(source))
        return self.lines[-1]

    def table(self) -> Iterator[str]:
        """Yield the lines of the table, the reasons below it."""
        width = max([len("collection"), *(len(line.source) for line in self.lines)])
        yield f"{'collection':<{width}}  {'taken':>9}  {'there':>9}  {'skipped':>9}"
        for line in self.lines:
            yield f"{line.source:<{width}}  {line.taken:>9,}  {line.there:>9,}  {line.skipped:>9,}"
        for line in self.lines:
            for reason, number in line.reasons.most_common():
                shown = ", ".join(line.examples.get(reason, ()))
                yield f"skipped {number:,} of {line.source}: {reason}{f' ({shown})' if shown else ''}"
