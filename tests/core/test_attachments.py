"""Files of a row: who may add, open and take away one, what the approval fixes, and that nothing of them lies readable on the disk."""

import hashlib
import re
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import request
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from werkzeug.datastructures import FileStorage
from werkzeug.test import stream_encode_multipart

from app.core import attachment_files, attachments, changes, crypto, regions, scans, scope
from app.core.attachments import MOST_FILES, Attachment
from app.core.changes import ChangeRequest
from app.core.content import content_hash
from app.core.crypto import KeyLost, uuid7
from app.core.errors import RuleViolation
from app.core.scope import elevated
from app.ledgers.births import rules
from app.ledgers.births.models import Birth
from app.ledgers.people.models import Person, PersonOffice
from app.models import AuditEntry
from tests.cast import A1, B1
from tests.conftest import hidden_fields
from tests.factories import attachments as made
from tests.factories.attachments import attach
from tests.factories.births import do, make_birth, user
from tests.factories.people import make_person
from tests.test_secrets import planted_in

WHY = {"reason": "slip", "evidence": "certificate", "explained": {}}


@pytest.fixture
def draft(working: Any) -> Any:
    """The uid of a draft of a birth of town A."""
    with working() as session:
        return make_birth(session).uid


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are parsed in this process: what happens in the other one is tried elsewhere."""
    monkeypatch.setattr("app.core.uploads._answer", scans.answer)


def send(client: Any, page: str, address: str, content: bytes, *, name: str = "scan.png", kind: str = "1", **more: str) -> Any:
    """Attach a file as the form of this page does."""
    return post(client, address, {**hidden_fields(client.get(page).text), "kind": kind, **more}, content, name)


def post(client: Any, address: str, words: dict[str, str], content: bytes, name: str = "scan.png") -> Any:
    """Send a form with a file, encoded in memory: the test client's own way leaves temporary files open."""
    sent = FileStorage(BytesIO(content), filename=name)
    stream, _length, boundary = stream_encode_multipart({**words, "file": sent}, use_tempfile=False)
    return client.http.post(address, data=stream.read(), content_type=f'multipart/form-data; boundary="{boundary}"')


def send_to(client: Any, uid: Any, content: bytes, ledger: str = "births", **more: Any) -> Any:
    return send(client, f"/{ledger}/show/{uid}", f"/{ledger}/attach/{uid}", content, **more)


def files_of(seeing: Any, uid: Any) -> list[attachments.File]:
    return seeing(lambda s: attachments.of(s, [uid]))


def on_disk(app: Any) -> list[Path]:
    return [path for path in (Path(app.config["DATA_DIR"]) / "attachments").rglob("*") if path.is_file()]


def approved_with_file(working: Any) -> Any:
    """The uid of an approved birth with one file."""
    with working() as session:
        birth = make_birth(session)
        attach(session, birth)
        for act, who in (("submit", "clerk"), ("approve", "supervisor")):
            do(birth, act, user(session, who))
            session.flush()
        return birth.uid


def proposed(working: Any, uid: Any) -> Any:
    """The uid of the clerk's proposal to change this birth."""
    with working() as session:
        told = {**WHY, "token": str(uuid7())}
        return changes.propose(session, scope.get(Birth, uid), {"weight_g": 3000}, user(session, "clerk"), **told).uid


# there and back


def test_a_file_goes_in_by_the_form_and_comes_back_clean(sign_in, seeing, app, draft):
    clerk = sign_in("clerk")
    assert send_to(clerk, draft, made.png()).status_code == 302
    (file,) = files_of(seeing, draft)
    page = clerk.get(f"/births/show/{draft}").text
    assert ("Identity card" in page, f"/attachments/{file.uid}" in page, "added by clerk" in page) == (True, True, True)
    answer = clerk.get(f"/attachments/{file.uid}")
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/png", scans.cleaned(made.png())[1])
    assert (file.bytes, file.sha256) == (len(answer.data), hashlib.sha256(answer.data).hexdigest())
    (path,) = on_disk(app)
    assert path.relative_to(app.config["DATA_DIR"]).as_posix() == f"attachments/{str(file.uid)[-2:]}/{file.uid}"
    assert oct(path.stat().st_mode)[-3:] == "600"


