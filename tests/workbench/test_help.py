"""Help: a page of keys, a guide for each role in both languages, letters that can be switched off."""

import re

import pytest

from app.core.permissions import SHIPPED
from app.workbench import help as helping
from tests.reader import Page

GUIDED = {role.name for role in SHIPPED if role.grants}


def test_every_role_that_may_do_something_has_a_guide_in_both_languages():
    assert set(helping.guides()) == GUIDED
    assert {path.name for path in helping.FOLDER.glob("*.md")} == {f"{role}.{language}.md" for role in GUIDED for language in ("zh", "en")}


def test_the_guides_of_a_role_have_the_same_headings_in_both_languages():
    """Not the same words, but the same number of them, so that neither language lacks a part."""
    headings = {
        (role, language): len(re.findall("^#", (helping.FOLDER / f"{role}.{language}.md").read_text(encoding="utf-8"), re.MULTILINE))
        for role in GUIDED
        for language in ("zh", "en")
    }
    assert {role for role in GUIDED if headings[role, "zh"] != headings[role, "en"]} == set()


def test_ones_own_guide_comes_first(sign_in):
    supervisor = sign_in("supervisor")
    guides = [link for link in Page(supervisor.get("/help/").text).links if re.fullmatch("/help/[a-z_]+", link)]
    assert guides[0] == "/help/supervisor"
    assert set(guides) == {f"/help/{role}" for role in GUIDED}


@pytest.mark.parametrize(("language", "said"), [("zh", "经办员操作指南"), ("en", "Guide for the clerk")])
def test_a_guide_is_shown_in_the_readers_language(sign_in, language, said):
    browser = sign_in("stranger")
    browser.get(f"/lang/{language}")
    assert f"<h1>{said}</h1>" in browser.get("/help/clerk").text


@pytest.mark.parametrize("role", ["nobody", "finance", "..", "clerk.zh"])
def test_what_is_no_guide_is_not_found(sign_in, role):
    assert sign_in("clerk").get(f"/help/{role}").status_code == 404


def test_html_in_a_guide_is_shown_as_text(monkeypatch, tmp_path):
    (tmp_path / "clerk.zh.md").write_text("# 甲\n\n<script>x</script> [y](javascript:z)", encoding="utf-8")
    monkeypatch.setattr(helping, "FOLDER", tmp_path)
    told = helping.text_of.__wrapped__("clerk", "zh")
    assert "<script" not in told
    assert 'href="javascript' not in told


def test_every_key_stands_on_the_page_and_in_the_dialog(sign_in):
    page = sign_in("clerk").get("/help/").text
    for part in (page.partition("<main")[2].partition("</main>")[0], page.partition('id="keys"')[2].partition("</dialog>")[0]):
        assert set(re.findall("<kbd>([^<]+)</kbd>", part)) >= {"Ctrl+K", "?", "Ctrl+S", "Alt+N", "/", "j", "k", "x", "a", "r", "Esc"}


def letters(browser) -> str:
    """What a page says about single letters."""
    return re.search('data-letters="([a-z]+)"', browser.get("/births/list/").text)[1]


def test_single_letters_are_switched_off_and_on_again(sign_in):
    clerk = sign_in("clerk")
    assert letters(clerk) == "on"
    clerk.send("/own/letters", "/own/", letters="off")
    assert letters(clerk) == "off"
    assert "They are off in this browser" in clerk.get("/own/").text
    clerk.send("/own/letters", "/own/", letters="on")
    assert letters(clerk) == "on"
