"""`interlock scan`: all functions of a code base, once, and none that git ignores."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from librarian.ignoring import source_files
from librarian.scanning import scan
from tests.cli.conftest import Interlock
from tests.faults.processes import ServerProcess

KNOWN = """query ($p: String!) { functions(project: $p, first: 100) {
  nodes { id name file line purpose language code queue searchSummary } } }"""
REGISTER = """mutation ($p: String!, $n: String!, $f: String!) {
  registerFunction(input: {project: $p, name: $n, file: $f, purpose: "by hand"}) { function { id } } }"""
TREE = {
    "src/a.py": 'class A:\n    def run(self):\n        """Run it. At once."""\n        def local(): pass\n\ndef go(): pass\n',
    "src/[id].tsx": "// The page.\nexport const Page = () => <p/>;\n",
    "src/b.go": "package b\n\n// Open opens.\nfunc Open() {}\n",
    "lib/c.rs": "fn c() {}\n",
    "notes.txt": "def no(): pass\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    write(root, TREE)
    (root / ".git").mkdir()
    return root


@pytest.fixture
def project(tmp_path: Path) -> str:
    return "p_" + tmp_path.name.lower().replace("-", "_")


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def counts(interlock: Interlock, *words: str) -> dict[str, Any]:
    said = interlock("scan", *words, "--json")
    assert said.code == 0, said.err
    return dict(json.loads(said.out))


def known(interlock: Interlock, project: str) -> dict[str, dict[str, Any]]:
    data = json.loads(interlock("query", KNOWN, "-v", f"p={project}").out)
    return {f"{one['file']} {one['name']}": one for one in data["functions"]["nodes"]}


def test_every_function_is_registered_with_its_purpose_and_code(
    server: ServerProcess, interlock: Interlock, tree: Path, project: str
) -> None:
    said = interlock("scan", str(tree), "--project", project)
    first, languages, server_says = said.out.splitlines()
    assert first.startswith("5 functions in 4 files, ")
    assert languages == "python 2, rust 1, tsx 1, go 1" or set(languages.split(", ")) == {
        "python 2", "rust 1", "tsx 1", "go 1"
    }  # fmt: skip
    assert server_says == "5 registered, 0 updated, 0 unchanged"
    assert said.err == ""
    found = known(interlock, project)
    assert set(found) == {
        "src/a.py A.run", "src/a.py go", "src/[id].tsx Page", "src/b.go Open", "lib/c.rs c"
    }  # fmt: skip
    run = found["src/a.py A.run"]
    assert (run["purpose"], run["line"], run["language"], run["queue"]) == ("Run it.", 2, "python", "PENDING")
    assert run["code"].startswith("    def run(self):")
    assert found["src/b.go Open"]["purpose"] == "Open opens."
    assert found["lib/c.rs c"]["purpose"] == "c"


def test_a_second_scan_changes_nothing_and_a_third_only_what_changed(
    server: ServerProcess, interlock: Interlock, tree: Path, project: str
) -> None:
    words = (str(tree), "--project", project)
    assert counts(interlock, *words)["registered"] == 5
    before = known(interlock, project)
    again = counts(interlock, *words)
    assert (again["registered"], again["updated"], again["unchanged"]) == (0, 0, 5)
    assert known(interlock, project) == before
    (tree / "src" / "a.py").write_text(
        "# moved down\n\n\n" + TREE["src/a.py"].replace("def go(): pass", "def go(): return 1")
    )
    moved = counts(interlock, *words)
    # Both stand elsewhere; only one has other code.
    assert (moved["registered"], moved["updated"], moved["unchanged"]) == (0, 2, 3)
    after = known(interlock, project)
    assert after["src/a.py A.run"]["id"] == before["src/a.py A.run"]["id"]
    assert after["src/a.py A.run"]["line"] == before["src/a.py A.run"]["line"] + 3


def test_a_part_of_the_tree_has_the_paths_of_the_whole(
    server: ServerProcess, interlock: Interlock, tree: Path, project: str
) -> None:
    assert counts(interlock, str(tree / "src"), "--project", project)["registered"] == 4
    assert counts(interlock, str(tree / "lib" / "c.rs"), "--project", project)["registered"] == 1
    assert counts(interlock, str(tree), "--project", project)["unchanged"] == 5
    other = counts(interlock, str(tree / "lib"), "--project", project, "--root", str(tree / "lib"))
    assert other["registered"] == 1 and "c.rs c" in known(interlock, project)


def test_dry_run_needs_no_server_and_registers_nothing(interlock: Interlock, tree: Path) -> None:
    found = counts(interlock, str(tree), "--project", "p", "--dry-run")
    assert (found["functions"], found["registered"]) == (5, 0)
    assert found["languages"] == {"python": 2, "tsx": 1, "go": 1, "rust": 1}


def test_a_path_that_gitignore_names_is_said_to_hold_no_source(interlock: Interlock, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("made/\n")
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "a.py").write_text("def f():\n    pass\n")
    said = interlock("scan", str(tmp_path / "made"), "--project", "p", "--dry-run")
    assert said.out.startswith("0 functions in 0 files")
    assert f"what .gitignore names under {tmp_path} is left out" in said.err
    under = interlock(
        "scan", str(tmp_path / "made"), "--project", "p", "--dry-run", "--root", str(tmp_path / "made")
    )
    assert (under.out.startswith("1 functions in 1 files"), under.err) == (True, "")


def test_without_code_the_source_stays_here(
    server: ServerProcess, interlock: Interlock, tree: Path, project: str
) -> None:
    counts(interlock, str(tree), "--project", project, "--without-code")
    found = known(interlock, project)
    assert len(found) == 5 and not any(one["code"] for one in found.values())
    assert counts(interlock, str(tree), "--project", project, "--without-code")["unchanged"] == 5


def test_prune_removes_what_is_gone_and_keeps_what_it_cannot_judge(
    server: ServerProcess, interlock: Interlock, tree: Path, project: str
) -> None:
    words = (str(tree), "--project", project)
    counts(interlock, *words)
    (tree / "ignored.py").write_text("def kept(): pass\n")
    (tree / "script.rb").write_text("def kept\nend\n")
    for name, file in (
        ("moved", "src/__init__.py"),
        ("A.run.local", "src/a.py"), ("kept", "ignored.py"), ("kept", "script.rb"), ("gone", "deleted.rb"), ("gone", "src/a.py")
    ):  # fmt: skip
        assert (
            interlock("query", REGISTER, "-v", f"p={project}", "-v", f"n={name}", "-v", f"f={file}").code == 0
        )
    (tree / ".gitignore").write_text("ignored.py\n")
    (tree / "src" / "__init__.py").write_text("")
    (tree / "lib" / "c.rs").unlink()
    (tree / "src" / "b.go").write_text("package b\n\nfunc Other() {}\n")
    assert counts(interlock, str(tree / "src"), "--project", project, "--prune")["pruned"] == 3
    assert {"lib/c.rs c", "deleted.rb gone"} <= set(known(interlock, project))
    assert counts(interlock, *words, "--prune")["pruned"] == 2
    assert set(known(interlock, project)) == {
        "src/a.py A.run", "src/a.py A.run.local", "src/a.py go", "src/[id].tsx Page", "src/b.go Other",
        "ignored.py kept", "script.rb kept",
    }  # fmt: skip


def test_ignored_hidden_linked_and_made_files_are_left_out(tmp_path: Path) -> None:
    root, outside = tmp_path / "tree", tmp_path / "outside"
    write(outside, {"x.py": "def x(): pass\n"})
    write(
        root,
        {
            ".gitignore": "build/\n*.gen.py\n/top.py\n!keep.gen.py\ndeep/**/no.py\n",
            "a.py": "", "b.py": "x", "top.py": "x", "sub/top.py": "x", "build/c.py": "x", "sub/build/c.py": "x",
            "d.gen.py": "x", "keep.gen.py": "x", "deep/a/b/no.py": "x", "deep/a/yes.py": "x",
            "sub/.gitignore": "!d.gen.py\nlocal.py\n", "sub/d.gen.py": "x", "sub/local.py": "x", "local.py": "x",
            ".git/info/exclude": "excluded.py\n", "excluded.py": "x", ".hidden/e.py": "x", ".h.py": "x",
            "node_modules/f.js": "x", "env/pyvenv.cfg": "", "env/lib/g.py": "x", "cache/CACHEDIR.TAG": "", "cache/h.py": "x",
            "i.min.js": "x", "j.d.ts": "x", "k.txt": "x", "é ü.py": "x", "tab\there.py": "x",
        },
    )  # fmt: skip
    (root / "large.py").write_bytes(b"#" * 2_000_001)
    (root / "link.py").symlink_to(outside / "x.py")
    (root / "links").symlink_to(outside)
    (root / "same.py").symlink_to(root / "b.py")
    os.mkfifo(root / "pipe.py")
    assert sorted(source_files(root, root)) == sorted(
        ["b.py", "sub/top.py", "keep.gen.py", "deep/a/yes.py", "sub/d.gen.py", "local.py", "é ü.py"]
    )
    assert list(source_files(root, root / "sub")) == ["sub/d.gen.py", "sub/top.py"]
    assert list(source_files(root, root / "d.gen.py")) == []


def test_minified_and_binary_files_are_skipped_and_counted(interlock: Interlock, tmp_path: Path) -> None:
    write(tmp_path / "t", {"a.js": "function a(){}" * 1_000, "b.py": "x\0y", "c.py": "def c(): pass\n"})
    found = counts(interlock, str(tmp_path / "t"), "--project", "p", "--dry-run")
    assert (found["files"], found["skipped"], found["functions"]) == (3, 2, 1)


def test_many_files_are_parsed_by_several_processes_with_the_same_result(tmp_path: Path) -> None:
    names = [f"f{n:03}.py" for n in range(220)]
    write(tmp_path, {name: f"def {name[:-3]}(): pass\n" for name in names})
    alone, together = (list(scan(tmp_path, names, processes)) for processes in (1, 2))
    assert alone == together
    assert [one.functions[0]["name"] for one in together] == [name[:-3] for name in names]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("nowhere", "--project", "p"), "there is no nowhere"),
        ((".", "--project", "p", "--root", "/nowhere"), "is not under /nowhere"),
        ((".",), "project"),
        ((".", "--project", "p", "--url", "http://127.0.0.1:1"), "no server at http://127.0.0.1:1"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    interlock: Interlock, tmp_path: Path, words: tuple[str, ...], text: str
) -> None:
    write(tmp_path, {"a.py": "def a(): pass\n"})
    assert text in interlock("scan", *words).line


def test_a_project_that_cannot_be_is_refused_in_one_line(
    server: ServerProcess, interlock: Interlock, tree: Path
) -> None:
    assert "BAD_INPUT" in interlock("scan", str(tree), "--project", "no/such").line
