"""How documents are listed: the newest first, each filter through an index of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from resolvers.acts import Act
from resolvers.errors import BadInput
from resolvers.inputs import line, page_size
from resolvers.knowledge.fields import DocumentStatus, DocumentType, readable
from resolvers.listing import Listing, page_of
from resolvers.rules import MAX_NAME
from store.cursor import Cursor
from store.keyset import keyset_of, keyset_values
from store.knowledge import DocumentTag
from store.port import By, Condition, Find, Where
from store.records import EPOCH, Document

ORDER = (By("created_at", "desc"),)
_TAG_BATCH = 200


async def documents(
    act: Act,
    *,
    project: str | None = None,
    type: DocumentType | None = None,
    status: DocumentStatus | None = None,
    tag: str | None = None,
    first: int = 50,
    after: str | None = None,
) -> Listing[Document]:
    """Return a page of a project's documents, the newest first, whatever their status unless one is asked for.

    With `tag` and another filter a page may be short before the end.

    Raises:
        BadInput: a value is out of bounds, or `after` is not a cursor of this list.
        Forbidden: the key does not include the project.
    """
    where: dict[str, Condition] = {"project": readable(act, project)}
    size = page_size("first", first)
    if type is not None:
        where["type"] = type.value
    if status is not None:
        where["status"] = status.value
    label = line("tag", tag, max_bytes=MAX_NAME * 2)
    if label:
        return await _tagged(act, label, where, size, after)
    return await page_of(act, Find(Document, where, ORDER, size, after), (str(where["project"]),))


async def _tagged(act: Act, tag: str, where: Where, size: int, after: str | None) -> Listing[Document]:
    """Walk the records of a tag, which are in the order of their documents, and look at those."""
    project = str(where["project"])
    is_exact = len(where) == 1
    followed = [project] if act.caller.sees(project) else []
    cursor = (await act.feed.cursor(followed)).encode() if followed else Cursor({}).encode()
    start = _tag_cursor(after, tag) if after else None
    asked = {"project": project, "tag": tag}
    batch = size if is_exact else _TAG_BATCH
    page = await act.store.find(DocumentTag, asked, order=ORDER, limit=batch, after=start)
    found = await act.store.get_many(Document, [record.document_id for record in page.records])
    shown: list[Document] = []
    for index, record in enumerate(page.records):
        one = found.get(record.document_id)
        if one is not None and all(getattr(one, name) == value for name, value in where.items()):
            shown.append(one)
        if len(shown) == size and (index + 1 < len(page.records) or page.after):
            return Listing(tuple(shown), ORDER, _place_of(record), cursor)
    last = page.records[-1] if page.records else None
    return Listing(tuple(shown), ORDER, _place_of(last) if page.after and last else None, cursor)


def _place_of(record: DocumentTag) -> str:
    return keyset_of(replace(record, id=record.document_id), ORDER)


def _tag_cursor(after: str, tag: str) -> str:
    try:
        created, document_id = keyset_values(after, ORDER)
        at = EPOCH + timedelta(microseconds=int(created))
    except (ValueError, TypeError, OverflowError) as error:
        raise BadInput("after", "is not a cursor of this list", hint="Start again without it.") from error
    place = DocumentTag(
        id=f"{document_id}:{tag}", project="", document_id=document_id, tag=tag, created_at=at
    )
    return keyset_of(place, ORDER)
