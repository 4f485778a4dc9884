"""The files of all the people a workbook names: read at once and made at once, by the rules of naming.find_or_file()."""

from collections.abc import Collection
from datetime import date

from sqlalchemy.orm import Session

from app.core import names
from app.core.bulk import Batch, OneByOne, draft
from app.core.regions import Region
from app.core.workflow import Actor
from app.ledgers.people import identity, naming
from app.ledgers.people.identity import Holder
from app.ledgers.people.models import OfficeKind, Person, PersonOffice, PersonSearch
from app.ledgers.people.naming import Named


class Files:
    """Files on record and those a batch makes. `blinds` are the blind indexes of all ID numbers that will be asked for.

    Nobody else may enter people until the transaction ends: the caller has taken every turn.
    """

    def __init__(self, session: Session, batch: Batch, blinds: Collection[str], actor: Actor, today: date) -> None:
        self._batch, self._today = batch, today
        self._holders = identity.holders(session, blinds)
        self._may_search = identity.may_search(session, actor)

    def on_record(self) -> list[int]:
        """The people whom one of the offices in scope holds."""
        return [holder.person_id for holder in self._holders.values() if holder.is_mine]

    def on_record_by(self, blind: str | None) -> int | None:
        """The one of them who bears this number."""
        holder = self._holders.get(blind) if blind else None
        return holder.person_id if holder and holder.is_mine else None

    def name_of(self, blind: str | None) -> str:
        """The name on the file that bears this number."""
        return self._holders[blind or ""].name

    def find(self, who: Named, blind: str | None) -> int | None:
        """This person's file, or None where one is to be made. `who` is complete and checked.

        Raises RuleViolation for another name than the file's, OneByOne for a file that lies elsewhere or is closed.
        """
        holder = self._holders.get(blind) if blind else None
        if holder is None:
            if blind and not self._may_search:
                raise OneByOne
            return None
        if not holder.is_mine:
            raise OneByOne
        naming.must_be_named(who, holder)
        return holder.person_id

    def file(self, who: Named, blind: str | None, region: Region, phone: str | None = None) -> int:
        """Make the file of somebody who has none."""
        person = naming.new_file(who, region, draft(Person))
        if phone:
            person.phone = phone
        self._batch.put(person)
        where = {"region_id": region.id, "scope_path": region.path}
        self._batch.put(draft(PersonOffice)(person_id=person.id, kind=OfficeKind.resident, valid_from=self._today, **where))
        whom = {"scope_path": region.path, "person_id": person.id}
        self._batch.add_each(PersonSearch, whom, "token", names.search_tokens(who.name))
        if blind:
            self._holders[blind] = Holder(person.id, who.name, who.birth_date, False, False, (region.path,), region.path)
        return person.id
