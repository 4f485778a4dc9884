"""Files that may be one person's: the rules that find them, what was decided, and the file that a merged one leads to."""

import sqlalchemy as sa
from alembic import op

revision = "20261128d_duplicates"
down_revision = "20261128c_services"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = {"sqlite_where": sa.text("state = 'open'"), "postgresql_where": sa.text("state = 'open'")}


def upgrade():
    op.create_table(
        "duplicate_rule",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("equal", sa.String(length=100), nullable=False, comment="Columns that must be equal and known"),
        sa.Column(
            "may_differ",
            sa.String(length=100),
            nullable=False,
            comment="Columns that may be missing, of another kind, or one sign apart",
        ),
        sa.Column("label_zh", sa.String(length=100), nullable=False),
        sa.Column("label_en", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_duplicate_rule")),
    )
    op.create_table(
        "duplicate_pair",
        sa.Column("one_id", NUMBER, nullable=False),
        sa.Column("other_id", NUMBER, nullable=False),
        sa.Column("rule_key", sa.String(length=32), nullable=False),
        sa.Column(
            "state",
            sa.Enum("open", "different", "merged", name="state_known", native_enum=False, create_constraint=True, length=16),
            nullable=False,
        ),
        sa.Column("change_open", sa.Boolean(), nullable=False, comment="A merge is proposed"),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "identity", sa.String(length=40), nullable=False, comment="Keyed digest of who both were; the pair comes back when it differs"
        ),
        sa.Column("reason", sa.Text(), nullable=True, comment="Why they are different people"),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scope_path", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False),
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(state = 'open') = (decided_by_id IS NULL)", name=op.f("ck_duplicate_pair_decider_iff_decided")),
        sa.CheckConstraint("one_id < other_id", name=op.f("ck_duplicate_pair_older_first")),
        sa.CheckConstraint("state <> 'different' OR length(reason) >= 1", name=op.f("ck_duplicate_pair_reason_if_different")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["ab_user.id"], name=op.f("fk_duplicate_pair_decided_by_id")),
        sa.ForeignKeyConstraint(["one_id"], ["person.id"], name=op.f("fk_duplicate_pair_one_id")),
        sa.ForeignKeyConstraint(["other_id"], ["person.id"], name=op.f("fk_duplicate_pair_other_id")),
        sa.ForeignKeyConstraint(["rule_key"], ["duplicate_rule.key"], name=op.f("fk_duplicate_pair_rule_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_pair")),
        sa.UniqueConstraint("one_id", "other_id", name=op.f("uq_duplicate_pair_one_id_other_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_duplicate_pair_uid")),
    )
    with op.batch_alter_table("duplicate_pair") as batch_op:
        batch_op.create_index("ix_duplicate_pair_open", ["scope_path", "id"], unique=False, **OPEN)
        batch_op.create_index(batch_op.f("ix_duplicate_pair_other_id"), ["other_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_duplicate_pair_scope_path"), ["scope_path"], unique=False)
    with op.batch_alter_table("person") as batch_op:
        batch_op.add_column(sa.Column("merged_into_id", NUMBER, nullable=True, comment="The file that stays"))
        batch_op.create_foreign_key(batch_op.f("fk_person_merged_into_id"), "person", ["merged_into_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_person_merged_into_id"), ["merged_into_id"], unique=False)
        batch_op.create_check_constraint("merged_is_closed", "merged_into_id IS NULL OR closed_on IS NOT NULL")
        batch_op.create_check_constraint("merged_into_another", "merged_into_id <> id")


def downgrade():
    with op.batch_alter_table("person") as batch_op:
        batch_op.drop_constraint("merged_into_another", type_="check")
        batch_op.drop_constraint("merged_is_closed", type_="check")
        batch_op.drop_index(batch_op.f("ix_person_merged_into_id"))
        batch_op.drop_constraint(batch_op.f("fk_person_merged_into_id"), type_="foreignkey")
        batch_op.drop_column("merged_into_id")
    op.drop_table("duplicate_pair")
    op.drop_table("duplicate_rule")
