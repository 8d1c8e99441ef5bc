"""How migrations are run: `python -m alembic upgrade head`, which needs only DATABASE_URL or DATABASE_URL_FILE.

Waits up to DATABASE_WAIT_SECONDS (60) for the database; takes a lock, so that of two runs at once the second waits and
then finds nothing to do. Exits with 2 on bad settings, 3 when the database was migrated by a newer release, 1 when it
cannot go on for another reason.
"""

import os
import sys
import time
from logging.config import fileConfig

from alembic import context
from app.database import CONNECT_OPTIONS, Base
from app.settings import Reader, SettingsError, read_database_url
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

# Any number will do, as long as nothing else in this database locks it.
LOCK_ID = 7_411_042_023
# The second of two runs waits this long for the first.
LOCK_WAIT = "10min"
# A change of a table waits this long for its lock; meanwhile everything else that wants the table queues up behind it.
TABLE_LOCK_WAIT = "10s"


def stop(message: str, code: int) -> None:
    print(message, file=sys.stderr, flush=True)
    sys.exit(code)


def connect(url: str, wait_seconds: int) -> Connection:
    engine = create_engine(url, poolclass=NullPool, connect_args={**CONNECT_OPTIONS, "application_name": "migrations"})
    deadline = time.monotonic() + wait_seconds
    told_at = time.monotonic()
    while True:
        try:
            return engine.connect()
        except OperationalError as error:
            reason = str(error.orig).strip().replace("\n", " ")
            if time.monotonic() >= deadline:
                stop(f"No connection to the database in {wait_seconds} s: {reason}", 1)
            if time.monotonic() - told_at >= 5:
                print(f"Waiting for the database: {reason}", file=sys.stderr, flush=True)
                told_at = time.monotonic()
            time.sleep(0.5)


def lock(connection: Connection) -> None:
    """Held by the session, so it also ends with it, however that happens."""
    connection.execute(text(f"SET lock_timeout = '{LOCK_WAIT}'"))
    connection.execute(text("SELECT pg_advisory_lock(:id)"), {"id": LOCK_ID})
    connection.execute(text(f"SET lock_timeout = '{TABLE_LOCK_WAIT}'"))
    connection.commit()


def stop_if_newer() -> None:
    known = {script.revision for script in context.script.walk_revisions()}
    for revision in context.get_context().get_current_heads():
        if revision not in known:
            newest = context.script.get_current_head()
            stop(f"The database is at revision {revision}; this release knows them up to {newest}. Nothing changed.", 3)


def run() -> None:
    reader = Reader(os.environ)
    url = read_database_url(reader)
    wait_seconds = reader.integer("DATABASE_WAIT_SECONDS", 60, 0, 3600)
    try:
        reader.finish("The migrations cannot run")
    except SettingsError as error:
        stop(str(error), 2)
    with connect(url, wait_seconds) as connection:
        try:
            lock(connection)
        except OperationalError:
            stop(f"Another run of the migrations did not end in {LOCK_WAIT}", 1)
        context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=True)
        stop_if_newer()
        with context.begin_transaction():
            context.run_migrations()


if context.config.config_file_name is not None:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)
if context.is_offline_mode():
    stop("--sql is not supported: the migrations need the database", 2)
run()
