"""What somebody keeps of a list: sealed, their own until they share it, and open when half of it no longer exists."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.core import list_views, regions
from app.core.errors import RuleViolation
from app.core.list_views import LONGEST_NAME, MOST_VIEWS, NARROWEST, SEARCHES, WIDEST, Kind, Layout, ListView, ListViewOffice
from app.core.scope import Scope, looking_as
from tests.cast import A1, B1, COUNTY, A, B
from tests.factories.births import user

LEDGER = "BirthView"
DRAFTS = [("_flt_0_status", "draft")]


@pytest.fixture
def shelves(seeing):
    """`shelves("clerk", A)` is what this person with these offices finds."""

    def look(name, *codes):
        def ask(session):
            scope = Scope.of([regions.by_code(session, code).path for code in codes])
            with looking_as(scope):
                return list_views.shelf(session, LEDGER, user(session, name).id)

        return seeing(ask)

    return look


def names(shelf):
    return [view.name for view in shelf.views]


@pytest.fixture
def saved(working):
    """`saved("Drafts", by="supervisor", at=A, is_shared=True)` keeps a view and gives its identity."""

    def keep(name="Drafts", *, by="supervisor", at=A, is_shared=False, has_words=False):
        with working(at) as session:
            view = list_views.keep_view(session, LEDGER, user(session, by).id, name, DRAFTS, Layout(), has_words=has_words)
            if is_shared:
                list_views.share(session, view)
            return view.uid

    return keep


def test_a_view_is_its_makers_alone(saved, shelves):
    saved()
    assert names(shelves("supervisor", A)) == ["Drafts"]
    assert names(shelves("clerk", A)) == []


@pytest.mark.parametrize(
    ("who", "where", "seen"),
    [("clerk", A, True), ("service_worker", A1, True), ("neighbour", B, False), ("neighbour", B1, False), ("approver", COUNTY, False)],
)
def test_a_shared_view_is_offered_in_the_makers_offices_and_below(saved, shelves, who, where, seen):
    saved(is_shared=True)
    assert bool(names(shelves(who, where))) is seen


def test_nobody_without_an_office_is_offered_anything(saved, shelves):
    saved(is_shared=True)
    assert names(shelves("stranger")) == []


def test_another_ledger_knows_nothing_of_it(saved, seeing):
    saved()
    assert seeing(lambda s: list_views.shelf(s, "DeathView", user(s, "supervisor").id).views) == ()


def test_a_view_that_is_taken_back_or_dropped_is_offered_to_nobody(saved, working, shelves, seeing):
    uids = [saved("One", is_shared=True), saved("Two", is_shared=True)]
    with working(A) as session:
        one, two = (session.scalars(select(ListView).where(ListView.uid == uid)).one() for uid in uids)
        list_views.unshare(session, one)
        list_views.drop(session, two)
    assert names(shelves("clerk", A)) == []
    assert names(shelves("supervisor", A)) == ["One"]
    assert seeing(lambda s: s.scalar(select(func.count()).select_from(ListViewOffice))) == 0


def test_words_somebody_typed_keep_a_view_private(saved):
    with pytest.raises(RuleViolation, match="stays your own"):
        saved(is_shared=True, has_words=True)


def test_a_shared_view_does_not_become_one_with_words(saved):
    saved(is_shared=True)
    with pytest.raises(RuleViolation, match="stays your own"):
        saved(has_words=True)


def test_the_same_name_is_the_same_view(saved, shelves):
    assert saved() == saved()
    assert names(shelves("supervisor", A)) == ["Drafts"]


@pytest.mark.parametrize("name", ["", "  ", "x" * (LONGEST_NAME + 1), "two\nlines"])
def test_a_view_has_a_name_that_fits_a_menu(saved, name):
    with pytest.raises(RuleViolation):
        saved(name)


def test_a_menu_holds_so_many_views(saved):
    for number in range(MOST_VIEWS):
        saved(f"View {number}")
    with pytest.raises(RuleViolation, match="Delete one first"):
        saved("One more")


def test_what_is_kept_can_be_read_by_nobody_without_the_keys(saved, working, seeing):
    saved("金丝雀家")
    with working() as session:
        list_views.keep_search(session, LEDGER, user(session, "clerk").id, "金丝雀")
    kept = seeing(lambda s: s.execute(select(ListView.content_enc)).scalars().all())
    assert len(kept) == 2
    assert not any("金丝雀".encode() in content for content in kept)


def test_only_the_last_searches_are_kept_and_for_whoever_searched(working, shelves):
    for number in range(SEARCHES + 3):
        with working() as session:
            last = list_views.keep_search(session, LEDGER, user(session, "clerk").id, f"words {number}")
    found = shelves("clerk", A)
    assert len(found.searches) == SEARCHES
    assert found.looked_for(str(last)) == f"words {SEARCHES + 2}"
    assert shelves("colleague", A).looked_for(str(last)) == ""


def test_a_list_looks_as_it_was_left(working, shelves):
    wanted = Layout(("sex", "mother_name"), is_compact=True, size=100, is_tree_closed=True, widths={"sex": 90})
    for layout in (Layout(("sex",)), wanted):
        with working() as session:
            list_views.keep_layout(session, LEDGER, user(session, "clerk").id, layout)
    assert shelves("clerk", A).layout == wanted
    assert shelves("colleague", A).layout == Layout()


def test_columns_that_are_gone_are_passed_over():
    layout = Layout.of({"columns": ["gone", "sex"], "size": 7, "unheard_of": 1})
    assert layout.shown(["mother_name"], ["mother_name", "sex"]) == ["sex"]
    assert layout.size == 0
    assert Layout(("gone",)).shown(["mother_name"], ["mother_name"]) == ["mother_name"]


@pytest.mark.parametrize(("asked", "kept"), [(1, NARROWEST), (200, 200), (99999, WIDEST), (0, 0)])
def test_a_column_is_as_wide_as_a_column_may_be(working, shelves, asked, kept):
    with working(A) as session:
        list_views.keep_width(session, LEDGER, user(session, "clerk").id, "sex", asked)
    assert shelves("clerk", A).layout.widths == {"sex": kept}
    assert Layout.of({"widths": {"sex": asked}}).widths == {"sex": kept}


def test_a_width_changes_nothing_else(working, shelves):
    before = Layout(("sex", "mother_name"), is_compact=True, size=100, is_tree_closed=True, widths={"mother_name": 200})
    with working(A) as session:
        list_views.keep_layout(session, LEDGER, user(session, "clerk").id, before)
        list_views.keep_width(session, LEDGER, user(session, "clerk").id, "sex", 70)
    assert shelves("clerk", A).layout == replace(before, widths={"mother_name": 200, "sex": 70})
    assert shelves("colleague", A).layout == Layout()


def test_a_width_in_ones_own_view_is_the_views_and_in_somebody_elses_ones_own(saved, working, shelves):
    uid = saved(by="supervisor", is_shared=True)
    with working(A) as session:
        view = session.scalars(select(ListView).where(ListView.uid == uid)).one()
        list_views.keep_width_in(session, view, "sex", 90)
        list_views.keep_width(session, LEDGER, user(session, "clerk").id, "sex", 150)
    seen = {name: shelves(name, A) for name in ("supervisor", "clerk", "colleague")}
    assert {name: shelf.layout.widths for name, shelf in seen.items()} == {"supervisor": {}, "clerk": {"sex": 150}, "colleague": {}}
    shown = {name: shelf.layout_in(shelf.view(str(uid))).widths["sex"] for name, shelf in seen.items()}
    assert shown == {"supervisor": 90, "clerk": 150, "colleague": 90}


def test_a_list_opens_with_a_view_as_long_as_it_is_offered(saved, working, shelves):
    uid = saved(is_shared=True)
    with working(A) as session:
        list_views.open_with(session, LEDGER, user(session, "clerk").id, uid)
    assert shelves("clerk", A).opening().name == "Drafts"
    with working(A) as session:
        list_views.unshare(session, session.scalars(select(ListView).where(ListView.uid == uid)).one())
    assert shelves("clerk", A).opening() is None


def test_the_database_shares_nothing_but_views(working):
    with working() as session:
        row = ListView(ledger=LEDGER, owner_id=user(session, "clerk").id, kind=Kind.search, is_shared=True)
        row.content = {"text": "x"}
        session.add(row)
        with pytest.raises(IntegrityError, match="only_views_are_shared"):
            session.flush()
        session.rollback()
