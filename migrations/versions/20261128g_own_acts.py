"""The latest acts of one person are found without reading everybody's: the workbench orders its tiles by them."""

from alembic import op

revision = "20261128g_own_acts"
down_revision = "20261128g_form_pins"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("ix_workflow_step_actor", "workflow_step", ["actor_id", "id"])


def downgrade():
    op.drop_index("ix_workflow_step_actor", table_name="workflow_step")
