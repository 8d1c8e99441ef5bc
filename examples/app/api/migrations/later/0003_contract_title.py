"""Contract: `name` goes.

NOT applied by this release: it lies outside of migrations/versions on purpose.

For a later release, which neither reads nor writes `name` and declares in schema-revisions.json to work with 0002 and
0003: move this file to migrations/versions then. From that migration on, no release that needs `name` can come back, so
it waits until the ones kept for a rollback all write `title`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Rows that the release before 0002 wrote after 0002's own pass.
    op.execute("UPDATE items SET title = name WHERE title IS NULL")
    op.alter_column("items", "title", existing_type=sa.Text, nullable=False)
    op.drop_column("items", "name")


def downgrade() -> None:
    op.add_column("items", sa.Column("name", sa.Text, nullable=True))
    op.execute("UPDATE items SET name = title")
    op.alter_column("items", "name", existing_type=sa.Text, nullable=False)
    op.alter_column("items", "title", existing_type=sa.Text, nullable=True)
