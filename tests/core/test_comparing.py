"""Two clerks change one row: what only one changed stands, what both changed is asked about, nothing is written over unasked."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from app.core import clock, comparing, regions
from app.core.comparing import Opened, Told, compared
from app.ledgers.people.models import Person
from tests.cast import A1
from tests.conftest import Client
from tests.factories.people import make_person
from tests.reader import filled

PHONE, OTHER, LOOKS_LIKE_IT = "13812345678", "13900000002", "13899995678"  # the last two differ, the first and the last share their mask


@pytest.fixture
def page(working: Any) -> str:
    """The form of one person."""
    with working() as session:
        return f"/people/edit/{make_person(session, office=A1, name='张先发', phone=PHONE, ethnicity='01').uid}"


@pytest.fixture
def now(seeing: Any) -> Callable[[str], dict[str, Any]]:
    """What the register says of the person of a form."""

    def ask(page: str) -> dict[str, Any]:
        def told(session: Any) -> dict[str, Any]:
            row = session.scalars(select(Person).where(Person.name.in_(["张先发", "张后发", "张三发"]))).one()
            return {"name": row.name, "ethnicity": row.ethnicity, "phone": row.phone and row.phone.reveal(), "version": row.version}

        return seeing(told)  # type: ignore[no-any-return]

    return ask


def opened(client: Client, page: str) -> dict[str, str]:
    """What the form of this page sends as it stands."""
    return filled(client.get(page).text)


def questions(text: str) -> dict[str, list[str]]:
    """Field → (when it was opened, mine, now in the register) of the table on a page."""
    table = text[text.index('id="comparison"') :] if 'id="comparison"' in text else ""
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', table, re.DOTALL)
    strip = lambda cell: unescape(re.sub(r"<[^>]+>", " ", cell)).split()  # noqa: E731
    return {label: [" ".join(strip(cell)) for cell in re.findall(r"<td>(.*?)</td>", cells, re.DOTALL)] for label, cells in rows}


def test_different_fields_are_both_kept_without_a_question(sign_in, page, now):
    clerk, colleague = sign_in("clerk"), sign_in("colleague")
    mine = opened(clerk, page)
    colleague.http.post(page, data={**opened(colleague, page), "ethnicity": "05"})
    answer = clerk.http.post(page, data={**mine, "name": "张后发"})
    assert answer.status_code == 302
    assert {**now(page), "version": 0} == {"name": "张后发", "ethnicity": "05", "phone": PHONE, "version": 0}
    assert "Somebody else had changed other fields meanwhile: Ethnicity." in clerk.get(answer.location).text


def test_the_same_field_is_asked_about_with_all_three_values(sign_in, page, now):
    clerk, colleague = sign_in("clerk"), sign_in("colleague")
    mine = opened(clerk, page)
    colleague.http.post(page, data={**opened(colleague, page), "name": "张三发"})
    answer = clerk.http.post(page, data={**mine, "name": "张后发"})
    assert answer.status_code == 200
    assert questions(answer.text) == {"Name": ["张先发", "张后发", "张三发"]}
    assert "Somebody else changed this record" in answer.text
    assert now(page)["name"] == "张三发"


@pytest.mark.parametrize(("choice", "name"), [("mine", "张后发"), ("theirs", "张三发")])
def test_the_answer_decides(sign_in, page, now, choice, name):
    clerk, colleague = sign_in("clerk"), sign_in("colleague")
    mine = opened(clerk, page)
    colleague.http.post(page, data={**opened(colleague, page), "name": "张三发"})
    asked = clerk.http.post(page, data={**mine, "name": "张后发", "ethnicity": "05"}).text
    assert clerk.http.post(page, data={**filled(asked), "take_name": choice}).status_code == 302
    assert (now(page)["name"], now(page)["ethnicity"]) == (name, "05")


def test_without_an_answer_nothing_is_saved(sign_in, page, now):
    clerk, colleague = sign_in("clerk"), sign_in("colleague")
    mine = opened(clerk, page)
    colleague.http.post(page, data={**opened(colleague, page), "name": "张三发"})
    asked = clerk.http.post(page, data={**mine, "name": "张后发"}).text
    again = clerk.http.post(page, data=filled(asked))
    assert again.status_code == 200
    assert "Choose for each field" in again.text
    assert questions(again.text) == {"Name": ["张先发", "张后发", "张三发"]}
    assert now(page)["name"] == "张三发"


def test_a_third_who_saves_in_between_is_asked_about_again(sign_in, page, now):
    clerk, colleague = sign_in("clerk"), sign_in("colleague")
    mine = opened(clerk, page)
    colleague.http.post(page, data={**opened(colleague, page), "name": "张三发"})
    asked = clerk.http.post(page, data={**mine, "name": "张后发"}).text
    colleague.http.post(page, data={**opened(colleague, page), "name": "张先发"})
    again = clerk.http.post(page, data={**filled(asked), "take_name": "mine"})
    assert questions(again.text) == {"Name": ["张三发", "张后发", "张先发"]}
    assert clerk.http.post(page, data={**filled(again.text), "take_name": "mine"}).status_code == 302
    assert now(page)["name"] == "张后发"


def test_a_third_who_changes_something_else_costs_no_second_question(sign_in, page, now):
    clerk, colleague = sign_in("clerk"), sign_in("colleague")
    mine = opened(clerk, page)
    colleague.http.post(page, data={**opened(colleague, page), "name": "张三发"})
    asked = clerk.http.post(page, data={**mine, "name": "张后发"}).text
    colleague.http.post(page, data={**opened(colleague, page), "ethnicity": "05"})
    assert clerk.http.post(page, data={**filled(asked), "take_name": "mine"}).status_code == 302
    assert (now(page)["name"], now(page)["ethnicity"]) == ("张后发", "05")


def test_what_was_chosen_stays_chosen_when_a_third_changes_something_else(sign_in, page, now):
    clerk, colleague = sign_in("clerk"), sign_in("colleague")
    mine = opened(clerk, page)
    colleague.http.post(page, data={**opened(colleague, page), "name": "张三发"})
    asked = clerk.http.post(page, data={**mine, "name": "张后发", "phone": OTHER}).text
    colleague.http.post(page, data={**opened(colleague, page), "ethnicity": "05"})
    assert clerk.http.post(page, data={**filled(asked), "take_name": "theirs"}).status_code == 302
    assert {**now(page), "version": 0} == {"name": "张三发", "ethnicity": "05", "phone": OTHER, "version": 0}


def test_a_form_that_is_refused_for_something_else_comes_back_with_the_questions_and_the_answers(sign_in, page, now):
    clerk, colleague = sign_in("clerk"), sign_in("colleague")
    mine = opened(clerk, page)
    colleague.http.post(page, data={**opened(colleague, page), "name": "张三发"})
    asked = clerk.http.post(page, data={**mine, "name": "张后发", "phone": "12"}).text
    again = clerk.http.post(page, data={**filled(asked), "take_name": "theirs"})
    assert again.status_code == 200
    assert questions(again.text) == {"Name": ["张先发", "张后发", "张三发"]}
    assert filled(again.text)["take_name"] == "theirs"
    assert filled(again.text)["name"] == "张后发"
    assert clerk.http.post(page, data={**filled(again.text), "phone": OTHER}).status_code == 302
    assert (now(page)["name"], now(page)["phone"]) == ("张三发", OTHER)


def test_a_hidden_value_of_others_stays_masked(sign_in, page, now):
    clerk, colleague = sign_in("clerk"), sign_in("colleague")
    mine = opened(clerk, page)
    colleague.http.post(page, data={**opened(colleague, page), "phone": LOOKS_LIKE_IT})
    answer = clerk.http.post(page, data={**mine, "phone": OTHER}).text
    assert questions(answer) == {"Phone": ["138****5678", OTHER, "138****5678 It differs in the hidden part."]}
    assert LOOKS_LIKE_IT not in answer
    assert PHONE not in answer


def test_an_untouched_mask_takes_over_the_hidden_value_of_others(sign_in, page, now):
    clerk, colleague = sign_in("clerk"), sign_in("colleague")
    mine = opened(clerk, page)
    colleague.http.post(page, data={**opened(colleague, page), "phone": OTHER})
    assert clerk.http.post(page, data={**mine, "name": "张后发"}).status_code == 302
    assert (now(page)["name"], now(page)["phone"]) == ("张后发", OTHER)


def test_who_typed_the_same_is_not_asked(sign_in, page, now):
    clerk, colleague = sign_in("clerk"), sign_in("colleague")
    mine = opened(clerk, page)
    colleague.http.post(page, data={**opened(colleague, page), "name": "张后发", "phone": OTHER})
    assert clerk.http.post(page, data={**mine, "name": "张后发", "phone": OTHER}).status_code == 302


@pytest.mark.parametrize("forged", ["", "AAAA", "x" * 200, "另一个"])
def test_who_does_not_say_what_was_shown_is_asked_about_every_difference(sign_in, page, now, forged):
    clerk, colleague = sign_in("clerk"), sign_in("colleague")
    mine = opened(clerk, page)
    colleague.http.post(page, data={**opened(colleague, page), "ethnicity": "05"})
    answer = clerk.http.post(page, data={**mine, "name": "张后发", "opened": forged})
    assert set(questions(answer.text)) == {"Name", "Ethnicity"}
    assert now(page)["name"] == "张先发"


def test_what_was_shown_of_another_row_or_to_somebody_else_counts_for_nothing(app, sign_in, page, working):
    with working() as session:
        other = make_person(session, office=A1, name="王五")
        told = comparing.seal(Opened("1", {"name": Told("a", "a", "a")}), other, 1)
        row = session.scalars(select(Person).where(Person.name == "张先发")).one()
        assert comparing.unseal(told, other, 1) is not None
        assert comparing.unseal(told, other, 2) is None
        assert comparing.unseal(told, row, 1) is None


def test_the_pages_memory_holds_no_number_and_no_name_that_can_be_read(sign_in, page):
    text = opened(sign_in("clerk"), page)["opened"]
    assert text
    assert "张先发" not in text
    assert PHONE not in text


def told(**values: str) -> dict[str, Told]:
    return {name: Told(value, value, value) for name, value in values.items()}


def test_a_difference_is_taken_over_kept_or_asked_about():
    was = Opened("1", told(a="1", b="1", c="1", d="1", e="1"))
    mine, theirs = told(a="1", b="2", c="2", d="2", e="1"), told(a="2", b="1", c="3", d="2", e="1")
    assert compared(mine, theirs, was) == (["a"], ["c"])
    assert compared(mine, theirs, None) == ([], ["a", "b", "c"])


def test_days_codes_and_ticks_are_compared_by_what_they_mean(sign_in, seeing):
    clerk, colleague = sign_in("clerk"), sign_in("colleague")
    place = seeing(lambda s: str(regions.by_code(s, A1).uid))
    words = {"registration_type": "1", "woman_name": "李梅", "woman_id_type": "1", "child_order": "1", "channel": "1", "region": place}
    words |= {"woman_birth_date": "1995-06-01"}
    answer = clerk.send("/registrations/add", **words)
    assert answer.status_code == 302, answer.text
    page, due_on = answer.location.replace("/show/", "/edit/"), clock.today() + timedelta(days=60)
    mine = opened(clerk, page)
    colleague.http.post(page, data={**opened(colleague, page), "channel": "2", "pledge": "y", "remark": "她们写的"})
    asked = clerk.http.post(page, data={**mine, "channel": "3", "due_on": f"{due_on:%Y/%m/%d}", "remark": "我写的"}).text
    assert set(questions(asked)) == {"Channel", "Remark"}
    saved = clerk.http.post(page, data={**filled(asked), "take_channel": "theirs", "take_remark": "mine"})
    assert saved.status_code == 302, questions(saved.text)
    told = opened(clerk, page)
    assert (told["channel"], told["due_on"], told["remark"], told["pledge"]) == ("2", due_on.isoformat(), "我写的", "y")
