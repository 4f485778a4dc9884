"""What of a sent file is kept: the picture and nothing beside it, a PDF in which nothing acts; everything else is refused."""

import zipfile
from io import BytesIO

import pytest
from PIL import Image

from app.core import scans, uploads
from app.core.errors import RuleViolation
from app.core.scans import JPEG, PDF, PNG, Refused, cleaned
from tests.factories import attachments as made

WHITE = {"I;16": 65535, "CMYK": (0, 0, 0, 0)}
HTML = b"<html><script>alert(1)</script></html>"


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def zipped() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("evil.txt", "evil")
    return out.getvalue()


# pictures


def test_of_a_photograph_the_picture_is_kept_upright_and_nothing_else() -> None:
    kind, kept = cleaned(made.jpeg((30, 20)))
    picture = opened(kept)
    assert (kind, picture.size, picture.getpixel((0, 0))[0] > 200) == (JPEG, (20, 30), True)
    assert (dict(picture.getexif()), picture.info.keys() & {"exif", "comment", "icc_profile"}) == ({}, set())
    assert made.SECRET.encode() not in kept
    assert b"Exif" not in kept


def test_of_a_drawing_no_text_is_kept() -> None:
    kind, kept = cleaned(made.png("<svg onload=alert(1)>"))
    assert (kind, opened(kept).info) == (PNG, {})
    assert b"svg" not in kept


@pytest.mark.parametrize("make", [made.jpeg, made.png])
@pytest.mark.parametrize("tail", [HTML, zipped()], ids=["html", "zip"])
def test_what_hides_behind_a_picture_is_gone(make, tail: bytes) -> None:
    _kind, kept = cleaned(make() + tail)
    assert not zipfile.is_zipfile(BytesIO(kept))
    assert b"<script>" not in kept


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_every_kind_of_pixels_comes_out_as_one_a_browser_shows(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    out = BytesIO()
    Image.new(mode, (8, 4), WHITE.get(mode, "white")).save(out, kind)
    picture = opened(cleaned(out.getvalue())[1])
    assert (picture.mode in {"1", "L", "RGB"}, picture.size, picture.convert("L").getpixel((0, 0)) > 250) == (True, (8, 4), True)


def test_what_is_transparent_is_white() -> None:
    out = BytesIO()
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(out, "PNG")
    assert opened(cleaned(out.getvalue())[1]).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("make", [made.jpeg, made.png])
def test_a_picture_that_is_cut_is_refused(make) -> None:
    whole = make(size=(200, 200))
    with pytest.raises(Refused, match="picture"):
        cleaned(whole[: len(whole) * 2 // 3])


@pytest.mark.parametrize("size", [(12_000, 3_001), (20_000, 9_000)])
def test_a_bomb_of_pixels_is_refused_before_it_is_drawn(size: tuple[int, int]) -> None:
    out = BytesIO()
    Image.new("1", size).save(out, "PNG")
    assert len(out.getvalue()) < 30_000
    with pytest.raises(Refused, match="pixels"):
        cleaned(out.getvalue())


def test_a_picture_that_grows_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "MOST_BYTES", len(made.png("x" * 10)) // 4 * 4)
    monkeypatch.setattr(scans, "_upright", lambda *_: Image.effect_noise((300, 300), 90))
    with pytest.raises(Refused, match="grown"):
        cleaned(made.png("x")[: scans.MOST_BYTES])


# PDF


def test_a_pdf_is_kept_byte_for_byte_with_its_seal() -> None:
    assert cleaned(made.pdf()) == (PDF, made.pdf())


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (made.pdf(OpenAction=made.action("JavaScript", JS="app.alert(1)")), "acting"),
        (made.pdf(OpenAction=made.action("JavaScript", JS="app.alert(1)")).replace(b"/JavaScript", b"/J#61vaScript"), "acting"),
        (made.pdf(OpenAction=made.action("Launch", F="cmd.exe")), "acting"),
        (made.pdf(AA=made.action("GoTo")), "acting"),
        (made.pdf(AcroForm=made.action("x", XFA="form")), "acting"),
        (made.pdf(OpenAction=made.action("GoToR", F="other.pdf")), "acting"),
        (made.packed_pdf(b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"), "acting"),
        (made.pdf_with_a_file(), "acting"),
        (made.locked_pdf(), "locked"),
        (made.pdf() + HTML, "pdf"),
        (made.pdf() + zipped(), "pdf"),
        (b"%PDF-1.7\n%%EOF", "pdf"),
        (made.pdf()[:200], "pdf"),
        (b"%PDF-1.7\n" + b"9" * 1000 + b"\n%%EOF", "pdf"),
        (HTML + made.pdf(), "type"),
    ],
    ids=[
        "script",
        "spelled",
        "launch",
        "own act",
        "xfa",
        "other file",
        "packed",
        "file",
        "locked",
        "html",
        "zip",
        "empty",
        "cut",
        "nothing",
        "html first",
    ],
)
def test_a_pdf_that_acts_or_is_not_whole_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(Refused, match=f"^{why}$"):
        cleaned(content)


def test_a_pdf_that_opens_at_a_page_is_taken() -> None:
    assert cleaned(made.packed_pdf(b"<< /S /GoTo >>"))[0] == PDF
    assert cleaned(made.pdf(OpenAction=made.action("GoTo")))[0] == PDF


def test_a_pdf_of_too_many_pages_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "MOST_PAGES", 0)
    with pytest.raises(Refused, match="pages"):
        cleaned(made.pdf())


# what is neither


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (HTML, "type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "type"),
        (b"GIF89a" + b"\0" * 50, "type"),
        (b"MZ" + b"\0" * 50, "type"),
        (zipped(), "type"),
        (b"\xff\xd8\xff" + HTML, "picture"),
        (b"\x89PNG\r\n\x1a\n" + HTML, "picture"),
        (b"\xff\xd8\xff" + b"\0" * scans.MOST_BYTES, "large"),
    ],
)
def test_what_is_neither_picture_nor_pdf_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(Refused, match=f"^{why}$"):
        cleaned(content)


# in a process of its own


def test_the_child_answers_what_the_rules_say(app) -> None:
    with app.test_request_context():
        kept = uploads.cleaned(made.png())
        assert (kept.media_type, kept.content) == cleaned(made.png())
        with pytest.raises(RuleViolation, match="protected by a password"):
            uploads.cleaned(made.locked_pdf())


def test_a_child_that_dies_or_never_ends_is_a_file_that_cannot_be_read(app, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    with app.test_request_context():
        for program in ("import os; os.kill(os.getpid(), 9)", "while True: pass"):
            (tmp_path / "child.py").write_text(program, encoding="utf-8")
            monkeypatch.setattr(uploads, "CHILD", tmp_path / "child.py")
            monkeypatch.setattr(uploads, "SECONDS", 0.5)
            with pytest.raises(RuleViolation, match="The file cannot be read"):
                uploads.cleaned(made.png())


@pytest.mark.parametrize("why", ["empty", "large", "type", "picture", "pixels", "grown", "pdf", "locked", "acting", "pages", "unread"])
def test_every_refusal_has_its_sentence(app, why: str) -> None:
    with app.test_request_context():
        refusal = uploads._refused(why)
        assert [p.field for p in refusal.problems] == ["file"]
        assert why == "unread" or "cannot be read" not in str(refusal)
