"""The columns every table of ours has. Import Model from here: a constraint declared before the naming convention stays nameless."""

from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import BigInteger, Integer, MetaData
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.core.crypto import HasUid

if TYPE_CHECKING:

    class Model:
        """What the type checker knows of FAB's declarative base, which has no types."""

        metadata: ClassVar[MetaData]
        __tablename__: str
        __table__: ClassVar[Any]
        __table_args__: Any

        def __init__(self, **values: Any) -> None: ...

else:
    from flask_appbuilder.models.sqla import Model

Model.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
BigId = BigInteger().with_variant(Integer, "sqlite")


class Row(HasUid, Model):
    """A business row: local key, public identity, version counted up by every change."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version: Mapped[int] = mapped_column(Integer)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}
