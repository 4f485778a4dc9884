"""What every command does alike: it says what cannot be done in sentences, and works on a database that fits."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask_babel import gettext as _
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError
from sqlalchemy.orm import Session

from app import setup
from app.core.audit import acting
from app.core.crypto import KeyLost
from app.core.errors import RuleViolation
from app.core.scope import Scope, looking_as
from app.core.unit_of_work import Busy, unit_of_work


@contextmanager
def told() -> Iterator[None]:
    """What cannot be done is said in sentences, with exit status 1; never with a trace of the program."""
    try:
        yield
    except RuleViolation as refusal:
        for problem in refusal.problems:
            click.echo(str(problem.message), err=True)
        sys.exit(1)
    except (KeyLost, Busy, setup.NotReady) as refusal:
        click.echo(str(refusal), err=True)
        sys.exit(1)
    except DatabaseError as error:
        click.echo(_about(error), err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(_("%(file)s cannot be read or written (%(why)s).", file=error.filename or _("A file"), why=error.strerror), err=True)
        sys.exit(1)


@contextmanager
def command(name: str) -> Iterator[None]:
    """Something from the command line, in nobody's office: it may touch regions, accounts and keys, but no ledger."""
    with told():
        setup.must_be_ready()
        with looking_as(Scope.of([])), acting(f"command: {name}"):
            yield


@contextmanager
def work(name: str) -> Iterator[Session]:
    """One act from the command line, in one unit of work."""
    with command(name), unit_of_work() as session:
        yield session


def _about(error: DatabaseError) -> str:
    if isinstance(error, DataError | IntegrityError):
        return f"The database does not take this ({type(error.orig).__name__}); nothing was stored. Check what you gave to the command."
    return setup.unreachable(error)
