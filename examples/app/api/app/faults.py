"""Faults that can be switched on by the environment, to try how a deployment behaves with a bad release.

none         nothing (the default)
crash        exits with 1 at the start
never-ready  /health answers 503 for ever
errors       FAULT_ERROR_PERCENT of the answers are 500
slow         every answer waits FAULT_SLOW_MS first
leak         FAULT_LEAK_MB_PER_MINUTE of memory are taken and never given back

`errors` and `slow` spare /health and /metrics: a release with these faults is healthy but bad.
"""

import asyncio
import sys
import threading
import time

from fastapi import HTTPException

from app.settings import Settings


class Faults:
    def __init__(self, settings: Settings) -> None:
        self.kind = settings.fault
        self._percent = settings.fault_error_percent
        self._slow_seconds = settings.fault_slow_ms / 1000
        self._leak_mb_per_minute = settings.fault_leak_mb_per_minute
        self._requests = 0

    def crash_if_asked(self) -> None:
        if self.kind == "crash":
            print("FAULT=crash: exiting with 1 at the start, as asked", file=sys.stderr, flush=True)
            sys.exit(1)

    def start(self) -> None:
        """At the start of each serving process."""
        if self.kind != "none":
            print(f"FAULT={self.kind} is switched on", file=sys.stderr, flush=True)
        if self.kind == "leak":
            threading.Thread(target=self._leak, name="fault-leak", daemon=True).start()

    @property
    def never_ready(self) -> bool:
        return self.kind == "never-ready"

    async def disturb(self) -> None:
        """A dependency of every route that `errors` and `slow` are for."""
        if self.kind == "slow":
            await asyncio.sleep(self._slow_seconds)
        if self._fails_now():
            raise HTTPException(500, "FAULT=errors: failed as asked")

    def _fails_now(self) -> bool:
        """Spread evenly instead of drawn: of any 100 requests in a row, exactly the percentage fails."""
        if self.kind != "errors":
            return False
        before = self._requests * self._percent // 100
        self._requests += 1
        return self._requests * self._percent // 100 > before

    def _leak(self) -> None:
        kept: list[bytes] = []
        bytes_per_second = self._leak_mb_per_minute * 1024 * 1024 // 60
        while True:
            kept.append(b"\x01" * bytes_per_second)  # not zeros: untouched pages would cost nothing
            time.sleep(1)
