"""Births of a workbook, many at a time: judged like a form by facts that were read for all of them, and written together."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.core import params, regions, workflow
from app.core.bulk import Batch, OneByOne, draft
from app.core.errors import Caution, refuse_if
from app.core.regions import Region
from app.core.workflow import Actor
from app.ledgers.births import checks, elsewhere, family, rules
from app.ledgers.births.elsewhere import Namesake, Other, Registration, Residence, Sought
from app.ledgers.births.family import Mother
from app.ledgers.births.known import SCHEME, Known, Limits
from app.ledgers.births.models import Birth, Delivery
from app.ledgers.people import naming, snapshots
from app.ledgers.people.files import Files
from app.ledgers.people.models import OfficeKind


class Intake:
    """What is on file about new births, read at once, and what they add to it. Runs inside a unit of work that has taken every turn.

    Twins, protected mothers and people on file elsewhere raise OneByOne: such a row is saved as a form is.
    """

    def __init__(self, session: Session, births: Sequence[Birth], actor: Actor, today: date) -> None:
        self._actor, self._today = actor, today
        self._batch, self._table = Batch(session), params.Table(session, SCHEME)
        regions.read(session, [birth.mother_region for birth in births if birth.mother_region])
        for birth in births:
            rules.complete(birth, today)
        self._problems = {birth.uid: checks.of_form(birth, today) for birth in births}
        sound = [birth for birth in births if not self._problems[birth.uid]]
        self._who = {birth.uid: {role: snapshots.named(birth, role) for role in ("mother", "father")} for birth in sound}
        blinds = {blind for birth in sound for blind in (birth.mother_id_no_bidx, birth.father_id_no_bidx) if blind}
        self._files = Files(session, self._batch, blinds, actor, today)
        self._read_people(session)
        self._read_births(session, sound)
        self._read_registrations(session, sound)

    @staticmethod
    def must_not_be_alone(values: Mapping[str, Any]) -> None:
        """Twins look for each other among the rows on file, right or wrong. Raises OneByOne."""
        if (values.get("plurality") or 1) > 1:
            raise OneByOne

    def take(self, birth: Birth, values: Mapping[str, Any]) -> list[Caution]:
        """Judge a birth, keep it for writing, and answer what is unusual about it. Raises RuleViolation, or OneByOne.

        The steps are those of rules.save(), so that a row meets the same problem first. Nobody is filed before everything is judged.
        """
        refuse_if(self._problems.pop(birth.uid))
        place, phone = birth.mother_region, values.get("phone")
        if birth.mother_id_no_bidx is None or place is None:
            raise OneByOne
        mother_id = self._files.find(self._who[birth.uid]["mother"], birth.mother_id_no_bidx)
        birth.mother_id = mother_id  # type: ignore[assignment]  # until everything is judged
        birth.father_id = self._father(birth)
        self._place(birth, place)
        known = self._about(birth, phone)
        refuse_if(checks.of_register(birth, known))
        birth.possible_duplicate, birth.incomplete = checks.is_duplicate(birth, known), False
        birth.registration_id = elsewhere.registration_for(birth, self._registrations_of(birth))
        found = checks.cautions(birth, known)
        birth.warnings = workflow.warned(found, {})
        self._file_people(birth, mother_id, place, phone)
        self._keep(birth)
        return found

    def write(self) -> None:
        """Everything that was taken goes into the database."""
        self._batch.write()

    # what is on file

    def _read_people(self, session: Session) -> None:
        known = self._files.on_record()
        self._mothers: dict[int, Mother] = family.mothers_on_file(session, known)
        offices = snapshots.offices_of(session, known)
        self._offices: dict[int, Region] = {person: session.get_one(Region, place) for person, place in offices.items()}
        self._residences: dict[int, list[Residence]] = defaultdict(list)
        for residence in elsewhere.residences(session, known):
            self._residences[residence.person_id].append(residence)

    def _read_births(self, session: Session, births: Sequence[Birth]) -> None:
        self._hers: dict[int | None, list[Other]] = defaultdict(list)
        self._childs: dict[str | None, list[Other]] = defaultdict(list)
        for other in elsewhere.births_of(session, [*self._mothers], {birth.child_id_no_bidx for birth in births}):
            self._remember(other)
        numbers = {birth.birth_cert_no for birth in births if birth.birth_cert_no}
        self._certificates = {number for number, _uid in elsewhere.certificates(session, numbers)}
        self._namesakes: dict[tuple[int, str], list[Namesake]] = defaultdict(list)
        for found in elsewhere.namesakes(session, {*self._sought(births)}):
            self._namesakes[found.region_id, found.sound].append(found)

    def _sought(self, births: Sequence[Birth]) -> Iterator[Sought]:
        """Where and when a birth like one of these may be on file: at the office of a mother who has a file, else where she may get one."""
        reach, told = self._table.largest("duplicate_days"), defaultdict(set)
        for birth in births:
            if birth.mother_region is not None:
                told[birth.mother_id_no_bidx].add(birth.mother_region.id)
        for birth in births:
            blind, sound = birth.mother_id_no_bidx, naming.name_key(birth.mother_name)
            office = self._offices.get(self._files.on_record_by(blind) or 0)
            for place in [office.id] if office else told[blind]:  # of all rows about her: the first one makes her file
                yield Sought(place, sound, *family.days_around(birth.born_on, reach))

    def _read_registrations(self, session: Session, births: Sequence[Birth]) -> None:
        self._registrations: list[Registration] = []
        self._for_her: dict[int | str, list[int]] = defaultdict(list)  # her file or number → places in the list
        for found in elsewhere.registrations(session, [*self._mothers], {birth.mother_id_no_bidx for birth in births}):
            for her in (found.woman_id, found.woman_bidx):
                if her is not None:
                    self._for_her[her].append(len(self._registrations))
            self._registrations.append(found)

    def _registrations_of(self, birth: Birth) -> list[Registration]:
        named = {place for her in (birth.mother_id, birth.mother_id_no_bidx) if her is not None for place in self._for_her.get(her, ())}
        return [self._registrations[place] for place in sorted(named)]

    def _about(self, birth: Birth, phone: str | None) -> Known:
        """What is known about a birth. Whoever has no file yet has no births."""
        limits = Limits(self._table, birth.scope_path, birth.born_on)
        mother = self._mothers.get(birth.mother_id) if birth.mother_id else Mother(snapshots.SEXES["mother"], None, has_phone=False)
        if checks.is_protected(birth, limits) or (birth.mother_id and phone and mother and not mother.has_phone):
            raise OneByOne
        days, sound = limits["duplicate_days"], naming.name_key(birth.mother_name)
        others = {o.uid: o for o in (*self._hers.get(birth.mother_id, ()), *self._childs.get(birth.child_id_no_bidx, ()))}
        near = [n for n in self._namesakes.get((birth.region.id, sound), ()) if abs((n.born_on - birth.born_on).days) <= days]
        is_used = birth.birth_cert_no in self._certificates
        return Known(limits, mother, [*others.values()], (), None, is_used, near)

    # what the births add

    def _father(self, birth: Birth) -> int | None:
        """His file, where there is one. Without a number he may be the father of another child of hers, which the form finds out."""
        if not snapshots.is_named(birth, "father"):
            return None
        if birth.father_id_no_bidx is None and self._hers.get(birth.mother_id):
            raise OneByOne
        if snapshots.within_reach(birth.father_region) is None:
            raise OneByOne
        return self._files.find(self._who[birth.uid]["father"], birth.father_id_no_bidx)

    def _place(self, birth: Birth, place: Region) -> None:
        """The mother's office answers for the row; it counts where she lived on the day."""
        office = self._offices.get(birth.mother_id) if birth.mother_id else snapshots.within_reach(place)
        if office is None:
            raise OneByOne
        birth.region, birth.scope_path = office, office.path
        lived = elsewhere.residence_on(self._residences_of(birth, place), birth.born_on)
        birth.count_region_id, birth.count_path = (lived.region_id, lived.path) if lived else (office.id, office.path)

    def _residences_of(self, birth: Birth, place: Region) -> list[Residence]:
        if birth.mother_id:
            return self._residences.get(birth.mother_id, [])
        return [Residence(0, place.id, place.path, OfficeKind.resident, self._today, None)]

    def _file_people(self, birth: Birth, mother_id: int | None, place: Region, phone: str | None) -> None:
        filed = []
        if mother_id is None:
            birth.mother_id = self._files.file(self._who[birth.uid]["mother"], birth.mother_id_no_bidx, place, phone)
            filed.append("mother")
            self._mothers[birth.mother_id] = Mother(snapshots.SEXES["mother"], None, has_phone=phone is not None)
            self._offices[birth.mother_id], self._residences[birth.mother_id] = place, self._residences_of(birth, place)
        if birth.father_id is None and birth.father_region is not None and snapshots.is_named(birth, "father"):
            birth.father_id = self._files.file(self._who[birth.uid]["father"], birth.father_id_no_bidx, birth.father_region)
            filed.append("father")
        birth.filed = " ".join(filed)

    def _keep(self, birth: Birth) -> None:
        where = {"region_id": birth.region.id, "scope_path": birth.scope_path, "mother_id": birth.mother_id}
        delivery = draft(Delivery)(delivered_on=birth.born_on, plurality=1, live_count=1, **where)
        self._batch.put(delivery)
        birth.delivery_id = delivery.id
        workflow.hand_in(self._batch, birth, self._actor)
        told = (birth.uid, delivery.id, birth.mother_id, birth.born_on, birth.child_order, birth.plural_seq, birth.child_id_no_bidx)
        self._remember(Other(*told))
        sound = naming.name_key(self._files.name_of(birth.mother_id_no_bidx))  # her row may write it otherwise
        self._namesakes[birth.region.id, sound].append(Namesake(birth.uid, delivery.id, birth.region.id, sound, birth.born_on))
        if birth.birth_cert_no:
            self._certificates.add(birth.birth_cert_no)
        for place, registration in enumerate(self._registrations):
            if registration.id == birth.registration_id:
                used_by = registration.used_by | {(birth.uid, delivery.id)}
                self._registrations[place] = replace(registration, used_by=used_by)

    def _remember(self, other: Other) -> None:
        self._hers[other.mother_id].append(other)
        if other.child_id_no_bidx:
            self._childs[other.child_id_no_bidx].append(other)
