"""The one spelling of a path, what overlaps, and globs that cannot explode."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resolvers.errors import BadInput
from resolvers.paths import MAX_DEPTH, ROOT, Places, canonical_path, canonical_paths, covers, glob, overlaps
from resolvers.rules import MAX_PATH, MAX_PATHS

PARTS = st.lists(
    st.sampled_from(["a", "b", "..", ".", "", "é", "e\u0301", "A", "...", "a b", "c:"]), max_size=8
)
RAW = st.one_of(
    st.builds(lambda parts, sep: sep.join(parts), PARTS, st.sampled_from(["/", "\\", "//"])),
    st.text(max_size=30),
)
PATHS = st.builds(
    lambda parts, tail: "/".join(parts) + tail,
    st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=4),
    st.sampled_from(["", "/"]),
) | st.just(ROOT)


@pytest.mark.parametrize(
    ("given_as", "means"),
    [
        ("./src/x.py", "src/x.py"),
        ("src/../src/x.py", "src/x.py"),
        ("src//x.py", "src/x.py"),
        ("src\\sub\\x.py", "src/sub/x.py"),
        ("src/", "src/"),
        ("src/.", "src/"),
        ("src/sub/..", "src/"),
        ("src/..", ROOT),
        (".", ROOT),
        ("SRC/X.py", "SRC/X.py"),
        ("cafe\u0301.py", "caf\u00e9.py"),
    ],
)
def test_every_spelling_of_a_path_becomes_the_same_one(given_as: str, means: str) -> None:
    assert canonical_path("files", given_as) == means


@pytest.mark.parametrize(
    ("working_directory", "given_as", "means"),
    [
        ("/home/me/repo", "/home/me/repo/src/x.py", "src/x.py"),
        ("/home/me/repo/", "/home/me/./repo/src/", "src/"),
        ("/home/me/repo", "/home/me/repo", ROOT),
        ("C:\\repo", "c:\\repo\\x.py", "x.py"),
        ("C:/repo", "C:\\repo\\sub\\..\\y.py", "y.py"),
    ],
)
def test_an_absolute_path_inside_the_working_directory_is_taken_from_there(
    working_directory: str, given_as: str, means: str
) -> None:
    assert canonical_path("files", given_as, working_directory=working_directory) == means


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        "   ",
        "../x",
        "a/../../x",
        "..\\..\\etc\\passwd",
        "/etc/passwd",
        "/home/me/repository/x",
        "/home/me/repo/../other/x",
        "C:\\x",
        "C:x",
        "./C:x",
        "a/../c:",
        "\\\\server\\share\\x",
        "a\x00b",
        "a\nb",
        "a\u0085b",
        "a\u2028b",
        "\ud800",
        "a/" * (MAX_DEPTH + 1),
        "x" * (MAX_PATH + 1),
        "./" * 1_000_000,
    ],
)
def test_a_path_that_is_none_of_the_project_is_refused_by_name(hostile: str) -> None:
    with pytest.raises(BadInput) as refused:
        canonical_path("files", hostile, working_directory="/home/me/repo")
    assert refused.value.field == "files"
    assert len(refused.value.message) < 300


def test_more_paths_than_a_request_may_have_are_refused_by_name() -> None:
    with pytest.raises(BadInput, match="10,000") as refused:
        canonical_paths("files", [f"f{n}" for n in range(10_000)])
    assert refused.value.field == "files"
    assert len(canonical_paths("files", [f"f{n}" for n in range(MAX_PATHS)])) == MAX_PATHS


def test_a_file_and_a_directory_of_one_name_are_one_place() -> None:
    assert canonical_paths("files", ["src", "src/", "./src", "x"]) == ("src/", "x")


@given(RAW)
@example("./c:")
def test_a_canonical_path_stays_as_it_is_and_never_escapes(raw: str) -> None:
    try:
        path = canonical_path("files", raw)
    except BadInput:
        return
    assert canonical_path("files", path) == path
    parts = path.removesuffix("/").split("/")
    assert path == ROOT or not {"", ".", ".."} & set(parts)
    assert not path.startswith("/")


@given(PATHS, PATHS)
def test_paths_overlap_when_one_lies_under_the_other(one: str, other: str) -> None:
    def parts(path: str) -> list[str]:
        return [] if path == ROOT else path.rstrip("/").split("/")

    first, second = parts(one), parts(other)
    shorter = min(len(first), len(second))
    expected = first[:shorter] == second[:shorter]
    assert overlaps(one, other) is overlaps(other, one) is expected
    assert Places([one]).touch(other) is expected
    assert covers(one, other) is Places([one]).cover(other) is (expected and len(first) <= len(second))


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*.py", "a.py", True),
        ("*.py", "deep/down/a.py", True),
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/b/a.py", False),
        ("src/**", "src/b/a.py", True),
        ("src/**", "src/", True),
        ("src/**/a.py", "src/a.py", True),
        ("src/**/a.py", "src/b/c/a.py", True),
        ("**/**/a.py", "a.py", True),
        ("src/?.py", "src/a.py", True),
        ("src/?.py", "src/ab.py", False),
        ("src?a.py", "src/a.py", False),
        ("./src//*", "src/b/", True),
        ("src/[ab].py", "src/a.py", False),
        ("SRC/*", "src/a", False),
        ("*", "a/b", True),
        ("x**y", "x/a/y", True),
    ],
)
def test_a_glob_matches_within_parts_and_across_them(pattern: str, path: str, expected: bool) -> None:
    assert glob("path_pattern", pattern).matches(path) is expected


GLOBS = st.lists(st.sampled_from(["a", "b", "*", "?"]), min_size=1, max_size=8).map("".join)


@given(GLOBS.filter(lambda text: "**" not in text), st.text("ab", max_size=10))
def test_a_glob_within_a_part_agrees_with_a_regular_expression(pattern: str, name: str) -> None:
    expression = pattern.replace("*", "[^/]*").replace("?", "[^/]")
    assert glob("path_pattern", f"x/{pattern}").matches(f"x/{name}") is bool(
        re.fullmatch(f"x/{expression}", f"x/{name}")
    )


@pytest.mark.parametrize(
    "pattern", ["a*" * 127 + "b", "**/" * 85 + "b", "*?" * 128, "(a+)+" * 51, "**a" * 85]
)
def test_a_hostile_pattern_takes_one_step_a_character(pattern: str) -> None:
    matcher = glob("path_pattern", pattern)
    matcher.matches("a" * MAX_PATH)
    assert matcher.steps <= MAX_PATH


@pytest.mark.parametrize("pattern", ["", "x" * 257, "/etc/*", "../*", "a\x00*", "C:\\*"])
def test_a_pattern_that_is_none_is_refused_by_name(pattern: str) -> None:
    with pytest.raises(BadInput) as refused:
        glob("path_pattern", pattern)
    assert refused.value.field == "path_pattern"
