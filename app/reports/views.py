"""The screens of the reports: the list, a report for one office and month, its chart, the rows behind a figure, what was submitted."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid5

from flask import abort, flash, jsonify, redirect, request, url_for
from flask_appbuilder import BaseView, expose, has_access
from flask_appbuilder.forms import DynamicForm
from flask_appbuilder.security.decorators import permission_name
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response
from wtforms import StringField

from app.core import audit, clock, periods, scope, tokens
from app.core.chart import Bar, bars
from app.core.crypto import uuid7
from app.core.errors import RuleViolation
from app.core.fields import RegionField
from app.core.regions import TOWN_LENGTH, Region
from app.core.unit_of_work import unit_of_work
from app.extensions import db
from app.reports import REPORTS, behind, freeze, render
from app.reports.base import MONTH, REGION, TOTAL, Answer, Column, Line, Question, Report, answer, ask, month_name, read_month
from app.reports.models import ReportRun

LAST_PAGE = 2000  # of the rows behind a figure: 100,000 rows; beyond that a smaller place is the better question
KINDS: dict[str, tuple[str, Callable[[Answer], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", lambda told: render.to_csv(told, "\r\n").encode("utf-8-sig")),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", render.to_xlsx),
}


class QuestionForm(DynamicForm):
    """What the reader chooses: an office and a month. Sent by GET, so that a page can be kept and sent on."""

    region = RegionField(REGION.label, description=REGION.hint, url="/reports/options")
    period = StringField(MONTH.label, description=MONTH.hint)


class ReportView(BaseView):
    """Reports on the user's own offices."""

    route_base = "/reports"
    default_view = "list"

    @expose("/", methods=["GET"])
    @has_access
    def list(self) -> Any:
        """Every report there is."""
        return self.render_template("reports/list.html", title=_("Reports"), reports=REPORTS.values())

    @expose("/options", methods=["GET"])
    @has_access
    @permission_name("show")
    def options(self) -> Any:
        """What the picker of offices offers: at most twenty places of the user's own."""
        found = QuestionForm().region.options(request.args.get("q", "").strip())
        return jsonify(results=[{"id": str(r.uid), "text": str(r)} for r in found])

    @expose("/<key>", methods=["GET"])
    @has_access
    def show(self, key: str) -> Any:
        """One report for one office and one month, with what was submitted and what has changed since."""
        report = _report(key)
        form, region, month = _chosen()
        words: dict[str, Any] = {"title": report.title, "report": report, "form": form, "told": None}
        if region is not None and month is not None:
            question = ask(db.session(), region, month)
            told = answer(db.session(), report, question)
            words |= {"question": question, "told": told, "seen": freeze.mark(told), **_submitted(report, question, told)}
        return self.render_template("reports/show.html", act_token=str(uuid7()), **_words(), **words)

    @expose("/<key>/chart", methods=["GET"])
    @has_access
    @permission_name("show")
    def chart(self, key: str) -> Any:
        """One column as a chart, its table beside it."""
        report = _report(key)
        question = _question(report)
        column = _counted(report, request.args.get("column", report.columns[0].key))
        told = answer(db.session(), report, question)
        lines = told.lines[1:] or told.lines
        drawn = bars([self._bar(report, question, line, column) for line in lines], f"{report.title}: {column.label}")
        words = {"report": report, "question": question, "told": told, "lines": lines, "column": column, "drawn": drawn}
        return self.render_template("reports/chart.html", title=report.title, **_words(), **words)

    @expose("/<key>/rows", methods=["GET"])
    @has_access
    def rows(self, key: str) -> Any:
        """Exactly the rows one figure counts, a page at a time."""
        report = _report(key)
        question = _question(report)
        column = _counted(report, request.args.get("column", report.columns[0].key))
        line = request.args.get("line", TOTAL)
        name = next((one.name for one in answer(db.session(), report, question).lines if one.key == line), None) or abort(404)
        total = behind.number(db.session(), report, question, line, column.key)
        last = min(max(total - 1, 0) // behind.PAGE, LAST_PAGE)
        page = min(max(request.args.get("page", 0, type=int), 0), last)
        shown = behind.page(db.session(), report, question, line, column.key, page * behind.PAGE)
        words = {"report": report, "question": question, "column": column, "line": line, "name": name, "rows": shown}
        words |= {"total": total, "page": page, "last": last, "may_open": self._may("can_show", report.screen)}
        return self.render_template("reports/rows.html", title=report.title, **_words(), **words)

    @expose("/<key>/export", methods=["POST"])
    @has_access
    def export(self, key: str) -> Any:
        """The report as a file. Who took it is written down."""
        report = _report(key)
        question = _question(report)
        return _file(answer(db.session(), report, question), question.path)

    @expose("/<key>/submit", methods=["POST"])
    @has_access
    def submit(self, key: str) -> Any:
        """Freeze the figures on the page. A repeated click is one act."""
        report = _report(key)
        question = _question(report)
        token = scope.as_uuid(request.form.get("act_token")) or abort(400)
        flash(*_submit_once(report, question, str(uuid5(token, f"submit {key} {question.uid} {question.period}"))))
        return redirect(url_for("ReportView.show", key=key, region=question.uid, period=question.period))

    @expose("/run/<pk>", methods=["GET"])
    @has_access
    @permission_name("show")
    def run(self, pk: str) -> Any:
        """One revision as it was submitted, and what it says differently from the one before."""
        run, report = _run(pk)
        before, content = freeze.earlier_than(db.session(), run), None
        intact = freeze.is_intact(report, run)
        if before is not None and intact and freeze.is_intact(report, before):
            content = freeze.differences(freeze.content_of(report, before), freeze.content_of(report, run))
        region = db.session.scalars(select(Region).where(Region.id == run.region_id)).one()
        words = {"run": run, "report": report, "told": freeze.answer_of(report, run), "region": region, "differences": content}
        return self.render_template("reports/run.html", title=report.title, intact=intact, **_words(), **words)

    @expose("/run/<pk>/export", methods=["POST"])
    @has_access
    @permission_name("export")
    def export_run(self, pk: str) -> Any:
        """A revision as a file, as it was submitted."""
        run, report = _run(pk)
        return _file(freeze.answer_of(report, run), run.scope_path)

    def _may(self, permission: str, screen: str) -> bool:
        return bool(self.appbuilder.sm.has_access(permission, screen))

    def _bar(self, report: Report, question: Question, line: Line, column: Column) -> Bar:
        words: dict[str, Any] = {
            "key": report.key,
            "region": question.uid,
            "period": question.period,
            "line": line.key,
            "column": column.key,
        }
        url = url_for("ReportView.rows", **words) if self._may("can_rows", "ReportView") else ""
        return Bar(line.name, line.figures[column.key] or 0, url)


def _words() -> dict[str, Any]:
    """What the templates ask of the frame."""
    return {"headings": render.headings, "month_name": month_name, "local": clock.local}


def _report(key: str) -> Report:
    return REPORTS.get(key) or abort(404)


def _run(pk: str) -> tuple[ReportRun, Report]:
    run = scope.get(ReportRun, pk) or abort(404)
    return run, _report(run.report_key)


def _counted(report: Report, key: str) -> Column:
    column = report.column(key)
    return column if column is not None and column.opens else abort(404)


def _chosen() -> tuple[QuestionForm, Region | None, str | None]:
    """The form, the office and the month; one's first office and the last whole month where nothing is chosen."""
    form = QuestionForm(request.values)
    if form.region.data is None and request.values.get("region"):
        abort(404)
    form.region.data = form.region.data or _first_office()
    form.period.data = request.values.get("period", "").strip() or _last_month()
    month = read_month(form.period.data)
    if month is None:
        form.period.errors = (_("This is not a month. Write it like 2026-03."),)
    return form, form.region.data, month


def _question(report: Report) -> Question:
    _form, region, month = _chosen()
    if region is None or month is None:
        abort(404 if region is None else 400)
    return ask(db.session(), region, month)


def _first_office() -> Region | None:
    own = select(Region).where(scope.current().criterion(Region.path), Region.valid_to.is_(None))
    found: Region | None = db.session.scalars(own.order_by(Region.path).limit(1)).one_or_none()
    return found


def _last_month() -> str:
    return periods.month_of(clock.today().replace(day=1) - timedelta(days=1))


def _submitted(report: Report, question: Question, told: Answer) -> dict[str, Any]:
    """The revisions of a report, and what has changed since the last one. A changed revision is told, not compared."""
    session = db.session()
    found = freeze.runs(session, report, question)
    intact = not found or freeze.is_intact(report, found[0])
    changed = None
    if found and intact:
        changed = freeze.differences(freeze.content_of(report, found[0]), freeze.content(session, report, question, told))
    over = question.period < periods.month_of(clock.today())
    return {"runs": found, "intact": intact, "differences": changed, "can_be_new": over and (not found or bool(changed) or not intact)}


def _submit_once(report: Report, question: Question, token: str) -> tuple[str, str]:
    """What to say about a click on submit, and its kind. A click that was carried out before does nothing."""
    done = _("This was submitted already."), "info"
    try:
        with unit_of_work() as session:
            if not tokens.first_sending(session, token, current_user.id):
                return done
            number = freeze.submit(session, report, question, current_user, request.form.get("seen", "")).revision
        return _("Submitted as revision %(n)s.", n=number), "success"
    except RuleViolation as refusal:
        return str(refusal), "warning"
    except IntegrityError as error:
        if tokens.ClientToken.__tablename__ in str(error.orig):
            return done
        return _("Somebody else submitted this report at the same moment. Look at it again."), "warning"


def _file(told: Answer, path: str) -> Response:
    kind = request.form.get("kind", "")
    media, make = KINDS.get(kind) or abort(400)
    content = make(told)
    with unit_of_work() as session:
        detail = {"report": told.report.key, "region": told.code, "period": told.period, "kind": kind, "revision": told.revision}
        audit.note_about(session, "export", f"report/{told.report.key}", path[:TOWN_LENGTH], **detail)
    name = "-".join(filter(None, (told.report.key, told.code, told.period, f"r{told.revision}" if told.revision else "")))
    return Response(content, mimetype=media, headers={"Content-Disposition": f'attachment; filename="{name}.{kind}"'})
