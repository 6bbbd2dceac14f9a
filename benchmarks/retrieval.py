"""How often the product's own search finds the right record: words alone, meaning alone, both fused."""

from __future__ import annotations

import math
import statistics
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.lab import Lab, lab
from benchmarks.labelled import MOST, Example, drawn, versions
from benchmarks.progress import Progress
from store.meaning.embedder import CHROMA, EmbedderChoice, NoEmbedder, make_embedder
from store.records import Document, Function, Record

PROJECT = "bench"
AIM = 7.0
"""Points of MRR by which fused must lead dense alone."""
_DEPTH = 10
_BATCH = 100

REGISTER = """mutation ($functions: [FunctionInput!]!, $project: String!) {
  registerFunctions(input: {project: $project, functions: $functions}) { registered }
}"""
LISTED = """query ($project: String!, $after: String) {
  functions(project: $project, after: $after) { nodes { id file name } pageInfo { endCursor hasNextPage } }
}"""
ENRICH = """mutation ($id: ID!, $signature: String!, $calls: [String!], $summary: String!) {
  enrichFunction(input: {id: $id, signature: $signature, calls: $calls, searchSummary: $summary}) { id }
}"""
STORE = """mutation ($title: String!, $content: String!, $project: String!) {
  storeDocument(input: {project: $project, title: $title, content: $content, type: LEARNING, forceStore: true,
    allowSecrets: true}) { id }
}"""
FIND_FUNCTIONS = """query ($query: String!, $project: String!) {
  found: findFunctions(query: $query, project: $project, limit: 10, maxTokens: 20000) { results { id } }
}"""
FIND_DOCUMENTS = """query ($query: String!, $project: String!) {
  found: searchDocuments(query: $query, project: $project, limit: 10, maxTokens: 20000) { results { id } }
}"""

Ranks = list[int | None]
"""For each question the place of the right record, from 1; None beyond the tenth."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A set as it stands in a store: each question with the id of its answer, and how to ask."""

    pairs: Sequence[tuple[str, str]]
    kind: type[Record]
    document: str


async def code(lab: Lab, chosen: Sequence[Example]) -> Asked:
    """Register functions with their code, without docstring or purpose."""
    await _register(lab, [{"name": one.name, "file": one.file, "code": one.code} for one in chosen])
    ids = await _ids(lab)
    return Asked([(one.query, ids[one.file, one.name]) for one in chosen], Function, FIND_FUNCTIONS)


async def entries(lab: Lab, chosen: Sequence[Example]) -> Asked:
    """Register functions by name and file, enriched with signature and a summary of what they take and call."""
    await _register(lab, [{"name": one.name, "file": one.file} for one in chosen])
    ids = await _ids(lab)
    for one in chosen:
        summary = f"takes {', '.join(one.parameters) or 'nothing'}; calls {', '.join(one.calls) or 'nothing'}"
        await lab.run(
            ENRICH,
            id=ids[one.file, one.name],
            signature=one.signature[:2_000],
            calls=list(one.calls[:100]),
            summary=summary[:4_000],
        )
    return Asked([(one.query, ids[one.file, one.name]) for one in chosen], Function, FIND_FUNCTIONS)


async def documents(lab: Lab, chosen: Sequence[Example]) -> Asked:
    """Store what each docstring says after its first sentence as a learning, under the function's name."""
    pairs = []
    for one in chosen:
        made = await lab.run(STORE, title=one.name, content=one.rest, project=PROJECT)
        pairs.append((one.query, str(made["storeDocument"]["id"])))
    return Asked(pairs, Document, FIND_DOCUMENTS)


Fill = Callable[[Lab, Sequence[Example]], Awaitable[Asked]]

SETS: Mapping[str, Fill] = {"code": code, "entries": entries, "documents": documents}


async def run(*, quick: bool) -> None:
    """Print recall at 1, 5 and 10 and the mean reciprocal rank by set and system, in percent."""
    questions = 200 if quick else MOST
    print(f"up to {MOST:,} records and {questions:,} questions a set; packages {versions()}")
    has_chroma = _has_chromas_model()
    for name, fill in SETS.items():
        chosen = drawn(MOST, with_rest=name == "documents")
        print(
            f"\n{name + f' ({len(chosen):,})':24} {'R@1':>6} {'R@5':>6} {'R@10':>6} {'MRR@10':>7}", flush=True
        )
        with tempfile.TemporaryDirectory() as folder:
            ranks, asked = await _product(Path(folder), fill, chosen, questions)
            for system, found in ranks.items():
                _tell(system, found)
            if has_chroma:
                _tell("Chroma's MiniLM", await _of_chromas_model(Path(folder), asked, len(chosen)))
            else:
                print("Chroma's MiniLM          not present")
            _tell_gain(ranks["fused"], ranks["meaning alone"])


