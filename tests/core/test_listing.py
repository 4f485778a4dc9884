"""Lists as a browser sees them: filters and chips, the tree, the quick box, columns, saved views, the menu of a row."""

import re
from html import unescape

import pytest
from sqlalchemy import select

from app.core import clock, list_views, merge, regions
from app.core.list_views import NARROWEST, WIDEST, Layout, ListView
from app.core.scope import Scope, looking_as
from app.core.workflow import Status
from app.ledgers.people.models import Person
from tests.cast import A1, A2, B1, A, B
from tests.factories.births import make_birth, user
from tests.factories.moves import make_move
from tests.factories.people import make_person
from tests.reader import Page

LIST = "/births/list/"


@pytest.fixture
def births(working):
    """Three births of town A, in two villages."""
    with working() as session:
        make_birth(session, mother_name="王小明", town=A1)
        make_birth(session, mother_name="李小红", town=A1, status=Status.submitted)
        make_birth(session, mother_name="赵小兰", town=A2)


@pytest.fixture
def place_of(seeing):
    """The identity of a place by its code."""
    return lambda code: str(seeing(lambda s: regions.by_code(s, code).uid))


def named(text):
    """The mothers of the rows of a page, in their order."""
    return re.findall(r'<a class="open"[^>]*>([^<]+)</a>', text)


def chips(text):
    """What stands on each chip, and where its × leads."""
    found = re.findall(r'<li class="chip">(.*?) <a href="([^"]*)"', text)
    return [(unescape(said), unescape(link)) for said, link in found]


def columns(text):
    return [unescape(re.sub("<[^>]+>", "", found)) for found in re.findall(r'<th scope="col"[^>]*>(.*?)</th>', text, re.DOTALL)]


def widths(text):
    """The columns that are not as wide as the browser makes them."""
    return dict(re.findall(r'<th scope="col" data-column="([^"]*)" data-width="([^"]*)"', text))


# filters


def test_each_chip_takes_away_just_its_own_filter(births, sign_in):
    clerk = sign_in("clerk")
    told = chips(clerk.get(LIST + "?_flt_0_status=draft&_flt_1_born_on=2026-01-01&_oc_BirthView=statistical_month").text)
    assert [said for said, _link in told] == ["Status: draft", "Born on: From the day 2026-01-01"]
    assert told[0][1] == LIST + "?_flt_1_born_on=2026-01-01&_oc_BirthView=statistical_month"
    assert len(named(clerk.get(told[0][1]).text)) == 3


def test_the_query_bar_works_without_scripts(births, sign_in):
    clerk = sign_in("clerk")
    page = Page(clerk.get(LIST).text)
    assert {"_v_status", "_op_status"} <= set(page.attributes("name"))
    answer = clerk.get(LIST + "?_op_status=0&_v_status=submitted&_op_born_on=1&_v_born_on=")
    assert answer.location == LIST + "?_flt_0_status=submitted"
    assert named(clerk.get(answer.location).text) == ["李小红"]


def test_filters_that_were_sent_stand_in_their_boxes(births, sign_in):
    text = sign_in("clerk").get(LIST + "?_flt_0_status=draft&_flt_2_born_on=2026-12-31").text
    assert re.search(r'<option[^>]* selected[^>]*value="draft"', text)
    assert re.search(r'id="filter-born_on-0"[^>]*value="2026-12-31"|value="2026-12-31"[^>]*id="filter-born_on-0"', text)


def test_four_filters_are_in_view_and_the_others_one_click_away(births, sign_in):
    bar = sign_in("clerk").get(LIST).text.partition('class="filters"')[2].partition("</form>")[0]
    first, _summary, others = bar.partition("<details")
    assert (first.count('class="filter"'), others.count('class="filter"') > 4) == (4, True)


def test_a_list_with_nothing_that_fits_leads_back_to_the_whole(births, sign_in):
    text = sign_in("clerk").get(LIST + "?_flt_0_status=voided").text
    assert "No record fits what you are looking for." in text
    assert "Clear the filters" in text


