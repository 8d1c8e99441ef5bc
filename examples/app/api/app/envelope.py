"""Around the whole application: every answer names the release, and every request is counted and timed.

Plain ASGI and outermost, so that it also sees what the framework itself answers: 404, 405, and 500 for an exception.
"""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.metrics import Metrics


class Envelope:
    def __init__(self, app: ASGIApp, release: str, metrics: Metrics) -> None:
        self._app = app
        self._header = (b"x-release", release.encode("latin-1", "replace"))
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        status = 500

        async def send_with_release(message: Message) -> None:
            nonlocal status
            if message["type"] in ("http.response.start", "websocket.accept"):
                status = message.get("status", status)
                message = {**message, "headers": [*message.get("headers", []), self._header]}
            await send(message)

        if scope["type"] != "http":
            await self._app(scope, receive, send_with_release)
            return
        start = time.perf_counter()
        try:
            await self._app(scope, receive, send_with_release)
        finally:
            # The router leaves the matched route in the scope; a path that nobody knows must not become a label.
            endpoint = getattr(scope.get("route"), "path", "unmatched")
            self._metrics.observe(scope["method"], endpoint, status, time.perf_counter() - start)
