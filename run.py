"""Starts the app: `python run.py` serves it; `flask --app run` and other WSGI servers find it as `run:app`."""

import os
import socket
import sys
from typing import Any

import click
from flask import Flask
from flask.cli import FlaskGroup
from gunicorn.app.base import BaseApplication
from sqlalchemy.exc import DatabaseError

from app import create_app
from app.core.crypto import KeyLost
from app.setup import NotReady, must_be_ready, unreachable
from config import ConfigError, Settings, load

WORKERS, THREADS = 2, 4  # two cores, and four slow readers on each


class Server(BaseApplication):
    """gunicorn with our settings: no access log, whose lines would hold what people searched for, and no control socket."""

    cfg: Any

    def __init__(self, app: Flask, settings: Settings) -> None:
        self.app, self.settings = app, settings
        super().__init__()

    def load_config(self) -> None:
        options = {
            "bind": self.settings.address,
            "worker_class": "gthread",
            "workers": WORKERS,
            "threads": THREADS,
            "loglevel": "warning",
            "forwarded_allow_ips": "",  # TRUSTED_PROXIES decides, in the app
            "control_socket_disable": True,
            "limit_request_line": 8190,  # bytes; a filter may hold several hundred Chinese characters
            "when_ready": lambda _: print(f"Taizhang is at http://{self.settings.address}/  (Ctrl-C stops it)", flush=True),
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self.app


def refuse_taken_port(settings: Settings) -> None:
    """Say in one line what gunicorn would repeat for five seconds."""
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0]
        raise ConfigError(f"PORT: nothing can listen on {settings.address} ({reason}); for example PORT=8081") from None


def looks_up_a_command() -> bool:
    """Whether `flask --app run` asks for one of our commands, which show nothing; for its own, like `run`, it asks later."""
    context = click.get_current_context(silent=True)
    return context is not None and isinstance(context.command, FlaskGroup)


try:
    settings = load(os.environ)
    if __name__ == "__main__":
        refuse_taken_port(settings)
    app = create_app(settings, with_screens=not looks_up_a_command())
    if __name__ == "__main__":
        with app.app_context():
            must_be_ready()
except (ConfigError, KeyLost, NotReady) as error:
    print(error, file=sys.stderr)
    sys.exit(2)
except DatabaseError as error:
    print(unreachable(error), file=sys.stderr)
    sys.exit(2)

if __name__ == "__main__":
    Server(app, settings).run()
