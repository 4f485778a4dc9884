"""A form or a click that is sent twice is one act, also when both arrive at once."""

import threading
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import regions
from app.core.scope import looking_as
from app.core.tokens import first_sending
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.models import BirthRegistration, ClientToken, Person, WorkflowStep
from tests.cast import A1
from tests.conftest import EVERYWHERE
from tests.core.rows import make_registration, user


@pytest.fixture
def submitted(seeing: Any) -> Any:
    """The identity of a registration; its clerk has not sent it yet."""

    def make(session: Session) -> str:
        with unit_of_work():
            return str(make_registration(session).uid)

    return seeing(make)


def test_the_second_sending_is_told_apart(seeing: Any) -> None:
    def send(session: Session) -> list[bool]:
        clerk, other = user(session, "clerk").id, user(session, "neighbour").id
        answers = []
        for who, token in ((clerk, "a"), (clerk, "a"), (other, "a"), (clerk, "b")):
            with unit_of_work():
                answers.append(first_sending(session, token, who))
        return answers

    assert seeing(send) == [True, False, True, True]


def test_a_token_of_an_act_that_failed_may_be_used_again(seeing: Any) -> None:
    def fail(session: Session) -> None:
        with unit_of_work():
            assert first_sending(session, "a", user(session, "clerk").id)
            raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            seeing(fail)
    assert seeing(lambda s: s.scalar(select(func.count()).select_from(ClientToken))) == 0


def test_two_sendings_at_once_are_one_act(app: Flask, seeing: Any) -> None:
    """SQLite: the second waits for the lock and finds the token; PostgreSQL: it waits at the key and is refused there."""
    who = seeing(lambda s: user(s, "clerk").id)
    start, answers = threading.Barrier(6), []

    def send() -> None:
        start.wait()
        try:
            with app.app_context(), looking_as(EVERYWHERE), unit_of_work() as session:
                answers.append(first_sending(session, "a", who))
        except IntegrityError:
            answers.append(False)

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False] * 5 + [True]


def together(app: Flask, client: Any, address: str, words: dict[str, str], times: int) -> list[int]:
    """The same request of one browser, several times at once."""
    cookie = client.http.get_cookie("taizhang").value
    start, codes = threading.Barrier(times), []

    def send() -> None:
        browser = app.test_client()
        browser.set_cookie("taizhang", cookie)
        start.wait()
        codes.append(browser.post(address, data=words).status_code)
        with app.app_context():
            db.session.remove()

    threads = [threading.Thread(target=send) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return codes


def test_an_act_clicked_several_times_at_once_happens_once(app: Flask, sign_in: Any, submitted: str, seeing: Any) -> None:
    clerk = sign_in("clerk")
    words = clerk.hidden(f"/registrations/show/{submitted}")
    assert together(app, clerk, f"/registrations/action/submit/{submitted}", words, 5) == [302] * 5
    assert seeing(lambda s: s.scalars(select(WorkflowStep.act)).all()) == ["submit"]
    assert seeing(lambda s: s.scalars(select(BirthRegistration.status)).one()) == "submitted"


def test_an_act_clicked_again_later_changes_nothing(sign_in: Any, submitted: str, seeing: Any) -> None:
    clerk = sign_in("clerk")
    words = clerk.hidden(f"/registrations/show/{submitted}")
    clerk.http.post(f"/registrations/action/submit/{submitted}", data=words)
    clerk.send(f"/registrations/action/withdraw/{submitted}", f"/registrations/show/{submitted}")
    answer = clerk.http.post(f"/registrations/action/submit/{submitted}", data=words, follow_redirects=True)
    assert answer.status_code == 200
    assert seeing(lambda s: s.scalars(select(WorkflowStep.act).order_by(WorkflowStep.id)).all()) == ["submit", "withdraw"]
    assert seeing(lambda s: s.scalars(select(BirthRegistration.status)).one()) == "draft"


@pytest.mark.parametrize("token", ["", "x", "1" * 500, "\x00"])
def test_an_act_without_a_proper_token_is_refused(sign_in: Any, submitted: str, seeing: Any, token: str) -> None:
    clerk = sign_in("clerk")
    words = {**clerk.hidden(f"/registrations/show/{submitted}"), "act_token": token}
    assert clerk.http.post(f"/registrations/action/submit/{submitted}", data=words).status_code == 400
    assert seeing(lambda s: s.scalars(select(WorkflowStep.act)).all()) == []


WORDS = {"id_type": "1", "name": "张先发", "sex": "2", "birth_date": "1990-01-02"}


def people_named(seeing: Any, *names: str) -> list[str]:
    return seeing(lambda s: sorted(s.scalars(select(Person.name).where(Person.name.in_(names)))))


def test_a_form_sent_again_with_other_words_is_another_form(sign_in: Any, seeing: Any) -> None:
    clerk = sign_in("clerk")
    place = seeing(lambda s: str(regions.by_code(s, A1).uid))
    form = {**clerk.hidden("/people/add"), **WORDS, "residence": place}
    first, same = (clerk.http.post("/people/add", data=form).status_code for _ in range(2))
    other = clerk.http.post("/people/add", data={**form, "name": "张后发"}).status_code
    assert (first, same, other) == (302, 302, 302)
    assert people_named(seeing, "张先发", "张后发") == ["张先发", "张后发"]


def test_an_edit_sent_again_with_other_words_meets_what_it_changed(sign_in: Any, seeing: Any) -> None:
    clerk = sign_in("clerk")
    place = seeing(lambda s: str(regions.by_code(s, A1).uid))
    page = clerk.send("/people/add", **WORDS, residence=place).location.replace("/show/", "/edit/")
    form = {**clerk.hidden(page), **WORDS}
    assert clerk.http.post(page, data={**form, "phone": "13800000001"}).status_code == 302
    again = clerk.http.post(page, data={**form, "phone": "13900000002"})
    assert again.status_code == 200
    assert "13900000002" in again.text
    assert "Somebody else changed this record" in again.text
