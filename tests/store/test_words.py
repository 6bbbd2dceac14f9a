"""Which words a text is searched by."""

from __future__ import annotations

import pytest

from store.words import asked_words, split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("plain Words", ["plain", "words"]),
        ("parseHTTPRequest", ["parsehttprequest", "parse", "http", "request"]),
        ("max_open_files", ["max_open_files", "max", "open", "files"]),
        ("__init__", ["__init__"]),
        ("_private_thing", ["_private_thing", "private", "thing"]),
        ("MAX_SIZE", ["max_size", "max", "size"]),
        ("sha256 utf8Text", ["sha256", "utf8text", "utf8", "text"]),
        ("src/api/app.py:12", ["src", "api", "app", "py", "12"]),
        ("cafe\u0301", ["café"]),
        ("", []),
        ("?! \0 --", []),
        ("漢字", ["漢字"]),
    ],
)
def test_identifiers_are_split_and_kept_whole(text: str, words: list[str]) -> None:
    assert split_words(text) == words


def test_what_is_asked_is_distinct_bounded_and_without_stop_words_unless_there_is_nothing_else() -> None:
    assert asked_words("the lock of the Lock") == ["lock"]
    assert asked_words("to be or") == ["to", "be", "or"]
    assert len(asked_words(" ".join(f"w{n}" for n in range(1000)))) == 64
    assert asked_words("x" * 100_000) == ["x" * 200]
