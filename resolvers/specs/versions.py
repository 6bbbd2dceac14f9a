"""How versions of specs are read, compared and counted on: Semantic Versioning 2.0.0 (semver.org)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

FIRST = "1.0.0"
MAX_VERSION = 64

_NUMBER = r"0|[1-9][0-9]*"
_PART = rf"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_SEMVER = re.compile(
    rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})"
    rf"(?:-({_PART}(?:\.{_PART})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class SemVer:
    """A version's precedence: numbers, then a pre-release before its release. Build data counts for nothing."""

    numbers: tuple[int, int, int]
    prerelease: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SemVer) and self._rank == other._rank

    def __lt__(self, other: SemVer) -> bool:
        return self._rank < other._rank

    def __hash__(self) -> int:
        return hash(self._rank)

    @property
    def _rank(self) -> tuple[object, ...]:
        parts = tuple((0, int(one), "") if one.isdigit() else (1, 0, one) for one in self.prerelease)
        return (*self.numbers, not parts, parts)


def semver(text: str) -> SemVer | None:
    """Return the version that `text` is, or None if it is none."""
    match = _SEMVER.fullmatch(text)
    if match is None:
        return None
    major, minor, patch, prerelease = match.groups()
    return SemVer((int(major), int(minor), int(patch)), tuple(prerelease.split(".")) if prerelease else ())


def next_patch(text: str) -> str:
    """Return the version to give after `text`: its patch + 1; after a pre-release, the release itself.

    Raises:
        ValueError: `text` is no version.
    """
    found = semver(text)
    if found is None:
        raise ValueError(f"{text!r} is no version")
    major, minor, patch = found.numbers
    return f"{major}.{minor}.{patch if found.prerelease else patch + 1}"
