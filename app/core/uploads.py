"""What somebody sent as a file becomes what is kept, or a sentence that says what to do. Parsed in a process of its own."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore

from flask_babel import gettext as _

from app.core import scans
from app.core.errors import RuleViolation

CHILD = Path(scans.__file__)
SECONDS = 40  # after which a file counts as one that cannot be read
UNREAD = b"!unread\n"
_turns = BoundedSemaphore(2)  # files of one server that are drawn anew at once: each takes some hundred MB


@dataclass(frozen=True)
class Clean:
    """What of a file is kept."""

    media_type: str
    content: bytes


def cleaned(content: bytes) -> Clean:
    """The file as it is kept. Raises RuleViolation with the reason beside the field `file`."""
    if not 0 < len(content) <= scans.MOST_BYTES:
        raise _refused("large" if content else "empty")
    kind, _line, kept = _answer(content).partition(b"\n")
    if kind.startswith(b"!"):
        raise _refused(kind[1:].decode())
    return Clean(kind.decode(), kept)


def _answer(content: bytes) -> bytes:
    """What scans.answer() says, in a process of its own; one that dies or takes too long could not read the file."""
    try:
        with _turns:
            told = subprocess.run([sys.executable, "-I", str(CHILD)], input=content, capture_output=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return UNREAD
    return UNREAD if told.returncode or not told.stdout else told.stdout


def _refused(why: str) -> RuleViolation:
    most = scans.MOST_BYTES // 2**20
    texts = {
        "empty": _("Choose a file first; an empty one is not kept."),
        "large": _("The file is larger than %(n)s MB. Scan it with a lower resolution, or send page by page.", n=most),
        "type": _("This is neither a PDF nor a JPEG or PNG picture, whatever its name says. Save it as one of these and send it again."),
        "picture": _("The picture is damaged or not complete. Open it, save it anew, and send that file."),
        "pixels": _("The picture has more than %(n)s million pixels. Scan it with 300 dots per inch.", n=scans.MOST_PIXELS // 10**6),
        "grown": _("The picture would need more than %(n)s MB. Save it as JPEG and send that file.", n=most),
        "pdf": _("The PDF is damaged, or something was added before or after it. Open it, print it into a new PDF, and send that."),
        "locked": _("The PDF is protected by a password. Save it without one and send it again."),
        "acting": _("The PDF contains scripts, attached files or forms that send something. Print it into a new PDF and send that."),
        "pages": _("The PDF has no page, or more than %(n)s. Split it.", n=scans.MOST_PAGES),
    }
    return RuleViolation.one(texts.get(why, _("The file cannot be read. Save it anew and send that.")), "file", code=f"file_{why}")