@pytest.mark.usefixtures("quick")
def test_what_is_served_can_do_nothing(sign_in, seeing, draft):
    clerk = sign_in("clerk")
    send_to(clerk, draft, made.pdf(), name="x.html")
    (file,) = files_of(seeing, draft)
    shown = clerk.get(f"/attachments/{file.uid}")
    assert (shown.mimetype, shown.data) == ("application/pdf", made.pdf())
    assert re.fullmatch(r'inline; filename="birth-1-\d{8}\.pdf"', shown.headers["Content-Disposition"])
    assert {name: shown.headers[name] for name in ("X-Content-Type-Options", "Cache-Control", "X-Frame-Options")} == {
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "X-Frame-Options": "DENY",
    }
    assert shown.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@pytest.mark.usefixtures("quick")
def test_each_opening_stands_in_the_history_of_the_row(sign_in, seeing, draft):
    clerk = sign_in("clerk")
    send_to(clerk, draft, made.png())
    (file,) = files_of(seeing, draft)
    clerk.get(f"/attachments/{file.uid}")
    told = select(AuditEntry.act, AuditEntry.actor, AuditEntry.detail).where(AuditEntry.target == f"birth/{draft}")
    entries = seeing(lambda s: s.execute(told.order_by(AuditEntry.number)).all())
    assert [(e.act, e.actor) for e in entries][-2:] == [("attach", "clerk"), ("open", "clerk")]
    assert str(file.uid) in entries[-1].detail
    page = clerk.get(f"/births/show/{draft}").text
    assert "Open a file" in page


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-1])], ids=["gone", "damaged"])
def test_a_file_that_cannot_be_read_is_said_on_the_page_of_its_row(sign_in, seeing, app, draft, harm, caplog):
    clerk = sign_in("clerk")
    send_to(clerk, draft, made.png())
    harm(*on_disk(app))
    (file,) = files_of(seeing, draft)
    answer = clerk.get(f"/attachments/{file.uid}")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/births/show/{draft}")
    assert "missing or damaged" in clerk.get(f"/births/show/{draft}").text
    assert f"attachment {file.uid} cannot be read" in caplog.text
    acts = select(AuditEntry.act).where(AuditEntry.target == f"birth/{draft}").order_by(AuditEntry.number)
    assert seeing(lambda s: s.scalars(acts).all())[-1] == "attach"


@pytest.mark.usefixtures("quick")
def test_a_name_goes_nowhere_whatever_it_says(sign_in, seeing, app, draft):
    clerk, name = sign_in("clerk"), f"../../../{made.SECRET}\x01<b>.exe"
    assert send_to(clerk, draft, made.png(), name=name).status_code == 302
    (file,) = files_of(seeing, draft)
    told = clerk.get(f"/attachments/{file.uid}").headers["Content-Disposition"]
    assert re.fullmatch(r'inline; filename="birth-1-\d{8}\.png"', told)
    assert [path.name for path in on_disk(app)] == [str(file.uid)]
    entries = seeing(lambda s: [*s.scalars(select(AuditEntry.detail))])
    assert not any(made.SECRET in entry for entry in entries)


@pytest.mark.usefixtures("quick")
def test_nothing_of_a_file_lies_readable_on_the_disk(sign_in, app, draft, tmp_path):
    clerk, long = sign_in("clerk"), 600_000  # bytes from which a server keeps a sent file on the disk
    for content in (made.pdf(made.SECRET + " " * long), made.jpeg(), made.png()):
        assert send_to(clerk, draft, content).status_code == 302
    assert len(on_disk(app)) == 3
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert planted_in(files, {made.SECRET[:17].encode()}) == []
    assert not any(mark in path.read_bytes() for path in on_disk(app) for mark in (b"%PDF-1.", b"\x89PNG\r\n", b"\0\x10JFIF\0"))


