"""Counts for Prometheus: requests, their times, the queue, workers, findings. No name, no id, no number of a face."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The service's counters, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("facialis_requests", "Requests answered.", labels, registry=self.registry)
        self._seconds = Histogram(
            "facialis_request_seconds",
            "Time to the last byte of an answer.",
            ("route",),
            registry=self.registry,
            buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
        )
        self._findings = Counter(
            "facialis_files", "Files judged, by what came of them.", ("of",), registry=self.registry
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; status 0 where the client went away."""
        known = method if method in ("GET", "POST", "HEAD") else "other"
        self._requests.labels(known, route, str(status or 499)).inc()
        self._seconds.labels(route).observe(seconds)

    def file(self, of: str) -> None:
        """Count a file: read, or refused."""
        self._findings.labels(of).inc()

    def watch(self, name: str, about: str, value: Callable[[], float]) -> None:
        """Tell a number as it is at each look."""
        Gauge(f"facialis_{name}", about, registry=self.registry).set_function(value)

    def text(self) -> bytes:
        """Return all of it in Prometheus's text format."""
        return generate_latest(self.registry)
