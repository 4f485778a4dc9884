"""The first tables: FAB's accounts, regions, people, births, history, workflow."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_first"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "ab_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("label", sa.String(length=150), nullable=True),
        sa.Column("description", sa.String(length=512), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "ab_permission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "ab_register_user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_name", sa.String(length=64), nullable=False),
        sa.Column("last_name", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=128), nullable=False),
        sa.Column("password", sa.String(length=256), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("registration_date", sa.DateTime(), nullable=True),
        sa.Column("registration_hash", sa.String(length=256), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email"),
        sa.UniqueConstraint("username"),
    )
    op.create_table(
        "ab_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "ab_user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_name", sa.String(length=64), nullable=False),
        sa.Column("last_name", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=128), nullable=False),
        sa.Column("password", sa.String(length=256), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("last_login", sa.DateTime(), nullable=True),
        sa.Column("login_count", sa.Integer(), nullable=True),
        sa.Column("fail_login_count", sa.Integer(), nullable=True),
        sa.Column("created_on", sa.DateTime(), nullable=True),
        sa.Column("changed_on", sa.DateTime(), nullable=True),
        sa.Column("created_by_fk", sa.Integer(), nullable=True),
        sa.Column("changed_by_fk", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["changed_by_fk"],
            ["ab_user.id"],
        ),
        sa.ForeignKeyConstraint(
            ["created_by_fk"],
            ["ab_user.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email"),
        sa.UniqueConstraint("username"),
    )
    op.create_table(
        "ab_view_menu",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=250), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "audit_entry",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("office", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("target", sa.String(length=80), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("chain", "number", name=op.f("pk_audit_entry")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_target"), ["target"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_secret",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("old", sa.LargeBinary(), nullable=True),
        sa.Column("new", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("chain", "number", "field", name=op.f("pk_audit_secret")),
    )
    op.create_table(
        "code_item",
        sa.Column("set", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("label_zh", sa.String(length=100), nullable=False),
        sa.Column("label_en", sa.String(length=100), nullable=False),
        sa.Column("parent", sa.String(length=8), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=100), nullable=True),
        sa.PrimaryKeyConstraint("set", "code", name=op.f("pk_code_item")),
    )
    op.create_table(
        "key_check",
        sa.Column("key_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_key_check")),
    )
    op.create_table(
        "policy_param",
        sa.Column("scheme", sa.String(length=32), nullable=False),
        sa.Column(
            "region_path",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
            comment="Empty: the whole country",
        ),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=100), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("doc_no", sa.String(length=100), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_param")),
        sa.UniqueConstraint("uid", name=op.f("uq_policy_param_uid")),
    )
    with op.batch_alter_table("policy_param", schema=None) as batch_op:
        batch_op.create_index("ix_policy_param_key", ["scheme", "key", "valid_from"], unique=False)

    op.create_table(
        "region",
        sa.Column("path", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False),
        sa.Column(
            "level",
            sa.Enum(
                "province", "city", "county", "town", "village", name="level_known", native_enum=False, create_constraint=True, length=16
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column(
            "successor_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="The office that took over when it was closed",
        ),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["region.id"], name=op.f("fk_region_parent_id")),
        sa.ForeignKeyConstraint(["successor_id"], ["region.id"], name=op.f("fk_region_successor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_region")),
        sa.UniqueConstraint("path", name=op.f("uq_region_path")),
        sa.UniqueConstraint("uid", name=op.f("uq_region_uid")),
    )
    with op.batch_alter_table("region", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_region_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "shipped_grant",
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("permission", sa.String(length=100), nullable=False),
        sa.Column("view", sa.String(length=250), nullable=False),
        sa.PrimaryKeyConstraint("role", "permission", "view", name=op.f("pk_shipped_grant")),
    )
    op.create_table(
        "sign_in_throttle",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locks", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_throttle")),
    )
    op.create_table(
        "ab_api_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("key_hash", sa.String(length=256), nullable=False),
        sa.Column("lookup_hash", sa.String(length=256), nullable=True),
        sa.Column("key_prefix", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_on", sa.DateTime(), nullable=True),
        sa.Column("expires_on", sa.DateTime(), nullable=True),
        sa.Column("revoked_on", sa.DateTime(), nullable=True),
        sa.Column("last_used_on", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("lookup_hash"),
        sa.UniqueConstraint("uuid"),
    )
    with op.batch_alter_table("ab_api_key", schema=None) as batch_op:
        batch_op.create_index("idx_api_key_lookup_hash", ["lookup_hash"], unique=True)
        batch_op.create_index("idx_api_key_prefix", ["key_prefix"], unique=False)
        batch_op.create_index("idx_api_key_user_id", ["user_id"], unique=False)

    op.create_table(
        "ab_group_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("role_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["ab_group.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["role_id"], ["ab_role.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("group_id", "role_id"),
    )
    with op.batch_alter_table("ab_group_role", schema=None) as batch_op:
        batch_op.create_index("idx_group_id", ["group_id"], unique=False)
        batch_op.create_index("idx_group_role_id", ["role_id"], unique=False)

    op.create_table(
        "ab_permission_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("permission_id", sa.Integer(), nullable=False),
        sa.Column("view_menu_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["permission_id"],
            ["ab_permission.id"],
        ),
        sa.ForeignKeyConstraint(
            ["view_menu_id"],
            ["ab_view_menu.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("permission_id", "view_menu_id"),
    )
    with op.batch_alter_table("ab_permission_view", schema=None) as batch_op:
        batch_op.create_index("idx_permission_id", ["permission_id"], unique=False)
        batch_op.create_index("idx_view_menu_id", ["view_menu_id"], unique=False)

    op.create_table(
        "ab_user_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["ab_group.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "group_id"),
    )
    with op.batch_alter_table("ab_user_group", schema=None) as batch_op:
        batch_op.create_index("idx_user_group_id", ["group_id"], unique=False)
        batch_op.create_index("idx_user_id", ["user_id"], unique=False)

    op.create_table(
        "ab_user_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("role_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["role_id"], ["ab_role.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "role_id"),
    )
    op.create_table(
        "account_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="The user"),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["ab_user.id"], name=op.f("fk_account_state_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_state")),
    )
    op.create_table(
        "attachment",
        sa.Column("owner_table", sa.String(length=64), nullable=False),
        sa.Column("owner_uid", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scope_path", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.CheckConstraint("bytes > 0 AND bytes <= 10485760", name=op.f("ck_attachment_size")),
        sa.ForeignKeyConstraint(["made_by_id"], ["ab_user.id"], name=op.f("fk_attachment_made_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("uid", name=op.f("uq_attachment_uid")),
    )
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attachment_owner_uid"), ["owner_uid"], unique=False)
        batch_op.create_index(batch_op.f("ix_attachment_scope_path"), ["scope_path"], unique=False)

    op.create_table(
        "change_request",
        sa.Column("owner_table", sa.String(length=64), nullable=False),
        sa.Column("owner_uid", sa.Uuid(), nullable=False),
        sa.Column("owner_version", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("open", "applied", "refused", "withdrawn", name="state_known", native_enum=False, create_constraint=True, length=16),
            nullable=False,
        ),
        sa.Column("content_enc", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("scope_path", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('applied', 'refused')) = (decided_by_id IS NOT NULL)", name=op.f("ck_change_request_decider_iff_decided")
        ),
        sa.CheckConstraint("decided_by_id IS NULL OR decided_by_id <> made_by_id", name=op.f("ck_change_request_second_person")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["ab_user.id"], name=op.f("fk_change_request_decided_by_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["ab_user.id"], name=op.f("fk_change_request_made_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_request")),
        sa.UniqueConstraint("uid", name=op.f("uq_change_request_uid")),
    )
    with op.batch_alter_table("change_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_change_request_owner_uid"), ["owner_uid"], unique=False)
        batch_op.create_index(batch_op.f("ix_change_request_scope_path"), ["scope_path"], unique=False)
        batch_op.create_index(
            "uq_change_request_open",
            ["owner_uid"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "client_token",
        sa.Column("token", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("made", sa.Uuid(), nullable=True, comment="The record that the form made or changed"),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_client_token_user_id")),
        sa.PrimaryKeyConstraint("token", "user_id", name=op.f("pk_client_token")),
    )
    op.create_table(
        "closed_month",
        sa.Column("region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("closed_by_id", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scope_path", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["closed_by_id"], ["ab_user.id"], name=op.f("fk_closed_month_closed_by_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_closed_month_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closed_month")),
        sa.UniqueConstraint("region_id", "month", name=op.f("uq_closed_month_region_id_month")),
        sa.UniqueConstraint("uid", name=op.f("uq_closed_month_uid")),
    )
    with op.batch_alter_table("closed_month", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_closed_month_scope_path"), ["scope_path"], unique=False)

    op.create_table(
        "document_counter",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_document_counter_region_id")),
        sa.PrimaryKeyConstraint("kind", "region_id", "year", name=op.f("pk_document_counter")),
    )
    op.create_table(
        "limited_use",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_limited_use_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limited_use")),
    )
    with op.batch_alter_table("limited_use", schema=None) as batch_op:
        batch_op.create_index("ix_limited_use_count", ["user_id", "kind", "at"], unique=False)

    op.create_table(
        "password_history",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("password", sa.String(length=256), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_password_history_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_history")),
    )
    with op.batch_alter_table("password_history", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_password_history_user_id"), ["user_id"], unique=False)

    op.create_table(
        "person",
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column(
            "name_key",
            sa.String(length=64)
            .with_variant(sa.String(length=64, collation="C"), "postgresql")
            .with_variant(sa.String(length=200), "sqlite"),
            nullable=False,
            comment="Pinyin, for lists by name",
        ),
        sa.Column("id_type", sa.String(length=8), nullable=False),
        sa.Column("id_no_enc", sa.LargeBinary(), nullable=True),
        sa.Column("id_no_bidx", sa.String(length=32), nullable=True),
        sa.Column("id_no_last4", sa.String(length=32), nullable=True),
        sa.Column("sex", sa.String(length=8), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("ethnicity", sa.String(length=8), nullable=True),
        sa.Column("phone_enc", sa.LargeBinary(), nullable=True),
        sa.Column("phone_bidx", sa.String(length=32), nullable=True),
        sa.Column("died_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True, comment="The file is closed: the birth that made it was voided"),
        sa.Column("is_protected", sa.Boolean(), nullable=False, comment="Never found by name, number or lookup"),
        sa.Column(
            "audit_path",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
            comment="The office that made the file: its town's chain tells the history",
        ),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("id_type_set", sa.String(length=32), sa.Computed("'id_type'", persisted=True), nullable=True),
        sa.Column("sex_set", sa.String(length=32), sa.Computed("'sex'", persisted=True), nullable=True),
        sa.Column("ethnicity_set", sa.String(length=32), sa.Computed("'ethnicity'", persisted=True), nullable=True),
        sa.CheckConstraint("died_on IS NULL OR birth_date IS NULL OR died_on >= birth_date", name=op.f("ck_person_death_after_birth")),
        sa.CheckConstraint("length(name) >= 1", name=op.f("ck_person_name_not_empty")),
        sa.ForeignKeyConstraint(
            ["ethnicity_set", "ethnicity"], ["code_item.set", "code_item.code"], name=op.f("fk_person_ethnicity_set_ethnicity")
        ),
        sa.ForeignKeyConstraint(
            ["id_type_set", "id_type"], ["code_item.set", "code_item.code"], name=op.f("fk_person_id_type_set_id_type")
        ),
        sa.ForeignKeyConstraint(["sex_set", "sex"], ["code_item.set", "code_item.code"], name=op.f("fk_person_sex_set_sex")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("id_no_bidx", name=op.f("uq_person_id_no_bidx")),
        sa.UniqueConstraint("uid", name=op.f("uq_person_uid")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_id_no_last4"), ["id_no_last4"], unique=False)
        batch_op.create_index(batch_op.f("ix_person_name_key"), ["name_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_person_phone_bidx"), ["phone_bidx"], unique=False)

    op.create_table(
        "region_code",
        sa.Column("region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_region_code_region_id")),
        sa.PrimaryKeyConstraint("region_id", "code", name=op.f("pk_region_code")),
    )
    with op.batch_alter_table("region_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_region_code_code"), ["code"], unique=False)

    op.create_table(
        "report_run",
        sa.Column("report_key", sa.String(length=64), nullable=False),
        sa.Column("definition", sa.Integer(), nullable=False),
        sa.Column("region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("period", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("rows_enc", sa.LargeBinary(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("submitted_by_id", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scope_path", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_report_run_region_id")),
        sa.ForeignKeyConstraint(["submitted_by_id"], ["ab_user.id"], name=op.f("fk_report_run_submitted_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_run")),
        sa.UniqueConstraint(
            "report_key", "region_id", "period", "revision", name=op.f("uq_report_run_report_key_region_id_period_revision")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_report_run_uid")),
    )
    with op.batch_alter_table("report_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_run_scope_path"), ["scope_path"], unique=False)

    op.create_table(
        "row_author",
        sa.Column("owner_uid", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_row_author_user_id")),
        sa.PrimaryKeyConstraint("owner_uid", "user_id", name=op.f("pk_row_author")),
    )
    op.create_table(
        "user_region",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_user_region_region_id")),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_user_region_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_region")),
        sa.UniqueConstraint("uid", name=op.f("uq_user_region_uid")),
        sa.UniqueConstraint("user_id", "region_id", name=op.f("uq_user_region_user_id_region_id")),
    )
    with op.batch_alter_table("user_region", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_region_region_id"), ["region_id"], unique=False)

    op.create_table(
        "user_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_user_session_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_session_token_hash")),
    )
    with op.batch_alter_table("user_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_session_user_id"), ["user_id"], unique=False)

    op.create_table(
        "workflow_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_table", sa.String(length=64), nullable=False),
        sa.Column("owner_uid", sa.Uuid(), nullable=False),
        sa.Column("owner_version", sa.Integer(), nullable=False),
        sa.Column("row_hash", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("office", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["ab_user.id"], name=op.f("fk_workflow_step_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_step")),
        sa.UniqueConstraint("owner_uid", "token", name=op.f("uq_workflow_step_owner_uid_token")),
    )
    with op.batch_alter_table("workflow_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_workflow_step_owner_uid"), ["owner_uid"], unique=False)

    op.create_table(
        "ab_permission_view_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("permission_view_id", sa.Integer(), nullable=True),
        sa.Column("role_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["permission_view_id"], ["ab_permission_view.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["role_id"], ["ab_role.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("permission_view_id", "role_id"),
    )
    with op.batch_alter_table("ab_permission_view_role", schema=None) as batch_op:
        batch_op.create_index("idx_permission_view_id", ["permission_view_id"], unique=False)
        batch_op.create_index("idx_role_id", ["role_id"], unique=False)

    op.create_table(
        "birth_registration",
        sa.Column("reg_no", sa.String(length=24), nullable=False),
        sa.Column("registration_type", sa.String(length=8), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.Column("woman_name", sa.String(length=50), nullable=False),
        sa.Column("woman_id_type", sa.String(length=8), nullable=False),
        sa.Column("woman_id_no_enc", sa.LargeBinary(), nullable=True),
        sa.Column("woman_id_no_bidx", sa.String(length=32), nullable=True),
        sa.Column("woman_birth_date", sa.Date(), nullable=True),
        sa.Column("woman_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("partner_name", sa.String(length=50), nullable=True),
        sa.Column("partner_id_type", sa.String(length=8), nullable=True),
        sa.Column("partner_id_no_enc", sa.LargeBinary(), nullable=True),
        sa.Column("partner_id_no_bidx", sa.String(length=32), nullable=True),
        sa.Column("partner_birth_date", sa.Date(), nullable=True),
        sa.Column("partner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("child_order", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("pledge", sa.Boolean(), nullable=False, comment="A signed statement stands in for missing papers"),
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
        sa.Column("registration_type_set", sa.String(length=32), sa.Computed("'registration_type'", persisted=True), nullable=True),
        sa.Column("woman_id_type_set", sa.String(length=32), sa.Computed("'id_type'", persisted=True), nullable=True),
        sa.Column("partner_id_type_set", sa.String(length=32), sa.Computed("'id_type'", persisted=True), nullable=True),
        sa.Column("channel_set", sa.String(length=32), sa.Computed("'registration_channel'", persisted=True), nullable=True),
        sa.CheckConstraint(
            "(status IN ('approved', 'voided')) = (approved_by_id IS NOT NULL)", name=op.f("ck_birth_registration_approver_iff_approved")
        ),
        sa.CheckConstraint(
            "(status IN ('approved', 'voided')) = (row_hash IS NOT NULL)", name=op.f("ck_birth_registration_hash_iff_approved")
        ),
        sa.CheckConstraint(
            "approved_by_id IS NULL OR approved_by_id <> changed_by_id", name=op.f("ck_birth_registration_approver_is_not_editor")
        ),
        sa.CheckConstraint(
            "approved_by_id IS NULL OR approved_by_id <> made_by_id", name=op.f("ck_birth_registration_approver_is_not_maker")
        ),
        sa.CheckConstraint("child_order BETWEEN 1 AND 15", name=op.f("ck_birth_registration_child_order")),
        sa.ForeignKeyConstraint(["approved_by_id"], ["ab_user.id"], name=op.f("fk_birth_registration_approved_by_id")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_birth_registration_changed_by_id")),
        sa.ForeignKeyConstraint(
            ["channel_set", "channel"], ["code_item.set", "code_item.code"], name=op.f("fk_birth_registration_channel_set_channel")
        ),
        sa.ForeignKeyConstraint(["made_by_id"], ["ab_user.id"], name=op.f("fk_birth_registration_made_by_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["person.id"], name=op.f("fk_birth_registration_partner_id")),
        sa.ForeignKeyConstraint(
            ["partner_id_type_set", "partner_id_type"],
            ["code_item.set", "code_item.code"],
            name=op.f("fk_birth_registration_partner_id_type_set_partner_id_type"),
        ),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_birth_registration_region_id")),
        sa.ForeignKeyConstraint(
            ["registration_type_set", "registration_type"],
            ["code_item.set", "code_item.code"],
            name=op.f("fk_birth_registration_registration_type_set_registration_type"),
        ),
        sa.ForeignKeyConstraint(["woman_id"], ["person.id"], name=op.f("fk_birth_registration_woman_id")),
        sa.ForeignKeyConstraint(
            ["woman_id_type_set", "woman_id_type"],
            ["code_item.set", "code_item.code"],
            name=op.f("fk_birth_registration_woman_id_type_set_woman_id_type"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_birth_registration")),
        sa.UniqueConstraint("reg_no", name=op.f("uq_birth_registration_reg_no")),
        sa.UniqueConstraint("uid", name=op.f("uq_birth_registration_uid")),
    )
    with op.batch_alter_table("birth_registration", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_birth_registration_partner_id"), ["partner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_birth_registration_partner_id_no_bidx"), ["partner_id_no_bidx"], unique=False)
        batch_op.create_index(batch_op.f("ix_birth_registration_region_id"), ["region_id"], unique=False)
        batch_op.create_index("ix_birth_registration_scope_id", ["scope_path", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_birth_registration_scope_path"), ["scope_path"], unique=False)
        batch_op.create_index(batch_op.f("ix_birth_registration_status"), ["status"], unique=False)
        batch_op.create_index(batch_op.f("ix_birth_registration_woman_id"), ["woman_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_birth_registration_woman_id_no_bidx"), ["woman_id_no_bidx"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mother_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivered_on", sa.Date(), nullable=False),
        sa.Column("plurality", sa.Integer(), nullable=False),
        sa.Column("live_count", sa.Integer(), nullable=False),
        sa.Column("scope_path", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.CheckConstraint("plurality BETWEEN 1 AND 9", name=op.f("ck_delivery_plurality")),
        sa.CheckConstraint("live_count BETWEEN 1 AND plurality", name=op.f("ck_delivery_live_count")),
        sa.ForeignKeyConstraint(["mother_id"], ["person.id"], name=op.f("fk_delivery_mother_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_delivery_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("uid", name=op.f("uq_delivery_uid")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_mother_id"), ["mother_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_delivery_region_id"), ["region_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_delivery_scope_path"), ["scope_path"], unique=False)

    op.create_table(
        "identity_request",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("scope_path", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["answered_by_id"], ["ab_user.id"], name=op.f("fk_identity_request_answered_by_id")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["ab_user.id"], name=op.f("fk_identity_request_asked_by_id")),
        sa.ForeignKeyConstraint(["asked_region_id"], ["region.id"], name=op.f("fk_identity_request_asked_region_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_identity_request_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_request")),
        sa.UniqueConstraint("uid", name=op.f("uq_identity_request_uid")),
    )
    with op.batch_alter_table("identity_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identity_request_asked_at"), ["asked_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_identity_request_scope_path"), ["scope_path"], unique=False)

    op.create_table(
        "person_office",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("region_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("registered", "resident", "serving", name="kind_known", native_enum=False, create_constraint=True, length=16),
            nullable=False,
        ),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("scope_path", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_person_office_dates")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_office_person_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_person_office_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_office")),
        sa.UniqueConstraint("uid", name=op.f("uq_person_office_uid")),
    )
    with op.batch_alter_table("person_office", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_office_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_person_office_region_id"), ["region_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_person_office_scope_path"), ["scope_path"], unique=False)
        batch_op.create_index(
            "ix_person_office_seen",
            ["scope_path", "person_id"],
            unique=False,
            sqlite_where=sa.text("valid_to IS NULL"),
            postgresql_where=sa.text("valid_to IS NULL"),
        )
        batch_op.create_index(
            "uq_person_office_open",
            ["person_id", "kind"],
            unique=True,
            sqlite_where=sa.text("valid_to IS NULL AND kind <> 'serving'"),
            postgresql_where=sa.text("valid_to IS NULL AND kind <> 'serving'"),
        )

    op.create_table(
        "person_search",
        sa.Column(
            "token",
            sa.String(length=64)
            .with_variant(sa.String(length=64, collation="C"), "postgresql")
            .with_variant(sa.String(length=64), "sqlite"),
            nullable=False,
        ),
        sa.Column("scope_path", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_search_person_id")),
        sa.PrimaryKeyConstraint("token", "scope_path", "person_id", name=op.f("pk_person_search")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("person_search", schema=None) as batch_op:
        batch_op.create_index("ix_person_search_person", ["person_id"], unique=False)

    op.create_table(
        "birth",
        sa.Column(
            "count_region_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="Where it counts: the mother's residence on the day",
        ),
        sa.Column("count_path", sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"), nullable=False),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("registration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "registration_shown", sa.Boolean(), nullable=False, comment="A registration on paper or of an office elsewhere was shown"
        ),
        sa.Column("mother_name", sa.String(length=50), nullable=False),
        sa.Column("mother_id_type", sa.String(length=8), nullable=False),
        sa.Column("mother_id_no_enc", sa.LargeBinary(), nullable=True),
        sa.Column("mother_id_no_bidx", sa.String(length=32), nullable=True),
        sa.Column("mother_birth_date", sa.Date(), nullable=True),
        sa.Column(
            "mother_region_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="Where she lived on the day, as told",
        ),
        sa.Column("mother_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("father_name", sa.String(length=50), nullable=True),
        sa.Column("father_id_type", sa.String(length=8), nullable=True),
        sa.Column("father_id_no_enc", sa.LargeBinary(), nullable=True),
        sa.Column("father_id_no_bidx", sa.String(length=32), nullable=True),
        sa.Column("father_birth_date", sa.Date(), nullable=True),
        sa.Column(
            "father_region_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=True,
            comment="Only when he lives in the offices of the writer",
        ),
        sa.Column("father_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("child_name", sa.String(length=50), nullable=True),
        sa.Column("child_id_no_enc", sa.LargeBinary(), nullable=True),
        sa.Column("child_id_no_bidx", sa.String(length=32), nullable=True),
        sa.Column("child_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("filed", sa.String(length=24), nullable=False, comment="The roles whose files this row made"),
        sa.Column("sex", sa.String(length=8), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=False),
        sa.Column("born_at", sa.String(length=5), nullable=True, comment="Hour and minute as written, 07:35"),
        sa.Column("child_order", sa.Integer(), nullable=False),
        sa.Column("plurality", sa.Integer(), nullable=False),
        sa.Column("plural_seq", sa.Integer(), nullable=False),
        sa.Column("live_count", sa.Integer(), nullable=True, comment="How many of the delivery were born alive; empty: all"),
        sa.Column("weight_g", sa.Integer(), nullable=True),
        sa.Column("gest_weeks", sa.Integer(), nullable=True),
        sa.Column("delivery_mode", sa.String(length=8), nullable=True),
        sa.Column("birth_place", sa.String(length=8), nullable=True),
        sa.Column("facility", sa.String(length=100), nullable=True),
        sa.Column("birth_cert_no", sa.String(length=10), nullable=True),
        sa.Column("is_alive", sa.Boolean(), nullable=False),
        sa.Column("child_died_on", sa.Date(), nullable=True),
        sa.Column("hukou_on", sa.Date(), nullable=True, comment="Household registration of the child"),
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
        sa.Column("mother_id_type_set", sa.String(length=32), sa.Computed("'id_type'", persisted=True), nullable=True),
        sa.Column("father_id_type_set", sa.String(length=32), sa.Computed("'id_type'", persisted=True), nullable=True),
        sa.Column("sex_set", sa.String(length=32), sa.Computed("'sex'", persisted=True), nullable=True),
        sa.Column("delivery_mode_set", sa.String(length=32), sa.Computed("'delivery_mode'", persisted=True), nullable=True),
        sa.Column("birth_place_set", sa.String(length=32), sa.Computed("'birth_place'", persisted=True), nullable=True),
        sa.CheckConstraint(
            "(status IN ('approved', 'voided')) = (approved_by_id IS NOT NULL)", name=op.f("ck_birth_approver_iff_approved")
        ),
        sa.CheckConstraint("(status IN ('approved', 'voided')) = (row_hash IS NOT NULL)", name=op.f("ck_birth_hash_iff_approved")),
        sa.CheckConstraint(
            "(status IN ('approved', 'voided')) = (statistical_month IS NOT NULL)", name=op.f("ck_birth_month_iff_approved")
        ),
        sa.CheckConstraint("approved_by_id IS NULL OR approved_by_id <> changed_by_id", name=op.f("ck_birth_approver_is_not_editor")),
        sa.CheckConstraint("approved_by_id IS NULL OR approved_by_id <> made_by_id", name=op.f("ck_birth_approver_is_not_maker")),
        sa.CheckConstraint("child_order BETWEEN 1 AND 15", name=op.f("ck_birth_child_order")),
        sa.CheckConstraint("is_alive = (child_died_on IS NULL)", name=op.f("ck_birth_death_date_iff_dead")),
        sa.CheckConstraint("plurality BETWEEN 1 AND 9 AND plural_seq BETWEEN 1 AND plurality", name=op.f("ck_birth_plural_seq")),
        sa.CheckConstraint("live_count BETWEEN 1 AND plurality", name=op.f("ck_birth_live_count")),
        sa.CheckConstraint("reported_on >= born_on", name=op.f("ck_birth_reported_after_birth")),
        sa.ForeignKeyConstraint(["approved_by_id"], ["ab_user.id"], name=op.f("fk_birth_approved_by_id")),
        sa.ForeignKeyConstraint(
            ["birth_place_set", "birth_place"], ["code_item.set", "code_item.code"], name=op.f("fk_birth_birth_place_set_birth_place")
        ),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_birth_changed_by_id")),
        sa.ForeignKeyConstraint(["child_id"], ["person.id"], name=op.f("fk_birth_child_id")),
        sa.ForeignKeyConstraint(["count_region_id"], ["region.id"], name=op.f("fk_birth_count_region_id")),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_birth_delivery_id")),
        sa.ForeignKeyConstraint(
            ["delivery_mode_set", "delivery_mode"],
            ["code_item.set", "code_item.code"],
            name=op.f("fk_birth_delivery_mode_set_delivery_mode"),
        ),
        sa.ForeignKeyConstraint(["father_id"], ["person.id"], name=op.f("fk_birth_father_id")),
        sa.ForeignKeyConstraint(
            ["father_id_type_set", "father_id_type"],
            ["code_item.set", "code_item.code"],
            name=op.f("fk_birth_father_id_type_set_father_id_type"),
        ),
        sa.ForeignKeyConstraint(["father_region_id"], ["region.id"], name=op.f("fk_birth_father_region_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["ab_user.id"], name=op.f("fk_birth_made_by_id")),
        sa.ForeignKeyConstraint(["mother_id"], ["person.id"], name=op.f("fk_birth_mother_id")),
        sa.ForeignKeyConstraint(
            ["mother_id_type_set", "mother_id_type"],
            ["code_item.set", "code_item.code"],
            name=op.f("fk_birth_mother_id_type_set_mother_id_type"),
        ),
        sa.ForeignKeyConstraint(["mother_region_id"], ["region.id"], name=op.f("fk_birth_mother_region_id")),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_birth_region_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["birth_registration.id"], name=op.f("fk_birth_registration_id")),
        sa.ForeignKeyConstraint(["sex_set", "sex"], ["code_item.set", "code_item.code"], name=op.f("fk_birth_sex_set_sex")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_birth")),
        sa.UniqueConstraint("uid", name=op.f("uq_birth_uid")),
    )
    with op.batch_alter_table("birth", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_birth_child_id"), ["child_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_birth_child_id_no_bidx"), ["child_id_no_bidx"], unique=False)
        batch_op.create_index("ix_birth_count", ["count_path", "statistical_month"], unique=False)
        batch_op.create_index(batch_op.f("ix_birth_count_path"), ["count_path"], unique=False)
        batch_op.create_index(batch_op.f("ix_birth_count_region_id"), ["count_region_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_birth_delivery_id"), ["delivery_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_birth_father_id"), ["father_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_birth_father_id_no_bidx"), ["father_id_no_bidx"], unique=False)
        batch_op.create_index(batch_op.f("ix_birth_mother_id"), ["mother_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_birth_mother_id_no_bidx"), ["mother_id_no_bidx"], unique=False)
        batch_op.create_index(batch_op.f("ix_birth_region_id"), ["region_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_birth_registration_id"), ["registration_id"], unique=False)
        batch_op.create_index("ix_birth_scope_id", ["scope_path", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_birth_scope_path"), ["scope_path"], unique=False)
        batch_op.create_index(batch_op.f("ix_birth_statistical_month"), ["statistical_month"], unique=False)
        batch_op.create_index(batch_op.f("ix_birth_status"), ["status"], unique=False)
        batch_op.create_index(
            "uq_birth_birth_cert_no",
            ["birth_cert_no"],
            unique=True,
            sqlite_where=sa.text("birth_cert_no IS NOT NULL AND status <> 'voided'"),
            postgresql_where=sa.text("birth_cert_no IS NOT NULL AND status <> 'voided'"),
        )
        batch_op.create_index(
            "uq_birth_plural_seq",
            ["delivery_id", "plural_seq"],
            unique=True,
            sqlite_where=sa.text("status <> 'voided'"),
            postgresql_where=sa.text("status <> 'voided'"),
        )


def downgrade():
    with op.batch_alter_table("birth", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_birth_plural_seq", sqlite_where=sa.text("status <> 'voided'"), postgresql_where=sa.text("status <> 'voided'")
        )
        batch_op.drop_index(
            "uq_birth_birth_cert_no",
            sqlite_where=sa.text("birth_cert_no IS NOT NULL AND status <> 'voided'"),
            postgresql_where=sa.text("birth_cert_no IS NOT NULL AND status <> 'voided'"),
        )
        batch_op.drop_index(batch_op.f("ix_birth_status"))
        batch_op.drop_index(batch_op.f("ix_birth_statistical_month"))
        batch_op.drop_index(batch_op.f("ix_birth_scope_path"))
        batch_op.drop_index("ix_birth_scope_id")
        batch_op.drop_index(batch_op.f("ix_birth_registration_id"))
        batch_op.drop_index(batch_op.f("ix_birth_region_id"))
        batch_op.drop_index(batch_op.f("ix_birth_mother_id_no_bidx"))
        batch_op.drop_index(batch_op.f("ix_birth_mother_id"))
        batch_op.drop_index(batch_op.f("ix_birth_father_id_no_bidx"))
        batch_op.drop_index(batch_op.f("ix_birth_father_id"))
        batch_op.drop_index(batch_op.f("ix_birth_delivery_id"))
        batch_op.drop_index(batch_op.f("ix_birth_count_region_id"))
        batch_op.drop_index(batch_op.f("ix_birth_count_path"))
        batch_op.drop_index("ix_birth_count")
        batch_op.drop_index(batch_op.f("ix_birth_child_id_no_bidx"))
        batch_op.drop_index(batch_op.f("ix_birth_child_id"))

    op.drop_table("birth")
    with op.batch_alter_table("person_search", schema=None) as batch_op:
        batch_op.drop_index("ix_person_search_person")

    op.drop_table("person_search")
    with op.batch_alter_table("person_office", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_person_office_open",
            sqlite_where=sa.text("valid_to IS NULL AND kind <> 'serving'"),
            postgresql_where=sa.text("valid_to IS NULL AND kind <> 'serving'"),
        )
        batch_op.drop_index("ix_person_office_seen", sqlite_where=sa.text("valid_to IS NULL"), postgresql_where=sa.text("valid_to IS NULL"))
        batch_op.drop_index(batch_op.f("ix_person_office_scope_path"))
        batch_op.drop_index(batch_op.f("ix_person_office_region_id"))
        batch_op.drop_index(batch_op.f("ix_person_office_person_id"))

    op.drop_table("person_office")
    with op.batch_alter_table("identity_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_request_scope_path"))
        batch_op.drop_index(batch_op.f("ix_identity_request_asked_at"))

    op.drop_table("identity_request")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_scope_path"))
        batch_op.drop_index(batch_op.f("ix_delivery_region_id"))
        batch_op.drop_index(batch_op.f("ix_delivery_mother_id"))

    op.drop_table("delivery")
    with op.batch_alter_table("birth_registration", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_birth_registration_woman_id_no_bidx"))
        batch_op.drop_index(batch_op.f("ix_birth_registration_woman_id"))
        batch_op.drop_index(batch_op.f("ix_birth_registration_status"))
        batch_op.drop_index(batch_op.f("ix_birth_registration_scope_path"))
        batch_op.drop_index("ix_birth_registration_scope_id")
        batch_op.drop_index(batch_op.f("ix_birth_registration_region_id"))
        batch_op.drop_index(batch_op.f("ix_birth_registration_partner_id_no_bidx"))
        batch_op.drop_index(batch_op.f("ix_birth_registration_partner_id"))

    op.drop_table("birth_registration")
    with op.batch_alter_table("ab_permission_view_role", schema=None) as batch_op:
        batch_op.drop_index("idx_role_id")
        batch_op.drop_index("idx_permission_view_id")

    op.drop_table("ab_permission_view_role")
    with op.batch_alter_table("workflow_step", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_workflow_step_owner_uid"))

    op.drop_table("workflow_step")
    with op.batch_alter_table("user_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_session_user_id"))

    op.drop_table("user_session")
    with op.batch_alter_table("user_region", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_region_region_id"))

    op.drop_table("user_region")
    op.drop_table("row_author")
    with op.batch_alter_table("report_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_run_scope_path"))

    op.drop_table("report_run")
    with op.batch_alter_table("region_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_region_code_code"))

    op.drop_table("region_code")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_phone_bidx"))
        batch_op.drop_index(batch_op.f("ix_person_name_key"))
        batch_op.drop_index(batch_op.f("ix_person_id_no_last4"))

    op.drop_table("person")
    with op.batch_alter_table("password_history", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_password_history_user_id"))

    op.drop_table("password_history")
    with op.batch_alter_table("limited_use", schema=None) as batch_op:
        batch_op.drop_index("ix_limited_use_count")

    op.drop_table("limited_use")
    op.drop_table("document_counter")
    with op.batch_alter_table("closed_month", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_closed_month_scope_path"))

    op.drop_table("closed_month")
    op.drop_table("client_token")
    with op.batch_alter_table("change_request", schema=None) as batch_op:
        batch_op.drop_index("uq_change_request_open", sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
        batch_op.drop_index(batch_op.f("ix_change_request_scope_path"))
        batch_op.drop_index(batch_op.f("ix_change_request_owner_uid"))

    op.drop_table("change_request")
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attachment_scope_path"))
        batch_op.drop_index(batch_op.f("ix_attachment_owner_uid"))

    op.drop_table("attachment")
    op.drop_table("account_state")
    op.drop_table("ab_user_role")
    with op.batch_alter_table("ab_user_group", schema=None) as batch_op:
        batch_op.drop_index("idx_user_id")
        batch_op.drop_index("idx_user_group_id")

    op.drop_table("ab_user_group")
    with op.batch_alter_table("ab_permission_view", schema=None) as batch_op:
        batch_op.drop_index("idx_view_menu_id")
        batch_op.drop_index("idx_permission_id")

    op.drop_table("ab_permission_view")
    with op.batch_alter_table("ab_group_role", schema=None) as batch_op:
        batch_op.drop_index("idx_group_role_id")
        batch_op.drop_index("idx_group_id")

    op.drop_table("ab_group_role")
    with op.batch_alter_table("ab_api_key", schema=None) as batch_op:
        batch_op.drop_index("idx_api_key_user_id")
        batch_op.drop_index("idx_api_key_prefix")
        batch_op.drop_index("idx_api_key_lookup_hash")

    op.drop_table("ab_api_key")
    op.drop_table("sign_in_throttle")
    op.drop_table("shipped_grant")
    with op.batch_alter_table("region", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_region_parent_id"))

    op.drop_table("region")
    with op.batch_alter_table("policy_param", schema=None) as batch_op:
        batch_op.drop_index("ix_policy_param_key")

    op.drop_table("policy_param")
    op.drop_table("key_check")
    op.drop_table("code_item")
    op.drop_table("audit_secret")
    op.drop_table("audit_head")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entry_target"))

    op.drop_table("audit_entry")
    op.drop_table("ab_view_menu")
    op.drop_table("ab_user")
    op.drop_table("ab_role")
    op.drop_table("ab_register_user")
    op.drop_table("ab_permission")
    op.drop_table("ab_group")
