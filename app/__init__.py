"""create_app(): the boot order, readable as a list; it never changes a schema and never writes a row."""

import os
from typing import Any

from flask import Flask
from flask_babel import Babel
from sqlalchemy.orm import configure_mappers

import config
from app import cli
from app import models as models  # every table is known before anything looks at the metadata
from app.accounts import visitor
from app.core import clock, crypto, keys, web
from app.core.unit_of_work import engine_options
from app.extensions import csrf, db

configure_mappers()  # a row can be made before anything is asked


def create_app(settings: config.Settings | None = None, *, with_screens: bool = True, **overrides: Any) -> Flask:
    """The application, ready to serve. Raises KeyLost when the data keys cannot be read.

    Most commands need no screens: without them the program starts in half the time and in an eighth less memory.
    """
    settings = settings or config.load(os.environ)
    app = Flask(__name__)
    app.config.from_mapping(
        config.flask_config(settings), SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url, settings.busy_seconds)
    )
    app.config.from_mapping(overrides)
    clock.use_zone(settings.timezone)
    app.config["DATA_KEYS_FILE"] = None if settings.data_keys else settings.data_keys_file
    _take_keys(settings)
    web.register(app, settings)
    db.init_app(app)
    visitor.register(app)  # before the tokens: whose session has ended is told so, with the words kept
    csrf.init_app(app)
    cli.register(app)
    if with_screens:
        from app import screens  # noqa: PLC0415  (read only where they are shown)

        screens.register(app)
    else:
        Babel(app, locale_selector=lambda: settings.default_locale)  # type: ignore[no-untyped-call]
    return app


def _take_keys(settings: config.Settings) -> None:
    """The data keys, where they exist; `flask setup` makes the first one, for a new database only."""
    found = keys.load(settings.data_keys, settings.data_keys_file)
    crypto.use(found)
