"""Is it running, on what, and how safely: a page for people and for monitoring, without any data."""

import sqlite3
from typing import Any

from flask import jsonify
from flask_appbuilder import BaseView, expose
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.core.web import VERSION
from app.extensions import db


class HealthView(BaseView):
    """GET /health answers JSON; 503 when the database does not answer."""

    route_base = ""

    @expose("/health")
    def health(self) -> Any:
        """Status, version, database, the SQLite library and its journal mode."""
        name = db.engine.dialect.name
        found: dict[str, Any] = {"version": VERSION, "database": name, "sqlite_version": sqlite3.sqlite_version, "journal_mode": None}
        try:
            db.session.execute(text("SELECT 1"))
            if name == "sqlite":
                found["journal_mode"] = db.session.connection().exec_driver_sql("PRAGMA journal_mode").scalar()
        except SQLAlchemyError:
            return jsonify(status="failed", **found), 503
        return jsonify(status="ok", **found)
