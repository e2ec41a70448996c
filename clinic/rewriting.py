"""Writing again what was written before: repeats, replacements, and a doctor's favourites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from catalog import listing
from clinic import consulting, prescribing
from clinic.models import Favourite, Prescription, PrescriptionLine
from config.base import Refused

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from clinic.models import Encounter, User

DOSE = ("quantity", "directions", "repeats", "interval_days")


class AnotherPatient(Refused):
    def __init__(self) -> None:
        super().__init__("This prescription is not one of the patient you are seeing.")


class NothingLeft(Refused):
    """No medicine of the script can be prescribed today."""


class NotIssued(Refused):
    def __init__(self) -> None:
        super().__init__("Only a prescription that is issued and not void can be written again.")


class Written(NamedTuple):
    """What came of writing a script again."""

    lines: list[PrescriptionLine]
    left_out: list[str]
    """Why other medicines of it are not on the draft, a sentence each."""


@transaction.atomic
def again(earlier: Prescription, *, encounter: Encounter, by: User) -> Written:
    """Draft in ``encounter`` what ``earlier`` says; asked twice, there is still one draft.

    Every check is asked anew before it is signed: a repeat is a prescription like any other.

    :raises NotTheirs: ``by`` is not the doctor of the consultation
    :raises AnotherPatient: ``earlier`` is somebody else's
    :raises NotIssued: it is a draft, or void
    :raises NothingLeft: none of its medicines may be prescribed today
    """
    return _write(earlier, encounter=encounter, by=by, origin={"repeat_of": earlier})


@transaction.atomic
def replace(wrong: Prescription, *, encounter: Encounter, why: str, by: User) -> Written:
    """Make ``wrong`` void and draft another in its place, which names it.

    :raises NotTheirs: ``by`` is not the doctor of the consultation, or did not write ``wrong``
    :raises NoReason: ``why`` is empty
    :raises AnotherPatient: ``wrong`` is somebody else's
    :raises NotIssued: it is a draft, or void
    :raises NothingLeft: none of its medicines may be prescribed today: cancel it and write another
    """
    consulting.require_doctor(wrong.practitioner, by=by)
    written = _write(wrong, encounter=encounter, by=by, origin={"replaces": wrong})
    prescribing.cancel(wrong, by=by, why=why)
    return written


def _write(earlier: Prescription, *, encounter: Encounter, by: User, origin: dict[str, Any]) -> Written:
    consulting.take(encounter, by=by)
    if earlier.patient_id != encounter.patient_id:
        raise AnotherPatient
    if earlier.status != Prescription.Status.ISSUED:
        raise NotIssued
    before = prescribing.drafts(encounter)
    if there := PrescriptionLine.objects.written().filter(
        prescription__in=before.filter(**origin), prescription__status=Prescription.Status.DRAFT
    ):
        return Written([*there.select_related("product")], [])
    known = {form.pk for form in before}
    # What a colleague's script was for is not yet what this doctor says that it is for.
    said = earlier.indication if earlier.practitioner_id == encounter.practitioner_id else ""
    form = prescribing.begin(encounter, by=by, like=earlier, indication=said, **origin)
    lines, left_out = _copy(earlier, form, by=by)
    for line in lines:
        if line.prescription_id not in known | {form.pk}:
            line.prescription.change(by=by, **origin)
    return Written(lines, left_out)


def _copy(earlier: Prescription, form: Prescription, *, by: User) -> tuple[list[PrescriptionLine], list[str]]:
    """Put the lines of ``earlier`` on ``form``; tell which were left out and why."""
    lines, left_out = [], []
    for line in earlier.lines.written().select_related("product"):
        try:
            lines.append(prescribing.add_line(form, product=line.product, by=by, **_dose(line)))
        except listing.NotPrescribable as no:
            left_out.append(str(no))
    if not lines:
        raise NothingLeft(" ".join(left_out))
    return lines, left_out


def _dose(line: PrescriptionLine | Favourite) -> dict[str, Any]:
    return {name: getattr(line, name) for name in DOSE}


def favourites(by: User) -> QuerySet[Favourite]:
    """What ``by`` likes to write and may prescribe today."""
    own = Favourite.objects.visible_to(by).kept().select_related("product")
    return own.filter(product__in=listing.prescribable(by))


@transaction.atomic
def keep(line: PrescriptionLine, *, by: User) -> Favourite:
    """Keep the medicine and dose of ``line`` among the favourites of ``by``; twice is once.

    :raises NotAPrescriber: ``by`` does not prescribe
    """
    if not by.has_perm("clinic.issue_prescription"):
        raise prescribing.NotAPrescriber
    by.practitioner.lock()  # or two presses of the button would each make one
    like_it = {"practitioner": by.practitioner, "product": line.product, **_dose(line)}
    found: Favourite = Favourite.objects.kept().filter(**like_it).first() or Favourite.objects.add(
        by=by, **like_it
    )
    return found


def write_favourite(favourite: Favourite, *, encounter: Encounter, by: User) -> PrescriptionLine:
    """Put a favourite on the form of this consultation where it belongs.

    :raises NotTheirs: ``by`` is not the doctor of the consultation
    :raises NotPrescribable: the product may not be prescribed today
    """
    return prescribing.write(encounter, product=favourite.product, by=by, **_dose(favourite))


def drop(favourite: Favourite, *, by: User) -> None:
    """Take a favourite off the list of ``by``."""
    consulting.require_doctor(favourite.practitioner, by=by)
    favourite.lock().change(by=by, why="Dropped.", dropped_at=timezone.now(), dropped_by=by)
