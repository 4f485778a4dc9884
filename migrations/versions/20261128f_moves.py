"""Moves of people, and transfers of their files between offices; the file tells since when somebody is gone."""

import sqlalchemy as sa
from alembic import op

revision = "20261128f_moves"
down_revision = "20261128e_attachments"
branch_labels = None
depends_on = None

MARKS = {
    "by_move": "Approved moves opened it, and it goes with them",
    "ended_by_move": "Approved moves ended it, and it opens again without them",
}


def upgrade():
    op.create_table(
        "move_event",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("other_place", sa.String(length=100), nullable=True, comment="Where from or where to, outside this register"),
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
            comment="The place in the writer's offices",
        ),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
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
        sa.Column("kind_set", sa.String(length=32), sa.Computed("'move_event'", persisted=True), nullable=True),
        sa.Column("what_set", sa.String(length=32), sa.Computed("'move_what'", persisted=True), nullable=True),
        sa.Column("person_id_type_set", sa.String(length=32), sa.Computed("'id_type'", persisted=True), nullable=True),
        sa.Column("person_sex_set", sa.String(length=32), sa.Computed("'sex'", persisted=True), nullable=True),
        sa.CheckConstraint(
            "(status IN ('approved', 'voided')) = (approved_by_id IS NOT NULL)", name=op.f("ck_move_event_approver_iff_approved")
        ),
        sa.CheckConstraint("(status IN ('approved', 'voided')) = (row_hash IS NOT NULL)", name=op.f("ck_move_event_hash_iff_approved")),
        sa.CheckConstraint(
            "(status IN ('approved', 'voided')) = (statistical_month IS NOT NULL)", name=op.f("ck_move_event_month_iff_approved")
        ),
        sa.CheckConstraint("kind <> '3' OR what = '1'", name=op.f("ck_move_event_elsewhere_is_residence")),
        sa.CheckConstraint("approved_by_id IS NULL OR approved_by_id <> changed_by_id", name=op.f("ck_move_event_approver_is_not_editor")),
        sa.CheckConstraint("approved_by_id IS NULL OR approved_by_id <> made_by_id", name=op.f("ck_move_event_approver_is_not_maker")),
        sa.CheckConstraint("happened_on >= person_birth_date", name=op.f("ck_move_event_move_after_birth")),
        sa.CheckConstraint("reported_on >= happened_on", name=op.f("ck_move_event_reported_after_move")),
        sa.ForeignKeyConstraint(["approved_by_id"], ["ab_user.id"], name=op.f("fk_move_event_approved_by_id")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_move_event_changed_by_id")),
        sa.ForeignKeyConstraint(["kind_set", "kind"], ["code_item.set", "code_item.code"], name=op.f("fk_move_event_kind_set_kind")),
        sa.ForeignKeyConstraint(["made_by_id"], ["ab_user.id"], name=op.f("fk_move_event_made_by_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_move_event_person_id")),
        sa.ForeignKeyConstraint(
            ["person_id_type_set", "person_id_type"],
            ["code_item.set", "code_item.code"],
            name=op.f("fk_move_event_person_id_type_set_person_id_type"),
        ),
        sa.ForeignKeyConstraint(["person_region_id"], ["region.id"], name=op.f("fk_move_event_person_region_id")),
        sa.ForeignKeyConstraint(
            ["person_sex_set", "person_sex"], ["code_item.set", "code_item.code"], name=op.f("fk_move_event_person_sex_set_person_sex")
        ),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_move_event_region_id")),
        sa.ForeignKeyConstraint(["what_set", "what"], ["code_item.set", "code_item.code"], name=op.f("fk_move_event_what_set_what")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_move_event")),
        sa.UniqueConstraint("uid", name=op.f("uq_move_event_uid")),
    )
    with op.batch_alter_table("move_event", schema=None) as batch_op:
        batch_op.create_index(
            "ix_move_event_change_open",
            ["scope_path"],
            unique=False,
            sqlite_where=sa.text("change_open = 1"),
            postgresql_where=sa.text("change_open"),
        )
        batch_op.create_index(batch_op.f("ix_move_event_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_move_event_person_id_no_bidx"), ["person_id_no_bidx"], unique=False)
        batch_op.create_index(batch_op.f("ix_move_event_region_id"), ["region_id"], unique=False)
        batch_op.create_index("ix_move_event_scope_id", ["scope_path", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_move_event_scope_path"), ["scope_path"], unique=False)
        batch_op.create_index(batch_op.f("ix_move_event_statistical_month"), ["statistical_month"], unique=False)
        batch_op.create_index(batch_op.f("ix_move_event_status"), ["status"], unique=False)
        batch_op.create_index(
            "uq_move_event_approved",
            ["person_id", "kind", "what", "happened_on"],
            unique=True,
            sqlite_where=sa.text("status = 'approved'"),
            postgresql_where=sa.text("status = 'approved'"),
        )

    op.create_table(
        "transfer",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_name", sa.String(length=50), nullable=False),
        sa.Column("person_id_type", sa.String(length=8), nullable=False),
        sa.Column("person_id_no_enc", sa.LargeBinary(), nullable=True),
        sa.Column("person_id_no_bidx", sa.String(length=32), nullable=True),
        sa.Column("person_sex", sa.String(length=8), nullable=False),
        sa.Column("person_birth_date", sa.Date(), nullable=True),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("from_region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("to_region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("moved_on", sa.Date(), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False, comment="Why it is sent, in the sender's words"),
        sa.Column("was_out_on", sa.Date(), nullable=True, comment="What the file said about having moved out when it was sent"),
        sa.Column(
            "state",
            sa.Enum("open", "accepted", "refused", "withdrawn", name="state_known", native_enum=False, create_constraint=True, length=16),
            nullable=False,
        ),
        sa.Column("sent_by_id", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False, comment="The last day for the answer; afterwards it is overdue"),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(length=200), nullable=True, comment="The reason of a refusal or a withdrawal"),
        sa.Column(
            "audit_path",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
            comment="The sending office: its town's chain tells the history",
        ),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("person_id_type_set", sa.String(length=32), sa.Computed("'id_type'", persisted=True), nullable=True),
        sa.Column("person_sex_set", sa.String(length=32), sa.Computed("'sex'", persisted=True), nullable=True),
        sa.Column("what_set", sa.String(length=32), sa.Computed("'move_what'", persisted=True), nullable=True),
        sa.CheckConstraint("(state = 'open') = (answered_at IS NULL)", name=op.f("ck_transfer_moment_iff_closed")),
        sa.CheckConstraint("(state = 'open') = (answered_by_id IS NULL)", name=op.f("ck_transfer_answered_iff_closed")),
        sa.CheckConstraint("state <> 'refused' OR answer IS NOT NULL", name=op.f("ck_transfer_refusal_has_reason")),
        sa.CheckConstraint("state NOT IN ('accepted', 'refused') OR answered_by_id <> sent_by_id", name=op.f("ck_transfer_second_person")),
        sa.CheckConstraint("from_region_id <> to_region_id", name=op.f("ck_transfer_two_offices")),
        sa.ForeignKeyConstraint(["answered_by_id"], ["ab_user.id"], name=op.f("fk_transfer_answered_by_id")),
        sa.ForeignKeyConstraint(["from_region_id"], ["region.id"], name=op.f("fk_transfer_from_region_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_transfer_person_id")),
        sa.ForeignKeyConstraint(
            ["person_id_type_set", "person_id_type"],
            ["code_item.set", "code_item.code"],
            name=op.f("fk_transfer_person_id_type_set_person_id_type"),
        ),
        sa.ForeignKeyConstraint(
            ["person_sex_set", "person_sex"], ["code_item.set", "code_item.code"], name=op.f("fk_transfer_person_sex_set_person_sex")
        ),
        sa.ForeignKeyConstraint(["sent_by_id"], ["ab_user.id"], name=op.f("fk_transfer_sent_by_id")),
        sa.ForeignKeyConstraint(["to_region_id"], ["region.id"], name=op.f("fk_transfer_to_region_id")),
        sa.ForeignKeyConstraint(["what_set", "what"], ["code_item.set", "code_item.code"], name=op.f("fk_transfer_what_set_what")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer")),
        sa.UniqueConstraint("uid", name=op.f("uq_transfer_uid")),
    )
    with op.batch_alter_table("transfer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_transfer_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_transfer_person_id_no_bidx"), ["person_id_no_bidx"], unique=False)
        batch_op.create_index(batch_op.f("ix_transfer_state"), ["state"], unique=False)
        batch_op.create_index(
            "uq_transfer_open",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "transfer_office",
        sa.Column("transfer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "side", sa.Enum("sending", "receiving", name="side_known", native_enum=False, create_constraint=True, length=16), nullable=False
        ),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="Always empty: neither office loses sight of it"),
        sa.Column("scope_path", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_transfer_office_region_id")),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfer.id"], name=op.f("fk_transfer_office_transfer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_office")),
        sa.UniqueConstraint("transfer_id", "side", name=op.f("uq_transfer_office_transfer_id_side")),
        sa.UniqueConstraint("uid", name=op.f("uq_transfer_office_uid")),
    )
    with op.batch_alter_table("transfer_office", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_transfer_office_scope_path"), ["scope_path"], unique=False)
        batch_op.create_index(batch_op.f("ix_transfer_office_transfer_id"), ["transfer_id"], unique=False)

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("moved_out_on", sa.Date(), nullable=True, comment="Left this register, by approved moves"))

    with op.batch_alter_table("person_office", schema=None) as batch_op:
        for name, comment in MARKS.items():
            batch_op.add_column(sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false(), comment=comment))
    with op.batch_alter_table("person_office", schema=None) as batch_op:
        for name in MARKS:
            batch_op.alter_column(name, server_default=None)


