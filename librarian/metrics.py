"""What is counted, and where it can be read: in the log, and by Prometheus on loopback if a port is set."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server


class Metrics:
    """The numbers of one librarian."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._tokens = Counter(
            "librarian_tokens", "Tokens used, by direction.", ("direction",), registry=self.registry
        )
        self._functions = Counter(
            "librarian_functions", "Functions by what became of them.", ("outcome",), registry=self.registry
        )
        self._retries = Counter(
            "librarian_retries",
            "Requests to the model tried again, by reason.",
            ("reason",),
            registry=self.registry,
        )
        self.working = Gauge("librarian_working", "Functions being worked on.", registry=self.registry)
        self.left = Gauge("librarian_tokens_left", "Tokens left of today's budget.", registry=self.registry)
        self._server: Any = None

    def used(self, tokens_in: int, tokens_out: int) -> None:
        """Count the tokens of a request."""
        self._tokens.labels("in").inc(tokens_in)
        self._tokens.labels("out").inc(tokens_out)

    def ended(self, outcome: str) -> None:
        """Count a function: enriched, failed, set_aside, returned, or lost to another."""
        self._functions.labels(outcome).inc()

    def tried_again(self, reason: str) -> None:
        """Count a request that is made again."""
        self._retries.labels(reason).inc()

    def number(self, name: str, **labels: str) -> int:
        """Return a count."""
        return int(self.registry.get_sample_value(name, labels) or 0)

    def serve(self, port: int) -> int:
        """Answer Prometheus on a port of loopback, and return the port.

        Raises:
            OSError: it is taken.
        """
        self._server, _ = start_http_server(port, addr="127.0.0.1", registry=self.registry)
        return int(self._server.server_port)

    def close(self) -> None:
        """Stop answering."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def summary(self) -> str:
        """Return one line of what was done."""
        enriched = self.number("librarian_functions_total", outcome="enriched")
        failed = sum(self.number("librarian_functions_total", outcome=one) for one in ("failed", "set_aside"))
        tokens = sum(self.number("librarian_tokens_total", direction=one) for one in ("in", "out"))
        return f"enriched {enriched:,}, failed {failed:,}, tokens {tokens:,}"
