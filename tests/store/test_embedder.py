"""What turns texts into vectors: the real model from its package, an endpoint that misbehaves, and none at all."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from store.meaning import embedder_minilm
from store.meaning.embedder import (
    Embedder,
    EmbedderAway,
    EmbedderChoice,
    NoEmbedder,
    TextRefused,
    make_embedder,
)
from store.meaning.embedder_http import BATCH, HttpEmbedder
from store.meaning.onnx_format import NotOnnx, tensors
from store.meaning.passages import MOST_CHARACTERS, passages


@pytest.fixture(scope="module")
def model() -> Embedder:
    return make_embedder(EmbedderChoice("minilm"))


def test_the_model_puts_near_what_means_the_same(model: Embedder) -> None:
    ask, same, code, other = model.embed(
        [
            "how do I retry a failed request",
            "repeat the call when the network fails",
            "def retry(n): back off and try again after an error",
            "a recipe for apple pie",
        ]
    )
    assert ask @ same == pytest.approx(0.49, abs=0.03)
    assert ask @ code > 0.4
    assert abs(ask @ other) < 0.15
    assert np.allclose(np.linalg.norm([ask, same, code, other], axis=1), 1.0, atol=1e-5)


def test_a_vector_depends_on_its_own_text_alone_in_any_thread(model: Embedder) -> None:
    texts = ["lock", "a much longer text about locks and fences " * 20, "", "\u4f60\u597d caf\u00e9"]
    together = model.embed(texts)
    with ThreadPoolExecutor(4) as threads:
        alone = list(threads.map(lambda text: model.embed([text])[0], texts * 3))
    assert np.array_equal(np.array(alone), np.concatenate([together] * 3))


def test_the_model_in_8_bits_agrees_with_the_one_in_32_on_which_texts_are_near(
    model: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [
        "how do I retry a failed request",
        "def retry(n): back off and try again after an error",
        "Use snake_case for columns, camelCase for GraphQL fields, and never SELECT *.",
        "\u4f60\u597d caf\u00e9 \U0001f600 " * 9,
        "",
        "The lock service hands out fences: numbers that only grow. " * 20,
    ]
    monkeypatch.setattr(embedder_minilm, "rewritten", unreadable)
    plain = make_embedder(EmbedderChoice("minilm"))
    ours, theirs = model.embed(texts), plain.embed(texts)
    assert model.id != plain.id, "what one of them has indexed the other indexes anew"
    assert (ours * theirs).sum(axis=1) == pytest.approx(np.ones(len(texts)), abs=0.02)
    assert ours @ ours.T == pytest.approx(theirs @ theirs.T, abs=0.06)


def unreadable(content: bytes) -> bytes:
    raise ValueError("another number of matrices")


def test_a_processor_that_would_overflow_gives_the_same_vectors_by_wider_sums(
    model: Embedder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(embedder_minilm, "_CPUS", tmp_path / "not there")
    monkeypatch.setattr(embedder_minilm.platform, "machine", lambda: "AMD64")
    careful = make_embedder(EmbedderChoice("minilm"))
    texts = ["how do I retry a failed request", "a recipe for apple pie " * 30]
    assert model.id == careful.id
    assert (model.embed(texts) * careful.embed(texts)).sum(axis=1) == pytest.approx([1.0, 1.0], abs=0.001)


@pytest.mark.parametrize("content", [b"", b"\x3a\xff", b"no model at all", b"\x3a\x05\x2a\x03\x08"])
def test_a_file_that_is_no_model_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(NotOnnx):
        tensors(content)


@pytest.mark.parametrize("damage", [b"", b"x"])
def test_a_model_file_that_was_not_examined_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes
) -> None:
    vocabulary = tmp_path / "vocab.txt"
    vocabulary.write_bytes(embedder_minilm.VOCABULARY.read_bytes()[: -1 if damage else 0] + damage)
    monkeypatch.setattr(embedder_minilm, "VOCABULARY", vocabulary)
    with pytest.raises(NoEmbedder, match="not the file that was examined"):
        make_embedder(EmbedderChoice("minilm"))


def test_without_the_package_auto_says_what_to_install_and_never_downloads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedder_minilm, "_PACKAGE", "no_such_package")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(NoEmbedder, match=r"interlock\[semantic\]"):
        make_embedder(EmbedderChoice())
    with pytest.raises(NoEmbedder, match="onnx_models"):
        make_embedder(EmbedderChoice("chroma"))
    with pytest.raises(NoEmbedder, match="no embedding model in"):
        make_embedder(EmbedderChoice(str(tmp_path)))
    assert not list(tmp_path.rglob("*"))


def test_a_user_without_a_home_is_told_so_and_keeps_the_search_by_words() -> None:
    code = """
