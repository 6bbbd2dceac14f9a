"""What a request may hold outside its body: the server kept all of it, before it asked for a key."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest

from api.heads import MAX_HEAD_BYTES
from tests.api.conftest import PATIENCE_SECONDS, Running

CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"


async def answers(server: Running, *sent: bytes) -> list[bytes]:
    """Send one piece after the other; return what is answered to each, up to its first line's end."""
    told = []
    address = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    async with asyncio.timeout(PATIENCE_SECONDS):
        for piece in sent:
            writer.write(piece)
            await writer.drain()
            told.append(await reader.readline())
            length = 0
            while (line := await reader.readline()).strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            await reader.readexactly(length)
        rest = await reader.read()
    writer.close()
    assert rest == b"", "the connection must be closed"
    return told


def filled(beginning: bytes, piece: bytes) -> bytes:
    """Return a head that is one byte too long and has not ended."""
    text = beginning + piece * (MAX_HEAD_BYTES // len(piece) + 1)
    return text[: MAX_HEAD_BYTES + 1]


@pytest.mark.parametrize(
    ("beginning", "piece"),
    [
        (b"GET /", b"a"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"a"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"X: a\r\n"),
    ],
    ids=["url", "a header", "headers"],
)
async def test_a_head_without_end_is_refused(server: Running, beginning: bytes, piece: bytes) -> None:
    [told] = await answers(server, filled(beginning, piece))
    assert told.startswith(b"HTTP/1.1 431 ")


async def test_trailers_without_end_are_refused(server: Running) -> None:
    first, second = await answers(server, CHUNKED, filled(b"", b"X: a\r\n"))
    assert first.startswith(b"HTTP/1.1 405 ")
    assert second.startswith(b"HTTP/1.1 431 ")
