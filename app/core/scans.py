"""What of a sent file may be kept: JPEG and PNG drawn anew without anything beside the picture, PDF as it is where nothing in it acts.

Started as `python -I scans.py`: reads a file, writes its media type or why it is refused, then the bytes to keep. It knows nothing of
the application, so that what a bad file does to it stays in a process of its own.
"""

import io
import re
import sys
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageOps

if TYPE_CHECKING:  # imported where it is used: only a process of its own reads files, and all others know this one's limits
    from pypdf import PdfReader

MOST_BYTES = 10 * 1024 * 1024  # of one file, as sent and as kept
MOST_PIXELS = 36_000_000  # a page of A4 at 600 dots per inch
MOST_PAGES = 200
MOST_OBJECTS = 50_000  # of a PDF; two hundred scanned pages have some thousand
MOST_DEPTH = 60  # of one object in another
QUALITY = 90  # of a JPEG that is drawn anew: no reader sees the difference
MOST_MEMORY = 1 << 30  # bytes of address space
MOST_SECONDS = 20  # of processor time
JPEG, PNG, PDF = "image/jpeg", "image/png", "application/pdf"
PLAIN = {"1", "L", "RGB"}  # kinds of pixels that are kept as they are
PDF_HEAD = re.compile(rb"%PDF-[12]\.\d")
ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
ACTING = re.compile(rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia\w*|SubmitForm|ImportData|Rendition)(?![A-Za-z])")
ACTING_KEYS = frozenset({"/JS", "/AA", "/XFA", "/EF", "/EmbeddedFiles", "/RichMediaContent", "/RichMediaSettings"})
ACTIONS = frozenset(
    {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Rendition", "/Movie", "/Sound", "/RichMediaExecute"}
)


class Refused(Exception):
    """The file is not kept; the word says why."""


def cleaned(content: bytes) -> tuple[str, bytes]:
    """The media type by content, and the bytes to keep. Raises Refused."""
    _must(len(content) > 0, "empty")
    _must(len(content) <= MOST_BYTES, "large")
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG, _drawn_anew(content, "JPEG")
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG, _drawn_anew(content, "PNG")
    if PDF_HEAD.match(content):
        _must_not_act(content)
        return PDF, content
    raise Refused("type")


def _drawn_anew(content: bytes, kind: str) -> bytes:
    """The picture alone, upright: no EXIF, no text, no second picture, nothing behind its end."""
    out = io.BytesIO()
    _upright(content, kind).save(out, kind, **({"quality": QUALITY} if kind == "JPEG" else {}))
    _must(out.tell() <= MOST_BYTES, "grown")
    return out.getvalue()


def _upright(content: bytes, kind: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(content), formats=[kind])
            _must(picture.width * picture.height <= MOST_PIXELS, "pixels")
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            plain = upright if upright.mode in PLAIN else _on_paper(upright)
    except Refused:
        raise
    except Image.DecompressionBombError as error:
        raise Refused("pixels") from error
    except Exception as error:
        raise Refused("picture") from error
    plain.info.clear()
    return plain


def _on_paper(picture: Image.Image) -> Image.Image:
    """Other kinds of pixels as red, green and blue; what is transparent becomes white."""
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda value: value / 256).convert("L")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    seen = picture.convert("RGBA")
    paper = Image.new("RGB", seen.size, "white")
    paper.paste(seen, mask=seen.getchannel("A"))
    return paper


def _must(holds: bool, why: str) -> None:
    if not holds:
        raise Refused(why)


def _must_not_act(content: bytes) -> None:
    """A PDF stays byte for byte, so that its seal and its signature can be checked; in exchange nothing in it may act or be locked."""
    from pypdf import PdfReader  # noqa: PLC0415

    _must(content.rstrip(b"\0\t\n\r ").endswith(b"%%EOF"), "pdf")
    _must(not ACTING.search(ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), content)), "acting")
    try:
        reader = PdfReader(io.BytesIO(content))
        _must(not reader.is_encrypted, "locked")
        _must(0 < len(reader.pages) <= MOST_PAGES, "pages")
        _must(not any(_acts(value, 0) for value in _objects(reader)), "acting")
    except Refused:
        raise
    except Exception as error:
        raise Refused("pdf") from error


def _objects(reader: "PdfReader") -> Iterator[Any]:
    """Every object the file tells of, and what its end says of the whole."""
    from pypdf.generic import IndirectObject  # noqa: PLC0415

    numbers = [(number, generation) for generation, found in reader.xref.items() for number in found]
    numbers += [(number, 0) for number in reader.xref_objStm]
    _must(len(numbers) <= MOST_OBJECTS, "pages")
    yield reader.trailer
    for number, generation in numbers:
        yield reader.get_object(IndirectObject(number, generation, reader))


def _acts(value: Any, depth: int) -> bool:
    """Whether the object, or what lies in it, does more than be looked at. What it refers to is looked at by itself."""
    _must(depth <= MOST_DEPTH, "pdf")
    if isinstance(value, dict):
        kind = value.get("/S")
        if not ACTING_KEYS.isdisjoint(value) or (kind and kind.get_object()) in ACTIONS:
            return True
        return any(_acts(part, depth + 1) for part in dict.values(value))
    return isinstance(value, list) and any(_acts(part, depth + 1) for part in list.__iter__(value))


def answer(content: bytes) -> bytes:
    """One line with the media type, or with `!` and why; then the bytes."""
    try:
        kind, kept = cleaned(content)
    except Refused as why:
        kind, kept = f"!{why}", b""
    return kind.encode() + b"\n" + kept


def main() -> None:
    """Read a file, answer what of it is kept, within limits of memory and time."""
    import resource  # noqa: PLC0415  (in the child alone)

    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
