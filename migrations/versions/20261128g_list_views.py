"""How lists look to each person, saved views, and the offices these are shared with."""

import sqlalchemy as sa
from alembic import op

revision = "20261128g_list_views"
down_revision = "20261128f_moves"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "list_view",
        sa.Column("ledger", sa.String(length=64), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("layout", "view", "search", name="kind_known", native_enum=False, create_constraint=True, length=16),
            nullable=False,
        ),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("opens_with", sa.Uuid(), nullable=True, comment="Of a layout: the view the list opens with"),
        sa.Column("content_enc", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.CheckConstraint("NOT is_shared OR kind = 'view'", name=op.f("ck_list_view_only_views_are_shared")),
        sa.ForeignKeyConstraint(["owner_id"], ["ab_user.id"], name=op.f("fk_list_view_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_view")),
        sa.UniqueConstraint("uid", name=op.f("uq_list_view_uid")),
    )
    with op.batch_alter_table("list_view", schema=None) as batch_op:
        batch_op.create_index("ix_list_view_ledger_owner_id", ["ledger", "owner_id"], unique=False)
        batch_op.create_index(
            "uq_list_view_layout",
            ["owner_id", "ledger"],
            unique=True,
            sqlite_where=sa.text("kind = 'layout'"),
            postgresql_where=sa.text("kind = 'layout'"),
        )

    op.create_table(
        "list_view_office",
        sa.Column("view_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("path", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["view_id"], ["list_view.id"], name=op.f("fk_list_view_office_view_id")),
        sa.PrimaryKeyConstraint("view_id", "path", name=op.f("pk_list_view_office")),
    )
    with op.batch_alter_table("list_view_office", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_list_view_office_path"), ["path"], unique=False)


def downgrade():
    with op.batch_alter_table("list_view_office", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_list_view_office_path"))

    op.drop_table("list_view_office")
    with op.batch_alter_table("list_view", schema=None) as batch_op:
        batch_op.drop_index("uq_list_view_layout", sqlite_where=sa.text("kind = 'layout'"), postgresql_where=sa.text("kind = 'layout'"))
        batch_op.drop_index("ix_list_view_ledger_owner_id")

    op.drop_table("list_view")
