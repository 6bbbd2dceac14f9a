"""The bounds of what may be asked of a store, and where a prefix ends, alike for every adapter."""

from __future__ import annotations

from store.port import AnyOf, Changes, In, Prefix, Scalar
from store.records import Record

MOST_VALUES = 1_000


def check_limit(limit: int) -> None:
    """Refuse a number of records that no page has."""
    if not 1 <= limit <= MOST_VALUES:
        raise ValueError(f"limit must be 1 to {MOST_VALUES}, not {limit}")


def end_of_prefix(text: str) -> str | None:
    """Return the first text behind all that start with `text`, by the bytes of UTF-8; None if there is none."""
    text = text.rstrip("\U0010ffff")
    if not text:
        return None
    # UTF-8 sorts by code point; the halves of surrogate pairs are no characters.
    following = ord(text[-1]) + 1
    return text[:-1] + chr(0xE000 if following == 0xD800 else following)


def branches_of(condition: AnyOf) -> tuple[list[In], list[Prefix]]:
    """Return the values of all branches of a condition, at most 1,000 together, and its prefixes.

    Raises:
        ValueError: a branch has more than 1,000 values.
    """
    values: list[Scalar] = []
    prefixes: list[Prefix] = []
    for one in condition.conditions:
        if isinstance(one, Prefix):
            prefixes.append(one)
            continue
        given = one.values if isinstance(one, In) else (one,)
        if len(given) > MOST_VALUES:
            raise ValueError(f"at most {MOST_VALUES} values can be asked for in one")
        values += given
    starts = range(0, len(values), MOST_VALUES)
    return [In(tuple(values[start : start + MOST_VALUES])) for start in starts], prefixes


def refuse_repeats(changes: Changes) -> None:
    """Refuse changes that write one record twice.

    Raises:
        ValueError: they do.
    """
    written: set[tuple[type[Record], str]] = set()
    for record in (*changes.puts, *changes.deletes):
        key = type(record), record.id
        if key in written:
            raise ValueError(f"{type(record).__name__} {record.id} is written twice in one commit")
        written.add(key)