def test_a_sent_file_stays_in_memory_however_long(app):
    sent = {"file": FileStorage(BytesIO(b"x" * 2_000_000), filename="a.pdf")}
    stream, _length, boundary = stream_encode_multipart(sent, use_tempfile=False)
    with app.test_request_context("/", method="POST", data=stream.read(), content_type=f'multipart/form-data; boundary="{boundary}"'):
        assert isinstance(request.files["file"].stream, BytesIO)


# what the form refuses


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("content", "kind", "told"),
    [
        (b"", "1", "Choose a file first"),
        (b"\xff\xd8\xff" + b"\0" * (10 * 2**20 - 2), "1", "The file is larger than 10 MB."),
        (b"<html>", "1", "neither a PDF nor a JPEG or PNG"),
        (made.png(), "", "Choose what the file is."),
        (made.png(), "77", "Choose what the file is."),
    ],
    ids=["empty", "one byte too large", "page", "no kind", "unknown kind"],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_kept(sign_in, seeing, app, draft, content, kind, told):
    answer = send_to(sign_in("clerk"), draft, content, kind=kind)
    assert answer.status_code == 200
    assert re.search(rf'class="error" id="attachment-(file|kind)-error">[^<]*{told}', answer.text)
    assert ('<option value="1" selected>' in answer.text) == (kind == "1")
    assert (files_of(seeing, draft), on_disk(app)) == ([], [])


def test_more_than_a_request_may_hold_is_told_in_a_sentence(sign_in, seeing, draft):
    answer = send_to(sign_in("clerk"), draft, b"\0" * (12 * 2**20))
    assert answer.status_code == 413
    assert "a file has up to 10 MB" in answer.text
    assert files_of(seeing, draft) == []


@pytest.mark.usefixtures("quick")
def test_a_double_click_keeps_one_file_and_another_file_from_the_same_page_is_another(sign_in, seeing, app, draft):
    clerk = sign_in("clerk")
    words = {**hidden_fields(clerk.get(f"/births/show/{draft}").text), "kind": "1"}
    for content in (made.png(), made.png(), made.png(colour="blue")):
        answer = post(clerk, f"/births/attach/{draft}", words, content)
        assert answer.status_code == 302
    assert (len(files_of(seeing, draft)), len(on_disk(app))) == (2, 2)


@pytest.mark.usefixtures("quick")
def test_the_same_file_twice_is_one_too_many(sign_in, app, draft):
    clerk = sign_in("clerk")
    send_to(clerk, draft, made.png())
    assert "This file is here already." in send_to(clerk, draft, made.png()).text
    assert len(on_disk(app)) == 1


def test_a_row_has_at_most_twenty_files(working, app, draft):
    with working() as session:
        for number in range(MOST_FILES):
            attach(session, scope.get(Birth, draft), content=b"%d" % number)
        with pytest.raises(RuleViolation, match="20 files here already"):
            attach(session, scope.get(Birth, draft))


def test_a_form_without_a_token_is_refused(sign_in, seeing, draft):
    clerk = sign_in("clerk")
    words = hidden_fields(clerk.get(f"/births/show/{draft}").text) | {"kind": "1"}
    for missing in ("csrf_token", "act_token"):
        told = {name: value for name, value in words.items() if name != missing}
        assert post(clerk, f"/births/attach/{draft}", told, made.png()).status_code == 400
    assert files_of(seeing, draft) == []


