"""create_app(): the boot order, readable as a list; it never changes a schema and never writes a row."""

import os
from typing import Any

from flask import Flask
from flask_appbuilder import AppBuilder

import config
from app import cli, views
from app import models as models  # every table is known before anything looks at the metadata
from app.accounts import visitor
from app.core import clock, crypto, keys, labels, web, workflow
from app.core.unit_of_work import engine_options
from app.extensions import csrf, db, migrate
from app.workbench import bell, drafts


def create_app(settings: config.Settings | None = None, **overrides: Any) -> Flask:
    """The application, ready to serve. Raises KeyLost when the data keys cannot be read."""
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
    migrate.init_app(app, db, compare_type=True)
    visitor.register(app)  # before the tokens: whose session has ended is told so, with the words kept
    csrf.init_app(app)
    bell.register(app)
    _add_screens(app)
    cli.register(app)
    return app


def _take_keys(settings: config.Settings) -> None:
    """The data keys, where they exist; `flask setup` makes the first one, for a new database only."""
    found = keys.load(settings.data_keys, settings.data_keys_file)
    crypto.use(found)


def _add_screens(app: Flask) -> None:
    app.jinja_env.filters.update(
        status_label=workflow.status_label,
        flag_label=workflow.flag_label,
        act_label=labels.act_label,
        warning_text=workflow.warning_text,
        on_the_clock=labels.on_the_clock,
    )
    app.jinja_env.globals["unfinished_forms"] = drafts.unfinished
    with app.app_context():
        appbuilder = AppBuilder()
        appbuilder.init_app(app, db.session)
        app.jinja_env.filters["is_item_visible"] = labels.asked_anew(app.jinja_env.filters["is_item_visible"])
        views.register(app, appbuilder)
