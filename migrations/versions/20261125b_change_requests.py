"""Change requests name the paper they rest on; rows with an open one are found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "20261125b_change_requests"
down_revision = "20261125_names_read_anew"
branch_labels = None
depends_on = None

RECORDS = ("birth", "birth_registration")


def upgrade():
    with op.batch_alter_table("change_request") as batch_op:
        batch_op.add_column(sa.Column("evidence", sa.String(200), nullable=False, server_default="", comment="The paper it rests on"))
    with op.batch_alter_table("change_request") as batch_op:
        batch_op.alter_column("evidence", server_default=None)
    for table in RECORDS:
        where = {"sqlite_where": sa.text("change_open = 1"), "postgresql_where": sa.text("change_open")}
        op.create_index(f"ix_{table}_change_open", table, ["scope_path"], **where)


def downgrade():
    for table in RECORDS:
        op.drop_index(f"ix_{table}_change_open", table)
    with op.batch_alter_table("change_request") as batch_op:
        batch_op.drop_column("evidence")
