"""Services for newlyweds and during pregnancy."""

import sqlalchemy as sa
from alembic import op

revision = "20261128c_services"
down_revision = "20261128b_households"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "newlywed_service",
        sa.Column("wife_name_enc", sa.LargeBinary(), nullable=True),
        sa.Column("wife_name_bidx", sa.String(length=32), nullable=True),
        sa.Column("wife_id_type_enc", sa.LargeBinary(), nullable=True),
        sa.Column("wife_id_type_bidx", sa.String(length=32), nullable=True),
        sa.Column("wife_id_no_enc", sa.LargeBinary(), nullable=True),
        sa.Column("wife_id_no_bidx", sa.String(length=32), nullable=True),
        sa.Column("wife_birth_date_enc", sa.LargeBinary(), nullable=True),
        sa.Column("wife_birth_date_bidx", sa.String(length=32), nullable=True),
        sa.Column("husband_name_enc", sa.LargeBinary(), nullable=True),
        sa.Column("husband_name_bidx", sa.String(length=32), nullable=True),
        sa.Column("husband_id_type_enc", sa.LargeBinary(), nullable=True),
        sa.Column("husband_id_type_bidx", sa.String(length=32), nullable=True),
        sa.Column("husband_id_no_enc", sa.LargeBinary(), nullable=True),
        sa.Column("husband_id_no_bidx", sa.String(length=32), nullable=True),
        sa.Column("husband_birth_date_enc", sa.LargeBinary(), nullable=True),
        sa.Column("husband_birth_date_bidx", sa.String(length=32), nullable=True),
        sa.Column("married_on_enc", sa.LargeBinary(), nullable=True),
        sa.Column("married_on_bidx", sa.String(length=32), nullable=True),
        sa.Column("consent_on_enc", sa.LargeBinary(), nullable=True),
        sa.Column("consent_on_bidx", sa.String(length=32), nullable=True),
        sa.Column("check_answer_enc", sa.LargeBinary(), nullable=True),
        sa.Column("check_answer_bidx", sa.String(length=32), nullable=True),
        sa.Column("check_on_enc", sa.LargeBinary(), nullable=True),
        sa.Column("check_on_bidx", sa.String(length=32), nullable=True),
        sa.Column("folic_answer_enc", sa.LargeBinary(), nullable=True),
        sa.Column("folic_answer_bidx", sa.String(length=32), nullable=True),
        sa.Column("folic_on_enc", sa.LargeBinary(), nullable=True),
        sa.Column("folic_on_bidx", sa.String(length=32), nullable=True),
        sa.Column("folic_boxes_enc", sa.LargeBinary(), nullable=True),
        sa.Column("folic_boxes_bidx", sa.String(length=32), nullable=True),
        sa.Column("counselling_answer_enc", sa.LargeBinary(), nullable=True),
        sa.Column("counselling_answer_bidx", sa.String(length=32), nullable=True),
        sa.Column("topics_enc", sa.LargeBinary(), nullable=True),
        sa.Column("topics_bidx", sa.String(length=32), nullable=True),
        sa.Column("remark_enc", sa.LargeBinary(), nullable=True),
        sa.Column("remark_bidx", sa.String(length=32), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True, comment="Consent was withdrawn on this day, and the content is gone"),
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
        sa.CheckConstraint(
            "(status IN ('approved', 'voided')) = (approved_by_id IS NOT NULL)", name=op.f("ck_newlywed_service_approver_iff_approved")
        ),
        sa.CheckConstraint(
            "(status IN ('approved', 'voided')) = (row_hash IS NOT NULL)", name=op.f("ck_newlywed_service_hash_iff_approved")
        ),
        sa.CheckConstraint(
            "approved_by_id IS NULL OR approved_by_id <> changed_by_id", name=op.f("ck_newlywed_service_approver_is_not_editor")
        ),
        sa.CheckConstraint(
            "approved_by_id IS NULL OR approved_by_id <> made_by_id", name=op.f("ck_newlywed_service_approver_is_not_maker")
        ),
        sa.CheckConstraint(
            "closed_on IS NOT NULL OR (consent_on_enc IS NOT NULL AND (wife_name_enc IS NOT NULL OR husband_name_enc IS NOT NULL))",
            name=op.f("ck_newlywed_service_somebody_agreed"),
        ),
        sa.CheckConstraint(
            "closed_on IS NULL OR (check_answer_bidx IS NULL AND check_answer_enc IS NULL AND check_on_bidx IS NULL AND check_on_enc IS NULL AND consent_on_bidx IS NULL AND consent_on_enc IS NULL AND counselling_answer_bidx IS NULL AND counselling_answer_enc IS NULL AND folic_answer_bidx IS NULL AND folic_answer_enc IS NULL AND folic_boxes_bidx IS NULL AND folic_boxes_enc IS NULL AND folic_on_bidx IS NULL AND folic_on_enc IS NULL AND husband_birth_date_bidx IS NULL AND husband_birth_date_enc IS NULL AND husband_id_no_bidx IS NULL AND husband_id_no_enc IS NULL AND husband_id_type_bidx IS NULL AND husband_id_type_enc IS NULL AND husband_name_bidx IS NULL AND husband_name_enc IS NULL AND married_on_bidx IS NULL AND married_on_enc IS NULL AND remark_bidx IS NULL AND remark_enc IS NULL AND salt IS NULL AND topics_bidx IS NULL AND topics_enc IS NULL AND wife_birth_date_bidx IS NULL AND wife_birth_date_enc IS NULL AND wife_id_no_bidx IS NULL AND wife_id_no_enc IS NULL AND wife_id_type_bidx IS NULL AND wife_id_type_enc IS NULL AND wife_name_bidx IS NULL AND wife_name_enc IS NULL)",
            name=op.f("ck_newlywed_service_closed_says_nothing"),
        ),
        sa.CheckConstraint("wife_id_no_bidx <> husband_id_no_bidx", name=op.f("ck_newlywed_service_two_numbers")),
        sa.ForeignKeyConstraint(["approved_by_id"], ["ab_user.id"], name=op.f("fk_newlywed_service_approved_by_id")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_newlywed_service_changed_by_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["ab_user.id"], name=op.f("fk_newlywed_service_made_by_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_newlywed_service_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_newlywed_service")),
        sa.UniqueConstraint("uid", name=op.f("uq_newlywed_service_uid")),
    )
    with op.batch_alter_table("newlywed_service", schema=None) as batch_op:
        batch_op.create_index(
            "ix_newlywed_service_change_open",
            ["scope_path"],
            unique=False,
            sqlite_where=sa.text("change_open = 1"),
            postgresql_where=sa.text("change_open"),
        )
        batch_op.create_index(batch_op.f("ix_newlywed_service_husband_id_no_bidx"), ["husband_id_no_bidx"], unique=False)
        batch_op.create_index(batch_op.f("ix_newlywed_service_husband_name_bidx"), ["husband_name_bidx"], unique=False)
        batch_op.create_index(batch_op.f("ix_newlywed_service_region_id"), ["region_id"], unique=False)
        batch_op.create_index("ix_newlywed_service_scope_id", ["scope_path", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_newlywed_service_scope_path"), ["scope_path"], unique=False)
        batch_op.create_index(batch_op.f("ix_newlywed_service_status"), ["status"], unique=False)
        batch_op.create_index(batch_op.f("ix_newlywed_service_wife_id_no_bidx"), ["wife_id_no_bidx"], unique=False)
        batch_op.create_index(batch_op.f("ix_newlywed_service_wife_name_bidx"), ["wife_name_bidx"], unique=False)

    op.create_table(
        "pregnancy_service",
        sa.Column("woman_name_enc", sa.LargeBinary(), nullable=True),
        sa.Column("woman_name_bidx", sa.String(length=32), nullable=True),
        sa.Column("woman_id_type_enc", sa.LargeBinary(), nullable=True),
        sa.Column("woman_id_type_bidx", sa.String(length=32), nullable=True),
        sa.Column("woman_id_no_enc", sa.LargeBinary(), nullable=True),
        sa.Column("woman_id_no_bidx", sa.String(length=32), nullable=True),
        sa.Column("woman_birth_date_enc", sa.LargeBinary(), nullable=True),
        sa.Column("woman_birth_date_bidx", sa.String(length=32), nullable=True),
        sa.Column("told_by_enc", sa.LargeBinary(), nullable=True),
        sa.Column("told_by_bidx", sa.String(length=32), nullable=True),
        sa.Column("proxy_name_enc", sa.LargeBinary(), nullable=True),
        sa.Column("proxy_name_bidx", sa.String(length=32), nullable=True),
        sa.Column("told_on_enc", sa.LargeBinary(), nullable=True),
        sa.Column("told_on_bidx", sa.String(length=32), nullable=True),
        sa.Column("consent_on_enc", sa.LargeBinary(), nullable=True),
        sa.Column("consent_on_bidx", sa.String(length=32), nullable=True),
        sa.Column("due_on_enc", sa.LargeBinary(), nullable=True),
        sa.Column("due_on_bidx", sa.String(length=32), nullable=True),
        sa.Column("folic_answer_enc", sa.LargeBinary(), nullable=True),
        sa.Column("folic_answer_bidx", sa.String(length=32), nullable=True),
        sa.Column("folic_on_enc", sa.LargeBinary(), nullable=True),
        sa.Column("folic_on_bidx", sa.String(length=32), nullable=True),
        sa.Column("folic_boxes_enc", sa.LargeBinary(), nullable=True),
        sa.Column("folic_boxes_bidx", sa.String(length=32), nullable=True),
        sa.Column("check_answer_enc", sa.LargeBinary(), nullable=True),
        sa.Column("check_answer_bidx", sa.String(length=32), nullable=True),
        sa.Column("check_on_enc", sa.LargeBinary(), nullable=True),
        sa.Column("check_on_bidx", sa.String(length=32), nullable=True),
        sa.Column("handbook_on_enc", sa.LargeBinary(), nullable=True),
        sa.Column("handbook_on_bidx", sa.String(length=32), nullable=True),
        sa.Column("wants_visits_enc", sa.LargeBinary(), nullable=True),
        sa.Column("wants_visits_bidx", sa.String(length=32), nullable=True),
        sa.Column("ended_on_enc", sa.LargeBinary(), nullable=True),
        sa.Column("ended_on_bidx", sa.String(length=32), nullable=True),
        sa.Column("ending_enc", sa.LargeBinary(), nullable=True),
        sa.Column("ending_bidx", sa.String(length=32), nullable=True),
        sa.Column("remark_enc", sa.LargeBinary(), nullable=True),
        sa.Column("remark_bidx", sa.String(length=32), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True, comment="Consent was withdrawn on this day, and the content is gone"),
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
        sa.CheckConstraint(
            "(status IN ('approved', 'voided')) = (approved_by_id IS NOT NULL)", name=op.f("ck_pregnancy_service_approver_iff_approved")
        ),
        sa.CheckConstraint(
            "(status IN ('approved', 'voided')) = (row_hash IS NOT NULL)", name=op.f("ck_pregnancy_service_hash_iff_approved")
        ),
        sa.CheckConstraint("(ended_on_enc IS NULL) = (ending_enc IS NULL)", name=op.f("ck_pregnancy_service_ending_iff_ended")),
        sa.CheckConstraint(
            "approved_by_id IS NULL OR approved_by_id <> changed_by_id", name=op.f("ck_pregnancy_service_approver_is_not_editor")
        ),
        sa.CheckConstraint(
            "approved_by_id IS NULL OR approved_by_id <> made_by_id", name=op.f("ck_pregnancy_service_approver_is_not_maker")
        ),
        sa.CheckConstraint(
            "closed_on IS NOT NULL OR (woman_name_enc IS NOT NULL AND told_by_enc IS NOT NULL AND told_on_enc IS NOT NULL AND consent_on_enc IS NOT NULL)",
            name=op.f("ck_pregnancy_service_she_told_and_agreed"),
        ),
        sa.CheckConstraint(
            "closed_on IS NULL OR (check_answer_bidx IS NULL AND check_answer_enc IS NULL AND check_on_bidx IS NULL AND check_on_enc IS NULL AND consent_on_bidx IS NULL AND consent_on_enc IS NULL AND due_on_bidx IS NULL AND due_on_enc IS NULL AND ended_on_bidx IS NULL AND ended_on_enc IS NULL AND ending_bidx IS NULL AND ending_enc IS NULL AND folic_answer_bidx IS NULL AND folic_answer_enc IS NULL AND folic_boxes_bidx IS NULL AND folic_boxes_enc IS NULL AND folic_on_bidx IS NULL AND folic_on_enc IS NULL AND handbook_on_bidx IS NULL AND handbook_on_enc IS NULL AND proxy_name_bidx IS NULL AND proxy_name_enc IS NULL AND remark_bidx IS NULL AND remark_enc IS NULL AND salt IS NULL AND told_by_bidx IS NULL AND told_by_enc IS NULL AND told_on_bidx IS NULL AND told_on_enc IS NULL AND wants_visits_bidx IS NULL AND wants_visits_enc IS NULL AND woman_birth_date_bidx IS NULL AND woman_birth_date_enc IS NULL AND woman_id_no_bidx IS NULL AND woman_id_no_enc IS NULL AND woman_id_type_bidx IS NULL AND woman_id_type_enc IS NULL AND woman_name_bidx IS NULL AND woman_name_enc IS NULL)",
            name=op.f("ck_pregnancy_service_closed_says_nothing"),
        ),
        sa.ForeignKeyConstraint(["approved_by_id"], ["ab_user.id"], name=op.f("fk_pregnancy_service_approved_by_id")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_pregnancy_service_changed_by_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["ab_user.id"], name=op.f("fk_pregnancy_service_made_by_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_pregnancy_service_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pregnancy_service")),
        sa.UniqueConstraint("uid", name=op.f("uq_pregnancy_service_uid")),
    )
    with op.batch_alter_table("pregnancy_service", schema=None) as batch_op:
        batch_op.create_index(
            "ix_pregnancy_service_change_open",
            ["scope_path"],
            unique=False,
            sqlite_where=sa.text("change_open = 1"),
            postgresql_where=sa.text("change_open"),
        )
        batch_op.create_index(batch_op.f("ix_pregnancy_service_region_id"), ["region_id"], unique=False)
        batch_op.create_index("ix_pregnancy_service_scope_id", ["scope_path", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pregnancy_service_scope_path"), ["scope_path"], unique=False)
        batch_op.create_index(batch_op.f("ix_pregnancy_service_status"), ["status"], unique=False)
        batch_op.create_index(batch_op.f("ix_pregnancy_service_woman_id_no_bidx"), ["woman_id_no_bidx"], unique=False)
        batch_op.create_index(batch_op.f("ix_pregnancy_service_woman_name_bidx"), ["woman_name_bidx"], unique=False)


def downgrade():
    with op.batch_alter_table("pregnancy_service", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pregnancy_service_woman_name_bidx"))
        batch_op.drop_index(batch_op.f("ix_pregnancy_service_woman_id_no_bidx"))
        batch_op.drop_index(batch_op.f("ix_pregnancy_service_status"))
        batch_op.drop_index(batch_op.f("ix_pregnancy_service_scope_path"))
        batch_op.drop_index("ix_pregnancy_service_scope_id")
        batch_op.drop_index(batch_op.f("ix_pregnancy_service_region_id"))
        batch_op.drop_index(
            "ix_pregnancy_service_change_open", sqlite_where=sa.text("change_open = 1"), postgresql_where=sa.text("change_open")
        )

    op.drop_table("pregnancy_service")
    with op.batch_alter_table("newlywed_service", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_newlywed_service_wife_name_bidx"))
        batch_op.drop_index(batch_op.f("ix_newlywed_service_wife_id_no_bidx"))
        batch_op.drop_index(batch_op.f("ix_newlywed_service_status"))
        batch_op.drop_index(batch_op.f("ix_newlywed_service_scope_path"))
        batch_op.drop_index("ix_newlywed_service_scope_id")
        batch_op.drop_index(batch_op.f("ix_newlywed_service_region_id"))
        batch_op.drop_index(batch_op.f("ix_newlywed_service_husband_name_bidx"))
        batch_op.drop_index(batch_op.f("ix_newlywed_service_husband_id_no_bidx"))
        batch_op.drop_index(
            "ix_newlywed_service_change_open", sqlite_where=sa.text("change_open = 1"), postgresql_where=sa.text("change_open")
        )

    op.drop_table("newlywed_service")
