"""What lives in Redis: the counter, and who was here in the last five minutes. Without Redis nothing is counted."""

import time

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

ACTIVE_WINDOW_SECONDS = 300
COUNTER_KEY = "sample:counter"
ACTIVE_USERS_KEY = "sample:active-users"


class Cache:
    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url,
            decode_responses=True,
            socket_connect_timeout=2,
            socket_timeout=2,
            health_check_interval=30,
            retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), 2),
        )

    def ping(self) -> None:
        """Raises if Redis does not answer."""
        self._redis.ping()

    def counter(self) -> int:
        return int(self._redis.get(COUNTER_KEY) or 0)

    def increment_counter(self) -> int:
        return int(self._redis.incr(COUNTER_KEY))

    def user_seen(self, user_id: str) -> None:
        now = time.time()
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.zadd(ACTIVE_USERS_KEY, {user_id: now})
            pipeline.zremrangebyscore(ACTIVE_USERS_KEY, "-inf", now - ACTIVE_WINDOW_SECONDS)
            pipeline.expire(ACTIVE_USERS_KEY, ACTIVE_WINDOW_SECONDS)
            pipeline.execute()

    def active_users(self) -> int:
        return int(self._redis.zcount(ACTIVE_USERS_KEY, time.time() - ACTIVE_WINDOW_SECONDS, "+inf"))

    def close(self) -> None:
        self._redis.close()
