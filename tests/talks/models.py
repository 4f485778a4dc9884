"""Talks that an office held."""

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from app.core import columns
from app.core.regions import Region
from app.core.workflow import Record


class Talk(Record):
    """One talk for whoever came."""

    __tablename__ = "talk"

    topic: Mapped[str] = mapped_column(String(60))
    held_on: Mapped[date]
    channel: Mapped[str] = columns.code("registration_channel")
    listeners: Mapped[int | None]
    leaflets: Mapped[bool] = mapped_column(default=False)

    region: Mapped[Region] = relationship(foreign_keys="Talk.region_id")

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        return (
            *super().__table_args__,
            CheckConstraint("listeners >= 0", name="listeners_counted"),
            Index("ix_talk_scope_id", "scope_path", "id"),
        )

    def __repr__(self) -> str:
        return f"{self.topic} {self.held_on}"
