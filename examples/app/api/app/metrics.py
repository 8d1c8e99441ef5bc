"""The metrics that GET /metrics shows. The label `endpoint` is a route's template, so its values are few and known."""

import os
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

# With several workers prometheus_client keeps the values in files of this folder; app/__main__.py sets it.
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR" in os.environ

# A `_created` series beside each counter would say only when this process first saw it.
disable_created_metrics()


class ActiveUsers(Collector):
    """Asked at each scrape, since the number goes down by itself. Left out while Redis does not answer."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count

    def collect(self) -> Iterable[Metric]:
        gauge = GaugeMetricFamily("active_users", "Users seen in the last five minutes, by all replicas together")
        try:
            gauge.add_metric([], self._count())
        except Exception:
            return
        yield gauge


class Metrics:
    def __init__(self, active_users: Callable[[], int] | None) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "http_requests_total", "HTTP requests", ["method", "endpoint", "status"], registry=self._registry
        )
        self._duration = Histogram(
            "http_request_duration_seconds",
            "Time from a request's arrival to the end of its answer",
            ["method", "endpoint"],
            registry=self._registry,
        )
        self._active_users = ActiveUsers(active_users) if active_users else None

    def observe(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        method = method if method in METHODS else "OTHER"
        self._requests.labels(method, endpoint, str(status)).inc()
        self._duration.labels(method, endpoint).observe(seconds)

    def text(self) -> bytes:
        """In Prometheus's text format, of all workers of this container."""
        shown = CollectorRegistry()
        if MULTIPROCESS:
            MultiProcessCollector(shown)
        if self._active_users:
            shown.register(self._active_users)
        return generate_latest(shown) if MULTIPROCESS else generate_latest(self._registry) + generate_latest(shown)
