"""Deaths."""

import sqlalchemy as sa
from alembic import op

revision = "20261125d_deaths"
down_revision = "20261125c_marriages"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "death",
        sa.Column("person_name", sa.String(length=50), nullable=False),
        sa.Column("person_id_type", sa.String(length=8), nullable=False),
        sa.Column("person_id_no_enc", sa.LargeBinary(), nullable=True),
        sa.Column("person_id_no_bidx", sa.String(length=32), nullable=True),
        sa.Column("person_sex", sa.String(length=8), nullable=False),
        sa.Column("person_birth_date", sa.Date(), nullable=True),
        sa.Column(
            "person_region_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="Where the person lived, in the writer's offices",
        ),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("died_on", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=True),
        sa.Column("certificate_no", sa.String(length=40), nullable=True),
        sa.Column("filed", sa.String(length=24), nullable=False, comment="The roles whose files this row made"),
        sa.Column("wrote_file", sa.Boolean(), nullable=False, comment="The day on the file comes from this row, and goes with it"),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("statistical_month", sa.String(length=7), nullable=True),
        sa.Column("remark", sa.String(length=200), nullable=True),
        sa.Column(
            "region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, comment="The office that answers for the row"
        ),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "submitted",
                "returned",
                "approved",
                "voided",
                name="status_known",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("row_hash", sa.String(length=64), nullable=True),
        sa.Column("record_source", sa.String(length=8), nullable=False, comment="1 by hand, 2 import, 3 shared data"),
        sa.Column("possible_duplicate", sa.Boolean(), nullable=False),
        sa.Column("incomplete", sa.Boolean(), nullable=False),
        sa.Column("on_hold", sa.Boolean(), nullable=False),
        sa.Column("change_open", sa.Boolean(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("scope_path", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("person_id_type_set", sa.String(length=32), sa.Computed("'id_type'", persisted=True), nullable=True),
        sa.Column("person_sex_set", sa.String(length=32), sa.Computed("'sex'", persisted=True), nullable=True),
        sa.CheckConstraint(
            "(status IN ('approved', 'voided')) = (approved_by_id IS NOT NULL)", name=op.f("ck_death_approver_iff_approved")
        ),
        sa.CheckConstraint("(status IN ('approved', 'voided')) = (row_hash IS NOT NULL)", name=op.f("ck_death_hash_iff_approved")),
        sa.CheckConstraint(
            "(status IN ('approved', 'voided')) = (statistical_month IS NOT NULL)", name=op.f("ck_death_month_iff_approved")
        ),
        sa.CheckConstraint("approved_by_id IS NULL OR approved_by_id <> changed_by_id", name=op.f("ck_death_approver_is_not_editor")),
        sa.CheckConstraint("approved_by_id IS NULL OR approved_by_id <> made_by_id", name=op.f("ck_death_approver_is_not_maker")),
        sa.CheckConstraint("died_on >= person_birth_date", name=op.f("ck_death_death_after_birth")),
        sa.CheckConstraint("reported_on >= died_on", name=op.f("ck_death_reported_after_death")),
        sa.ForeignKeyConstraint(["approved_by_id"], ["ab_user.id"], name=op.f("fk_death_approved_by_id")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_death_changed_by_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["ab_user.id"], name=op.f("fk_death_made_by_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_death_person_id")),
        sa.ForeignKeyConstraint(
            ["person_id_type_set", "person_id_type"],
            ["code_item.set", "code_item.code"],
            name=op.f("fk_death_person_id_type_set_person_id_type"),
        ),
        sa.ForeignKeyConstraint(["person_region_id"], ["region.id"], name=op.f("fk_death_person_region_id")),
        sa.ForeignKeyConstraint(
            ["person_sex_set", "person_sex"], ["code_item.set", "code_item.code"], name=op.f("fk_death_person_sex_set_person_sex")
        ),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_death_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_death")),
        sa.UniqueConstraint("uid", name=op.f("uq_death_uid")),
    )
    with op.batch_alter_table("death", schema=None) as batch_op:
        batch_op.create_index(
            "ix_death_change_open",
            ["scope_path"],
            unique=False,
            sqlite_where=sa.text("change_open = 1"),
            postgresql_where=sa.text("change_open"),
        )
        batch_op.create_index(batch_op.f("ix_death_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_death_person_id_no_bidx"), ["person_id_no_bidx"], unique=False)
        batch_op.create_index(batch_op.f("ix_death_region_id"), ["region_id"], unique=False)
        batch_op.create_index("ix_death_scope_id", ["scope_path", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_death_scope_path"), ["scope_path"], unique=False)
        batch_op.create_index(batch_op.f("ix_death_statistical_month"), ["statistical_month"], unique=False)
        batch_op.create_index(batch_op.f("ix_death_status"), ["status"], unique=False)
        batch_op.create_index(
            "uq_death_person_id_approved",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("status = 'approved'"),
            postgresql_where=sa.text("status = 'approved'"),
        )


def downgrade():
    with op.batch_alter_table("death", schema=None) as batch_op:
        batch_op.drop_index("ix_death_change_open")
        batch_op.drop_index(
            "uq_death_person_id_approved", sqlite_where=sa.text("status = 'approved'"), postgresql_where=sa.text("status = 'approved'")
        )
        batch_op.drop_index(batch_op.f("ix_death_status"))
        batch_op.drop_index(batch_op.f("ix_death_statistical_month"))
        batch_op.drop_index(batch_op.f("ix_death_scope_path"))
        batch_op.drop_index("ix_death_scope_id")
        batch_op.drop_index(batch_op.f("ix_death_region_id"))
        batch_op.drop_index(batch_op.f("ix_death_person_id_no_bidx"))
        batch_op.drop_index(batch_op.f("ix_death_person_id"))

    op.drop_table("death")
