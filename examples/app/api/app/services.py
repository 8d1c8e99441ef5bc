"""What the routes work with, made once for each process."""

from concurrent.futures import ThreadPoolExecutor, wait

from app.cache import Cache
from app.database import Database
from app.faults import Faults
from app.feature_flags import FeatureFlags
from app.health import HealthChecks
from app.metrics import Metrics
from app.settings import Settings
from app.users import UserIds

CLOSE_SECONDS = 2


class Services:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings.database_url)
        self.cache = Cache(settings.redis_url) if settings.redis_url else None
        self.flags = FeatureFlags(settings.posthog_api_key, settings.posthog_host)
        self.users = UserIds(settings.secret_key)
        self.faults = Faults(settings)
        self.metrics = Metrics(self.cache.active_users if self.cache else None)
        checks = {"postgres": self.database.ping}
        if self.cache:
            checks["redis"] = self.cache.ping
        self.health = HealthChecks(checks)

    def close(self) -> None:
        """Side by side and not waited for longer than CLOSE_SECONDS: at this point nobody is served any more."""
        threads = ThreadPoolExecutor(max_workers=4)
        parts = (self.flags, self.cache, self.database, self.health)
        closing = [threads.submit(part.close) for part in parts if part]
        wait(closing, CLOSE_SECONDS)
        threads.shutdown(wait=False)
