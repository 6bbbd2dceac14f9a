"""How a search runs: the rarity of its words first, remembered for a while, then one ranked aggregation."""

from __future__ import annotations

import time
from typing import Any

from store.mongo.client import MAJORITY, SNAPSHOT, Database
from store.mongo.collections import UNSEEN, WEIGHTS, WORDS, Collection, Document
from store.mongo.queries import Filter
from store.mongo.words import ranking, rarity

_KEPT_SECONDS = 30.0
_COUNTED_AT_MOST = 10_000
_MOST_REMEMBERED = 20_000


class Searches:
    """Searches of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counts: dict[tuple[str, str], tuple[float, int]] = {}

    async def find(
        self, collection: Collection, stems: list[str], condition: Filter, limit: int
    ) -> list[tuple[Document, float]]:
        """Return the documents that match `condition` and hold any of `stems`, with their scores, best first."""
        rare = await self._rarities(collection.name, stems)
        # Ranked by id first: the sort then carries no texts.
        stages: list[Document] = [
            {
                "$match": {"$and": [{WORDS: {"$in": stems}}, condition]}
                if condition
                else {WORDS: {"$in": stems}}
            },
            {"$project": {"score": ranking(rare, WEIGHTS)}},
            {"$sort": {"score": -1, "_id": 1}},
            {"$limit": limit},
            {
                "$lookup": {
                    "from": collection.name,
                    "localField": "_id",
                    "foreignField": "_id",
                    "pipeline": [{"$project": UNSEEN}],
                    "as": "found",
                }
            },
        ]
        source = self._database.get_collection(collection.name, read_concern=SNAPSHOT)
        rows = await source.aggregate(stages, batchSize=limit + 1).to_list(None)
        return [(row["found"][0], float(row["score"])) for row in rows if row["found"]]

    async def _rarities(self, name: str, stems: list[str]) -> dict[str, float]:
        """Return what each stem tells among all records of the collection, counted within the last half minute."""
        oldest = time.monotonic() - _KEPT_SECONDS
        kept = {one: self._counts.get((name, one)) for one in ("", *stems)}
        known = {one: count[1] for one, count in kept.items() if count is not None and count[0] >= oldest}
        unknown = [one for one in kept if one not in known]
        if unknown:
            known |= await self._counted(name, unknown)
        return {one: rarity(known[""], known[one]) for one in stems}

    async def _counted(self, name: str, stems: list[str]) -> dict[str, int]:
        """Count how many records hold each stem, of "" how many there are, and remember it."""
        source = self._database.get_collection(name, read_concern=MAJORITY)
        asked = [one for one in stems if one]
        found = dict.fromkeys(asked, 0)
        if "" in stems:
            found[""] = await source.estimated_document_count()
        if asked:
            first, *others = ([*_counting(one)] for one in asked)
            stages: list[Any] = [*first]
            stages += ({"$unionWith": {"coll": name, "pipeline": other}} for other in others)
            found |= {row["stem"]: row["n"] for row in await source.aggregate(stages).to_list(None)}
        if len(self._counts) > _MOST_REMEMBERED:
            self._counts.clear()
        now = time.monotonic()
        self._counts |= {(name, one): (now, number) for one, number in found.items()}
        return found


def _counting(one: str) -> list[Document]:
    return [
        {"$match": {WORDS: one}},
        {"$limit": _COUNTED_AT_MOST},
        {"$count": "n"},
        {"$set": {"stem": {"$literal": one}}},
    ]
