"""After typing, mistyping, saving, changing, approving, searching and revealing, no planted number stands on disk or in a log."""

import logging
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import xlsxwriter
from flask import Flask
from sqlalchemy import text

from app.core import drafts, regions
from app.core.scope import looking_as
from app.extensions import db
from tests.cast import A1, B1
from tests.conftest import EVERYWHERE, Client
from tests.factories.people import id_number_for
from tests.figures import figure, seeded

FAMILIES = figure(143)  # with seven numbers each: 1,001
DIGITS = re.compile(rb"[0-9]{11,}")
FIRST_DAY = date(1985, 1, 1)


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Everything any logger says, down to the statements and their parameters, in a file; temporary files beside it."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    handler, root, engine = (
        logging.FileHandler(tmp_path / "all.log", encoding="utf-8"),
        logging.getLogger(),
        logging.getLogger("sqlalchemy.engine"),
    )
    before = root.level, engine.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    engine.setLevel(logging.INFO)
    yield tmp_path
    root.removeHandler(handler)
    handler.close()
    root.setLevel(before[0])
    engine.setLevel(before[1])


class Office:
    """A clerk and a supervisor who type the numbers of one family after the other."""

    def __init__(self, app: Flask) -> None:
        app.config.update(REVEALS_PER_HOUR=10_000, LOOKUPS_PER_HOUR=10_000)  # the figure is larger than a person's hour
        self.clerk, self.supervisor, self.neighbour = Client(app, "clerk"), Client(app, "supervisor"), Client(app, "neighbour")
        with app.app_context(), looking_as(EVERYWHERE):
            self.place, self.elsewhere = (str(place.uid) for code in (A1, B1) if (place := regions.by_code(db.session(), code)))

    def person(self, number: str, phone: str, name: str) -> str:
        """Type a person, first with a wrong check character, then rightly; the address of the file."""
        told = {"id_type": "1", "name": name, "sex": "2", "residence": self.place, "phone": phone}
        wrong = number[:-1] + ("1" if number[-1] != "1" else "2")
        assert self.clerk.send("/people/add", id_no=wrong, **told).status_code == 200
        words = {**self.clerk.hidden("/people/add"), "id_no": number, **told}
        self.begin("PersonView", words)
        answer = self.clerk.http.post("/people/add", data=words)
        assert answer.status_code == 302, answer.text
        return str(answer.location)

    def begin(self, screen: str, words: dict[str, str]) -> None:
        """Type into a new form and do not save it."""
        answer = self.clerk.http.post("/drafts/keep", data={**words, "draft_screen": screen, "draft_form": "add"})
        assert answer.status_code == 200, answer.text

    def change(self, page: str, phone: str, name: str) -> None:
        """Give the person another phone."""
        edit = page.replace("/show/", "/edit/")
        assert self.clerk.send(edit, id_type="1", name=name, sex="2", phone=phone).status_code == 302
        seen = {"column": "phone", "reason": "asks"}
        assert phone in self.clerk.send(page.replace("/show/", "/reveal/"), page, **seen).text

    def birth(self, mother: str, father: str, child: str, born_on: date, name: str) -> None:
        """Type a birth, submit and approve it."""
        told = {
            "mother_name": name, "mother_id_type": "1", "mother_id_no": mother, "mother_region": self.place, "father_name": "父" + name[1:],
            "father_id_type": "1", "father_id_no": father, "child_name": "子" + name[1:], "child_id_no": child, "sex": "1",
            "born_on": born_on.isoformat(), "child_order": "1", "plurality": "1", "plural_seq": "1",
            "reason_alike": "another family",  # of so many some sound alike
        }  # fmt: skip
        answer = self.clerk.send("/births/add", **told)
        assert answer.status_code == 302, answer.text
        act = str(answer.location).replace("/show/", "/action/{}/")
        assert self.clerk.send(act.format("submit"), answer.location).status_code == 302
        assert self.supervisor.send(act.format("approve"), answer.location).status_code == 302

    def marriage(self, wife: str, husband: str, name: str) -> None:
        """Type a marriage, submit and approve it, and show her number."""
        told = {
            "kind": "1", "happened_on": "2020-05-20", "wife_id_type": "1", "wife_id_no": wife, "wife_name": name, "wife_marital": "21",
            "husband_id_type": "1", "husband_id_no": husband, "husband_name": "夫" + name[1:], "husband_marital": "22",
            "reason_V06_wife": "seen", "reason_V06_husband": "seen",
        }  # fmt: skip
        answer = self.clerk.send("/marriages/add", **told)
        assert answer.status_code == 302, answer.text
        act = str(answer.location).replace("/show/", "/action/{}/")
        assert self.clerk.send(act.format("submit"), answer.location).status_code == 302
        assert self.supervisor.send(act.format("approve"), answer.location).status_code == 302
        seen = {"column": "husband_id_no", "reason": "asks"}
        assert husband in self.clerk.send(str(answer.location).replace("/show/", "/reveal/"), answer.location, **seen).text

    def death(self, number: str, name: str) -> None:
        """Type the death of somebody on file, submit and approve it."""
        answer = self.clerk.send("/deaths/add", person_id_type="1", person_id_no=number, person_name=name, died_on="2026-11-01")
        assert answer.status_code == 302, answer.text
        act = str(answer.location).replace("/show/", "/action/{}/")
        assert self.clerk.send(act.format("submit"), answer.location).status_code == 302
        assert self.supervisor.send(act.format("approve"), answer.location).status_code == 302

    def household(self, number: str, name: str) -> None:
        """Type a household of somebody on file, submit and approve it, look at its page."""
        told = {"kind": "1", "happened_on": "2026-01-01", "person_id_type": "1", "person_id_no": number, "person_name": name}
        answer = self.clerk.send("/household-events/add", **told, person_region=self.place)
        assert answer.status_code == 302, answer.text
        act = str(answer.location).replace("/show/", "/action/{}/")
        assert self.clerk.send(act.format("submit"), answer.location).status_code == 302
        assert self.supervisor.send(act.format("approve"), answer.location).status_code == 302
        page = re.search(r"/households/show/[0-9a-f-]+", self.clerk.get(answer.location).text)
        assert page is not None
        assert number not in self.clerk.get(page[0]).text

    def moves(self, number: str, name: str, page: str) -> None:
        """Type that somebody on file lives elsewhere, submit and approve it; send the file to another office, which refuses."""
        told = {"kind": "3", "what": "1", "happened_on": "2026-10-01", "other_place": "武汉市"}
        answer = self.clerk.send("/moves/add", person_id_type="1", person_id_no=number, person_name=name, **told)
        assert answer.status_code == 302, answer.text
        act = str(answer.location).replace("/show/", "/action/{}/")
        assert self.clerk.send(act.format("submit"), answer.location).status_code == 302
        assert self.supervisor.send(act.format("approve"), answer.location).status_code == 302
        sent = {"what": "2", "to_region": self.elsewhere, "moved_on": "2026-10-02", "reason": "asks"}
        answer = self.clerk.send(page.replace("/people/show/", "/transfers/send/"), **sent)
        assert answer.status_code == 302, answer.text
        refuse = str(answer.location).replace("/show/", "/action/refuse_transfer/")
        assert self.neighbour.send(refuse, answer.location, reason="not ours").status_code == 302

    def search(self, number: str, name: str) -> None:
        """Look for a number as its own clerk and as the neighbour, and ask the lookup."""
        self.clerk.send("/people/find", "/people/list/", text=number)
        for ledger in ("births", "marriages", "deaths", "moves", "households", "household-events"):
            self.clerk.send(f"/{ledger}/find", f"/{ledger}/list/", text=number)
        self.neighbour.send("/people/find", "/people/list/", text=number)
        self.neighbour.send("/people/lookup", id_no=number, name=name, reason="asks")

    def report(self, month: str, folder: Path) -> None:
        """Take the births of a month away as files, look at the rows, submit the report."""
        page, told = "/reports/births-monthly", {"region": self.place, "period": month}
        for kind in ("csv", "xlsx"):
            answer = self.clerk.send(f"{page}/export", page, kind=kind, **told)
            assert answer.status_code == 200
            (folder / f"report.{kind}").write_bytes(answer.data)
        rows = self.clerk.get(f"{page}/rows?region={self.place}&period={month}")
        (folder / "rows.html").write_bytes(rows.data)
        assert self.supervisor.send(f"{page}/submit", f"{page}?region={self.place}&period={month}", **told).status_code == 302


