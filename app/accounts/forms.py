"""What the forms of the account screens have in common."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import flash, request
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf import FlaskForm
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from wtforms import Field

from app.core import tokens
from app.core.unit_of_work import unit_of_work


class SentBefore(Exception):
    """This form or click was carried out by an earlier sending; nothing was done now."""


class Form(FlaskForm):
    """A form of ours, with types: the framework has none."""

    def __init__(self, **words: Any) -> None:
        framework: Any = super()
        framework.__init__(**words)

    def sent(self) -> bool:
        """Whether it was sent and can be read."""
        framework: Any = super()
        return request.method == "POST" and bool(framework.validate())


class ListField(Field):
    """A field with several values, with types."""

    def __init__(self, label: Any = None, validators: Any = None, **words: Any) -> None:
        framework: Any = super()
        framework.__init__(label, validators, **words)


@contextmanager
def first_sending(token: str) -> Iterator[Session]:
    """A unit of work for one form. Raises SentBefore at every later sending, even one of the same moment."""
    try:
        with unit_of_work() as session:
            if not tokens.first_sending(session, token[: tokens.TOKEN_LENGTH], current_user.id):
                raise SentBefore
            yield session
    except IntegrityError as error:
        if tokens.ClientToken.__tablename__ not in str(error.orig):
            raise
        raise SentBefore from error


def tell_not_saved() -> None:
    """For a form that was sent again with other words: these were not taken."""
    flash(_("This form was saved before; what you sent now was not. Look at the record."), "warning")
