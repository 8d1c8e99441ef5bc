"""Is this process able to serve: PostgreSQL and Redis are each asked, at the same time, and given two seconds."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

TIMEOUT_SECONDS = 2.0

logger = logging.getLogger(__name__)


class HealthChecks:
    def __init__(self, checks: dict[str, Callable[[], None]]) -> None:
        self._checks = checks
        # Threads of its own: requests that all wait for something must not make this look unhealthy.
        self._threads = ThreadPoolExecutor(max_workers=4 * len(checks), thread_name_prefix="health")

    async def run(self) -> dict[str, str]:
        """`ok`, `timeout` or `failed` by name."""
        results = await asyncio.gather(*(self._run(name) for name in self._checks))
        return dict(zip(self._checks, results, strict=True))

    async def _run(self, name: str) -> str:
        try:
            running = asyncio.get_running_loop().run_in_executor(self._threads, self._checks[name])
            await asyncio.wait_for(running, TIMEOUT_SECONDS)
        except TimeoutError:
            logger.warning("health check of %s: no answer in %s s", name, TIMEOUT_SECONDS)
            return "timeout"
        except Exception as error:
            logger.warning("health check of %s: %s", name, str(error).partition("\n")[0])
            return "failed"
        return "ok"

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