def bring_in(app: Flask, numbers: list[str], phone: str, clerks_own: Path, folder: Path) -> None:
    """Import a workbook that holds each number in a good row and, with a digit changed, in a wrong one; take the ledgers away again."""
    file = clerks_own / "births.xlsx"
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["母亲姓名", "母亲身份证号", "性别", "出生日期", "孩次", "现居住地", "联系电话"])
        wrong = [number[:-1] + ("1" if number[-1] != "1" else "2") for number in numbers]
        for line, number in enumerate([*numbers, *wrong], 1):
            sheet.write_row(line, 0, [f"丁{chr(0x6000 + line)}", number, "女", f"2024-{line % 12 + 1:02d}-05", 1, A1, phone])
    run = app.test_cli_runner().invoke
    told = run(args=["sheet", "import", "births", str(file), "--as", "clerk"])
    assert f"{len(numbers)} in " in told.output, told.output
    (folder / "told").write_text(told.output, encoding="utf-8")
    for ledger in ("births", "marriages", "deaths", "household-events", "moves", "people"):
        assert run(args=["sheet", "export", ledger, str(folder / f"{ledger}.xlsx"), "--as", "clerk"]).exit_code == 0


def planted_in(files: Iterable[Path], planted: set[bytes]) -> list[str]:
    """Names of the files that hold one of the numbers, in UTF-8 or UTF-16: without its zero bytes the one reads as the other."""
    return [str(file) for file in files if any(_holds(data, planted) for data in _readings(file))]


