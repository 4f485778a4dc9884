"""The shared extensions: database and request forgery protection. FAB brings its own translations."""

from flask_appbuilder.models.sqla.base import SQLA
from flask_wtf.csrf import CSRFProtect

from app.core.base import Model
from app.core.scope import GuardedSession

db = SQLA(metadata=Model.metadata, session_options={"class_": GuardedSession})
csrf = CSRFProtect()
