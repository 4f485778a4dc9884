"""What the screens of every ledger are tried with."""

import pytest

from app.core import regions
from tests.cast import A1


@pytest.fixture
def place(working):
    """The public identity of a village of town A, as its picker sends it."""
    with working() as session:
        return str(regions.by_code(session, A1).uid)
