"""Households, what happened to them, and who belongs to which."""

import sqlalchemy as sa
from alembic import op

revision = "20261128b_households"
down_revision = "20261126_when_forms_were_sent"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "household",
        sa.Column("number", sa.String(length=30), nullable=False, comment="Code of the office, year, running number"),
        sa.Column("former_no", sa.String(length=30), nullable=True, comment="What the office's own book called it"),
        sa.Column(
            "region_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="The office that answers for the household",
        ),
        sa.Column("address", sa.String(length=100), nullable=True),
        sa.Column("mgmt_class", sa.String(length=8), nullable=True, comment="Who serves: this office, jointly, or as migrants"),
        sa.Column("set_up_on", sa.Date(), nullable=True, comment="Empty until the set-up is approved"),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("scope_path", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("mgmt_class_set", sa.String(length=32), sa.Computed("'mgmt_class'", persisted=True), nullable=True),
        sa.CheckConstraint("closed_on >= set_up_on", name=op.f("ck_household_dates")),
        sa.CheckConstraint("closed_on IS NULL OR set_up_on IS NOT NULL", name=op.f("ck_household_closed_after_set_up")),
        sa.ForeignKeyConstraint(
            ["mgmt_class_set", "mgmt_class"], ["code_item.set", "code_item.code"], name=op.f("fk_household_mgmt_class_set_mgmt_class")
        ),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_household_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household")),
        sa.UniqueConstraint("number", name=op.f("uq_household_number")),
        sa.UniqueConstraint("uid", name=op.f("uq_household_uid")),
    )
    with op.batch_alter_table("household", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_household_former_no"), ["former_no"], unique=False)
        batch_op.create_index(batch_op.f("ix_household_region_id"), ["region_id"], unique=False)
        batch_op.create_index("ix_household_scope_id", ["scope_path", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_household_scope_path"), ["scope_path"], unique=False)

    op.create_table(
        "household_event",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("household_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("relation", sa.String(length=8), nullable=True, comment="To the head; where the head changes, of the former head"),
        sa.Column("address", sa.String(length=100), nullable=True, comment="Of a set-up"),
        sa.Column("mgmt_class", sa.String(length=8), nullable=True, comment="Of a set-up"),
        sa.Column("former_no", sa.String(length=30), nullable=True, comment="Of a set-up: what the office's own book called it"),
        sa.Column("person_name", sa.String(length=50), nullable=True),
        sa.Column("person_id_type", sa.String(length=8), nullable=False),
        sa.Column("person_id_no_enc", sa.LargeBinary(), nullable=True),
        sa.Column("person_id_no_bidx", sa.String(length=32), nullable=True),
        sa.Column("person_sex", sa.String(length=8), nullable=True),
        sa.Column("person_birth_date", sa.Date(), nullable=True),
        sa.Column(
            "person_region_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="Where the person lives, in the writer's offices",
        ),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.String(length=100), nullable=True),
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
        sa.Column("kind_set", sa.String(length=32), sa.Computed("'household_event'", persisted=True), nullable=True),
        sa.Column("relation_set", sa.String(length=32), sa.Computed("'kinship'", persisted=True), nullable=True),
        sa.Column("mgmt_class_set", sa.String(length=32), sa.Computed("'mgmt_class'", persisted=True), nullable=True),
        sa.Column("person_id_type_set", sa.String(length=32), sa.Computed("'id_type'", persisted=True), nullable=True),
        sa.Column("person_sex_set", sa.String(length=32), sa.Computed("'sex'", persisted=True), nullable=True),
        sa.CheckConstraint("(kind = '1') = (COALESCE(relation, '') = '02')", name=op.f("ck_household_event_head_iff_set_up")),
        sa.CheckConstraint("(kind = '5') = (person_id IS NULL)", name=op.f("ck_household_event_closing_names_nobody")),
        sa.CheckConstraint(
            "(status IN ('approved', 'voided')) = (approved_by_id IS NOT NULL)", name=op.f("ck_household_event_approver_iff_approved")
        ),
        sa.CheckConstraint(
            "(status IN ('approved', 'voided')) = (row_hash IS NOT NULL)", name=op.f("ck_household_event_hash_iff_approved")
        ),
        sa.CheckConstraint(
            "(status IN ('approved', 'voided')) = (statistical_month IS NOT NULL)", name=op.f("ck_household_event_month_iff_approved")
        ),
        sa.CheckConstraint("kind NOT IN ('2', '6') OR relation IS NOT NULL", name=op.f("ck_household_event_relation_told")),
        sa.CheckConstraint("(person_id IS NULL) = (person_name IS NULL)", name=op.f("ck_household_event_named_iff_filed")),
        sa.CheckConstraint(
            "approved_by_id IS NULL OR approved_by_id <> changed_by_id", name=op.f("ck_household_event_approver_is_not_editor")
        ),
        sa.CheckConstraint("approved_by_id IS NULL OR approved_by_id <> made_by_id", name=op.f("ck_household_event_approver_is_not_maker")),
        sa.CheckConstraint("happened_on >= person_birth_date", name=op.f("ck_household_event_event_after_birth")),
        sa.CheckConstraint("reported_on >= happened_on", name=op.f("ck_household_event_reported_after_event")),
        sa.ForeignKeyConstraint(["approved_by_id"], ["ab_user.id"], name=op.f("fk_household_event_approved_by_id")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_household_event_changed_by_id")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_household_event_household_id")),
        sa.ForeignKeyConstraint(["kind_set", "kind"], ["code_item.set", "code_item.code"], name=op.f("fk_household_event_kind_set_kind")),
        sa.ForeignKeyConstraint(["made_by_id"], ["ab_user.id"], name=op.f("fk_household_event_made_by_id")),
        sa.ForeignKeyConstraint(
            ["mgmt_class_set", "mgmt_class"], ["code_item.set", "code_item.code"], name=op.f("fk_household_event_mgmt_class_set_mgmt_class")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_household_event_person_id")),
        sa.ForeignKeyConstraint(
            ["person_id_type_set", "person_id_type"],
            ["code_item.set", "code_item.code"],
            name=op.f("fk_household_event_person_id_type_set_person_id_type"),
        ),
        sa.ForeignKeyConstraint(["person_region_id"], ["region.id"], name=op.f("fk_household_event_person_region_id")),
        sa.ForeignKeyConstraint(
            ["person_sex_set", "person_sex"], ["code_item.set", "code_item.code"], name=op.f("fk_household_event_person_sex_set_person_sex")
        ),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_household_event_region_id")),
        sa.ForeignKeyConstraint(
            ["relation_set", "relation"], ["code_item.set", "code_item.code"], name=op.f("fk_household_event_relation_set_relation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_event")),
        sa.UniqueConstraint("uid", name=op.f("uq_household_event_uid")),
    )
    with op.batch_alter_table("household_event", schema=None) as batch_op:
        batch_op.create_index(
            "ix_household_event_change_open",
            ["scope_path"],
            unique=False,
            sqlite_where=sa.text("change_open = 1"),
            postgresql_where=sa.text("change_open"),
        )
        batch_op.create_index(batch_op.f("ix_household_event_household_id"), ["household_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_household_event_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_household_event_person_id_no_bidx"), ["person_id_no_bidx"], unique=False)
        batch_op.create_index(batch_op.f("ix_household_event_region_id"), ["region_id"], unique=False)
        batch_op.create_index("ix_household_event_scope_id", ["scope_path", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_household_event_scope_path"), ["scope_path"], unique=False)
        batch_op.create_index(batch_op.f("ix_household_event_statistical_month"), ["statistical_month"], unique=False)
        batch_op.create_index(batch_op.f("ix_household_event_status"), ["status"], unique=False)
        batch_op.create_index(
            "uq_household_event_set_up",
            ["household_id"],
            unique=True,
            sqlite_where=sa.text("status = 'approved' AND kind = '1'"),
            postgresql_where=sa.text("status = 'approved' AND kind = '1'"),
        )

    op.create_table(
        "household_member",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("household_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("sex", sa.String(length=8), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("relation", sa.String(length=8), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=False, comment="The first day in this household without a break"),
        sa.Column("began_on", sa.Date(), nullable=False, comment="The first day in this relation to the head"),
        sa.Column("ended_on", sa.Date(), nullable=True, comment="The day on which it was over"),
        sa.Column("scope_path", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False),
        sa.Column("sex_set", sa.String(length=32), sa.Computed("'sex'", persisted=True), nullable=True),
        sa.Column("relation_set", sa.String(length=32), sa.Computed("'kinship'", persisted=True), nullable=True),
        sa.CheckConstraint("began_on >= joined_on", name=op.f("ck_household_member_joined_before")),
        sa.CheckConstraint("ended_on >= began_on", name=op.f("ck_household_member_dates")),
        sa.CheckConstraint("joined_on >= birth_date", name=op.f("ck_household_member_joined_after_birth")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_household_member_household_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_household_member_person_id")),
        sa.ForeignKeyConstraint(
            ["relation_set", "relation"], ["code_item.set", "code_item.code"], name=op.f("fk_household_member_relation_set_relation")
        ),
        sa.ForeignKeyConstraint(["sex_set", "sex"], ["code_item.set", "code_item.code"], name=op.f("fk_household_member_sex_set_sex")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_member")),
    )
    with op.batch_alter_table("household_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_household_member_household_id"), ["household_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_household_member_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_household_member_scope_path"), ["scope_path"], unique=False)
        batch_op.create_index(
            "uq_household_member_head",
            ["household_id"],
            unique=True,
            sqlite_where=sa.text("ended_on IS NULL AND relation = '02'"),
            postgresql_where=sa.text("ended_on IS NULL AND relation = '02'"),
        )
        batch_op.create_index(
            "uq_household_member_stands",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("ended_on IS NULL"),
            postgresql_where=sa.text("ended_on IS NULL"),
        )

    op.create_table(
        "household_parting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("parted_on", sa.Date(), nullable=False),
        sa.Column("by_uid", sa.Uuid(), nullable=False, comment="The move that tells of it, and takes it back"),
        sa.Column("scope_path", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_household_parting_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_parting")),
    )
    with op.batch_alter_table("household_parting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_household_parting_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_household_parting_scope_path"), ["scope_path"], unique=False)
        batch_op.create_index("uq_household_parting_by", ["person_id", "by_uid"], unique=True)


def downgrade():
    with op.batch_alter_table("household_parting", schema=None) as batch_op:
        batch_op.drop_index("uq_household_parting_by")
        batch_op.drop_index(batch_op.f("ix_household_parting_scope_path"))
        batch_op.drop_index(batch_op.f("ix_household_parting_person_id"))

    op.drop_table("household_parting")
    with op.batch_alter_table("household_member", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_household_member_stands", sqlite_where=sa.text("ended_on IS NULL"), postgresql_where=sa.text("ended_on IS NULL")
        )
        batch_op.drop_index(
            "uq_household_member_head",
            sqlite_where=sa.text("ended_on IS NULL AND relation = '02'"),
            postgresql_where=sa.text("ended_on IS NULL AND relation = '02'"),
        )
        batch_op.drop_index(batch_op.f("ix_household_member_scope_path"))
        batch_op.drop_index(batch_op.f("ix_household_member_person_id"))
        batch_op.drop_index(batch_op.f("ix_household_member_household_id"))

    op.drop_table("household_member")
    with op.batch_alter_table("household_event", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_household_event_set_up",
            sqlite_where=sa.text("status = 'approved' AND kind = '1'"),
            postgresql_where=sa.text("status = 'approved' AND kind = '1'"),
        )
        batch_op.drop_index(batch_op.f("ix_household_event_status"))
        batch_op.drop_index(batch_op.f("ix_household_event_statistical_month"))
        batch_op.drop_index(batch_op.f("ix_household_event_scope_path"))
        batch_op.drop_index("ix_household_event_scope_id")
        batch_op.drop_index(batch_op.f("ix_household_event_region_id"))
        batch_op.drop_index(batch_op.f("ix_household_event_person_id_no_bidx"))
        batch_op.drop_index(batch_op.f("ix_household_event_person_id"))
        batch_op.drop_index(batch_op.f("ix_household_event_household_id"))
        batch_op.drop_index(
            "ix_household_event_change_open", sqlite_where=sa.text("change_open = 1"), postgresql_where=sa.text("change_open")
        )

    op.drop_table("household_event")
    with op.batch_alter_table("household", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_household_scope_path"))
        batch_op.drop_index("ix_household_scope_id")
        batch_op.drop_index(batch_op.f("ix_household_region_id"))
        batch_op.drop_index(batch_op.f("ix_household_former_no"))

    op.drop_table("household")
