"""The bare peer of the subscriptions: a WebSocket server that sends the same bytes to all."""

from __future__ import annotations

import json
import os
import time

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

SOCKETS: set[WebSocket] = set()


async def receive(socket: WebSocket) -> None:
    """Keep a subscriber until it goes."""
    await socket.accept(subprotocol="graphql-transport-ws")
    SOCKETS.add(socket)
    try:
        while True:
            await socket.receive_text()
    except WebSocketDisconnect:
        SOCKETS.discard(socket)


async def send(request: Request) -> Response:
    """Send the body to every subscriber, stamped with the time."""
    body = (await request.body()).decode()
    text = json.dumps({"at": time.time(), "payload": body})
    for socket in list(SOCKETS):
        await socket.send_text(text)
    return Response()


async def ready(request: Request) -> Response:
    """Answer that it is up."""
    return Response()


if __name__ == "__main__":
    routes = [Route("/", ready), Route("/send", send, methods=["POST"]), WebSocketRoute("/graphql", receive)]
    uvicorn.run(
        Starlette(routes=routes),
        port=int(os.environ["INTERLOCK_PORT"]),
        log_level="error",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
    )
