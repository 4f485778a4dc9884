"""A form that was sent knows when, so that it can be forgotten; those on record count from today."""

import sqlalchemy as sa
from alembic import op

from app.core import clock

revision = "20261126_when_forms_were_sent"
down_revision = "20261125d_deaths"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TOKEN = sa.table("client_token", sa.column("sent_at", MOMENT))


def upgrade():
    with op.batch_alter_table("client_token") as table:
        table.add_column(sa.Column("sent_at", MOMENT, nullable=True))
    op.execute(sa.update(TOKEN).values(sent_at=clock.now()))
    with op.batch_alter_table("client_token") as table:
        table.alter_column("sent_at", existing_type=MOMENT, nullable=False)


def downgrade():
    with op.batch_alter_table("client_token") as table:
        table.drop_column("sent_at")
