"""`make migration NAME=what_it_does`: a revision from the difference between the models and the database of the settings."""

import sys
from argparse import Namespace

from alembic import command

from app import create_app, revisions
from app.core import clock


def write(name: str) -> None:
    """Write a revision for whoever looks through it; none where nothing differs."""
    config = revisions.config()
    config.cmd_opts = Namespace(autogenerate=True)  # by which migrations/env.py knows that the schema is only read
    command.revision(config, name, autogenerate=True, rev_id=f"{clock.today():%Y%m%d}_{name}")


if __name__ == "__main__":
    with create_app(with_screens=False).app_context():
        write(sys.argv[1])