def _readings(file: Path) -> Iterator[bytes]:
    """A server at work takes files of its own away (its cache of the catalogue, say): what is gone by now is on no disk."""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return
    yield data
    yield data.replace(b"\0", b"")
    if zipfile.is_zipfile(file):  # a workbook: what it holds is packed
        with zipfile.ZipFile(file) as packed:
            yield from (packed.read(name) for name in packed.namelist())


def _holds(data: bytes, planted: set[bytes]) -> bool:
    return any(run[i : i + size] in planted for run in DIGITS.findall(data) for size in (11, 17) for i in range(len(run) - size + 1))


@pytest.mark.full
def test_no_planted_number_is_on_disk_or_in_a_log(app, logs, postgres_folder, template, tmp_path_factory):
    chance, office, planted = seeded("planted numbers"), Office(app), set()
    for number in range(FAMILIES):
        born, name = FIRST_DAY + timedelta(days=number), f"母{chr(0x5000 + number)}"
        child_born = date(2026, 3, 1) + timedelta(days=number % 200)
        mother, woman, father, husband = (id_number_for(born, sex, n) for sex, n in (("2", 11), ("2", 33), ("1", 21), ("1", 41)))
        child = id_number_for(child_born, "1", number)
        phones = [f"13{chance.randrange(10**9):09d}" for _ in range(2)]
        planted |= {n[:17].encode() for n in (mother, woman, father, husband, child)} | {p.encode() for p in phones}
        page = office.person(woman, phones[0], "女" + name[1:])
        office.change(page, phones[1], "女" + name[1:])
        office.birth(mother, father, child, child_born, name)
        office.marriage(mother, husband, name)
        office.household(woman, "女" + name[1:])
        office.moves(woman, "女" + name[1:], page)
        office.death(woman, "女" + name[1:])
        office.search(mother, name)
    for number in range(min(FAMILIES, drafts.MOST)):
        typed = id_number_for(FIRST_DAY + timedelta(days=number), "2", 99)
        office.begin("BirthView", {**office.clerk.hidden("/births/add"), "mother_id_no": typed})
        planted.add(typed[:17].encode())
    office.report("2026-03", logs)
    imported = [id_number_for(FIRST_DAY + timedelta(days=number), "2", 77) for number in range(FAMILIES)]
    planted |= {number[:17].encode() for number in imported} | {b"13700000001"}
    bring_in(app, imported, "13700000001", tmp_path_factory.mktemp("clerk"), logs)
    print(f"{len(planted)} planted numbers, {template[0]}")
    files = [f for f in logs.rglob("*") if f.is_file()]
    if template[0] == "pg":
        with app.app_context(), db.engine.connect() as connection:
            connection.execute(text("CHECKPOINT"))
        files += [f for f in postgres_folder.rglob("*") if f.is_file()]
    assert (logs / "all.log").stat().st_size > 0
    assert planted_in(files, planted) == []


def test_the_scan_finds_what_it_looks_for(tmp_path):
    planted = {b"42050619900102001", b"13812345678"}
    (tmp_path / "utf8").write_text("a42050619900102001Xb", encoding="utf-8")
    (tmp_path / "utf16").write_text("_13812345678_", encoding="utf-16-le")
    (tmp_path / "clean").write_text("4205061990010200213812345677", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "workbook", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/sharedStrings.xml", "<t>42050619900102001X</t>")
    listed = [*sorted(tmp_path.iterdir()), tmp_path / "gone"]
    assert planted_in(listed, planted) == [str(tmp_path / name) for name in ("utf16", "utf8", "workbook")]
