from __future__ import annotations

import base64
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from store.cursor import MAX_TEXT, Cursor

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
positions = st.dictionaries(names, st.integers(0, 2**63 - 1), max_size=40)


@given(positions)
@example({})
@example({"": 0})
@example({f"project_{number}": number for number in range(2000)})
def test_a_cursor_survives_its_text_form(found: dict[str, int]) -> None:
    cursor = Cursor(found)
    text = cursor.encode()
    assert Cursor.decode(text) == cursor
    assert len(text) <= MAX_TEXT
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def _refused_or_sound(text: str) -> None:
    try:
        cursor = Cursor.decode(text)
    except ValueError:
        return
    assert Cursor.decode(cursor.encode()) == cursor


@given(st.text(max_size=200))
def test_a_foreign_text_is_refused_with_a_value_error(text: str) -> None:
    _refused_or_sound(text)


@given(st.sampled_from([1, 2, 3, 0]), st.binary(max_size=200))
def test_a_forged_body_is_refused_with_a_value_error(version: int, body: bytes) -> None:
    for content in (body, zlib.compress(body)):
        _refused_or_sound(base64.urlsafe_b64encode(bytes((version,)) + content).decode())


@given(positions.filter(bool), st.data())
def test_a_cursor_that_was_cut_off_is_never_read_as_more_than_it_was(
    found: dict[str, int], data: st.DataObject
) -> None:
    text = Cursor(found).encode()
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    try:
        decoded = Cursor.decode(cut)
    except ValueError as exc:
        message = str(exc)
    else:
        message = "not valid" if len(decoded.positions) < len(found) else "taken as whole"
    assert "not valid" in message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "A" * (MAX_TEXT + 1),
        "AQ==" * 20,
        "é",
        base64.urlsafe_b64encode(b"\x02" + zlib.compress(b"\x00" * 50_000_000)).decode()[:MAX_TEXT],
        base64.urlsafe_b64encode(b"\x01\x01a\x05\x01a\x06").decode(),
        base64.urlsafe_b64encode(b"\x01" + b"\xff" * 30).decode(),
        base64.urlsafe_b64encode(b"\x01\x01\xff\x05").decode(),
    ],
)
def test_a_hostile_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="the cursor is not valid"):
        Cursor.decode(text)


def test_a_cursor_of_one_project_is_short() -> None:
    assert len(Cursor({"web_shop": 123_456}).encode()) <= 20


def test_a_position_that_cannot_be_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="not a position"):
        Cursor({"shop": -1}).encode()


def test_a_cursor_does_not_change_with_the_mapping_it_was_made_from() -> None:
    found = {"shop": 1}
    cursor = Cursor(found)
    found["shop"] = 2
    assert cursor.positions == {"shop": 1}
    assert hash(cursor) == hash(Cursor({"shop": 1}))
