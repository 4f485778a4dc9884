"""What an attachment is comes from a code list, and a row holds one file once. Files kept before become "other"."""

import sqlalchemy as sa
from alembic import op

revision = "20261128e_attachments"
down_revision = "20261128d_duplicates"
branch_labels = None
depends_on = None

OTHER = {"set": "attachment_kind", "code": "9", "label_zh": "其他", "label_en": "Other", "position": 0}
CODES = sa.table("code_item", *(sa.column(name) for name in OTHER))
FILES = sa.table("attachment", sa.column("kind"))
ONCE = "uq_attachment_owner_uid_kind_sha256"


def upgrade():
    connection = op.get_bind()
    known = sa.select(CODES.c.code).where(CODES.c.set == OTHER["set"])
    if connection.scalar(sa.select(sa.func.count()).select_from(FILES)):
        if connection.scalar(known.where(CODES.c.code == OTHER["code"])) is None:
            op.execute(sa.insert(CODES).values(**OTHER))
        op.execute(sa.update(FILES).where(FILES.c.kind.not_in(known)).values(kind=OTHER["code"]))
    with op.batch_alter_table("attachment") as table:
        table.alter_column("kind", existing_type=sa.String(32), type_=sa.String(8), existing_nullable=False)
        table.alter_column(
            "sha256", existing_type=sa.String(64), existing_nullable=False, comment="Of the content as it is kept, before it is encrypted"
        )
        table.add_column(sa.Column("kind_set", sa.String(32), sa.Computed("'attachment_kind'", persisted=True), nullable=True))
    with op.batch_alter_table("attachment") as table:
        table.create_foreign_key("fk_attachment_kind_set_kind", "code_item", ["kind_set", "kind"], ["set", "code"])
        table.create_unique_constraint(ONCE, ["owner_uid", "kind", "sha256"])


def downgrade():
    with op.batch_alter_table("attachment") as table:
        table.drop_constraint(ONCE, type_="unique")
        table.drop_constraint("fk_attachment_kind_set_kind", type_="foreignkey")
    with op.batch_alter_table("attachment") as table:
        table.drop_column("kind_set")
        table.alter_column("kind", existing_type=sa.String(8), type_=sa.String(32), existing_nullable=False)
        table.alter_column("sha256", existing_type=sa.String(64), existing_nullable=False, comment=None)
