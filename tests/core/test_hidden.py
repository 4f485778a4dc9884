"""Hidden values: told as what they are, sealed in their columns, equal to nothing of another record."""

from datetime import date

import pytest

from app.core import crypto
from app.core.hidden import digest_of
from app.ledgers.maternity.models import PregnancyService

VALUES = {  # long enough not to stand in sealed bytes by chance
    "due_on": date(2026, 9, 21),
    "folic_boxes": 31_415_926,
    "wants_visits": False,
    "told_by": "herself",
    "remark": "雀备注",
}

pytestmark = pytest.mark.usefixtures("shared_app")


@pytest.mark.parametrize(("name", "value"), VALUES.items())
def test_a_value_comes_back_as_what_it_was_and_lies_sealed(name, value):
    row = PregnancyService(**{name: value})
    assert getattr(row, name) == value
    assert type(getattr(row, name)) is type(value)
    assert str(value).encode() not in getattr(row, f"{name}_enc")


def test_the_same_value_again_changes_nothing_and_no_value_is_none():
    row = PregnancyService(due_on=date(2026, 9, 21))
    sealed = row.due_on_enc
    row.due_on = date(2026, 9, 21)
    assert row.due_on_enc is sealed
    row.remark, row.due_on = "", None
    assert (row.due_on_enc, row.due_on_bidx, row.remark_enc) == (None, None, None)


def test_marks_and_digests_of_two_records_tell_nothing_of_each_other():
    one, other = PregnancyService(remark="same"), PregnancyService(remark="same")
    assert one.remark_bidx != other.remark_bidx
    assert digest_of(one, "same") not in (digest_of(other, "same"), crypto.digest("same"))
    assert digest_of(object(), "same") == crypto.digest("same")


def test_a_value_opens_in_its_own_row_alone():
    one, other = PregnancyService(remark="same"), PregnancyService()
    other.remark_enc = one.remark_enc
    with pytest.raises(crypto.KeyLost):
        assert other.remark


def test_nothing_is_found_by_a_value_that_finds_nothing():
    with pytest.raises(TypeError):
        PregnancyService.remark.equals("雀备注")