def test_a_disk_that_is_full_is_told(sign_in, seeing, draft, monkeypatch):
    monkeypatch.setattr("app.core.files._settle", lambda _out: (_ for _ in ()).throw(OSError("full")))
    assert "the disk is full or closed" in send_to(sign_in("clerk"), draft, made.png()).text
    assert files_of(seeing, draft) == []


# who may


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("who", ["neighbour_supervisor", "stranger", "auditor"])
def test_who_may_not_open_the_row_opens_no_file_of_it(sign_in, working, seeing, draft, who):
    with working() as session:
        uid = attach(session, scope.get(Birth, draft)).uid
    other = sign_in(who)
    token = {"csrf_token": other.hidden("/own/")["csrf_token"], "act_token": str(uuid7()), "reason": "x", "kind": "1"}
    assert other.get(f"/attachments/{uid}").status_code == 404
    assert other.http.post(f"/attachments/{uid}/remove", data=token).status_code == 404
    sent = post(other, f"/births/attach/{draft}", token, made.png())
    assert sent.status_code in (403, 404)
    assert len(files_of(seeing, draft)) == 1


def test_who_is_not_signed_in_is_led_to_the_door(app, working, draft):
    with working() as session:
        uid = attach(session, scope.get(Birth, draft)).uid
    assert "/login" in app.test_client().get(f"/attachments/{uid}").location


def test_a_screen_without_files_has_no_way_to_add_one(app):
    ways = {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.endswith((".attach", ".attach_evidence"))}
    views = {way.partition(".")[0] for way in ways}
    assert {"PersonView", "BirthView", "BirthRegistrationView", "MarriageEventView", "DeathView"} <= views
    assert "IdentityRequestView" not in views


def test_what_is_no_file_is_not_there(sign_in, draft):
    for address in (str(uuid7()), str(draft), "..", "x", "%00"):
        assert sign_in("clerk").get(f"/attachments/{address}").status_code in (400, 404)


def test_who_may_open_but_not_attach_sees_no_form(sign_in, working, seeing, draft):
    with working() as session:
        uid = attach(session, scope.get(Birth, draft)).uid
    supervisor = sign_in("supervisor")
    page = supervisor.get(f"/births/show/{draft}").text
    assert (f"/attachments/{uid}" in page, 'type="file"' in page, "Remove the file" in page) == (True, False, False)
    token = hidden_fields(page) | {"reason": "x", "kind": "1"}
    assert supervisor.get(f"/attachments/{uid}").status_code == 200
    assert supervisor.http.post(f"/attachments/{uid}/remove", data=token).status_code == 403
    assert post(supervisor, f"/births/attach/{draft}", token, made.png()).status_code == 403


def test_whoever_adds_a_file_is_an_author_and_cannot_approve(working, draft):
    with working() as session:
        birth = scope.get(Birth, draft)
        attach(session, birth, maker="supervisor")
        do(birth, "submit", user(session, "clerk"))
        with pytest.raises(RuleViolation, match="another person must decide"):
            rules.approve(birth, user(session, "supervisor"), birth.made_at.date(), token=str(uuid7()))


# people


def test_a_persons_files_are_seen_where_the_file_may_be_opened(sign_in, working, seeing):
    with working() as session:
        person = make_person(session, office=A1)
        first, uid, held = person.uid, attach(session, person).uid, person.offices[0]
        with session.no_autoflush:
            place = regions.by_code(session, B1)
            session.add(PersonOffice(person=person, region=place, scope_path=place.path, kind="registered", valid_from=held.valid_from))
        held.valid_to = held.valid_from
    clerk, neighbour = sign_in("clerk"), sign_in("neighbour")
    page = neighbour.get(f"/people/show/{first}").text
    assert f"/attachments/{uid}" in page
    assert (neighbour.get(f"/attachments/{uid}").status_code, clerk.get(f"/attachments/{uid}").status_code) == (200, 404)
    sent = neighbour.http.post(f"/attachments/{uid}/remove", data=hidden_fields(page) | {"reason": "x"}, follow_redirects=True)
    assert "Another office added this file." in sent.text
    assert len(files_of(seeing, first)) == 1


