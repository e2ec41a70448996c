"""What clinic does when an app below it, or a package, reports something."""

from allauth.account.signals import email_confirmed, password_changed, password_reset, user_logged_in
from django.contrib.auth.signals import user_logged_in as session_begun
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.dispatch import receiver

from billing.signals import (
    hold_wanted,
    issuer_wanted,
    order_paid,
    particulars_wanted,
    visit_wanted,
    zone_wanted,
)
from clinic import attesting, auditing, booking, enrolling, itemising, staying, throttling
from clinic.models import Appointment, AuditEvent, Practice
from clinic.models.encounters import CLINICAL
from config.base import list_viewed, record_viewed, rows_exported
from config.working import work_done


@receiver(order_paid, dispatch_uid="clinic.confirm_paid_appointment")
def confirm_paid_appointment(sender, order, **kwargs):
    for appointment in order.appointments.current():
        booking.confirm(appointment)


@receiver(hold_wanted, dispatch_uid="clinic.tell_hold")
def tell_hold(sender, order, **kwargs):
    return order.appointments.filter(status=Appointment.Status.HELD).exists()


@receiver(particulars_wanted, dispatch_uid="clinic.tell_particulars")
def tell_particulars(sender, order, **kwargs):
    return itemising.particulars(order)


@receiver(visit_wanted, dispatch_uid="clinic.tell_visit")
def tell_visit(sender, order, **kwargs):
    return attesting.visit(order)


@receiver(issuer_wanted, dispatch_uid="clinic.tell_issuer")
def tell_issuer(sender, **kwargs):
    return itemising.issuer()


@receiver(zone_wanted, dispatch_uid="clinic.tell_zone")
def tell_zone(sender, **kwargs):
    return Practice.objects.current().time_zone


@receiver(record_viewed, dispatch_uid="clinic.note_opened_record")
def note_opened_record(sender, record, request, action, **kwargs):
    auditing.note(action, by=request.user, request=request, record=record)


@receiver(list_viewed, dispatch_uid="clinic.note_list")
def note_list(sender, request, rows, searched, **kwargs):
    """A list that tells of the clinical record is a look at it; it is noted once, not by row."""
    if rows and sender._meta.label_lower in CLINICAL | {"clinic.patient"}:
        auditing.note(
            AuditEvent.Action.READ,
            by=request.user,
            request=request,
            record=sender,
            rows=str(rows),
            by_search="yes" if searched else "no",
        )


@receiver(work_done, dispatch_uid="clinic.note_work")
def note_work(sender, outcome, **kwargs):
    auditing.note(AuditEvent.Action.SCHEDULED, by=None, outcome=outcome)


@receiver(rows_exported, dispatch_uid="clinic.note_export")
def note_export(sender, request, rows, **kwargs):
    auditing.note(
        AuditEvent.Action.EXPORT, by=request.user, request=request, record=sender, why=f"Rows: {rows}."
    )


@receiver(user_logged_in, dispatch_uid="clinic.note_sign_in")
def note_sign_in(sender, request, user, **kwargs):
    auditing.note(AuditEvent.Action.SIGN_IN, by=user)


@receiver(session_begun, dispatch_uid="clinic.begin_session")
def begin_session(sender, request, user, **kwargs):
    staying.begin(request, user)


@receiver(user_logged_out, dispatch_uid="clinic.note_sign_out")
def note_sign_out(sender, request, user, **kwargs):
    staying.signed_out(request)
    if user:
        auditing.note(AuditEvent.Action.SIGN_OUT, by=user)


@receiver(user_login_failed, dispatch_uid="clinic.note_failed_sign_in")
def note_failed_sign_in(sender, credentials, **kwargs):
    mark = auditing.mark_of(credentials.get("email") or "")
    auditing.note(AuditEvent.Action.SIGN_IN_FAILED, by=None, outcome="failed", tried=mark)


@receiver(email_confirmed, dispatch_uid="clinic.welcome")
def welcome(sender, email_address, **kwargs):
    enrolling.welcome(email_address.user)


@receiver([password_changed, password_reset], dispatch_uid="clinic.note_new_password")
def note_new_password(sender, user, request=None, **kwargs):
    staying.end_all(user, by=user, why="Another password.", but=request)
    throttling.lift(user.email)  # who proves to be them is not locked out
    auditing.note(AuditEvent.Action.UPDATE, by=user, record=user, why="Chose a new password.")
