"""How the packaged MiniLM is computed: on its int8 weights as they are, texts rounded to 8 bits before each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from store.meaning.onnx_format import FUSED, Node, model, tensors

if TYPE_CHECKING:
    from store.meaning.onnx_format import Tensor

INPUT, OUTPUT = "input_ids", "last_hidden_state"
_LAYERS, _HEADS, _EPSILON = 6, 12, 1e-12
_BLOCK = 128
"""Numbers of a word that are rounded together where it must be finer than one scale for all."""
_WORDS, _PLACES = "inner.embeddings.word_embeddings.weight", "inner.embeddings.position_embeddings.weight"
_MATRICES = 6


def rewritten(packaged: bytes) -> bytes:
    """Return the packaged model's weights in a graph of fused operators, for one text without padding.

    The model as packaged multiplies in 32 bits, its weights made float as it is loaded.

    Raises:
        LookupError, ValueError, NotOnnx: it is another model than was examined.
    """
    return _Graph(tensors(packaged)).made()


class _Graph:
    def __init__(self, held: Mapping[str, Tensor]) -> None:
        self._held = held
        self._nodes: list[Node] = []
        self._constants: dict[str, Tensor] = {}
        # The exporter has numbered the matrices, in the order in which they are used.
        numbers = sorted(int(name[4:-2]) for name in held if name.startswith("val_") and name.endswith("_q"))
        if len(numbers) != _LAYERS * _MATRICES:
            raise ValueError("another number of matrices")
        self._matrices = iter([f"val_{number}" for number in numbers])

    def made(self) -> bytes:
        states = self._embedded()
        for layer in range(_LAYERS):
            states = self._layer(layer, states)
        self._call("Identity", [states], OUTPUT)
        return model(self._nodes, self._constants, {INPUT: (1, "tokens")}, {OUTPUT: (1, "tokens", 384)})

    def _call(self, operator: str, inputs: list[str], output: str, domain: str = "", **numbers: float) -> str:
        self._nodes.append(Node(operator, inputs, [output], domain, numbers))
        return output

    def _put(self, name: str, value: Any, like: str = "<f4") -> str:
        import numpy as np

        self._constants[name] = np.ascontiguousarray(value, like)
        return name

    def _kept(self, name: str) -> str:
        self._constants[name] = self._held[name]
        return name

    def _embedded(self) -> str:
        """Look up words, still in 8 bits, and places; the second kind of token is never used."""
        kind = self._held["inner.embeddings.token_type_embeddings.weight"][0]
        places = self._held[f"{_PLACES}_q"] * self._held[f"{_PLACES}_scale"] + kind
        rows = self._call("Gather", [self._kept(f"{_WORDS}_q"), INPUT], "rows", axis=0)
        scales = self._call("Gather", [self._kept(f"{_WORDS}_scale"), INPUT], "scales", axis=0)
        words = self._call("Mul", [self._call("Cast", [rows], "row floats", to=1), scales], "words")
        shape = self._call("Shape", [INPUT], "shape", start=1, end=2)
        zero, axis = self._put("zero", [0], "<i8"), self._put("axis", [0], "<i8")
        placed = self._call("Slice", [self._put("places", places), zero, shape, axis], "placed")
        summed = self._call("Add", [words, placed], "embedded")
        names = [self._kept(f"inner.embeddings.LayerNorm.{part}") for part in ("weight", "bias")]
        return self._call("LayerNormalization", [summed, *names], "states 0", epsilon=_EPSILON)

    def _layer(self, layer: int, states: str) -> str:
        name = f"inner.encoder.layer.{layer}"
        mixed = self._attention(f"{name}.attention.self", states)
        mixed = self._product(mixed, f"{name}.attention.output.dense.bias")
        states = self._summed(mixed, states, f"{name}.attention.output")
        wide = self._product(states, f"{name}.intermediate.dense.bias")
        wide = self._call("Gelu", [wide], f"{wide} bent", FUSED)
        return self._summed(self._fine_product(wide, f"{name}.output.dense.bias"), states, f"{name}.output")

    def _attention(self, name: str, states: str) -> str:
        """Make queries, keys and values with one product, and let the heads mix."""
        import numpy as np

        parts = [next(self._matrices) for _ in range(3)]
        biases = [self._held[f"{name}.{part}.bias"] for part in ("query", "key", "value")]
        weights = np.concatenate([self._held[f"{part}_q"] for part in parts], axis=1)
        scales = np.concatenate([self._held[f"{part}_scale"].ravel() for part in parts])
        rounded, scale, zero = (f"{name} {part}" for part in ("rounded", "scale", "zero"))
        self._nodes.append(Node("DynamicQuantizeLinear", [states], [rounded, scale, zero]))
        inputs = [
            rounded,
            self._put(f"{name} weights", weights, "|i1"),
            self._put(f"{name} biases", np.concatenate(biases)),
            scale,
            self._put(f"{name} scales", scales),
            "",
            zero,
            self._put(f"{name} zeros", np.zeros(len(scales)), "|i1"),
        ]
        return self._call("QAttention", inputs, f"{name} mixed", FUSED, num_heads=_HEADS)

    def _product(self, states: str, bias: str) -> str:
        matrix = next(self._matrices)
        scales = self._put(f"{matrix}_scales", self._held[f"{matrix}_scale"].ravel())
        inputs = [states, self._kept(f"{matrix}_q"), scales, "", self._kept(bias)]
        return self._call("DynamicQuantizeMatMul", inputs, f"{bias} added", FUSED)

    def _fine_product(self, states: str, bias: str) -> str:
        """Multiply as `_product` does, but round each part of each word's numbers by itself.

        These have been through Gelu: a few are large, and one scale for all would lose the others. That
        cost 0.7 points of MRR in finding functions by their code; so it costs a fifteenth of the time.
        """
        import numpy as np

        matrix = next(self._matrices)
        weights = self._held[f"{matrix}_q"]
        rows, columns = weights.shape
        blocks = rows // _BLOCK
        turned = (weights.T.astype(np.int16) + 128).reshape(columns, blocks, _BLOCK)
        scales = np.repeat(self._held[f"{matrix}_scale"].reshape(columns, 1), blocks, axis=1)
        inputs = [
            states,
            self._put(f"{matrix}_blocks", turned, "|u1"),
            self._put(f"{matrix}_scales", scales.ravel()),
            "",
            "",
            self._kept(bias),
        ]
        sizes = {"K": rows, "N": columns, "bits": 8, "block_size": _BLOCK, "accuracy_level": 4}
        return self._call("MatMulNBits", inputs, f"{bias} added", FUSED, **sizes)

    def _summed(self, change: str, states: str, name: str) -> str:
        inputs = [change, states, *(self._kept(f"{name}.LayerNorm.{part}") for part in ("weight", "bias"))]
        return self._call("SkipLayerNormalization", inputs, f"{name} states", FUSED, epsilon=_EPSILON)
