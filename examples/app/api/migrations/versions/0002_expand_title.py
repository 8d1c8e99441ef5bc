"""Expand: `name` is to be called `title`.

A rename would break the release before this one, which still serves while this migration runs and has to be able to
come back. So the new column is only added, nullable, and filled from the old one; the new release writes both, and reads
`name` where the old release left `title` empty. Once no release that knows only `name` can come back, contract:
migrations/later/0003_contract_title.py.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROWS_AT_ONCE = 10_000


def upgrade() -> None:
    op.add_column("items", sa.Column("title", sa.Text, nullable=True))
    # Outside of a transaction, in small steps: no row stays locked for long, however many there are.
    with op.get_context().autocommit_block():
        statement = sa.text(
            "UPDATE items SET title = name WHERE id IN (SELECT id FROM items WHERE title IS NULL LIMIT :rows)"
        )
        while op.get_bind().execute(statement, {"rows": ROWS_AT_ONCE}).rowcount:
            pass


def downgrade() -> None:
    op.drop_column("items", "title")