def test_a_list_with_nothing_in_it_says_what_to_do_next(sign_in):
    assert "Enter the first record" in sign_in("clerk").get(LIST).text


@pytest.mark.parametrize("query", ["?_flt_7_status=draft", "?page_BirthView=x", "?_oc_BirthView=mother_name", "?psize_BirthView=x"])
def test_an_address_nobody_made_is_refused(sign_in, query):
    assert sign_in("clerk").get(LIST + query).status_code == 400


# the tree


def test_a_place_of_the_tree_narrows_the_list(births, sign_in, place_of):
    clerk = sign_in("clerk")
    link = f"{LIST}?place={place_of(A2)}"
    assert link in Page(clerk.get(LIST).text).links
    text = clerk.get(link).text
    assert named(text) == ["赵小兰"]
    assert chips(text)[0][0].startswith("Place: ")


def test_people_are_narrowed_by_where_they_are_filed(working, sign_in, place_of):
    with working() as session:
        for name, place in (("张一", A1), ("张二", A2)):
            make_person(session, name=name, office=place)
    assert named(sign_in("clerk").get(f"/people/list/?place={place_of(A2)}").text) == ["张二"]


def test_the_tree_holds_ones_own_places_alone(births, sign_in, seeing):
    tree = sign_in("clerk").get(LIST).text.partition('class="region-tree"')[2].partition("</nav>")[0]
    ours, theirs = (seeing(lambda s, code=code: regions.by_code(s, code).name) for code in (A2, B1))
    assert ours in tree
    assert theirs not in tree


def test_deeper_places_come_when_they_are_opened(sign_in, place_of):
    approver, town = sign_in("approver"), place_of(A)
    assert f"place={place_of(A1)}" not in approver.get(LIST).text
    parts = approver.get(f"/births/places/{town}?_flt_0_status=draft").text
    assert f"{LIST}?_flt_0_status=draft&amp;place={place_of(A1)}" in parts
    assert f"place={place_of(A1)}" in approver.get(f"{LIST}?place={town}").text


def test_a_place_that_is_not_theirs_shows_nothing(births, sign_in, place_of, seeing):
    neighbour = sign_in("neighbour")
    text = neighbour.get(f"{LIST}?place={place_of(A1)}").text
    assert named(text) == []
    assert seeing(lambda s: regions.by_code(s, A1).name) not in text


def test_whoever_answers_for_one_village_has_nothing_to_choose(sign_in):
    assert "region-tree" not in sign_in("service_worker").get("/newlywed-services/list/").text


def test_the_tree_stays_closed_for_whoever_closed_it(births, sign_in):
    clerk = sign_in("clerk")
    assert 'class="region-tree" open' in clerk.get(LIST).text
    assert clerk.send("/births/layout", LIST, tree_closed="1").status_code == 204
    assert 'class="region-tree" open' not in clerk.get(LIST).text
    assert 'class="region-tree" open' in clerk.get("/deaths/list/").text


# the quick box


def found_at(text):
    return unescape(re.search(r'data-address="([^"]*)"', text)[1])


def test_what_is_found_is_a_list_with_an_address_that_does_not_tell_it(births, sign_in):
    clerk = sign_in("clerk")
    text = clerk.send("/births/find?_flt_0_status=draft", LIST, text="小").text
    address = found_at(text)
    assert sorted(named(text)) == ["王小明", "赵小兰"]
    assert "小" not in address
    assert sorted(named(clerk.get(address).text)) == ["王小明", "赵小兰"]
    assert [said for said, _link in chips(text)] == ["Status: draft", "What you looked for"]


def test_a_whole_number_is_not_shown_again_when_the_page_is_opened_again(mother, sign_in):
    clerk = sign_in("clerk")
    text = clerk.send("/births/find", LIST, text=mother).text
    assert text.count(mother) == 1
    again = clerk.get(found_at(text)).text
    assert mother not in again
    assert "查良慧" in named(again)