def downgrade():
    with op.batch_alter_table("person_office", schema=None) as batch_op:
        batch_op.drop_column("ended_by_move")
        batch_op.drop_column("by_move")

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("moved_out_on")

    with op.batch_alter_table("transfer_office", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_transfer_office_transfer_id"))
        batch_op.drop_index(batch_op.f("ix_transfer_office_scope_path"))

    op.drop_table("transfer_office")
    with op.batch_alter_table("transfer", schema=None) as batch_op:
        batch_op.drop_index("uq_transfer_open", sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
        batch_op.drop_index(batch_op.f("ix_transfer_state"))
        batch_op.drop_index(batch_op.f("ix_transfer_person_id_no_bidx"))
        batch_op.drop_index(batch_op.f("ix_transfer_person_id"))

    op.drop_table("transfer")
    with op.batch_alter_table("move_event", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_move_event_approved", sqlite_where=sa.text("status = 'approved'"), postgresql_where=sa.text("status = 'approved'")
        )
        batch_op.drop_index(batch_op.f("ix_move_event_status"))
        batch_op.drop_index(batch_op.f("ix_move_event_statistical_month"))
        batch_op.drop_index(batch_op.f("ix_move_event_scope_path"))
        batch_op.drop_index("ix_move_event_scope_id")
        batch_op.drop_index(batch_op.f("ix_move_event_region_id"))
        batch_op.drop_index(batch_op.f("ix_move_event_person_id_no_bidx"))
        batch_op.drop_index(batch_op.f("ix_move_event_person_id"))
        batch_op.drop_index("ix_move_event_change_open", sqlite_where=sa.text("change_open = 1"), postgresql_where=sa.text("change_open"))

    op.drop_table("move_event")
