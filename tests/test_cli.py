"""The commands: what each one does, and that whatever it refuses is told in sentences, with status 1 and nothing stored."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import func, select, text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from app import answers
from app.accounts import users
from app.accounts.models import AccountState, UserRegion, UserSession
from app.core import regions
from app.core.audit import AuditEntry, acting
from app.core.params import PolicyParam
from app.core.regions import Region, RegionCode
from app.core.scope import looking_as
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.setup import setup
from tests.cast import CAST, PASSWORD, A, B
from tests.conftest import EVERYWHERE, Client, make_app
from tests.factories.births import make_registration

TABLES = (AuditEntry, Region, RegionCode, PolicyParam, User, Role, UserRegion, AccountState)
REGION_HEAD = "code,name,level,parent_code\n"
PARAM_HEAD = "scheme,region_code,key,value,valid_from,valid_to,doc_no\n"
VILLAGE = f"420506107990,新村,village,{A}\n"
AMOUNT = "test,,amount,1,2020-01-01,,文件\n"
NEW = "420506190"
Run = Callable[..., Any]


def run(app: Flask, *words: str, typed: str | bytes | None = None) -> Any:
    return app.test_cli_runner().invoke(args=words, input=typed)


def done(app: Flask, *words: str, typed: str | None = None) -> str:
    """What a command answers that goes well."""
    answer = run(app, *words, typed=typed)
    assert answer.exit_code == 0, answer.output
    return str(answer.stdout)


def look(app: Flask, question: Callable[[Session], Any]) -> Any:
    with app.app_context(), looking_as(EVERYWHERE):
        return question(db.session())


def counts(session: Session) -> list[int]:
    return [session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES]


@pytest.fixture
def refused(shared_app: Flask) -> Run:
    """`refused("user", "add", …)` gives the sentences, having seen that nothing was stored."""

    def refuse(*words: str, typed: str | bytes | None = None) -> str:
        before = look(shared_app, counts)
        answer = run(shared_app, *words, typed=typed)
        assert (answer.exit_code, type(answer.exception)) == (1, SystemExit), answer.exception
        assert look(shared_app, counts) == before
        assert answer.stderr.strip().endswith(".")
        return str(answer.stderr)

    return refuse


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str | bytes], str]:
    """`file("a,b")` gives the path of a file with this content."""

    def write(content: str | bytes) -> str:
        path = tmp_path / "given"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


# accounts


def test_the_first_admin_is_made_once_and_must_change_the_password(bare: Flask) -> None:
    with bare.app_context():
        setup()
    told = done(bare, "user", "first")
    name, password = told.split()[4], told.split()[8]
    assert (name, len(password)) == ("admin", 19)
    assert Client(bare, name, password).get("/users/list/").headers["Location"].startswith("/own/")
    assert done(bare, "user", "first") == "There are accounts already; nothing was made.\n"
    assert look(bare, lambda s: s.scalars(select(User.username)).all()) == ["admin"]


def test_an_account_is_made_with_its_role_and_offices(app: Flask) -> None:
    words = ("--role", "clerk", "--role", "supervisor", "--region", A, "--region", B, "--region", f"{A}000", "--password-stdin")
    assert done(app, "user", "add", "New.One", *words, typed=PASSWORD + "\n") == "New.One can sign in.\n"

    def found(session: Session) -> Any:
        user = users.by_name(session, "new.one")
        assert user is not None
        state = session.get_one(AccountState, user.id)
        return sorted(role.name for role in user.roles), [r.name for r in users.regions_of(session, user)], state.must_change_password

    assert look(app, found) == (["clerk", "supervisor"], ["龙泉镇", "鸦鹊岭镇"], True)
    assert Client(app, "new.one").get("/people/list/").status_code == 302


def test_a_password_is_asked_twice_where_none_is_sent(app: Flask) -> None:
    assert done(app, "user", "add", "asked", "--role", "clerk", typed=f"{PASSWORD}\n{PASSWORD}\n").endswith("asked can sign in.\n")


CLERK = ("--role", "clerk")
NO_ACCOUNT: dict[str, tuple[tuple[str, ...], str | bytes, str]] = {
    "unknown role": (("newcomer", "--role", "king"), PASSWORD, "There is no role king."),
    "unknown region": (("newcomer", *CLERK, "--region", "999999"), PASSWORD, "There is no region with the code 999999."),
    "a region that is no code": (("newcomer", *CLERK, "--region", "龙泉"), PASSWORD, "There is no region with the code 龙泉."),
    "short password": (("newcomer", *CLERK), "abc", "A password has at least 8 characters."),
    "weak password": (("newcomer", *CLERK), "password123", "This password is easy to guess."),
    "no password": (("newcomer", *CLERK), "", "A password has at least 8 characters."),
    "name in the password": (("newcomer", *CLERK), "the-newcomer-of-7-seas", "must not contain the name of the account"),
    "password in another encoding": (("newcomer", *CLERK), "密码-Correct-7".encode("gbk"), "is not UTF-8 text."),
    "a name that is taken": (("clerk", *CLERK), PASSWORD, "There is an account with this name already."),
    "the same name in capitals": (("CLERK", *CLERK), PASSWORD, "There is an account with this name already."),
    "no name": (("a b", *CLERK), PASSWORD, "An account's name has 3 to 64 letters or digits"),
    "long name": (("n" * 65, *CLERK), PASSWORD, "An account's name has 3 to 64 letters or digits"),
    "accounts and ledgers": (("newcomer", *CLERK, "--role", "admin"), PASSWORD, "give these rights to two people."),
}


@pytest.mark.parametrize("case", NO_ACCOUNT)
def test_an_account_that_may_not_be_is_refused(refused: Run, case: str) -> None:
    words, typed, told = NO_ACCOUNT[case]
    assert told in refused("user", "add", *words, "--password-stdin", typed=typed)


def test_everything_wrong_with_an_account_is_told_at_once(refused: Run) -> None:
    assert len(refused("user", "add", "clerk", "--role", "king", "--password-stdin", typed=PASSWORD).splitlines()) == 2


# reference data


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "with a byte order mark"])
def test_regions_are_loaded_in_any_order(app: Flask, file: Any, mark: str) -> None:
    lines = "420506999001, 新村 ,village,420506999\n\n420506999,新镇,town,420506\n"
    assert done(app, "region", "load", file(mark + REGION_HEAD + lines)) == "2 new regions.\n"
    assert look(app, lambda s: regions.full_name(s, regions.by_code(s, "420506999001"))) == "夷陵区新镇新村"
    assert done(app, "region", "load", file(REGION_HEAD + lines)) == "0 new regions.\n"


NEEDED = "The file needs the columns code, level, name, parent_code and at least one row."
NO_REGIONS: dict[str, tuple[str | bytes, str]] = {
    "empty file": ("", NEEDED),
    "header only": (REGION_HEAD, NEEDED),
    "missing column": ("code,name,level\n420506107990,新村,village\n", NEEDED),
    "other separator": ((REGION_HEAD + VILLAGE).replace(",", ";"), NEEDED),
    "GBK": ((REGION_HEAD + VILLAGE).encode("gbk"), "not UTF-8 text"),
    "UTF-16": ((REGION_HEAD + VILLAGE).encode("utf-16"), "not UTF-8 text"),
    "a workbook": (b"PK\x03\x04\x14\x00\x08\x08\x08\x00\xe5\xff", "not UTF-8 text"),
    "few cells": (f"{REGION_HEAD}420506107990,新村\n", "Line 2: there are 2 cells where the header has 4."),
    "many cells": (REGION_HEAD + VILLAGE.replace("\n", ",x\n"), "Line 2: there are 5 cells where the header has 4."),
    "open quotation mark": (f'{REGION_HEAD}420506107990,"新村,village,{A}\n', "cannot be read as CSV"),
    "endless cell": (f"{REGION_HEAD}420506107990,{'新' * 200_000},village,{A}\n", "cannot be read as CSV"),
    "sign that cannot be printed": (REGION_HEAD + VILLAGE.replace("新", "\0"), "Line 2: a cell holds"),
    "bad level": (f"{REGION_HEAD}420506107990,新村,hamlet,{A}\n", "Line 2: the level is one of province"),
    "no name": (f"{REGION_HEAD}420506107990,,village,{A}\n", "Line 2: the region needs a name"),
    "long name": (f"{REGION_HEAD}420506107990,{'新' * 51},village,{A}\n", "Line 2: the region needs a name of at most 50"),
    "unknown parent": (
        f"{REGION_HEAD}420506107990,新村,village,999999\n",
        "Line 2: the parent of 新村 is neither in the file nor on record.",
    ),
    "its own parent": (f"{REGION_HEAD}420506107990,新村,village,420506107990\n", "Line 2: the parent of a village is a town."),
    "parent of a wrong level": (f"{REGION_HEAD}420506107990,新村,village,420506\n", "Line 2: the parent of a village is a town."),
    "province with a parent": (f"{REGION_HEAD}430000,湖南省,province,420506\n", "Line 2: a province has no parent."),
    "duplicate code": (REGION_HEAD + VILLAGE + VILLAGE, "Line 3: the code 420506107990 stands in line 2 already."),
    "code of zeros": (f"{REGION_HEAD}0,新村,village,{A}\n", "Line 2: a code has up to twelve digits."),
    "digits of another script": (f"{REGION_HEAD}٤٢٠٥٠٦١٠٧٩٩٠,新村,village,{A}\n", "Line 2: a code has up to twelve digits."),
}


@pytest.mark.parametrize("case", NO_REGIONS)
def test_a_file_of_regions_that_cannot_be_taken_is_refused(refused: Run, file: Any, case: str) -> None:
    content, told = NO_REGIONS[case]
    assert told in refused("region", "load", file(content))


def test_every_bad_line_of_a_file_is_told_with_its_number(refused: Run, file: Any) -> None:
    lines = refused("region", "load", file(REGION_HEAD + VILLAGE + "\n" + VILLAGE + "x,y,village,1\n")).splitlines()
    assert [line[:6] for line in lines] == ["Line 4", "Line 5"]


@pytest.mark.parametrize("command", ["region", "param"])
def test_a_file_that_is_not_there_is_a_wrong_use(shared_app: Flask, tmp_path: Path, command: str) -> None:
    answer = run(shared_app, command, "load", str(tmp_path / "none.csv"))
    assert (answer.exit_code, answer.stderr.splitlines()[-1].endswith("does not exist.")) == (2, True)


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "with a byte order mark"])
def test_parameters_are_loaded_once(app: Flask, file: Any, mark: str) -> None:
    lines = f"{AMOUNT}test,{A},amount,-0.50,2021-01-01,2021-12-31,文件\n"
    assert done(app, "param", "load", file(mark + PARAM_HEAD + lines)) == "2 new parameters.\n"
    assert done(app, "param", "load", file(PARAM_HEAD + lines)) == "0 new parameters.\n"


PARAM_NEEDED = "The file needs the columns doc_no, key, region_code, scheme, valid_from, valid_to, value and at least one row."
NO_PARAMS: dict[str, tuple[str | bytes, str]] = {
    "empty file": ("", PARAM_NEEDED),
    "header only": (PARAM_HEAD, PARAM_NEEDED),
    "missing column": ("scheme,key,value\ntest,amount,1\n", PARAM_NEEDED),
    "GBK": ((PARAM_HEAD + AMOUNT).encode("gbk"), "not UTF-8 text"),
    "UTF-16": ((PARAM_HEAD + AMOUNT).encode("utf-16"), "not UTF-8 text"),
    "few cells": (f"{PARAM_HEAD}test,,amount\n", "Line 2: there are 3 cells where the header has 7."),
    "unknown region": (f"{PARAM_HEAD}test,999999,amount,1,2020-01-01,,d\n", "Line 2: there is no region with the code 999999."),
    "value in words": (f"{PARAM_HEAD}test,,amount,many,2020-01-01,,d\n", "Line 2: the value many is not a number"),
    "no number": (f"{PARAM_HEAD}test,,amount,NaN,2020-01-01,,d\n", "Line 2: the value NaN is not a number"),
    "endless number": (f"{PARAM_HEAD}test,,amount,Infinity,2020-01-01,,d\n", "Line 2: the value Infinity is not a number"),
    "no value": (f"{PARAM_HEAD}test,,amount,,2020-01-01,,d\n", "Line 2: value is missing."),
    "no scheme": (f"{PARAM_HEAD},,amount,1,2020-01-01,,d\n", "Line 2: scheme is missing."),
    "no document": (f"{PARAM_HEAD}test,,amount,1,2020-01-01,,\n", "Line 2: doc_no is missing."),
    "no first day": (f"{PARAM_HEAD}test,,amount,1,,,d\n", "Line 2: valid_from is missing."),
    "first day in words": (f"{PARAM_HEAD}test,,amount,1,yesterday,,d\n", "Line 2: valid_from yesterday is not a date"),
    "last day that never was": (f"{PARAM_HEAD}test,,amount,1,2020-01-01,2020-02-30,d\n", "Line 2: valid_to 2020-02-30 is not a date"),
    "ends before it begins": (f"{PARAM_HEAD}test,,amount,1,2020-01-01,2019-12-31,d\n", "Line 2: valid_to lies before valid_from."),
    "long scheme": (f"{PARAM_HEAD}{'t' * 33},,amount,1,2020-01-01,,d\n", "Line 2: scheme has at most 32 characters."),
    "twice": (PARAM_HEAD + AMOUNT + AMOUNT, "Line 3: this parameter of 2020-01-01 stands in line 2 already."),
}


@pytest.mark.parametrize("case", NO_PARAMS)
def test_a_file_of_parameters_that_cannot_be_taken_is_refused(refused: Run, file: Any, case: str) -> None:
    content, told = NO_PARAMS[case]
    assert told in refused("param", "load", file(content))


# merging offices


def test_users_of_merged_offices_answer_for_the_new_one_and_sign_in_again(app: Flask) -> None:
    with app.app_context(), looking_as(EVERYWHERE), acting("test"), unit_of_work() as session:
        uid = str(make_registration(session).uid)
    clerk, neighbour, approver = (Client(app, name) for name in ("clerk", "neighbour", "approver"))
    told = done(app, "region", "merge", A, B, "--name", "新镇", "--code", NEW, "--on", "2026-11-01")
    theirs = sum(not {A, B}.isdisjoint(member.regions) for member in CAST.values())
    assert told == f"新镇 holds everything now; {theirs} users answer for it.\n"
    assert [browser.get("/own/").status_code for browser in (clerk, neighbour, approver)] == [302, 302, 200]
    assert {Client(app, name).get(f"/registrations/show/{uid}").status_code for name in ("clerk", "neighbour")} == {200}

    def found(session: Session) -> Any:
        held = {name: [r.name for r in users.regions_of(session, _user(session, name))] for name in ("clerk", "neighbour", "approver")}
        return held, set(session.scalars(select(UserSession.end_reason).where(UserSession.ended_at.is_not(None))))

    assert look(app, found) == ({"clerk": ["新镇"], "neighbour": ["新镇"], "approver": ["夷陵区"]}, {"offices merged"})


def test_who_answers_for_more_than_the_merged_offices_keeps_the_rest(app: Flask) -> None:
    done(app, "user", "add", "traveller", *CLERK, "--region", A, "--region", "420506109", "--password-stdin", typed=PASSWORD)
    done(app, "region", "merge", A, B, "--name", "新镇", "--code", NEW)
    kept = look(app, lambda s: [r.name for r in users.regions_of(s, _user(s, "traveller"))])
    assert sorted(kept) == sorted(["黄花镇", "新镇"])


def _user(session: Session, name: str) -> User:
    return session.scalars(select(User).where(User.username == name)).one()


NO_MERGE = {
    "one office": ((A,), "新镇", NEW, "Name at least two offices"),
    "the same office twice": ((A, f"{A}000"), "新镇", NEW, "Name at least two offices"),
    "a town and a village": ((A, "420506108001"), "新镇", NEW, "of the same level under the same parent"),
    "unknown office": ((A, "999999"), "新镇", NEW, "There is no region with the code 999999."),
    "no name": ((A, B), " ", NEW, "The new office needs a name"),
    "long name": ((A, B), "新" * 51, NEW, "a name of at most 50 characters"),
    "letters": ((A, B), "新镇", "42050x", "a code of up to twelve digits"),
    "zeros": ((A, B), "新镇", "0", "a code of up to twelve digits"),
    "digits of another script": ((A, B), "新镇", "٤٢٠٥٠٦١٩٠", "a code of up to twelve digits"),
    "code of another office": ((A, B), "新镇", "420506109", "This code belongs to another office."),
}


@pytest.mark.parametrize("case", NO_MERGE)
def test_a_merge_that_makes_no_sense_is_refused(refused: Run, case: str) -> None:
    codes, name, code, told = NO_MERGE[case]
    assert told in refused("region", "merge", *codes, "--name", name, "--code", code)


def test_offices_are_merged_once(app: Flask) -> None:
    words = ("region", "merge", A, B, "--name", "新镇", "--code")
    done(app, *words, NEW)
    assert run(app, *words, "420506191").exit_code == 1
    assert look(app, lambda s: s.scalar(select(func.count()).select_from(Region).where(Region.name == "新镇"))) == 1


@pytest.mark.parametrize("words", [("--name", "x", "--code", NEW), (A, B, "--name", "x", "--code", NEW, "--on", "tomorrow"), (A, B)])
def test_a_merge_that_is_half_said_is_a_wrong_use(shared_app: Flask, words: tuple[str, ...]) -> None:
    before = look(shared_app, counts)
    answer = run(shared_app, "region", "merge", *words)
    assert (answer.exit_code, answer.stderr.splitlines()[-1][:6]) == (2, "Error:")
    assert look(shared_app, counts) == before


# the history


HEADS = {
    "another encoding": "链".encode("gbk"),
    "nothing": b"",
    "an empty line": b"\n",
    "null": b"null\n",
    "a number as chain": b'{"chain": 5, "number": 1, "hash": "x"}',
    "no chain": b'{"chain": null, "number": 1, "hash": "x"}',
    "a list as chain": b'{"chain": ["x"], "number": 1, "hash": "x"}',
    "a negative number": b'{"chain": "x", "number": -1, "hash": "x"}',
    "an endless number": b'{"chain": "x", "number": 1e999, "hash": "x"}',
    "more digits than a number has": b'{"chain": "x", "number": ' + b"9" * 5000 + b', "hash": "x"}',
    "no hash": b'{"chain": "x", "number": 1, "hash": null}',
    "half a line": b'{"chain": "x", "num',
    "endless brackets": b"[" * 100_000,
}


@pytest.mark.parametrize("case", HEADS)
def test_kept_heads_that_tell_nothing_are_refused(refused: Run, file: Any, case: str) -> None:
    assert "heads.\n" in refused("audit", "verify", "--heads", file(HEADS[case]))


def test_kept_heads_may_begin_a_new_file_and_fit_afterwards(app: Flask, tmp_path: Path) -> None:
    file = str(tmp_path / "heads")
    assert done(app, "audit", "heads", file).endswith("heads kept.\n")
    assert done(app, "audit", "verify", "--heads", file) == "The history is complete and unchanged.\n"


def test_heads_that_cannot_be_kept_are_told(refused: Run, tmp_path: Path) -> None:
    assert "cannot be written (No such file or directory)." in refused("audit", "heads", str(tmp_path / "none" / "heads"))


# a database that does not fit

EVERY = {
    "demo": ("demo",),
    "user first": ("user", "first"),
    "user add": ("user", "add", "newcomer", "--role", "clerk", "--password-stdin"),
    "region load": ("region", "load", __file__),
    "region merge": ("region", "merge", A, B, "--name", "新镇", "--code", NEW),
    "param load": ("param", "load", __file__),
    "audit verify": ("audit", "verify"),
    "audit heads": ("audit", "heads", "/dev/null"),
    "key rotate": ("key", "rotate"),
    "key list": ("key", "list"),
    "key retire": ("key", "retire", "1"),
    "backup": ("backup", "/dev/null"),
    "tidy": ("tidy",),
}


@pytest.mark.parametrize("command", EVERY)
def test_a_database_that_was_not_set_up_is_told(tmp_path: Path, command: str) -> None:
    app = make_app(f"sqlite:///{tmp_path}/new.db", tmp_path)
    answer = run(app, *EVERY[command], typed=PASSWORD)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == "The database is not at this version yet. Run: flask --app run setup\n"


def test_a_database_of_a_newer_program_is_told_by_every_command(app: Flask) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from_the_future'"))
    found = {name: run(app, *words, typed=PASSWORD) for name, words in EVERY.items()}
    assert {name: (a.exit_code, "newer version" in a.stderr) for name, a in found.items()} == dict.fromkeys(EVERY, (1, True))


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (IntegrityError, "The database does not take this (ValueError); nothing was stored."),
        (DataError, "The database does not take this (ValueError); nothing was stored."),
        (OperationalError, "DATABASE_URL: the database cannot be opened (ValueError)."),
    ],
)
def test_what_the_database_says_is_told_without_its_words(
    capsys: pytest.CaptureFixture[str], kind: type[IntegrityError], sentence: str
) -> None:
    with pytest.raises(SystemExit), answers.told():
        raise kind("SELECT secret", {}, ValueError("secret"))
    answer = capsys.readouterr().err
    assert answer.startswith(sentence)
    assert "secret" not in answer