def test_nobody_else_learns_what_was_looked_for(births, sign_in):
    address = found_at(sign_in("clerk").send("/births/find", LIST, text="王小").text)
    text = sign_in("colleague").get(address).text
    assert "王小<" not in text
    assert 'value="王小"' not in text
    assert len(named(text)) == 3


def test_of_confidential_ledgers_nothing_is_kept(sign_in, seeing):
    sign_in("service_worker").send("/newlywed-services/find", "/newlywed-services/list/", text="王小明")
    assert seeing(lambda s: s.scalars(select(ListView)).all()) == []


@pytest.fixture
def mother(working):
    """A mother on file with a number and a phone, and a birth that names her."""
    with working() as session:
        mother = make_person(session, name="查良慧", phone="13812345678", birth_date=None)
        make_birth(session, mother_name="查良慧", mother_id_no=mother.id_no.reveal(), mother_birth_date=None)
        make_move(session, person_name="查良慧", person_id_no=mother.id_no.reveal())
        return mother.id_no.reveal()


@pytest.mark.parametrize("ledger", ["births", "moves", "people"])
@pytest.mark.parametrize("how", ["{0}", "{1}", "13812345678", "zlh", "良慧"])
def test_a_person_is_found_by_number_its_end_phone_initials_and_name(mother, sign_in, ledger, how):
    text = how.format(mother, mother[-4:])
    assert "查良慧" in named(sign_in("clerk").send(f"/{ledger}/find", f"/{ledger}/list/", text=text).text)


def test_the_end_of_a_number_finds_nobody_elsewhere(mother, sign_in):
    assert named(sign_in("neighbour").send("/births/find", LIST, text=mother[-4:]).text) == []


def test_a_protected_person_is_not_found_by_the_end_of_a_number(mother, sign_in, working):
    with working() as session:
        session.scalars(select(Person).where(Person.name == "查良慧")).one().is_protected = True
    assert named(sign_in("clerk").send("/births/find", LIST, text=mother[-4:]).text) == []


# columns


def test_columns_their_order_and_the_size_are_kept_for_one_person(births, sign_in):
    clerk = sign_in("clerk")
    sent = {"column": ["status", "mother_name", "mother_id_no", "uid"], "density": "compact", "size": "50", "keep": "1"}
    assert clerk.send("/births/layout", LIST, query="?_flt_0_status=draft", **sent).location == LIST + "?_flt_0_status=draft"
    text = clerk.get(LIST).text
    assert columns(text)[:3] == ["Status", "Mother's name", "Mother's ID number"]
    assert "compact" in text
    assert re.search(r"<option selected>50", text)
    assert columns(sign_in("colleague").get(LIST).text)[0] == "Mother's name"


@pytest.mark.parametrize("size", ["", "51", "many", "²", "9" * 5000])
def test_a_page_size_that_is_none_is_the_ledgers_own(births, sign_in, size):
    clerk = sign_in("clerk")
    assert clerk.send("/births/layout", LIST, column=["sex"], size=size).location == LIST
    assert columns(clerk.get(LIST).text)[0] == "Sex"


def test_a_number_stands_as_its_mask_in_a_chosen_column(mother, sign_in):
    clerk = sign_in("clerk")
    clerk.send("/births/layout", LIST, column=["mother_name", "mother_id_no"])
    text = clerk.get(LIST).text
    assert mother not in text
    assert mother[-4:] in text


def test_a_column_moves_without_a_script(births, sign_in):
    clerk = sign_in("clerk")
    answer = clerk.send("/births/layout", LIST, column=["mother_name", "born_on", "sex"], up="sex")
    assert answer.location == LIST + "#columns"
    assert columns(clerk.get(LIST).text)[:3] == ["Mother's name", "Sex", "Born on"]
    clerk.send("/births/layout", LIST, reset="1")
    assert len(columns(clerk.get(LIST).text)) > 8


