"""Pictures for the demo township: each says that it is no document of anybody."""

from io import BytesIO
from typing import Any

from flask import current_app
from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from app.core import attachment_files, attachment_rules, changes, scans
from app.core.crypto import uuid7
from app.core.uploads import Clean
from app.core.workflow import Actor


def attach(session: Session, row: Any, kind: str, number: int, actor: Actor) -> None:
    """A picture of this kind with this number, as the clerk attaches it to a draft. Runs inside a unit of work."""
    clean, uid = Clean(*scans.cleaned(_drawn(f"SPECIMEN {number:03d}"))), uuid7()
    attachment_files.keep(current_app.config["DATA_DIR"], uid, clean.content)
    attachment_rules.attach(session, row, clean, kind, actor, uid=uid, path=changes.path_of(row))


def _drawn(words: str) -> bytes:
    page, out = Image.new("RGB", (480, 300), "white"), BytesIO()
    pen = ImageDraw.Draw(page)
    pen.rectangle((10, 10, 469, 289), outline="#2b6cb0", width=3)
    pen.text((40, 130), words, fill="#2b6cb0", font_size=40)
    page.save(out, "PNG")
    return out.getvalue()
