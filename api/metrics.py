"""What is counted for Prometheus; label values come from the schema and the error codes only."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.samples import Sample

from resolvers.acts import Engine
from resolvers.server import OperationFigure

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

_QUANTILES = (0.5, 0.95, 0.99)

# A series of start times beside each series of counts says nothing that its absence does not.
disable_created_metrics()  # type: ignore[no-untyped-call] # the library has no types here


class Metrics:
    """The figures of one server process, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._operations = Counter(
            "interlock_operations",
            "Queries and mutations by first root field and outcome (ok or an error's code).",
            ("field", "outcome"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "interlock_operation_seconds",
            "How long queries and mutations took, waiting included.",
            ("field",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self.subscriptions = Gauge(
            "interlock_subscriptions_open", "Subscriptions under way.", registry=self._registry
        )
        self.sockets = Gauge("interlock_sockets_open", "WebSocket connections open.", registry=self._registry)
        self.items = Counter(
            "interlock_subscription_items", "Results sent to subscriptions.", registry=self._registry
        )
        self.refusals = Counter(
            "interlock_refusals",
            "Requests refused before they were read.",
            ("reason",),
            registry=self._registry,
        )

    def operation(self, field: str, outcome: str, seconds: float) -> None:
        """Count one query or mutation."""
        self._operations.labels(field, outcome).inc()
        self._seconds.labels(field).observe(seconds)

    def figures(self) -> list[OperationFigure]:
        """Return how often each operation ran and how long it took, as the buckets of the histogram tell."""
        failures: dict[str, float] = {}
        for sample in _samples(self._operations, "_total"):
            if sample.labels["outcome"] != "ok":
                field = sample.labels["field"]
                failures[field] = failures.get(field, 0) + sample.value
        buckets: dict[str, list[tuple[float, float]]] = {}
        for sample in _samples(self._seconds, "_bucket"):
            buckets.setdefault(sample.labels["field"], []).append((float(sample.labels["le"]), sample.value))
        return [
            OperationFigure(
                field,
                int(rows[-1][1]),
                int(failures.get(field, 0)),
                *(_quantile(rows, q) for q in _QUANTILES),
            )
            for field, rows in buckets.items()
        ]

    async def exposition(self, engine: Engine) -> bytes:
        """Return all figures in Prometheus' text form, the store's and the feed's as they are now."""
        families = [*_feed(engine), *_search(engine), *await _store(engine)]
        current = CollectorRegistry()
        current.register(_Fixed(families))
        return generate_latest(self._registry) + generate_latest(current)


def _samples(metric: Counter | Histogram, suffix: str) -> list[Sample]:
    return [one for family in metric.collect() for one in family.samples if one.name.endswith(suffix)]


def _quantile(rows: list[tuple[float, float]], quantile: float) -> float:
    """Return a quantile in milliseconds from cumulative counts by upper bound, evenly spread within a bucket."""
    wanted, below, seen = quantile * rows[-1][1], 0.0, 0.0
    for bound, count in rows:
        if count >= wanted and count > seen:
            if bound == float("inf"):
                return below * 1000
            return round((below + (bound - below) * (wanted - seen) / (count - seen)) * 1000, 3)
        below, seen = bound, count
    return below * 1000


class _Fixed:
    """Hands figures taken a moment ago to the exposition."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


def _feed(engine: Engine) -> list[Metric]:
    health = engine.feed.health()
    return [
        _gauge("interlock_feed_degraded", "1 while the log is polled.", float(health.is_degraded)),
        _gauge("interlock_feed_subscribers", "Followers of the feed.", health.subscribers),
        _gauge("interlock_feed_ring_events", "Events held in memory.", health.ring_events),
        _gauge("interlock_feed_ring_bytes", "Bytes of them.", health.ring_bytes),
        _gauge("interlock_feed_restarts", "Broadcast connections lost.", health.restarts),
        _gauge("interlock_feed_dropped", "Announcements not passed on to other processes.", health.dropped),
    ]


def _search(engine: Engine) -> list[Metric]:
    if engine.index is None:
        return []
    health = engine.index.health()
    figures = [
        _gauge("interlock_search_degraded", "1 while searches go by words alone.", float(health.is_degraded)),
        _gauge("interlock_search_lag", "Events that wait to be indexed.", float(health.lag or 0)),
        _gauge("interlock_search_left", "Records that a rebuild has left.", health.total - health.indexed),
    ]
    for name, value in health.figures.items():
        figures.append(CounterMetricFamily(f"interlock_search_{name}", _SEARCH_FIGURES[name], value=value))
    return figures


_SEARCH_FIGURES = {
    "indexed": "Records brought up to date in the search index since the start.",
    "embed_seconds": "Seconds spent on turning texts into vectors.",
}


async def _store(engine: Engine) -> list[Metric]:
    health = await engine.store.health()
    families = [
        _gauge("interlock_store_can_read", "1 if a read works.", float(health.can_read)),
        _gauge("interlock_store_can_write", "1 if a write works.", float(health.can_write)),
    ]
    for name, value in health.figures.items():
        if isinstance(value, int | float):
            families.append(_gauge(f"interlock_store_{name}", "A figure of the store.", float(value)))
    return families


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)