def test_a_width_is_kept_for_one_person_until_all_is_as_at_first(births, sign_in):
    clerk = sign_in("clerk")
    assert widths(clerk.get(LIST).text) == {}
    assert clerk.send("/births/width", LIST, column="sex", width="70").status_code == 204
    assert clerk.send("/births/width", LIST, column="born_on", width="100000").status_code == 204
    assert widths(clerk.get(LIST).text) == {"sex": "70", "born_on": str(WIDEST)}
    assert widths(sign_in("colleague").get(LIST).text) == {}
    clerk.send("/births/width", LIST, column="born_on", width="0")
    assert widths(clerk.get(LIST).text) == {"sex": "70"}
    clerk.send("/births/layout", LIST, reset="1")
    assert widths(clerk.get(LIST).text) == {}


@pytest.mark.parametrize(
    ("column", "width"),
    [("sex", ""), ("sex", "-70"), ("sex", "7.5"), ("sex", "wide"), ("sex", "٧٠"), ("sex", "9" * 5000), ("uid", "70"), ("", "70")],
)
def test_what_is_no_width_or_no_column_of_the_list_is_refused(births, sign_in, column, width):
    clerk = sign_in("clerk")
    assert clerk.send("/births/width", LIST, column=column, width=width).status_code == 400
    assert widths(clerk.get(LIST).text) == {}


def test_widths_are_chosen_without_dragging_and_what_is_no_number_stays(births, sign_in):
    clerk = sign_in("clerk")
    clerk.send("/births/width", LIST, column="status", width="99")
    clerk.send(
        "/births/layout", LIST, column=["sex", "status", "born_on"], width_sex="70", width_born_on="3", width_status="x", width_uid="9"
    )
    assert widths(clerk.get(LIST).text) == {"sex": "70", "status": "99", "born_on": str(NARROWEST)}
    clerk.send("/births/layout", LIST, column=["sex", "status"], width_sex="")
    assert widths(clerk.get(LIST).text) == {"status": "99"}


def test_a_saved_view_holds_the_widths_that_stood_there(births, sign_in):
    clerk = sign_in("clerk")
    clerk.send("/births/width", LIST, column="sex", width="70")
    opened = clerk.get(clerk.send("/births/views", LIST, name="Narrow", query="?_flt_0_status=draft").location).location
    clerk.send("/births/layout", LIST, reset="1")
    assert widths(clerk.get(opened).text) == {"sex": "70"}
    clerk.send("/births/width", LIST, column="sex", width="80", query=opened.removeprefix(LIST))
    assert widths(clerk.get(opened).text) == {"sex": "80"}
    assert widths(clerk.get(LIST).text) == {}
    clerk.send("/births/layout", LIST, column=["sex"], query=opened.removeprefix(LIST))
    assert widths(clerk.get(LIST).text) == {"sex": "80"}  # what was shown is what stays when the view is left


def test_a_width_in_a_view_of_somebody_else_leaves_that_view_as_it_is(births, view_of, sign_in):
    address, clerk = f"{LIST}?view={view_of('supervisor', is_shared=True)}", sign_in("clerk")
    clerk.send("/births/width", LIST, column="status", width="99", query=address.removeprefix(LIST))
    assert widths(clerk.get(address).text) == widths(clerk.get(LIST).text) == {"status": "99"}
    assert widths(sign_in("supervisor").get(address).text) == {}


@pytest.mark.parametrize("ledger", ["newlywed-services", "pregnancy-services"])
def test_a_confidential_ledger_offers_its_own_columns_alone(app, ledger):
    view = next(v for v in app.extensions["appbuilder"].baseviews if getattr(v, "route_base", "") == f"/{ledger}")
    assert view._offered_columns() == tuple(view.list_columns)


def test_no_list_offers_a_key_or_a_relation_that_costs_a_look_for_each_row(app):
    views = [v for v in app.extensions["appbuilder"].baseviews if hasattr(v, "_offered_columns") and hasattr(v, "list_columns")]
    more = {name for v in views for name in v._offered_columns() if name not in v.list_columns}
    assert "mother_id_no" in more
    assert not {name for name in more if name.endswith(("_id", "_enc", "_bidx", "_region", "_by"))}


# saved views


