"""Prescriptions: drafting, checking, issuing and cancelling them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from catalog import listing
from catalog.models import Product
from clinic import accounts, checking, consulting, dispatching, gathering, overriding, particulars, ruling
from clinic.models import Approval, Encounter, MonitoringCheck, Prescription, PrescriptionLine, State
from config import hashing
from config.base import Refused, enqueue
from messaging import mailing

if TYPE_CHECKING:
    from clinic.models import User


class NotAllowed(Refused):
    """Some checks stop the prescription; ``findings`` are all of them."""

    def __init__(self, findings: Sequence[checking.Finding]) -> None:
        self.findings = findings
        super().__init__(" ".join(finding.sentence for finding in findings))


class NotAPrescriber(Refused):
    def __init__(self) -> None:
        super().__init__("Your role does not prescribe. Please ask the practice manager.")


class Reclassified(Refused):
    def __init__(self, product: Product) -> None:
        super().__init__(
            f"{product} was put in another class since you wrote it. Take it off the form and add it again."
        )


class Changed(Refused):
    def __init__(self) -> None:
        super().__init__("This form has changed since you read it. Read it again, then sign.")


class UnknownState(Refused):
    def __init__(self) -> None:
        super().__init__("The rules of this state are not known today. Ask a manager to write them down.")


class NoReason(Refused):
    def __init__(self) -> None:
        super().__init__("Write why this prescription is cancelled.")


class NotADraft(Refused):
    def __init__(self) -> None:
        super().__init__("An issued prescription is never changed. Cancel it and write another.")


def _take(encounter: Encounter, *, by: User) -> Encounter:
    """Hold the open consultation of ``by``, who may prescribe, until the transaction ends."""
    if not by.has_perm("clinic.issue_prescription"):
        raise NotAPrescriber
    return consulting.take(encounter, by=by)


@transaction.atomic
def draft(encounter: Encounter, *, by: User) -> Prescription:
    """Find the draft of this consultation, or begin one.

    :raises NotTheirs: ``by`` is not the doctor of the consultation
    :raises Over: the consultation is closed
    """
    _take(encounter, by=by)
    return drafts(encounter).first() or begin(encounter, by=by)


def drafts(encounter: Encounter) -> Any:
    """The forms of this consultation that are not signed yet, oldest first."""
    return encounter.prescriptions.filter(status=Prescription.Status.DRAFT).order_by("created_at", "pk")


def begin(encounter: Encounter, *, by: User, like: Prescription | None = None, **origin: Any) -> Prescription:
    """Begin an empty form; ``like`` says where it is dispensed, ``origin`` what it repeats or replaces."""
    patient = encounter.patient
    return Prescription.objects.add(
        by=by,
        encounter=encounter,
        patient=patient,
        practitioner=encounter.practitioner,
        dispense_state=like.dispense_state if like else patient.state,
        state_authority=like.state_authority if like else "",
        **origin,
    )


@transaction.atomic
def write(encounter: Encounter, *, product: Product, by: User, **dose: Any) -> PrescriptionLine:
    """Put ``product`` on the form of this consultation where it belongs; ``dose`` as for ``add_line``."""
    return add_line(draft(encounter, by=by), product=product, by=by, **dose)


@transaction.atomic
def add_line(
    prescription: Prescription,
    *,
    product: Product,
    quantity: int,
    directions: str,
    by: User,
    repeats: int = 0,
    interval_days: int | None = None,
) -> PrescriptionLine:
    """Put a medicine on ``prescription``, or on another form where the two may not stand together.

    A form for Schedule 8 holds one medicine; a form carries one authority of the TGA.

    :raises NotTheirs: ``by`` is not the doctor of the consultation
    :raises Over: the consultation is closed
    :raises NotADraft: the prescription was issued or cancelled
    :raises NotPrescribable: the product went off sale, say, since it was looked up
    """
    encounter = _take(prescription.encounter, by=by)
    if prescription.lock().status != Prescription.Status.DRAFT:
        raise NotADraft
    listing.ensure_prescribable(product)
    form = _form_for(product, prescription, encounter=encounter, by=by)
    if form.schedule != product.schedule:
        form.change(by=by, schedule=product.schedule)
    return PrescriptionLine.objects.add(
        by=by,
        prescription=form,
        product=product,
        quantity=quantity,
        directions=directions.strip(),
        repeats=repeats,
        interval_days=interval_days,
    )


def _form_for(product: Product, first: Prescription, *, encounter: Encounter, by: User) -> Prescription:
    others = drafts(encounter).exclude(pk=first.pk).filter(dispense_state=first.dispense_state)
    for form in [first, *others]:
        there = [line.product for line in form.lines.written().select_related("product")]
        if all(may_stand_together(product, other) for other in there):
            return form
    return begin(encounter, by=by, like=first)


def may_stand_together(one: Product, other: Product) -> bool:
    """Tell whether two medicines may share a form."""
    if "S8" in {one.schedule, other.schedule} or one.schedule != other.schedule:
        return False
    return _authority_key(one) == _authority_key(other)


def _authority_key(product: Product) -> tuple[Any, ...]:
    return (product.tga_category, product.dose_form) if gathering.is_unapproved(product) else ()


@transaction.atomic
def remove_line(line: PrescriptionLine, *, by: User) -> None:
    """Take a medicine off a draft again; a form without medicines is discarded.

    :raises NotTheirs: ``by`` is not the doctor of the consultation
    :raises NotADraft: the prescription was issued or cancelled
    """
    prescription = line.prescription
    _take(prescription.encounter, by=by)
    if prescription.lock().status != Prescription.Status.DRAFT:
        raise NotADraft
    line.lock().change(by=by, why="Taken off the draft.", removed_at=timezone.now(), removed_by=by)
    if not prescription.lines.written().exists():
        prescription.move_to(Prescription.Status.CANCELLED, by=by, why="Its last medicine was taken off.")


@transaction.atomic
def send_to(
    prescription: Prescription, *, state: str, authority: str = "", indication: str = "", by: User
) -> None:
    """Say in which state the draft will be dispensed, under which number of that state, and what it is for.

    ``indication`` is one that the doctor's authorities name. None of them lends its own: the doctor says it.

    :raises NotTheirs: ``by`` is not the doctor of the consultation
    :raises NotADraft: the prescription was issued or cancelled
    """
    _take(prescription.encounter, by=by)
    if prescription.lock().status != Prescription.Status.DRAFT:
        raise NotADraft
    prescription.change(
        by=by,
        dispense_state=State(state),
        state_authority=authority.strip(),
        indication=indication.strip(),
    )


@transaction.atomic
def record_monitoring(
    encounter: Encounter, *, state: str, result: str, by: User, reference: str = ""
) -> MonitoringCheck:
    """Record a look at the monitoring system of ``state``: that it happened, never what it showed.

    :raises NotTheirs: ``by`` is not the doctor of the consultation
    :raises Over: the consultation is closed
    :raises UnknownState: nothing is known of the rules of ``state`` today
    """
    _take(encounter, by=by)
    rule = ruling.in_force(gathering.date_where(encounter.practitioner, at=timezone.now())).get(state)
    if rule is None:
        raise UnknownState
    return MonitoringCheck.objects.create(
        patient=encounter.patient,
        practitioner=encounter.practitioner,
        encounter=encounter,
        state=State(state),
        system=rule.monitoring,
        result=MonitoringCheck.Result(result),
        reference=reference.strip(),
        recorded_by=by,
    )


@transaction.atomic
def record_approval(encounter: Encounter, *, by: User, pathway: str, **authority: Any) -> Approval:
    """Record an authority of the TGA that the doctor holds: for this patient, or as Authorised Prescriber.

    :raises NotTheirs: ``by`` is not the doctor of the consultation
    :raises Over: the consultation is closed
    """
    _take(encounter, by=by)
    patient = None if pathway == Approval.Pathway.AP else encounter.patient
    return Approval.objects.add(
        by=by, practitioner=encounter.practitioner, patient=patient, pathway=pathway, **authority
    )


def issue(
    prescription: Prescription,
    *,
    by: User,
    code: str,
    reasons: Mapping[str, str] | None = None,
    read: str = "",
) -> None:
    """Sign and issue a draft: from now on it can be cancelled, but never changed.

    ``code`` is the second factor at the moment of signing. ``read`` is the fingerprint of the form as the
    doctor saw it (``particulars.as_read``): a strength that changed since is not signed unseen. ``reasons``
    answer, by the check's name, what may be overridden and what is only to be thought about; all of them
    stand in the register.

    :raises WrongCode: the code is not right
    :raises NotAllowed: checks stop it
    :raises Changed: it is not what was ``read``
    :raises Reclassified: a product changed its schedule or category since it was written
    :raises NotADraft: it was issued or cancelled before
    """
    accounts.verify_code(by, code)  # outside the transaction, so that a wrong code stays counted
    try:
        _issue(prescription, by=by, reasons=reasons or {}, read=read)
    except IntegrityError as clash:
        constraint = getattr(getattr(clash.__cause__, "diag", None), "constraint_name", "")
        if constraint == "clinic_prescription_prescribable":  # a product changed in this very moment
            raise Changed from clash
        raise


@transaction.atomic
def _issue(prescription: Prescription, *, by: User, reasons: Mapping[str, str], read: str) -> None:
    encounter = _take(prescription.encounter, by=by)
    if prescription.lock().status != Prescription.Status.DRAFT:
        raise NotADraft
    now = timezone.now()
    case = next(c for c in gathering.cases(encounter, by=by, now=now) if c.prescription.pk == prescription.pk)
    if read and read != particulars.as_read(case):
        raise Changed
    findings = checking.examine(case)
    answered = overriding.answers(findings, reasons)
    if stopping := overriding.unanswered(findings, answered):
        raise NotAllowed(stopping)
    _refuse_reclassified(case)

    valid_until_on = case.valid_until_on
    number = _next_number()
    overridden = {f.check.name: answered[f.check.name] for f in findings if f.stops}
    content = particulars.describe(case, number=number, valid_until_on=valid_until_on, overridden=overridden)
    overriding.record(prescription, findings, answered, by=by)
    prescription.move_to(
        Prescription.Status.ISSUED,
        by=by,
        why="Signed and issued.",
        number=number,
        approval=particulars.authority(case),
        valid_until_on=valid_until_on,
        content=content,
        content_sha256=hashing.fingerprint(content),
        issued_at=now,
        issued_by=by,
    )
    dispatching.begin(prescription, by=by)
    enqueue("clinic.tasks.render_prescription", prescription.pk)


def _refuse_reclassified(case: gathering.Case) -> None:
    """Refuse a form that would be split otherwise by what its products are now."""
    for number, product in enumerate(case.products):
        stands = all(may_stand_together(product, other) for other in case.products[:number])
        if not stands or product.schedule != case.prescription.schedule:
            raise Reclassified(product)


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('clinic_prescription_number')")
        return cursor.fetchone()[0]


@transaction.atomic
def cancel(prescription: Prescription, *, by: User, why: str) -> None:
    """Make a prescription void, or discard a draft. Who and why stand in its history.

    A script that is in force can be made void by every doctor who cares for the patient: its prescriber may
    be ill or have left, and a strength that is known to be wrong must not wait for them. They get a letter.

    :raises NotTheirs: ``by`` did not write it and does not care for the patient, or it is another's draft
    :raises NoReason: ``why`` is empty
    :raises IllegalMove: it is void already
    """
    is_own = prescription.practitioner.user_id == by.pk
    if is_own or prescription.lock().status == Prescription.Status.DRAFT:
        consulting.require_doctor(prescription.practitioner, by=by)
    else:
        consulting.require_carer(prescription.patient, by=by)
    if not why.strip():
        raise NoReason
    prescription.move_to(Prescription.Status.CANCELLED, by=by, why=why.strip())
    if not is_own:
        _tell_prescriber(prescription)


def _tell_prescriber(prescription: Prescription) -> None:
    prescriber = prescription.practitioner.user
    if prescriber.is_active:
        path = f"/admin/clinic/prescription/{prescription.pk}/change/"
        mailing.queue(
            "clinic/mail/prescription_void",
            recipient=prescriber,
            to=prescriber.email,
            context={"name": prescriber.get_short_name(), "path": path},
        )
