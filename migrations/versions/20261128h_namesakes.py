"""Births at a place are read by their days: whoever looks for namesakes reads those of a few days, not the whole village."""

from alembic import op

revision = "20261128h_namesakes"
down_revision = "20261128g_form_drafts"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("ix_birth_region_day", "birth", ["region_id", "born_on"], unique=False)
    op.drop_index("ix_birth_region_id", table_name="birth")


def downgrade():
    op.create_index("ix_birth_region_id", "birth", ["region_id"], unique=False)
    op.drop_index("ix_birth_region_day", table_name="birth")
