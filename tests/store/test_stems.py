"""What words are compared by."""

from __future__ import annotations

import pytest

from store.stems import stem


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        # The algorithm's own examples (M. F. Porter, 1980).
        ("caresses ponies ties caress cats", "caress poni ti caress cat"),
        ("feed agreed plastered bled motoring sing", "feed agre plaster bled motor sing"),
        ("conflated troubled sized hopping falling hissing failing filing", "conflat troubl size hop fall hiss fail file"),
        ("happy sky relational conditional digitizer operator", "happi sky relat condit digit oper"),
        ("triplicate formalize electrical hopeful goodness", "triplic formal electr hope good"),
        ("revival inference adoption replacement effective", "reviv infer adopt replac effect"),
        ("probate rate cease controlling roll", "probat rate ceas control roll"),
        # And what is no plain English word.
        ("café cafe\u0301 naïve ångström", "cafe cafe naiv angstrom"),
        ("sha256 max_open_files is a 漢字", "sha256 max_open_files is a 漢字"),
    ],
)  # fmt: skip
def test_a_word_loses_its_ending_and_its_accents(words: str, expected: str) -> None:
    assert " ".join(stem(word) for word in words.split()) == expected


def test_a_word_of_any_length_is_stemmed_in_no_time() -> None:
    assert stem("ing" * 100) == "ing" * 100