@pytest.fixture
def view_of(working):
    """`view_of("supervisor", is_shared=True)` keeps a view of drafts and gives its identity."""

    def keep(by, *, is_shared=False, pairs=(("_flt_0_status", "draft"),), columns=("status", "mother_name")):
        with working(A) as session:
            view = list_views.keep_view(session, "BirthView", user(session, by).id, "Drafts", pairs, Layout(columns), has_words=False)
            if is_shared:
                list_views.share(session, view)
            return str(view.uid)

    return keep


def test_a_view_brings_back_filters_order_and_columns(births, sign_in):
    clerk = sign_in("clerk")
    clerk.send("/births/layout", LIST, column=["sex", "mother_name"])
    query = "?_flt_0_status=draft&_oc_BirthView=statistical_month&_od_BirthView=desc&page_BirthView=3"
    saved = clerk.send("/births/views", LIST, name="My drafts", query=query)
    clerk.send("/births/layout", LIST, reset="1")
    opened = clerk.get(saved.location)
    assert "_flt_0_status=draft" in opened.location
    assert "_od_BirthView=desc" in opened.location
    assert "page_" not in opened.location
    text = clerk.get(opened.location).text
    assert columns(text)[0] == "Sex"
    assert "View: My drafts" in text


def test_a_view_with_what_no_longer_exists_opens_all_the_same(births, view_of, sign_in):
    pairs = [("_flt_0_gone", "x"), ("_flt_9_status", "draft"), ("_flt_0_status", "draft"), ("_oc_BirthView", "gone")]
    uid = view_of("clerk", pairs=pairs, columns=("gone", "sex"))
    clerk = sign_in("clerk")
    opened = clerk.get(f"/births/views/{uid}").location
    assert opened == f"{LIST}?_flt_0_status=draft&view={uid}"
    assert columns(clerk.get(opened).text)[0] == "Sex"


def test_the_plain_list_opens_with_the_chosen_view_and_reset_leads_out_of_it(births, view_of, sign_in):
    clerk, uid = sign_in("clerk"), view_of("clerk")
    clerk.send(f"/births/views/{uid}/open_with", LIST)
    assert clerk.get(LIST).location == f"/births/views/{uid}"
    text = clerk.get(f"{LIST}?view=none").text
    assert len(named(text)) == 3
    assert f"{LIST}?view=none" in Page(text).links
    clerk.send(f"/births/views/{uid}/open_plain", f"{LIST}?view=none")
    assert clerk.get(LIST).status_code == 200


def test_who_sees_a_shared_view_opens_it_and_changes_nothing(births, view_of, sign_in):
    uid, clerk = view_of("supervisor", is_shared=True), sign_in("clerk")
    assert clerk.get(f"/births/views/{uid}").status_code == 302
    assert [clerk.send(f"/births/views/{uid}/{act}", LIST).status_code for act in ("delete", "unshare", "share")] == [403, 403, 403]
    assert clerk.send(f"/births/views/{uid}/burn", LIST).status_code == 404
    assert "shared with me" in clerk.get(LIST).text


def test_a_clerk_shares_nothing_and_a_supervisor_does(view_of, sign_in):
    uid, other = view_of("clerk"), view_of("supervisor")
    clerk, supervisor = sign_in("clerk"), sign_in("supervisor")
    assert clerk.send(f"/births/views/{uid}/share", LIST).status_code == 403
    assert "Share with my office" not in clerk.get(f"{LIST}?view={uid}").text
    assert "Share with my office" in supervisor.get(f"{LIST}?view={other}").text
    supervisor.send(f"/births/views/{other}/share", LIST)
    assert clerk.get(f"/births/views/{other}").status_code == 302
    supervisor.send(f"/births/views/{other}/delete", LIST)
    assert clerk.get(f"/births/views/{other}").status_code == 404


@pytest.mark.parametrize("act", ["open_with", "delete", "share"])
def test_the_neighbour_finds_no_view_of_the_first_town(view_of, sign_in, act):
    uid, neighbour = view_of("supervisor", is_shared=True), sign_in("neighbour_supervisor")
    assert neighbour.get(f"/births/views/{uid}").status_code == 404
    assert neighbour.send(f"/births/views/{uid}/{act}", LIST).status_code == 404
    assert "Drafts" not in neighbour.get(f"{LIST}?view={uid}").text


