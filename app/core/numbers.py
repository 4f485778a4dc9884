"""Document numbers: per office and year, counted up in the transaction of the document."""

from sqlalchemy import ForeignKey, String, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.base import Model


class DocumentCounter(Model):
    """The last number one office gave to one kind of document in one year."""

    __tablename__ = "document_counter"
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


def next_number(session: Session, kind: str, region_id: int, year: int) -> int:
    """The next number, 1 first. The row's lock puts simultaneous documents in order; a rollback gives the number back."""
    mine = (DocumentCounter.kind == kind, DocumentCounter.region_id == region_id, DocumentCounter.year == year)
    take = update(DocumentCounter).where(*mine).values(last=DocumentCounter.last + 1).returning(DocumentCounter.last)
    found = session.execute(take, execution_options={"synchronize_session": False}).scalar()
    if found is not None:
        return int(found)
    session.add(DocumentCounter(kind=kind, region_id=region_id, year=year, last=1))
    session.flush()
    return 1