async def _product(
    folder: Path, fill: Fill, chosen: Sequence[Example], questions: int
) -> tuple[dict[str, Ranks], Asked]:
    async with lab(folder) as inside:
        asked = await fill(inside, chosen)
        asked = replace(asked, pairs=asked.pairs[:questions])
        await inside.caught_up(len(chosen))
        fused = await _ranks("fused", asked, _by_query(inside, asked.document))
        meaning = await _ranks("meaning alone", asked, _by_meaning(inside, asked.kind))
        inside.engine.index = None
        words = await _ranks("words alone", asked, _by_query(inside, asked.document))
    return {"words alone": words, "meaning alone": meaning, "fused": fused}, asked


def _has_chromas_model() -> bool:
    try:
        make_embedder(EmbedderChoice(CHROMA))
    except NoEmbedder:
        return False
    return True


async def _of_chromas_model(folder: Path, asked: Asked, records: int) -> Ranks:
    """Index the same records anew with the model that Chroma has downloaded, and rank by it alone."""
    async with lab(folder, CHROMA) as inside:
        await inside.caught_up(records)
        return await _ranks("Chroma's MiniLM", asked, _by_meaning(inside, asked.kind))


Find = Callable[[str], Awaitable[list[str]]]


def _by_query(lab: Lab, document: str) -> Find:
    async def find(query: str) -> list[str]:
        found = (await lab.run(document, query=query, project=PROJECT))["found"]
        return [str(one["id"]) for one in found["results"]]

    return find


def _by_meaning(lab: Lab, kind: type[Record]) -> Find:
    async def find(query: str) -> list[str]:
        near = await lab.index.nearest(kind, [PROJECT], query)
        if near is None:
            raise SystemExit(f"the index does not answer: {lab.index.health()}")
        return [one.record_id for one in near[:_DEPTH]]

    return find


async def _ranks(label: str, asked: Asked, find: Find) -> Ranks:
    progress = Progress(label, len(asked.pairs))
    ranks: Ranks = []
    for query, answer in asked.pairs:
        found = await find(query)
        ranks.append(found.index(answer) + 1 if answer in found else None)
        progress.at(len(ranks))
    progress.end()
    return ranks


def _reciprocal(ranks: Ranks) -> list[float]:
    return [1 / rank if rank else 0.0 for rank in ranks]


def _tell(system: str, ranks: Ranks) -> None:
    recalls = [sum(rank is not None and rank <= depth for rank in ranks) for depth in (1, 5, _DEPTH)]
    figures = [100 * count / len(ranks) for count in recalls]
    mean = 100 * statistics.mean(_reciprocal(ranks))
    print(f"{system:24}" + "".join(f"{one:7.1f}" for one in figures) + f"{mean:8.1f}", flush=True)


def _tell_gain(ours: Ranks, theirs: Ranks) -> None:
    gains = [one - other for one, other in zip(_reciprocal(ours), _reciprocal(theirs), strict=True)]
    error = 196 * statistics.stdev(gains) / math.sqrt(len(gains))
    print(
        f"fused leads meaning alone by {100 * statistics.mean(gains):.1f} points of MRR "
        f"(95 %: +-{error:.1f}), aim {AIM:.0f}",
        flush=True,
    )


async def _register(lab: Lab, functions: Sequence[Mapping[str, Any]]) -> None:
    for start in range(0, len(functions), _BATCH):
        await lab.run(REGISTER, functions=functions[start : start + _BATCH], project=PROJECT)


async def _ids(lab: Lab) -> dict[tuple[str, str], str]:
    ids: dict[tuple[str, str], str] = {}
    after: str | None = None
    while True:
        page = (await lab.run(LISTED, project=PROJECT, after=after))["functions"]
        ids |= {(one["file"], one["name"]): str(one["id"]) for one in page["nodes"]}
        if not page["pageInfo"]["hasNextPage"]:
            return ids
        after = page["pageInfo"]["endCursor"]
