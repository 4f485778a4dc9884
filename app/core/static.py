"""Files of the pages: their address holds the digest of what they say, so that a browser keeps each for a year and asks for it once."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, request
from flask_compress import Compress
from werkzeug.security import safe_join
from werkzeug.wrappers import Response

YEAR, DAY = 365 * 86_400, 86_400  # seconds
TEXTS = ["text/html", "text/css", "text/javascript", "application/javascript", "application/json", "image/svg+xml"]


def register(app: Flask) -> None:
    """Give every static address its digest, say how long each file is good for, and send texts compressed."""
    app.config.setdefault("COMPRESS_MIMETYPES", TEXTS)
    Compress(app)
    app.url_defaults(_say_digest)
    app.after_request(_say_how_long)


def digest(endpoint: str, filename: str) -> str:
    """The first characters of the SHA-256 of a file; empty where there is none."""
    blueprint, _dot, _static = endpoint.rpartition(".")
    folder = current_app.blueprints[blueprint].static_folder if blueprint else current_app.static_folder
    return _digest_of(folder or "", filename)


@lru_cache(maxsize=512)
def _digest_of(folder: str, filename: str) -> str:
    """A page names some forty files, which change with the program only: none is looked at twice."""
    path = safe_join(folder, filename)
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12] if path and Path(path).is_file() else ""


def _say_digest(endpoint: str, values: dict[str, Any]) -> None:
    if is_static(endpoint) and "v" not in values and (known := digest(endpoint, values.get("filename", ""))):
        values["v"] = known


def _say_how_long(response: Response) -> Response:
    """A file under the digest it has never changes; one without, a font that a style sheet names, is good for a day."""
    endpoint = request.endpoint or ""
    if is_static(endpoint) and response.status_code == 200:
        asked = request.args.get("v")
        if asked and asked == digest(endpoint, (request.view_args or {}).get("filename", "")):
            response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        else:
            response.headers["Cache-Control"] = "no-cache" if asked else f"public, max-age={DAY}"
        if response.mimetype in TEXTS:
            _read(response)
    return response


def _read(response: Response) -> None:
    """Have the whole text in memory: of a file that is still open nothing is compressed with gzip, and nobody closes it."""
    response.direct_passthrough = False
    text = response.get_data()
    response.close()
    response.set_data(text)


def is_static(endpoint: str) -> bool:
    """Whether this is the road to a file of the pages."""
    return endpoint == "static" or endpoint.endswith(".static")
