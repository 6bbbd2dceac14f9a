"""Which files may be read: nothing outside the roots is, whatever a function names (D11)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from librarian.roots import MOST_BYTES, Absent, Refused, Roots

SECRET = "def secret():\n    return 'outside'\n"


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    inside = tmp_path / "code"
    (inside / "deep").mkdir(parents=True)
    (inside / "a.py").write_text("def a(): pass\n")
    (inside / "deep" / "b.py").write_text("def b(): pass\n")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.py").write_text(SECRET)
    (tmp_path / "codebase.py").write_text(SECRET)
    return Roots({"My-Project": [inside]})


def test_files_under_the_root_are_read_however_they_are_spelled(roots: Roots, tmp_path: Path) -> None:
    spellings = ("a.py", "./a.py", "deep/../a.py", "deep\\..\\a.py", str(tmp_path / "code" / "a.py"))
    for file in spellings:
        source = roots.read("my_project", file)
        assert (source.path, source.content) == ("a.py", b"def a(): pass\n")


@pytest.mark.parametrize(
    "file",
    [
        "../outside/secret.py",
        "deep/../../outside/secret.py",
        "..\\outside\\secret.py",
        "{outside}/secret.py",
        "/etc/passwd",
        "../codebase.py",
        "../code/../outside/secret.py",
        "..",
        ".",
        "",
        "a.py\0.txt",
        "deep",
        "a.py/x",
        "~/a.py",
        "x" * 5_000,
    ],
)
def test_a_path_that_leads_out_of_the_root_is_not_read_d11(roots: Roots, tmp_path: Path, file: str) -> None:
    with pytest.raises(Refused) as refused:
        roots.read("my_project", file.format(outside=tmp_path / "outside"))
    assert "outside'" not in str(refused.value)


def test_links_are_resolved_before_the_check_d11(roots: Roots, tmp_path: Path) -> None:
    code = tmp_path / "code"
    (code / "link.py").symlink_to(tmp_path / "outside" / "secret.py")
    (code / "links").symlink_to(tmp_path / "outside")
    (code / "loop.py").symlink_to(code / "loop.py")
    (code / "chain.py").symlink_to(code / "link.py")
    for file in ("link.py", "links/secret.py", "links/../outside/secret.py", "loop.py", "chain.py"):
        with pytest.raises(Refused):
            roots.read("my_project", file)
    # One that stays inside is as good as the file.
    (code / "same.py").symlink_to(code / "deep" / "b.py")
    assert roots.read("my_project", "same.py").path == "deep/b.py"


def test_a_link_put_there_after_the_check_is_not_followed_d11(
    roots: Roots, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.path.realpath
    code, swapped = tmp_path / "code", list[str]()

    def swapping(path: str, **more: bool) -> str:
        resolved = real(path, **more)
        if resolved.endswith("b.py"):
            (code / "deep" / "b.py").unlink()
            (code / "deep").rmdir()
            (tmp_path / "outside" / "b.py").write_text(SECRET)
            (code / "deep").symlink_to(tmp_path / "outside")
            swapped.append(resolved)
        elif resolved.endswith("a.py"):
            (code / "a.py").unlink()
            (code / "a.py").symlink_to(tmp_path / "outside" / "secret.py")
            swapped.append(resolved)
        return resolved

    monkeypatch.setattr(os.path, "realpath", swapping)
    for file in ("deep/b.py", "a.py"):
        with pytest.raises(Refused, match="cannot be read"):
            roots.read("my_project", file)
    assert len(swapped) == 2


def test_only_regular_files_are_read_and_none_is_waited_for_d11(roots: Roots, tmp_path: Path) -> None:
    code = tmp_path / "code"
    os.mkfifo(code / "pipe.py")
    for file in ("pipe.py", "deep"):
        with pytest.raises(Refused, match="no regular file"):
            roots.read("my_project", file)
    devices = Roots({"p": [Path("/dev")]})
    for file in ("zero", "null"):
        with pytest.raises(Refused, match="no regular file"):
            devices.read("p", file)


def test_hidden_files_keys_large_files_and_binaries_are_not_read(roots: Roots, tmp_path: Path) -> None:
    code = tmp_path / "code"
    (code / ".git").mkdir()
    for file in (".env", ".git/config", "server.pem", "id_rsa", "deep/store.key"):
        (code / file).write_text("def f(): secret\n")
        with pytest.raises(Refused, match="hidden or looks like a key"):
            roots.read("my_project", file)
    (code / "large.py").write_bytes(b"#" * (MOST_BYTES + 1))
    with pytest.raises(Refused, match="more than 2,000,000 bytes"):
        roots.read("my_project", "large.py")
    (code / "data.py").write_bytes(b"a\0b")
    with pytest.raises(Refused, match="no text"):
        roots.read("my_project", "data.py")


def test_a_root_behind_a_link_or_a_hidden_directory_is_a_root(tmp_path: Path) -> None:
    (tmp_path / ".work" / "code").mkdir(parents=True)
    (tmp_path / ".work" / "code" / "a.py").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / ".work" / "code")
    assert Roots({"p": [tmp_path / "link"]}).read("p", "a.py").content == b"x"


def test_a_project_reads_under_its_own_roots_only(roots: Roots, tmp_path: Path) -> None:
    both = Roots({"a": [tmp_path / "code"], "b": [tmp_path / "outside"]})
    assert both.read("b", "secret.py").content == SECRET.encode()
    with pytest.raises(Absent):
        both.read("a", "secret.py")
    with pytest.raises(Refused):
        both.read("a", "../outside/secret.py")
    with pytest.raises(Refused, match="no directory in LIBRARIAN_PROJECT_ROOTS"):
        both.read("c", "secret.py")
    assert both.projects == ["a", "b"]
    assert Roots({"*": [tmp_path]}).projects is None


def test_the_first_root_that_has_the_file_is_read(tmp_path: Path) -> None:
    for name in ("one", "two", "all"):
        (tmp_path / name).mkdir()
    (tmp_path / "two" / "a.py").write_text("two")
    (tmp_path / "all" / "a.py").write_text("all")
    roots = Roots({"p": [tmp_path / "one", tmp_path / "two"], "*": [tmp_path / "all"]})
    assert roots.read("p", "a.py").content == b"two"
    assert roots.read("another", "a.py").content == b"all"
