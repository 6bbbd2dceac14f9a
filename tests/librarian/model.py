"""A model's endpoint on loopback that answers, or misbehaves, as a test tells it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from librarian.answers import TOOL

PATIENCE_SECONDS = 40.0
GOOD = {
    "signature": "def f(a: int) -> int",
    "parameters": [{"name": "a", "type": "int", "description": "how many"}],
    "returns": "twice the number",
    "calls": ["double"],
    "side_effects": [],
    "complexity": "O(1)",
    "gotchas": "Negative numbers are refused.",
    "search_summary": "Doubles a number: multiply by two, twice, times two, duplicate an amount.",
}
Reply = tuple[int, dict[str, str], bytes]


def said(content: list[Any], **more: Any) -> Reply:
    """Return a message of the Messages API."""
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": content,
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 100, "output_tokens": 20},
        **more,
    }
    return 200, {}, json.dumps(message).encode()


def called(answer: Any = None, **changes: Any) -> Reply:
    """Return a message that calls the tool; `changes` are made to a good answer."""
    given = {**GOOD, **changes} if answer is None else answer
    return said([{"type": "tool_use", "id": "toolu_1", "name": TOOL, "input": given}])


def failed(status: int, message: str = "no", **headers: str) -> Reply:
    """Return an error of the Messages API."""
    body = {"type": "error", "error": {"type": "some_error", "message": message}}
    return (
        status,
        {name.replace("_", "-"): value for name, value in headers.items()},
        json.dumps(body).encode(),
    )


class Model:
    """The endpoint: it gives `replies` one by one, then `otherwise` each time."""

    def __init__(self) -> None:
        self.replies: list[Reply | Callable[[dict[str, Any]], Reply]] = []
        self.otherwise: Reply | Callable[[dict[str, Any]], Reply] = called()
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.hold = threading.Event()
        """While it is clear, nobody gets an answer."""
        self.hold.set()
        self.waiting = threading.Semaphore(0)
        """Released once for each request that has come."""
        self._lock = threading.Lock()
        model = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with model._lock:
                    model.asked.append(body)
                    model.headers.append({name.lower(): value for name, value in self.headers.items()})
                    reply = model.replies.pop(0) if model.replies else model.otherwise
                model.waiting.release()
                model.hold.wait(PATIENCE_SECONDS)
                status, headers, answer = reply(body) if callable(reply) else reply
                try:
                    self.send_response(status)
                    for name, value in {"Content-Type": "application/json", **headers}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(answer)
                except OSError:
                    # Whoever asked has gone.
                    self.close_connection = True

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def texts(self) -> list[str]:
        """Return what was asked, as text."""
        return [str(one["messages"][0]["content"]) for one in self.asked]

    @contextmanager
    def serving(self) -> Iterator[Model]:
        """Answer until the end of the block."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self.hold.set()
            self._server.shutdown()
            thread.join()
            self._server.server_close()
