"""The items in PostgreSQL.

The table is in the middle of an expand/contract change, `name` -> `title` (README, "Changing the schema"): this release
needs revision 0002, reads `title` and writes both, so that the release before it still works with every row.
"""

from datetime import datetime

from sqlalchemy import DateTime, Engine, Text, create_engine, func, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, validates

CONNECT_OPTIONS = {
    "connect_timeout": 10,  # seconds: a busy host takes some for a login, and waiting is better than failing
    "tcp_user_timeout": 10_000,  # milliseconds: a database host that vanished is noticed, not waited for
    "application_name": "sample-api",
}


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    @validates("title")
    def _write_both(self, _key: str, title: str) -> str:
        self.name = title
        return title

    @property
    def shown_title(self) -> str:
        """A row that the previous release wrote after the backfill has no title yet."""
        return self.title if self.title is not None else self.name


class Database:
    def __init__(self, url: str) -> None:
        # 15 at most, and 4 for health: of a release and the one before it, 2 replicas each, 76 of PostgreSQL's 100. Kept, since
        # each new one asks the DNS, logs in, and can fail at either.
        self.engine: Engine = create_engine(
            url, pool_pre_ping=True, pool_size=15, max_overflow=0, pool_timeout=20, connect_args=CONNECT_OPTIONS
        )
        # A pool of its own, so that a busy application does not look like a dead database.
        self._health_engine: Engine = create_engine(
            url, pool_size=1, max_overflow=3, pool_timeout=2, connect_args={**CONNECT_OPTIONS, "connect_timeout": 2}
        )

    def ping(self) -> None:
        """Raises if PostgreSQL does not answer. A connection that the server closed is replaced once."""
        try:
            self._select_1()
        except Exception:
            self._health_engine.dispose()
            self._select_1()

    def _select_1(self) -> None:
        with self._health_engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def revision(self) -> str | None:
        """The schema revision that the migrations recorded; None before the first migration."""
        try:
            with self.engine.connect() as connection:
                return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        except ProgrammingError:
            return None

    def latest_items(self, limit: int) -> list[Item]:
        with Session(self.engine) as session:
            return list(session.scalars(select(Item).order_by(Item.id.desc()).limit(limit)))

    def item(self, item_id: int) -> Item | None:
        with Session(self.engine) as session:
            return session.get(Item, item_id)

    def add_item(self, title: str) -> Item:
        with Session(self.engine, expire_on_commit=False) as session:
            item = Item(title=title)
            session.add(item)
            session.commit()
            session.refresh(item)
            return item

    def close(self) -> None:
        self.engine.dispose()
        self._health_engine.dispose()