@pytest.mark.usefixtures("quick")
def test_a_persons_file_is_added_and_taken_away(sign_in, working, seeing, app):
    with working() as session:
        uid = make_person(session, office=A1).uid
        version = scope.get(Person, uid).version
    clerk = sign_in("clerk")
    assert send_to(clerk, uid, made.jpeg(), ledger="people").status_code == 302
    (file,) = files_of(seeing, uid)
    sent = hidden_fields(clerk.get(f"/people/show/{uid}").text)
    refused = clerk.http.post(f"/attachments/{file.uid}/remove", data=sent | {"reason": " "}, follow_redirects=True)
    assert "Write the reason." in refused.text
    for _click in range(2):
        assert clerk.http.post(f"/attachments/{file.uid}/remove", data=sent | {"reason": "wrong card"}).status_code in (302, 404)
    assert (files_of(seeing, uid), on_disk(app), seeing(lambda _s: scope.get(Person, uid).version)) == ([], [], version)
    assert "wrong card" in clerk.get(f"/people/show/{uid}").text


# approval


def test_the_files_of_a_row_are_part_of_what_is_approved(working, seeing):
    uid = approved_with_file(working)
    (file,) = files_of(seeing, uid)

    def hashes(_session: Any) -> tuple[str, str]:
        return scope.get(Birth, uid).row_hash, content_hash(scope.get(Birth, uid))

    kept, now = seeing(hashes)
    assert kept == now
    seeing(lambda s: _without_trigger(s, f"UPDATE attachment SET sha256 = '{'0' * 64}'"))
    assert seeing(hashes)[1] != kept
    assert file.sha256 != "0" * 64


def _without_trigger(session: Any, statement: str) -> None:
    on = " ON attachment" if session.get_bind().dialect.name == "postgresql" else ""
    with elevated("test"):
        session.execute(text(f"DROP TRIGGER attachment_kept_update{on}"))
        session.execute(text(statement))
    session.commit()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "acts", [("submit",), ("submit", "approve"), ("submit", "approve", "void")], ids=["submitted", "approved", "voided"]
)
def test_after_submission_nobody_adds_or_takes_away(sign_in, working, seeing, app, acts):
    with working() as session:
        birth = make_birth(session)
        file, uid = attach(session, birth).uid, birth.uid
    clerk = sign_in("clerk")
    words = hidden_fields(clerk.get(f"/births/show/{uid}").text) | {"kind": "1", "reason": "x"}
    with working() as session:
        for act in acts:
            do(scope.get(Birth, uid), act, user(session, "clerk" if act == "submit" else "supervisor"))
            session.flush()
    sent = post(clerk, f"/births/attach/{uid}", words, made.png())
    assert ("Withdraw it first" in sent.text or "takes no file any more" in sent.text, 'type="file"' in sent.text) == (True, False)
    gone = clerk.http.post(f"/attachments/{file}/remove", data=words, follow_redirects=True)
    assert "Withdraw it first" in gone.text or "its files stay" in gone.text
    assert (len(files_of(seeing, uid)), len(on_disk(app))) == (1, 1)


STATEMENTS = {
    "insert": "INSERT INTO attachment"
    " (kind, owner_table, owner_uid, media_type, bytes, sha256, made_by_id, made_at, scope_path, version, uid)"
    " SELECT '2', owner_table, owner_uid, media_type, bytes, sha256, made_by_id, made_at, scope_path, 1, owner_uid FROM attachment",
    "digest": "UPDATE attachment SET sha256 = 'x'",
    "away": "UPDATE attachment SET owner_table = 'person'",
    "delete": "DELETE FROM attachment",
}


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("owner", ["record", "request"])
def test_the_database_itself_keeps_the_files_of_what_is_decided(working, seeing, owner, statement):
    uid = approved_with_file(working)
    if owner == "request":
        asked = proposed(working, uid)
        with working() as session:
            seeing_all = session.scalars(scope.query(Attachment)).one()
            request = scope.get(ChangeRequest, asked)
            attach(session, request)
            changes.withdraw(session, request, user(session, "clerk"), token=str(uuid7()))
            assert seeing_all.owner_uid == uid

    def act(session: Any) -> None:
        where = "" if owner == "record" else " WHERE owner_table = 'change_request'"
        with elevated("test"):
            session.execute(text(STATEMENTS[statement] + where))

    with pytest.raises(DBAPIError, match="the files of a record stay once it is submitted"):
        seeing(act)


