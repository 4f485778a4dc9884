"""Names are read character by character: sort keys and the parts by which people are found are made anew where they differ."""

import sqlalchemy as sa
from alembic import op

from app.core import names
from app.core.scope import elevated

revision = "20261125_names_read_anew"
down_revision = "20261122_first"
branch_labels = None
depends_on = None

PAGE = 5000
PERSON = sa.table("person", sa.column("id"), sa.column("name"), sa.column("name_key"))
OFFICE = sa.table("person_office", sa.column("person_id"), sa.column("scope_path"), sa.column("valid_to"))
PART = sa.table("person_search", sa.column("token"), sa.column("scope_path"), sa.column("person_id"))


def upgrade():
    last, connection = 0, op.get_bind()
    people = sa.select(PERSON.c.id, PERSON.c.name, PERSON.c.name_key).order_by(PERSON.c.id).limit(PAGE)
    with elevated("names are read anew"):
        while rows := connection.execute(people.where(PERSON.c.id > last)).all():
            for number, name, key in rows:
                if names.sort_key(name)[:64] != key:
                    _read_anew(connection, number, name)
            last = rows[-1].id


def _read_anew(connection, number, name):
    connection.execute(sa.update(PERSON).where(PERSON.c.id == number).values(name_key=names.sort_key(name)[:64]))
    connection.execute(sa.delete(PART).where(PART.c.person_id == number))
    offices = sa.select(OFFICE.c.scope_path).where(OFFICE.c.person_id == number, OFFICE.c.valid_to.is_(None)).distinct()
    for path in connection.scalars(offices).all():
        parts = [{"token": token, "scope_path": path, "person_id": number} for token in names.search_tokens(name)]
        connection.execute(sa.insert(PART), parts)


def downgrade():
    """Nothing: how names were read stands in the library, not in the tables."""
