"""Files for tests: pictures and PDFs as scanners and telephones make them, and as somebody makes them who means harm."""

import hashlib
import zlib
from io import BytesIO
from typing import Any

from flask import current_app
from PIL import Image, PngImagePlugin
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject
from sqlalchemy.orm import Session

from app.core import attachment_files, attachment_rules, changes
from app.core.changes import ChangeRequest
from app.core.crypto import uuid7
from app.core.uploads import Clean
from app.models import Attachment
from tests.factories.births import user

SECRET = "42050619900102001X"
GPS, ORIENTATION, MAKER_NOTE = 0x8825, 0x0112, 0x010E


def png(words: str = "", size: tuple[int, int] = (30, 20), colour: str = "red") -> bytes:
    """A picture with a text beside it."""
    out, beside = BytesIO(), PngImagePlugin.PngInfo()
    beside.add_text("Comment", words or SECRET)
    Image.new("RGB", size, colour).save(out, "PNG", pnginfo=beside)
    return out.getvalue()


def jpeg(size: tuple[int, int] = (30, 20)) -> bytes:
    """A photograph that tells where it was taken and lies on its side."""
    exif = Image.Exif()
    exif[MAKER_NOTE], exif[ORIENTATION] = SECRET, 6
    exif.get_ifd(GPS)[1] = "N"
    out = BytesIO()
    Image.new("RGB", size, "red").save(out, "JPEG", exif=exif, comment=SECRET.encode())
    return out.getvalue()


def pdf(words: str = "", **more: Any) -> bytes:
    """One page; `more` goes into its catalogue."""
    writer, out = PdfWriter(), BytesIO()
    writer.add_blank_page(200, 200)
    writer.add_metadata({"/Title": words or SECRET})
    for name, value in more.items():
        writer.root_object[NameObject(f"/{name}")] = value
    writer.write(out)
    return out.getvalue()


def action(kind: str, **more: str) -> DictionaryObject:
    """What a PDF does when it is opened."""
    told = {NameObject(f"/{name}"): TextStringObject(value) for name, value in more.items()}
    return DictionaryObject({NameObject("/S"): NameObject(f"/{kind}"), **told})


def locked_pdf() -> bytes:
    writer, out = PdfWriter(), BytesIO()
    writer.add_blank_page(200, 200)
    writer.encrypt("password")
    writer.write(out)
    return out.getvalue()


def pdf_with_a_file() -> bytes:
    writer, out = PdfWriter(), BytesIO()
    writer.add_blank_page(200, 200)
    writer.add_attachment("evil.exe", b"MZ")
    writer.write(out)
    return out.getvalue()


def packed_pdf(first: bytes) -> bytes:
    """A PDF whose act stands in a packed stream of objects, where a search for words finds nothing."""
    packed = zlib.compress(b"5 0 " + first)
    stream = b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n%b\nendstream" % (len(packed), packed)
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R /OpenAction 5 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>",
        stream,
    ]
    out, places = BytesIO(), []
    out.write(b"%PDF-1.5\n")
    for number, part in enumerate(parts, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%b\nendobj\n" % (number, part))
    table = out.tell()
    rows = [(0, 0, 255), *((1, place, 0) for place in places), (2, 4, 0), (1, table, 0)]
    told = b"".join(bytes([kind]) + where.to_bytes(2) + bytes([more]) for kind, where, more in rows)
    head = b"<< /Type /XRef /Size 7 /W [1 2 1] /Root 1 0 R /Length %d >>" % len(told)
    out.write(b"6 0 obj\n%b\nstream\n%b\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (head, told, table))
    return out.getvalue()


def attach(
    session: Session, owner: Any, *, kind: str = "1", maker: str = "clerk", content: bytes = b"a page", media: str = "image/png"
) -> Attachment:
    """A file as a clerk attaches it, past the parsing. Runs inside a unit of work."""
    uid, path = uuid7(), owner.scope_path if isinstance(owner, ChangeRequest) else changes.path_of(owner)
    attachment_files.keep(current_app.config["DATA_DIR"], uid, content)
    row = attachment_rules.attach(session, owner, Clean(media, content), kind, user(session, maker), uid=uid, path=path)
    session.flush()
    assert row.sha256 == hashlib.sha256(content).hexdigest()
    return row