def test_files_follow_their_row_when_offices_are_merged(working, seeing):
    approved_with_file(working)

    def move(session: Any) -> str:
        with elevated("test"):
            session.execute(text("UPDATE attachment SET scope_path = '0001'"))
        return "moved"

    assert seeing(move) == "moved"


def test_a_draft_goes_with_its_files(sign_in, working, seeing, app, draft):
    with working() as session:
        attach(session, scope.get(Birth, draft))
    clerk = sign_in("clerk")
    answer = clerk.send(f"/births/action/discard/{draft}", f"/births/show/{draft}", reason="entered twice")
    assert answer.status_code == 302
    assert (files_of(seeing, draft), on_disk(app)) == ([], [])


def test_a_file_stays_where_the_act_that_would_remove_it_fails(working, seeing, app, draft):
    with working() as session:
        attach(session, scope.get(Birth, draft))

    def fail(session: Any) -> None:
        session.delete(session.scalars(scope.query(Attachment)).one())
        session.flush()
        session.rollback()

    seeing(fail)
    assert (len(files_of(seeing, draft)), len(on_disk(app))) == (1, 1)


def test_a_disk_that_lets_no_file_go_stops_no_act(working, seeing, app, draft, monkeypatch):
    with working() as session:
        attach(session, scope.get(Birth, draft))
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(PermissionError("closed")))
    with working() as session:
        session.delete(session.scalars(scope.query(Attachment)).one())
    assert (files_of(seeing, draft), len(on_disk(app))) == ([], 1)


# evidence of a change


@pytest.mark.usefixtures("quick")
def test_evidence_belongs_to_the_proposal_and_stands_on_the_page_of_the_row(sign_in, working, seeing):
    uid = approved_with_file(working)
    before = seeing(lambda _s: scope.get(Birth, uid).row_hash)
    asked, clerk, supervisor = proposed(working, uid), sign_in("clerk"), sign_in("supervisor")
    opened = hidden_fields(supervisor.get(f"/births/change/{asked}").text)
    page, address = f"/births/change/{asked}", f"/births/change/{asked}/attach"
    assert send(clerk, page, address, made.pdf(), kind="7").status_code == 302
    (file,) = files_of(seeing, asked)
    stale = supervisor.http.post(f"/births/change/{asked}/apply", data=opened, follow_redirects=True)
    assert "Read it again, then decide." in stale.text
    now = supervisor.get(page).text
    assert (f"/attachments/{file.uid}" in now, 'type="file"' in now) == (True, False)
    assert supervisor.get(f"/attachments/{file.uid}").status_code == 200
    assert supervisor.http.post(f"/births/change/{asked}/apply", data=hidden_fields(now)).status_code == 302
    assert f"/attachments/{file.uid}" in supervisor.get(f"/births/show/{uid}").text
    assert "Evidence of proposed changes" in clerk.get(f"/births/show/{uid}").text
    assert seeing(lambda _s: scope.get(Birth, uid).row_hash) not in (None, before)
    assert "decided already" in send(clerk, page, address, made.png()).text
    token = hidden_fields(clerk.get(page).text) | {"act_token": str(uuid7()), "reason": "x"}
    assert "decided already" in clerk.http.post(f"/attachments/{file.uid}/remove", data=token, follow_redirects=True).text
    assert len(files_of(seeing, asked)) == 1


