"""The bounds of what may be asked of a store, and where a prefix ends, alike for every adapter."""

from __future__ import annotations

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