import os, pwd
def nobody(uid): raise KeyError
os.environ.pop("HOME", None); pwd.getpwuid = nobody
from pathlib import Path
from store.meaning.chroma import Chroma, ChromaMissing
from store.meaning.embedder import EmbedderChoice, NoEmbedder, make_embedder
for wanted, ask in (
    (ChromaMissing, lambda: Chroma(Path("never")).open("model")),
    (NoEmbedder, lambda: make_embedder(EmbedderChoice("chroma"))),
):
    try:
        ask()
    except wanted as exc:
        assert "HOME" in str(exc), exc
    else:
        raise AssertionError(wanted)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_long_text_is_cut_into_passages_that_the_model_reads_whole(model: Any) -> None:
    source = Path(__file__).read_text() * 4
    prose = "The quick brown fox jumps over the lazy dog while different neighbours watch. " * 300
    for text in (source, prose):
        cut = passages(text)
        tokens = [len(model._tokenizer.encode(one.text).ids) for one in cut]
        assert max(tokens) < 256 and len(cut) > 5
        assert cut[0].start == 0 and cut[-1].end == min(len(text), MOST_CHARACTERS)
        assert all(one.start < other.start <= one.end for one, other in pairwise(cut))
    assert [one.text for one in passages("short")] == ["short"]
    assert len(passages("x" * 60_000)) == 1
    assert passages("." * 60_000)[-1].end == MOST_CHARACTERS


class Peer:
    """An endpoint on loopback that answers as told."""

    def __init__(self) -> None:
        self.answers: list[Callable[[dict[str, Any]], tuple[int, bytes]]] = []
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        peer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                peer.asked.append(body)
                peer.keys.append(self.headers.get("authorization", ""))
                status, text = (peer.answers.pop(0) if peer.answers else good)(body)
                self.send_response(status)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def good(body: dict[str, Any]) -> tuple[int, bytes]:
    rows = [{"index": n, "embedding": [float(len(text)), 1.0, 0.0]} for n, text in enumerate(body["input"])]
    return 200, json.dumps({"data": rows[::-1]}).encode()


def says(status: int, text: str = "") -> Callable[[dict[str, Any]], tuple[int, bytes]]:
    return lambda body: (status, text.encode())


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_an_endpoint_is_asked_in_batches_with_model_and_key(peer: Peer) -> None:
    endpoint = make_embedder(EmbedderChoice(peer.url, "nomic", "secret"))
    vectors = endpoint.embed(["x" * (n + 1) for n in range(BATCH + 3)])
    endpoint.close()
    assert [len(body["input"]) for body in peer.asked] == [BATCH, 3]
    assert {body["model"] for body in peer.asked} == {"nomic"}
    assert set(peer.keys) == {"Bearer secret"}
    ratios = vectors[:, 0] / vectors[:, 1]
    assert ratios == pytest.approx(range(1, BATCH + 4), rel=1e-4), "in the order asked, of length 1"
    assert endpoint.id == "nomic@127.0.0.1"
    assert "secret" not in repr(EmbedderChoice(peer.url, "nomic", "secret"))


@pytest.mark.parametrize(
    "answer",
    [
        says(429),
        says(503, "busy"),
        says(200, "no json"),
        says(200, "[]"),
        says(200, '{"data": []}'),
        says(200, '{"data": [{"index": 0, "embedding": ["a"]}]}'),
        says(200, '{"data": [{"index": 0, "embedding": [NaN]}]}'),
    ],
)
def test_a_failure_is_tried_again_but_not_for_ever_and_not_for_a_query(peer: Peer, answer: Any) -> None:
    endpoint = HttpEmbedder(peer.url, pause_seconds=0.01)
    peer.answers = [answer]
    assert endpoint.embed(["a"]).shape == (1, 3)
    peer.answers = [answer] * 10
    with pytest.raises(EmbedderAway):
        endpoint.embed(["a"])
    asked = len(peer.asked)
    with pytest.raises(EmbedderAway):
        endpoint.embed(["a"], is_patient=False)
    assert len(peer.asked) == asked + 1
    endpoint.close()


def test_a_text_that_the_endpoint_refuses_is_told_apart_from_an_endpoint_that_is_away(peer: Peer) -> None:
    endpoint = HttpEmbedder(peer.url, pause_seconds=0.01)
    peer.answers = [says(400, "too long")]
    with pytest.raises(TextRefused, match="too long"):
        endpoint.embed(["a"])
    endpoint.close()
    away = HttpEmbedder("http://127.0.0.1:9/v1", pause_seconds=0.01)
    with pytest.raises(EmbedderAway):
        away.embed(["a"], is_patient=False)
    away.close()
