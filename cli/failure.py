"""The failure that every command ends with."""

from __future__ import annotations


class Failure(Exception):
    """A command cannot do what it was asked; its text is the one line that is printed."""
