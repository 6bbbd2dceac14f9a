"""The language model of a team under test: a small one of words, behind the interface that model servers have."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.store.index_cases import HashEmbedder


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model = HashEmbedder()

    def do_POST(self) -> None:
        texts = json.loads(self.rfile.read(int(self.headers["content-length"])))["input"]
        rows = [
            {"index": place, "embedding": vector.tolist()}
            for place, vector in enumerate(self.model.embed(texts))
        ]
        body = json.dumps({"data": rows}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class ModelServer:
    """Answers on a free port of loopback until it is killed."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def kill(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