@pytest.mark.usefixtures("quick")
def test_only_the_proposer_brings_evidence_and_takes_it_back(sign_in, working, seeing):
    asked = proposed(working, approved_with_file(working))
    page, address = f"/births/change/{asked}", f"/births/change/{asked}/attach"
    assert "Only the person who proposed" in send(sign_in("colleague"), page, address, made.png()).text
    clerk = sign_in("clerk")
    send(clerk, page, address, made.png())
    (file,) = files_of(seeing, asked)
    token = hidden_fields(clerk.get(page).text) | {"reason": "wrong page"}
    assert clerk.http.post(f"/attachments/{file.uid}/remove", data=token).location.endswith(page)
    assert files_of(seeing, asked) == []


@pytest.mark.usefixtures("quick")
def test_nobody_else_sees_or_brings_evidence(sign_in, working, seeing):
    asked = proposed(working, approved_with_file(working))
    with working() as session:
        uid = attach(session, scope.get(ChangeRequest, asked)).uid
    other = sign_in("neighbour")
    token = {"csrf_token": other.hidden("/own/")["csrf_token"], "act_token": str(uuid7()), "kind": "1"}
    assert other.get(f"/attachments/{uid}").status_code == 404
    sent = post(other, f"/births/change/{asked}/attach", token, made.png())
    assert sent.status_code in (403, 404)
    assert len(files_of(seeing, asked)) == 1


def test_evidence_about_a_person_is_seen_where_the_proposal_is(sign_in, working):
    """Two offices hold the person; the proposal lies with one of them."""
    with working() as session:
        person = make_person(session, office=A1)
        place = regions.by_code(session, B1)
        with session.no_autoflush:
            session.add(PersonOffice(person=person, region=place, scope_path=place.path, kind="registered", valid_from=date(2020, 1, 1)))
        session.flush()
        asked = changes.propose(session, person, {"name": "李枚"}, user(session, "clerk"), **WHY, token=str(uuid7()))
        uid, mine = attach(session, asked).uid, person.uid
    neighbour = sign_in("neighbour")
    assert neighbour.get(f"/people/show/{mine}").status_code == 200
    assert neighbour.get(f"/attachments/{uid}").status_code == 404
    assert sign_in("supervisor").get(f"/attachments/{uid}").status_code == 200


# the content


def test_a_file_opens_as_itself_only(app, working, draft):
    with working() as session:
        birth = scope.get(Birth, draft)
        one, two = (attachments.find(session, attach(session, birth, content=content).uid) for content in (b"one", b"two"))
    with app.app_context():
        data = Path(app.config["DATA_DIR"])
        assert attachment_files.content(data, one.uid, one.sha256) == b"one"
        with pytest.raises(KeyLost):
            attachment_files.content(data, one.uid, two.sha256)
        attachment_files.path_of(data, two.uid).write_bytes(attachment_files.path_of(data, one.uid).read_bytes())
        with pytest.raises(KeyLost):
            attachment_files.content(data, two.uid)
        path = attachment_files.path_of(data, one.uid)
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(KeyLost):
            attachment_files.content(data, one.uid)


def test_a_file_that_was_written_just_before_a_new_key_came_moves_to_it(app, working, draft):
    with working() as session:
        uid = attach(session, scope.get(Birth, draft), content=b"one").uid
    ring = crypto.keys()
    with app.app_context():
        crypto.use(crypto.Keyring(ring.secrets.added(b"x" * 32)))
        attachment_files.keep_up(Path(app.config["DATA_DIR"]), uid)
        found = attachment_files.key_of(Path(app.config["DATA_DIR"]), uid), attachment_files.content(Path(app.config["DATA_DIR"]), uid)
        crypto.use(ring)
    assert found == (2, b"one")
