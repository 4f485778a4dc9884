"""Marriage events, and the marriages they tell of."""

import sqlalchemy as sa
from alembic import op

revision = "20261125c_marriages"
down_revision = "20261125b_change_requests"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "marriage",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wife_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("wife_id_no_bidx", sa.String(length=32), nullable=True),
        sa.Column("wife_name", sa.String(length=50), nullable=False),
        sa.Column("wife_marital", sa.String(length=8), nullable=True, comment="What the marriage made her: 21, 22 or 23"),
        sa.Column("husband_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("husband_id_no_bidx", sa.String(length=32), nullable=True),
        sa.Column("husband_name", sa.String(length=50), nullable=False),
        sa.Column("husband_marital", sa.String(length=8), nullable=True, comment="What the marriage made him: 21, 22 or 23"),
        sa.Column("began_on", sa.Date(), nullable=True, comment="Empty where only the end is on file"),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ending", sa.String(length=8), nullable=True, comment="30 by a death, 40 by a divorce"),
        sa.Column("scope_path", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False),
        sa.Column("wife_marital_set", sa.String(length=32), sa.Computed("'marital'", persisted=True), nullable=True),
        sa.Column("husband_marital_set", sa.String(length=32), sa.Computed("'marital'", persisted=True), nullable=True),
        sa.Column("ending_set", sa.String(length=32), sa.Computed("'marital'", persisted=True), nullable=True),
        sa.CheckConstraint("(ended_on IS NULL) = (ending IS NULL)", name=op.f("ck_marriage_ending_iff_ended")),
        sa.CheckConstraint("began_on IS NOT NULL OR ended_on IS NOT NULL", name=op.f("ck_marriage_known_by_one_end")),
        sa.CheckConstraint("ended_on >= began_on", name=op.f("ck_marriage_dates")),
        sa.ForeignKeyConstraint(["ending_set", "ending"], ["code_item.set", "code_item.code"], name=op.f("fk_marriage_ending_set_ending")),
        sa.ForeignKeyConstraint(["husband_id"], ["person.id"], name=op.f("fk_marriage_husband_id")),
        sa.ForeignKeyConstraint(
            ["husband_marital_set", "husband_marital"],
            ["code_item.set", "code_item.code"],
            name=op.f("fk_marriage_husband_marital_set_husband_marital"),
        ),
        sa.ForeignKeyConstraint(["wife_id"], ["person.id"], name=op.f("fk_marriage_wife_id")),
        sa.ForeignKeyConstraint(
            ["wife_marital_set", "wife_marital"],
            ["code_item.set", "code_item.code"],
            name=op.f("fk_marriage_wife_marital_set_wife_marital"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marriage")),
    )
    with op.batch_alter_table("marriage", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_marriage_husband_id"), ["husband_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_marriage_husband_id_no_bidx"), ["husband_id_no_bidx"], unique=False)
        batch_op.create_index(batch_op.f("ix_marriage_scope_path"), ["scope_path"], unique=False)
        batch_op.create_index(batch_op.f("ix_marriage_wife_id"), ["wife_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_marriage_wife_id_no_bidx"), ["wife_id_no_bidx"], unique=False)
        batch_op.create_index(
            "uq_marriage_husband_id_no_bidx_stands",
            ["husband_id_no_bidx"],
            unique=True,
            sqlite_where=sa.text("ended_on IS NULL"),
            postgresql_where=sa.text("ended_on IS NULL"),
        )
        batch_op.create_index(
            "uq_marriage_husband_id_stands",
            ["husband_id"],
            unique=True,
            sqlite_where=sa.text("ended_on IS NULL"),
            postgresql_where=sa.text("ended_on IS NULL"),
        )
        batch_op.create_index(
            "uq_marriage_wife_id_no_bidx_stands",
            ["wife_id_no_bidx"],
            unique=True,
            sqlite_where=sa.text("ended_on IS NULL"),
            postgresql_where=sa.text("ended_on IS NULL"),
        )
        batch_op.create_index(
            "uq_marriage_wife_id_stands",
            ["wife_id"],
            unique=True,
            sqlite_where=sa.text("ended_on IS NULL"),
            postgresql_where=sa.text("ended_on IS NULL"),
        )

    op.create_table(
        "marriage_event",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False, comment="Date on the certificate, of the judgment, or of the death"),
        sa.Column("certificate_no", sa.String(length=40), nullable=True),
        sa.Column("wife_name", sa.String(length=50), nullable=False),
        sa.Column("wife_id_type", sa.String(length=8), nullable=False),
        sa.Column("wife_id_no_enc", sa.LargeBinary(), nullable=True),
        sa.Column("wife_id_no_bidx", sa.String(length=32), nullable=True),
        sa.Column("wife_birth_date", sa.Date(), nullable=True),
        sa.Column(
            "wife_region_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="Where she lives, in the offices of the writer",
        ),
        sa.Column("wife_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("wife_marital", sa.String(length=8), nullable=True),
        sa.Column("husband_name", sa.String(length=50), nullable=False),
        sa.Column("husband_id_type", sa.String(length=8), nullable=False),
        sa.Column("husband_id_no_enc", sa.LargeBinary(), nullable=True),
        sa.Column("husband_id_no_bidx", sa.String(length=32), nullable=True),
        sa.Column("husband_birth_date", sa.Date(), nullable=True),
        sa.Column(
            "husband_region_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="Where he lives, in the offices of the writer",
        ),
        sa.Column("husband_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("husband_marital", sa.String(length=8), nullable=True),
        sa.Column("filed", sa.String(length=24), nullable=False, comment="The roles whose files this row made"),
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
        sa.Column("kind_set", sa.String(length=32), sa.Computed("'marriage_event'", persisted=True), nullable=True),
        sa.Column("wife_id_type_set", sa.String(length=32), sa.Computed("'id_type'", persisted=True), nullable=True),
        sa.Column("wife_marital_set", sa.String(length=32), sa.Computed("'marital'", persisted=True), nullable=True),
        sa.Column("husband_id_type_set", sa.String(length=32), sa.Computed("'id_type'", persisted=True), nullable=True),
        sa.Column("husband_marital_set", sa.String(length=32), sa.Computed("'marital'", persisted=True), nullable=True),
        sa.CheckConstraint(
            "(status IN ('approved', 'voided')) = (approved_by_id IS NOT NULL)", name=op.f("ck_marriage_event_approver_iff_approved")
        ),
        sa.CheckConstraint("(status IN ('approved', 'voided')) = (row_hash IS NOT NULL)", name=op.f("ck_marriage_event_hash_iff_approved")),
        sa.CheckConstraint(
            "(status IN ('approved', 'voided')) = (statistical_month IS NOT NULL)", name=op.f("ck_marriage_event_month_iff_approved")
        ),
        sa.CheckConstraint(
            "approved_by_id IS NULL OR approved_by_id <> changed_by_id", name=op.f("ck_marriage_event_approver_is_not_editor")
        ),
        sa.CheckConstraint("approved_by_id IS NULL OR approved_by_id <> made_by_id", name=op.f("ck_marriage_event_approver_is_not_maker")),
        sa.CheckConstraint("reported_on >= happened_on", name=op.f("ck_marriage_event_reported_after_event")),
        sa.CheckConstraint("wife_id <> husband_id", name=op.f("ck_marriage_event_two_people")),
        sa.CheckConstraint("wife_id IS NOT NULL OR husband_id IS NOT NULL", name=op.f("ck_marriage_event_somebody_on_file")),
        sa.CheckConstraint("wife_id_no_bidx <> husband_id_no_bidx", name=op.f("ck_marriage_event_two_numbers")),
        sa.ForeignKeyConstraint(["approved_by_id"], ["ab_user.id"], name=op.f("fk_marriage_event_approved_by_id")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_marriage_event_changed_by_id")),
        sa.ForeignKeyConstraint(["husband_id"], ["person.id"], name=op.f("fk_marriage_event_husband_id")),
        sa.ForeignKeyConstraint(
            ["husband_id_type_set", "husband_id_type"],
            ["code_item.set", "code_item.code"],
            name=op.f("fk_marriage_event_husband_id_type_set_husband_id_type"),
        ),
        sa.ForeignKeyConstraint(
            ["husband_marital_set", "husband_marital"],
            ["code_item.set", "code_item.code"],
            name=op.f("fk_marriage_event_husband_marital_set_husband_marital"),
        ),
        sa.ForeignKeyConstraint(["husband_region_id"], ["region.id"], name=op.f("fk_marriage_event_husband_region_id")),
        sa.ForeignKeyConstraint(["kind_set", "kind"], ["code_item.set", "code_item.code"], name=op.f("fk_marriage_event_kind_set_kind")),
        sa.ForeignKeyConstraint(["made_by_id"], ["ab_user.id"], name=op.f("fk_marriage_event_made_by_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_marriage_event_region_id")),
        sa.ForeignKeyConstraint(["wife_id"], ["person.id"], name=op.f("fk_marriage_event_wife_id")),
        sa.ForeignKeyConstraint(
            ["wife_id_type_set", "wife_id_type"],
            ["code_item.set", "code_item.code"],
            name=op.f("fk_marriage_event_wife_id_type_set_wife_id_type"),
        ),
        sa.ForeignKeyConstraint(
            ["wife_marital_set", "wife_marital"],
            ["code_item.set", "code_item.code"],
            name=op.f("fk_marriage_event_wife_marital_set_wife_marital"),
        ),
        sa.ForeignKeyConstraint(["wife_region_id"], ["region.id"], name=op.f("fk_marriage_event_wife_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marriage_event")),
        sa.UniqueConstraint("uid", name=op.f("uq_marriage_event_uid")),
    )
    with op.batch_alter_table("marriage_event", schema=None) as batch_op:
        batch_op.create_index(
            "ix_marriage_event_change_open",
            ["scope_path"],
            unique=False,
            sqlite_where=sa.text("change_open = 1"),
            postgresql_where=sa.text("change_open"),
        )
        batch_op.create_index(batch_op.f("ix_marriage_event_husband_id"), ["husband_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_marriage_event_husband_id_no_bidx"), ["husband_id_no_bidx"], unique=False)
        batch_op.create_index(batch_op.f("ix_marriage_event_region_id"), ["region_id"], unique=False)
        batch_op.create_index("ix_marriage_event_scope_id", ["scope_path", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_marriage_event_scope_path"), ["scope_path"], unique=False)
        batch_op.create_index(batch_op.f("ix_marriage_event_statistical_month"), ["statistical_month"], unique=False)
        batch_op.create_index(batch_op.f("ix_marriage_event_status"), ["status"], unique=False)
        batch_op.create_index(batch_op.f("ix_marriage_event_wife_id"), ["wife_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_marriage_event_wife_id_no_bidx"), ["wife_id_no_bidx"], unique=False)


def downgrade():
    with op.batch_alter_table("marriage_event", schema=None) as batch_op:
        batch_op.drop_index("ix_marriage_event_change_open")
        batch_op.drop_index(batch_op.f("ix_marriage_event_wife_id_no_bidx"))
        batch_op.drop_index(batch_op.f("ix_marriage_event_wife_id"))
        batch_op.drop_index(batch_op.f("ix_marriage_event_status"))
        batch_op.drop_index(batch_op.f("ix_marriage_event_statistical_month"))
        batch_op.drop_index(batch_op.f("ix_marriage_event_scope_path"))
        batch_op.drop_index("ix_marriage_event_scope_id")
        batch_op.drop_index(batch_op.f("ix_marriage_event_region_id"))
        batch_op.drop_index(batch_op.f("ix_marriage_event_husband_id_no_bidx"))
        batch_op.drop_index(batch_op.f("ix_marriage_event_husband_id"))

    op.drop_table("marriage_event")
    with op.batch_alter_table("marriage", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_marriage_wife_id_stands", sqlite_where=sa.text("ended_on IS NULL"), postgresql_where=sa.text("ended_on IS NULL")
        )
        batch_op.drop_index(
            "uq_marriage_wife_id_no_bidx_stands", sqlite_where=sa.text("ended_on IS NULL"), postgresql_where=sa.text("ended_on IS NULL")
        )
        batch_op.drop_index(
            "uq_marriage_husband_id_stands", sqlite_where=sa.text("ended_on IS NULL"), postgresql_where=sa.text("ended_on IS NULL")
        )
        batch_op.drop_index(
            "uq_marriage_husband_id_no_bidx_stands", sqlite_where=sa.text("ended_on IS NULL"), postgresql_where=sa.text("ended_on IS NULL")
        )
        batch_op.drop_index(batch_op.f("ix_marriage_wife_id_no_bidx"))
        batch_op.drop_index(batch_op.f("ix_marriage_wife_id"))
        batch_op.drop_index(batch_op.f("ix_marriage_scope_path"))
        batch_op.drop_index(batch_op.f("ix_marriage_husband_id_no_bidx"))
        batch_op.drop_index(batch_op.f("ix_marriage_husband_id"))

    op.drop_table("marriage")
