"""The fields that a return marks, and which rows of a queue somebody opened."""

import sqlalchemy as sa
from alembic import op

from app.core.columns import Moment

revision = "20261128g_approval_queue"
down_revision = "20261128g_list_views"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "return_mark",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_uid", sa.Uuid(), nullable=False),
        sa.Column("token", sa.String(36), nullable=False, comment="Of the step that returned the record"),
        sa.Column("field", sa.String(64), nullable=False),
        sa.Column("note_enc", sa.LargeBinary(), nullable=True),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_uid", "token"], ["workflow_step.owner_uid", "workflow_step.token"], name=op.f("fk_return_mark_owner_uid_token")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_mark")),
        sa.UniqueConstraint("uid", name=op.f("uq_return_mark_uid")),
    )
    op.create_index(op.f("ix_return_mark_owner_uid"), "return_mark", ["owner_uid"])
    op.create_table(
        "queue_look",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("owner_uid", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_queue_look_user_id")),
        sa.PrimaryKeyConstraint("user_id", "owner_uid", name=op.f("pk_queue_look")),
    )


def downgrade():
    op.drop_table("queue_look")
    op.drop_table("return_mark")
