"""What a browser shows: Flask-AppBuilder, every screen of the map, and what their templates know."""

from flask import Flask
from flask_appbuilder import AppBuilder

from app import views
from app.core import labels, workflow
from app.extensions import db
from app.workbench import bell, drafts


def register(app: Flask) -> None:
    """Add all of it, once."""
    if "appbuilder" in app.extensions:
        return
    bell.register(app)
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
