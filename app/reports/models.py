"""Frozen reports. The table; the report frame comes with the figures."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.audit import Audited
from app.core.base import Row
from app.core.columns import Moment
from app.core.scope import Scoped


class ReportRun(Scoped, Audited, Row):
    """One report as it was submitted: its figures, the rows it counted, and their hash. A correction makes the next revision."""

    __tablename__ = "report_run"
    __table_args__ = (UniqueConstraint("report_key", "region_id", "period", "revision"),)

    report_key: Mapped[str] = mapped_column(String(64))
    definition: Mapped[int]
    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"))
    period: Mapped[str] = mapped_column(String(16))
    revision: Mapped[int]
    figures: Mapped[dict[str, object]] = mapped_column(JSON)
    rows_enc: Mapped[bytes] = mapped_column(LargeBinary, info={"sealed": True})
    content_hash: Mapped[str] = mapped_column(String(64))
    submitted_by_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    submitted_at: Mapped[datetime] = mapped_column(Moment)
