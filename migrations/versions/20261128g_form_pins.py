"""Which fields of a form one person keeps for the next new record."""

import sqlalchemy as sa
from alembic import op

revision = "20261128g_form_pins"
down_revision = "20261128g_approval_queue"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "form_pin",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("ledger", sa.String(length=64), nullable=False, comment="The table of the records"),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_form_pin_user_id")),
        sa.PrimaryKeyConstraint("user_id", "ledger", "field", name=op.f("pk_form_pin")),
    )


def downgrade():
    op.drop_table("form_pin")