def test_a_filter_by_typed_words_makes_a_view_that_is_not_shared(sign_in, seeing):
    supervisor = sign_in("supervisor")
    saved = supervisor.send("/registrations/views", "/registrations/list/", name="By number", query="?_flt_0_reg_no=4205")
    uid = saved.location.rpartition("/")[2]
    supervisor.send(f"/registrations/views/{uid}/share", "/registrations/list/")
    assert "stays your own" in supervisor.get("/registrations/list/").text
    assert seeing(lambda s: [row.is_shared for row in s.scalars(select(ListView))]) == [False]


# the menu of a row


def menu(text, name):
    row = text.partition(f">{name}</a>")[2].partition("</tr>")[0]
    return re.findall(r"<li><(?:a|button)[^>]*>([^<]+)<", row)


def test_each_row_offers_what_its_state_and_the_persons_right_allow(births, sign_in):
    clerk, supervisor = sign_in("clerk").get(LIST).text, sign_in("supervisor").get(LIST).text
    assert menu(clerk, "王小明") == ["Open", "Edit", "Submit", "Delete the draft…", "History"]
    assert menu(clerk, "李小红") == ["Open", "Withdraw", "History"]
    assert menu(supervisor, "李小红") == ["Open", "Return…", "Approve", "Put on hold…", "History"]


def test_an_act_of_the_menu_comes_back_to_the_same_list(births, sign_in, seeing):
    clerk = sign_in("clerk")
    query = "?_flt_0_status=draft"
    text = clerk.get(LIST + query).text
    path, version = re.search(r'formaction="(/births/action/submit/[^"]+)" name="row_version" value="(\d+)"', text).groups()
    answer = clerk.send(path, LIST, query=query, row_version=version)
    assert answer.location == LIST + query
    assert len(named(clerk.get(LIST + query).text)) == 1


def test_a_list_of_another_office_offers_no_way_back_elsewhere(births, sign_in):
    clerk = sign_in("clerk")
    path = re.search(r'formaction="(/births/action/submit/[^"]+)"', clerk.get(LIST).text)[1]
    assert clerk.send(path, LIST, query="?next=//evil.example&place=1").location == LIST + "?place=1"


def test_shared_views_follow_a_merge_of_offices(view_of, working, sign_in):
    uid = view_of("supervisor", is_shared=True)
    with working() as session:
        towns = [regions.by_code(session, code) for code in (A, B)]
        new = merge.merge(session, towns, "新镇", "420506999", clock.today())
        path = new.path
    with working() as session, looking_as(Scope.of([path])):
        assert list_views.shelf(session, "BirthView", user(session, "clerk").id).view(uid) is not None


def test_more_filters_than_a_list_has_are_refused(births, sign_in):
    clerk, many = sign_in("clerk"), "&".join(["_flt_0_status=draft"] * 61)
    assert clerk.get(f"{LIST}?{many}").status_code == 400
    assert clerk.send("/births/preview", LIST, action="submit", all="1", query="&".join([many] * 30)).status_code == 400
    assert clerk.get(f"{LIST}?{many.partition('&')[2]}").status_code == 200


def test_a_view_that_no_address_line_takes_is_not_saved(births, sign_in, seeing):
    clerk, many = sign_in("clerk"), "&".join(["_flt_0_status=draft"] * 200)
    answer = clerk.send("/births/views", LIST, name="many", query=f"?{many}&place=x")
    assert seeing(lambda s: s.scalars(select(ListView)).all()) == []
    assert answer.status_code == 302
    assert "This list has too many filters for a view." in clerk.get(LIST).text


def test_a_zero_byte_within_the_address_that_is_sent_is_refused(births, sign_in):
    sent = {"action": "submit", "all": "1", "query": "?_flt_0_birth_place=%00"}
    assert sign_in("clerk").send("/births/preview", LIST, **sent).status_code == 400
