"""Feature flags, through PostHog, behind one function."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from posthog import Posthog

logger = logging.getLogger(__name__)


class FeatureFlags:
    """Without an API key, and on every error or timeout, a flag has its default value."""

    def __init__(self, api_key: str | None, host: str) -> None:
        self._client = self._connect(api_key, host) if api_key else None

    @staticmethod
    def _connect(api_key: str, host: str) -> Posthog:
        # A seventh of what the application takes to start: not for those who have no key.
        from posthog import Posthog

        return Posthog(
            api_key,
            host=host,
            timeout=2,
            max_retries=0,
            feature_flags_request_timeout_seconds=1,
            feature_flags_request_max_retries=0,
        )

    def is_feature_enabled(self, flag: str, user_id: str, default: bool = False) -> bool:
        if self._client is None:
            return default
        try:
            flags = self._client.evaluate_flags(user_id, flag_keys=[flag])
            return flags.is_enabled(flag, default)
        except Exception as error:
            logger.warning("feature flag %s has its default value: %s", flag, type(error).__name__)
            return default

    def close(self) -> None:
        if self._client is not None:
            self._client.shutdown()
