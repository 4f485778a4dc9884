"""What somebody is typing into a form is kept, encrypted, until it is saved."""

import sqlalchemy as sa
from alembic import op

revision = "20261128g_form_drafts"
down_revision = "20261128g_own_acts"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "form_draft",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=36), nullable=False, comment="The act token of the form"),
        sa.Column("screen", sa.String(length=64), nullable=False, comment="The screen whose form it is"),
        sa.Column("form", sa.String(length=8), nullable=False, comment="add, edit or propose"),
        sa.Column("owner_uid", sa.Uuid(), nullable=True, comment="The row it changes"),
        sa.Column(
            "offices",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="Of a new row: the offices its writer had; without one of them it is closed",
        ),
        sa.Column("content_enc", sa.LargeBinary(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_form_draft_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_draft")),
        sa.UniqueConstraint("uid", name=op.f("uq_form_draft_uid")),
        sa.UniqueConstraint("user_id", "token", name=op.f("uq_form_draft_user_id_token")),
    )
    with op.batch_alter_table("form_draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_form_draft_owner_uid"), ["owner_uid"], unique=False)
        batch_op.create_index(batch_op.f("ix_form_draft_saved_at"), ["saved_at"], unique=False)
        batch_op.create_index(
            "uq_form_draft_row",
            ["user_id", "screen", "form", "owner_uid"],
            unique=True,
            sqlite_where=sa.text("owner_uid IS NOT NULL"),
            postgresql_where=sa.text("owner_uid IS NOT NULL"),
        )


def downgrade():
    with op.batch_alter_table("form_draft", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_form_draft_row", sqlite_where=sa.text("owner_uid IS NOT NULL"), postgresql_where=sa.text("owner_uid IS NOT NULL")
        )
        batch_op.drop_index(batch_op.f("ix_form_draft_saved_at"))
        batch_op.drop_index(batch_op.f("ix_form_draft_owner_uid"))

    op.drop_table("form_draft")
