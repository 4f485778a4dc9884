"""Twins are one delivery; a set of twins is decided about only when it is whole."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.core import regions
from app.core.errors import RuleViolation
from app.core.workflow import Status
from app.ledgers.births.models import Delivery
from tests.cast import A1, A
from tests.factories.births import BORN_ON, MOTHER_BORN, correct, do, make_birth, user
from tests.factories.people import id_number_for

NUMBER = id_number_for(MOTHER_BORN, "2", 910)


def twin(session, seq, **fields):
    """One of two children of the same mother."""
    return make_birth(session, **{"mother_id_no": NUMBER, "plurality": 2, "plural_seq": seq, "child_order": seq} | fields)


@pytest.mark.parametrize("days", [0, 1])
def test_twins_are_one_delivery_and_no_duplicates(working, days):
    with working(A) as session:
        first, second = twin(session, 1), twin(session, 2, born_on=BORN_ON + timedelta(days=days))
        assert first.delivery is second.delivery
        assert (first.delivery.plurality, first.delivery.delivered_on) == (2, BORN_ON)
        assert not first.possible_duplicate
        assert not second.possible_duplicate
        assert second.warnings == []


def test_children_two_days_apart_are_no_twins(working):
    with working(A) as session:
        first, second = twin(session, 1), twin(session, 2, born_on=BORN_ON + timedelta(days=2))
        assert first.delivery is not second.delivery
        assert second.possible_duplicate


def test_twins_are_incomplete_until_all_are_entered(working):
    with working(A) as session:
        first = twin(session, 1, plurality=3)
        second = twin(session, 3, plurality=3)
        assert (first.incomplete, second.incomplete) == (True, True)
        third = twin(session, 2, plurality=3)
        assert (first.incomplete, second.incomplete, third.incomplete) == (False, False, False)


def test_of_twins_one_of_whom_was_not_born_alive_the_other_is_complete(working):
    with working(A) as session:
        first = twin(session, 2, live_count=1)
        assert not first.incomplete
        assert (first.delivery.plurality, first.delivery.live_count) == (2, 1)


def test_twins_whose_rows_count_the_living_differently_are_incomplete(working):
    with working(A) as session:
        first, second = twin(session, 1, live_count=1), twin(session, 2)
        assert (first.incomplete, second.incomplete) == (True, True)
        correct(session, first, live_count=None)
        assert (first.incomplete, second.incomplete) == (False, False)


@pytest.mark.parametrize("count", [0, 3])
def test_more_living_children_than_were_born_are_refused(working, count):
    with working(A) as session, pytest.raises(RuleViolation, match="born alive"):
        twin(session, 1, live_count=count)


def test_an_incomplete_set_of_twins_is_not_approved(working):
    with working(A) as session:
        first = twin(session, 1, status=Status.submitted)
        with pytest.raises(RuleViolation, match="incomplete"):
            do(first, "approve", user(session, "supervisor"))
        twin(session, 2)
        do(first, "approve", user(session, "supervisor"))
        assert first.status == Status.approved


def test_a_place_among_twins_is_taken_once(working):
    with working(A) as session:
        twin(session, 1)
    with pytest.raises(RuleViolation) as refused, working(A) as session:
        twin(session, 1)
    assert [problem.code for problem in refused.value.problems] == ["V16_seq"]


def test_twins_who_disagree_on_their_number_stay_incomplete(working):
    with working(A) as session:
        first, second = twin(session, 1), twin(session, 2, plurality=3)
        assert (first.incomplete, second.incomplete) == (True, True)
        correct(session, second, plurality=2)
        assert (first.incomplete, second.incomplete) == (False, False)


def test_a_single_child_beside_twins_is_a_possible_duplicate(working):
    with working(A) as session:
        twin(session, 1)
        single = make_birth(session, mother_id_no=NUMBER)
        assert single.possible_duplicate


def test_twins_of_a_mother_without_a_number_have_one_mother(working):
    with working(A) as session:
        first = twin(session, 1, mother_id_no=None, mother_birth_date=MOTHER_BORN)
        second = twin(session, 2, mother_id_no=None, mother_birth_date=MOTHER_BORN)
        assert first.mother_id == second.mother_id
        assert first.delivery is second.delivery


def test_twins_of_a_father_without_a_number_have_one_father(working):
    with working(A) as session:
        him = {"father_name": "王强", "father_birth_date": date(1993, 2, 3), "father_region": regions.by_code(session, A1)}
        first, second = twin(session, 1, **him), twin(session, 2, **him)
        assert first.father_id == second.father_id is not None


def test_a_child_corrected_to_a_single_birth_gets_a_delivery_of_its_own(working):
    with working(A) as session:
        first, second = twin(session, 1), twin(session, 2)
        correct(session, second, plurality=1, plural_seq=1)
        assert first.delivery is not second.delivery
        assert (first.incomplete, second.incomplete) == (True, False)


def test_a_child_corrected_to_a_twin_leaves_no_empty_delivery(working):
    with working(A) as session:
        first, second = twin(session, 1), make_birth(session, mother_id_no=NUMBER)
        correct(session, second, plurality=2, plural_seq=2, child_order=2)
        assert first.delivery is second.delivery
        assert len(session.scalars(select(Delivery)).all()) == 1


def test_correcting_the_date_moves_the_delivery(working):
    with working(A) as session:
        birth = make_birth(session, town=A1)
        delivery = birth.delivery
        correct(session, birth, born_on=BORN_ON - timedelta(days=20))
        assert birth.delivery is delivery
        assert delivery.delivered_on == BORN_ON - timedelta(days=20)


def test_voiding_a_twin_leaves_the_other_incomplete(working):
    with working(A) as session:
        first, second = twin(session, 1, status=Status.submitted), twin(session, 2, status=Status.submitted)
        do(first, "approve", user(session, "supervisor"))
        do(first, "void", user(session, "supervisor"))
        assert second.incomplete


def test_the_order_of_a_twin_follows_the_other(working):
    with working(A) as session:
        twin(session, 1, child_order=2)
        second = twin(session, 2, child_order=2)
        assert [warning["code"] for warning in second.warnings] == ["V17"]
