"""Change requests name the paper they rest on; what an approved row says is kept by a trigger."""

import sqlalchemy as sa
from alembic import op

revision = "20261125b_change_requests"
down_revision = "20261125_names_read_anew"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("change_request") as batch_op:
        batch_op.add_column(sa.Column("evidence", sa.String(200), nullable=False, server_default="", comment="The paper it rests on"))
    with op.batch_alter_table("change_request") as batch_op:
        batch_op.alter_column("evidence", server_default=None)


def downgrade():
    with op.batch_alter_table("change_request") as batch_op:
        batch_op.drop_column("evidence")
