"""`make migration NAME=what_it_does`: a revision from the difference between the models and the database of the settings."""

import sys

from alembic import command

from app import create_app, revisions
from app.core import clock


def main(name: str) -> None:
    """Write the revision, for whoever looks through it."""
    app = create_app(with_screens=False)
    with app.app_context():
        command.revision(revisions.config(), name, autogenerate=True, rev_id=f"{clock.today():%Y%m%d}_{name}")


if __name__ == "__main__":
    main(sys.argv[1])
