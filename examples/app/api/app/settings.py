"""Everything the API reads from its environment, checked once at the start.

A secret NAME may also be given as NAME_FILE, the path of a file that holds it; that is how Tristack gives it. An empty
variable counts as not set. Values of secrets never appear in a message.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

FAULTS = ("none", "crash", "never-ready", "errors", "slow", "leak")


class SettingsError(Exception):
    """Bad or missing settings; `problems` holds one line for each."""

    def __init__(self, consequence: str, problems: list[str]) -> None:
        self.problems = problems
        count = "1 setting is" if len(problems) == 1 else f"{len(problems)} settings are"
        super().__init__(f"{consequence}, {count} wrong:\n" + "\n".join(f"  {line}" for line in problems))


@dataclass(frozen=True)
class Settings:
    """Meaning and default of each value are in the README's table."""

    database_url: str = field(repr=False)
    redis_url: str | None = field(repr=False)
    secret_key: str = field(repr=False)
    sentry_dsn: str | None = field(repr=False)
    posthog_api_key: str | None = field(repr=False)
    posthog_host: str
    release: str
    environment: str
    cors_origins: tuple[str, ...]
    host: str
    port: int
    workers: int
    forwarded_allow_ips: str
    drain_seconds: int
    fault: str
    fault_error_percent: int
    fault_slow_ms: int
    fault_leak_mb_per_minute: int


class Reader:
    """Reads variables and collects what is wrong with them, so that all problems are told together."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.problems: list[str] = []

    def text(self, name: str, default: str) -> str:
        return self.environment.get(name, "").strip() or default

    def given(self, name: str) -> bool:
        """Whether a secret is there, as a variable or as a file."""
        return bool(self.text(name, "") or self.text(f"{name}_FILE", ""))

    def integer(self, name: str, default: int, least: int, most: int) -> int:
        value = self.text(name, str(default))
        if value.isascii() and value.isdigit() and least <= int(value) <= most:
            return int(value)
        self.problems.append(f'{name}: is "{value}"; needs a whole number from {least} to {most}')
        return default

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        value = self.text(name, choices[0])
        if value not in choices:
            self.problems.append(f'{name}: is "{value}"; needs one of {", ".join(choices)}')
        return value

    def optional_secret(self, name: str) -> str | None:
        direct, path = self.text(name, ""), self.text(f"{name}_FILE", "")
        if direct and path:
            self.problems.append(f"{name}: {name}_FILE is set too; needs only one of the two")
        if not path:
            return direct or None
        try:
            content = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not text"
            self.problems.append(f'{name}_FILE: is "{path}"; needs a readable file ({reason})')
            return None
        if not content:
            self.problems.append(f'{name}_FILE: is "{path}"; needs a file that is not empty')
        return content or None

    def secret(self, name: str, need: str) -> str:
        before = len(self.problems)
        value = self.optional_secret(name)
        if value is None and len(self.problems) == before:
            self.problems.append(f"{name}: is not set; needs {need}, or {name}_FILE, the path of a file with it")
        return value or ""

    def url(self, name: str, schemes: tuple[str, ...]) -> str:
        need = f"a URL that starts with {' or '.join(f'{scheme}://' for scheme in schemes)} and names a host"
        before = len(self.problems)
        value = self.secret(name, need)
        if len(self.problems) == before:
            try:
                parts = urlsplit(value)
                _ = parts.port  # raises on a port that is not a number
                usable = parts.scheme in schemes and bool(parts.hostname)
            except ValueError:
                usable = False
            if not usable:
                self.problems.append(f"{name}: cannot be used (value not shown); needs {need}")
        return value

    def finish(self, consequence: str) -> None:
        if self.problems:
            raise SettingsError(consequence, self.problems)


def sqlalchemy_url(database_url: str) -> str:
    """The same URL for SQLAlchemy with psycopg 3: a plain postgresql:// says nothing about the driver."""
    return "postgresql+psycopg://" + database_url.split("://", 1)[1]


def read_database_url(reader: Reader) -> str:
    """The SQLAlchemy URL, or nothing when there is a problem, which the reader then knows."""
    url = reader.url("DATABASE_URL", ("postgresql", "postgres"))
    return sqlalchemy_url(url) if "://" in url else ""


def read_settings(environment: Mapping[str, str] = os.environ, needs_redis: bool = True) -> Settings:
    """Raises SettingsError with every problem."""
    reader = Reader(environment)
    has_redis = needs_redis or reader.given("REDIS_URL")
    secret_key = reader.secret("SECRET_KEY", "at least 16 random characters")
    if 0 < len(secret_key) < 16:
        reader.problems.append(f"SECRET_KEY: has {len(secret_key)} characters; needs at least 16")
    settings = Settings(
        database_url=read_database_url(reader),
        redis_url=reader.url("REDIS_URL", ("redis", "rediss")) if has_redis else None,
        secret_key=secret_key,
        sentry_dsn=reader.optional_secret("SENTRY_DSN"),
        posthog_api_key=reader.optional_secret("POSTHOG_API_KEY"),
        posthog_host=reader.text("POSTHOG_HOST", "https://us.i.posthog.com"),
        release=reader.text("RELEASE", "development"),
        environment=reader.text("ENVIRONMENT", "development"),
        cors_origins=tuple(reader.text("CORS_ORIGINS", "").replace(",", " ").split()),
        host=reader.text("HOST", "0.0.0.0"),
        port=reader.integer("PORT", 8000, 1, 65535),
        workers=reader.integer("WEB_CONCURRENCY", 1, 1, 64),
        forwarded_allow_ips=reader.text("FORWARDED_ALLOW_IPS", "*"),
        drain_seconds=reader.integer("DRAIN_SECONDS", 30, 1, 3600),
        fault=reader.choice("FAULT", FAULTS),
        fault_error_percent=reader.integer("FAULT_ERROR_PERCENT", 20, 0, 100),
        fault_slow_ms=reader.integer("FAULT_SLOW_MS", 2000, 0, 600_000),
        fault_leak_mb_per_minute=reader.integer("FAULT_LEAK_MB_PER_MINUTE", 60, 1, 100_000),
    )
    reader.finish("The API cannot start")
    return settings
