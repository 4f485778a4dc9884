"""Static files: kept for a year under the digest of their content, sent compressed, never more than a page needs."""

import re

import pytest

from tests.conftest import Client

STATIC = re.compile(r'(?:src|href)="([^"]*/static/[^"]+)"')


@pytest.fixture
def files(shared_app):
    """The address of every file that the page after signing in names."""
    return [found.replace("&amp;", "&") for found in STATIC.findall(Client(shared_app, "clerk").get("/").text)]


def test_every_file_is_named_with_its_digest_and_kept_for_a_year(shared_app, files):
    assert len(files) > 10
    for url in files:
        answer = shared_app.test_client().get(url, buffered=True)
        assert answer.status_code == 200, url
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable", url


def test_under_another_digest_a_file_is_asked_for_each_time(shared_app, files):
    answer = shared_app.test_client().get(files[-1].partition("?")[0] + "?v=000000000000", buffered=True)
    assert answer.headers["Cache-Control"] == "no-cache"


def test_a_page_is_kept_by_nobody(shared_app):
    assert Client(shared_app, "clerk").get("/").headers["Cache-Control"] == "no-store"


def test_a_file_that_is_not_there_has_no_digest(shared_app):
    with shared_app.test_request_context():
        assert "v=" not in shared_app.url_for("static", filename="none.css")
        assert "v=" not in shared_app.url_for("static", filename="../__init__.py")


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_texts_are_sent_compressed(shared_app, files, coding):
    sheet = next(url for url in files if "app.css" in url)
    plain, packed = (
        shared_app.test_client().get(sheet, headers={"Accept-Encoding": wanted}, buffered=True) for wanted in ("identity", coding)
    )
    assert packed.headers["Content-Encoding"] == coding
    assert len(packed.data) * 3 < len(plain.data)


def test_a_file_and_a_small_request_of_a_page_bring_no_session_back(shared_app):
    """An answer that comes after the next page would undo its language and its messages."""
    clerk = Client(shared_app, "clerk")
    page = clerk.get("/people/list/")
    assert any(cookie.startswith("taizhang=") for cookie in page.headers.getlist("Set-Cookie"))
    with clerk.get("/static/icon.svg") as file:
        assert file.headers.getlist("Set-Cookie") == []
    asked = clerk.get("/people/options/residence?q=x", headers={"Accept": "application/json, text/javascript, */*; q=0.01"})
    assert asked.status_code == 200
    assert not any(cookie.startswith("taizhang=") for cookie in asked.headers.getlist("Set-Cookie"))
