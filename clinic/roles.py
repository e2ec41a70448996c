"""What each role may do. The one place to look, and the one place to change."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from clinic.models.openings import AccessReason
from clinic.models.people import Role


def _all(app: str, model: str) -> set[str]:
    return {f"{app}.{verb}_{model}" for verb in ("view", "add", "change")}


def _each(verb: str, app: str, models: str) -> set[str]:
    return {f"{app}.{verb}_{model}" for model in models.split()}


PAGES = ("page", "snippet", "media", "menuitem")  # of the public site and of the portal
# Read by everybody in the practice, whatever they do there.
DESK = {f"clinic.view_{name}" for name in PAGES} | {
    "clinic.view_practitioner",
    "clinic.view_every_practitioner",
    "clinic.view_appointmenttype",
    "clinic.view_practice",
    "clinic.view_cancellationpolicy",
    "clinic.view_consentdraft",
    "clinic.view_consenttext",
    "clinic.view_auditevent",
}

# Read by whoever reads the clinical record; doctors write it by the rules of clinic/caring.py.
CARE = _each(
    "view",
    "clinic",
    "addendum alert allergy answer condition confirmation identitycheck intake noneknown othermedicine"
    " questionnaire questionnairedraft",
)

# The way of a paper from the printer to the pharmacy; it tells nothing of what is prescribed.
ENVELOPES = {"clinic.view_original", "clinic.send_original", "clinic.view_dispensenote"}

# The money of the practice: kept by managers, looked at and taken along by auditors, too.
MONEY = _each(
    "view",
    "billing",
    "balancetransaction dayclose difference dispute entry order orderline payment payout payoutline posting"
    " receipt reconciliation refund statement stripeevent",
) | _each(
    "export",
    "billing",
    "balancetransaction dayclose difference dispute entry order payment payout receipt refund",
)

# Who opened which record outside their care, and why.
OPENINGS = {"clinic.view_accessreason", "clinic.view_every_accessreason", "clinic.read_accessreason"}

# The duties towards people whose data we hold: kept by managers, looked at by auditors.
DUTIES = _each(
    "view",
    "clinic",
    "affectedperson closure destruction incident incidentnotice incidentsearch legalhold privacyrequest"
    " recipient requesttext",
)

GRANTS: dict[str, frozenset[str]] = {
    Role.MANAGER: frozenset(
        DESK
        | ENVELOPES
        | DUTIES
        | MONEY
        | OPENINGS
        | {"clinic.break_glass", "clinic.review_accessreason"}
        | _all("clinic", "incident")
        | _all("clinic", "legalhold")
        | _all("clinic", "recipient")
        | {
            "clinic.approve_incident",
            "clinic.add_privacyrequest",
            "clinic.answer_privacyrequest",
            "clinic.add_destruction",
            "clinic.approve_destruction",
            "clinic.reopen_closure",
        }
        | _all("clinic", "pharmacy")
        | _all("clinic", "lettertext")
        | _all("clinic", "broadcast")
        | _all("clinic", "advertisingterm")
        | {"clinic.approve_broadcast", "clinic.publish_page", "clinic.view_exemption"}
        | {"clinic.decide_exemption"}.union(*(_all("clinic", name) for name in PAGES))
        | {"clinic.view_watch", "clinic.watch_prescribing", "clinic.watch_adverseevent"}
        | {"clinic.add_cancellationpolicy"}
        | _all("clinic", "user")
        | _all("clinic", "practice")
        | _all("clinic", "practitioner")
        | _all("clinic", "patient")
        | _all("clinic", "appointmenttype")
        | _all("clinic", "roster")
        | _all("clinic", "rosterexception")
        | _all("clinic", "slot")
        | _all("clinic", "approval")
        | _all("clinic", "notetemplate")
        | _all("clinic", "staterule")
        | _all("clinic", "questionnairedraft")
        | {"messaging.view_lettertemplate", "messaging.change_lettertemplate"}
        | {"messaging.publish_lettertemplate"}
        | {"clinic.change_consentdraft", "clinic.publish_consenttext"}
        | {"clinic.publish_questionnaire", "clinic.view_questionnaire"}
        | _all("catalog", "supplier")
        | _all("catalog", "sheetlayout")
        | _all("catalog", "product")
        | _all("catalog", "import")
        | _all("catalog", "importpolicy")
        | _all("billing", "fee")
        | _all("billing", "moneysettings")
        | {
            "clinic.verify_practitioner",
            "clinic.view_every_patient",
            "clinic.view_every_roster",
            "clinic.view_every_approval",
            "clinic.view_appointment",
            "clinic.view_every_appointment",
            "clinic.cancel_appointment",
            "clinic.book_follow_up",
            "clinic.view_waitlistentry",
            "clinic.change_waitlistentry",
            "clinic.view_every_auditevent",
            "clinic.view_inspection",
            "clinic.view_revenue",
            "clinic.view_every_revenue",
            "clinic.export_revenue",
            "catalog.view_price",
            "catalog.view_importrow",
            "catalog.import_product",
            "catalog.import_supplier",
            "catalog.import_price",
            "catalog.export_supplier",
            "catalog.export_price",
            "catalog.review_import",
            "catalog.approve_import",
            "catalog.undo_import",
            "catalog.export_product",
            "billing.answer_dispute",
            "billing.resolve_difference",
            "billing.sign_dayclose",
            "billing.add_reconciliation",
            "billing.correct_receipt",
            "billing.enter_medicareitem",
            "billing.refund_order",
            "billing.take_payment",
            "billing.waive_order",
            "billing.retry_stripeevent",
            "messaging.view_letter",
            "messaging.resend_letter",
            "messaging.view_room",
            "messaging.answer_enquiry",
            "messaging.view_concern",
            "messaging.view_every_concern",
            "messaging.see_to_concern",
            *_all("messaging", "phrase"),
            "django_q.view_success",
            "django_q.view_failure",
            "django_q.view_schedule",
            "django_q.view_ormq",
        }
    ),
    Role.RECEPTION: frozenset(
        DESK
        | ENVELOPES
        | _all("clinic", "pharmacy")
        | _all("clinic", "patient")
        | {"clinic.view_questionnaire", "clinic.view_questionnairedraft"}
        | {"messaging.view_lettertemplate"}
        | {
            "clinic.view_privacyrequest",
            "clinic.add_privacyrequest",
            "clinic.view_requesttext",
            "clinic.view_every_patient",
            "clinic.view_roster",
            "clinic.view_rosterexception",
            "clinic.view_every_roster",
            "clinic.view_slot",
            "clinic.view_appointment",
            "clinic.view_every_appointment",
            "clinic.cancel_appointment",
            "clinic.book_follow_up",
            "clinic.view_waitlistentry",
            "clinic.change_waitlistentry",
            "billing.view_order",
            "billing.view_orderline",
            "billing.view_receipt",
            "billing.view_statement",
            "billing.take_payment",
            "messaging.view_letter",
            "messaging.resend_letter",
            "messaging.view_room",
            "messaging.answer_enquiry",
            "messaging.view_concern",
            "messaging.view_every_concern",
            "messaging.see_to_concern",
        }
    ),
    Role.DOCTOR: frozenset(
        DESK
        | CARE
        | _all("clinic", "notetemplate")
        | {
            "clinic.view_privacyrequest",
            "clinic.view_requesttext",
            "clinic.answer_clinical_privacyrequest",
            "clinic.view_patient",
            "clinic.view_patient_identifiers",
            "clinic.view_appointment",
            "clinic.cancel_appointment",
            "clinic.book_follow_up",
            "clinic.conduct_appointment",
            "clinic.view_revenue",
            "clinic.export_revenue",
            "clinic.view_roster",
            "clinic.view_rosterexception",
            "clinic.view_slot",
            "clinic.view_clinical_record",
            "clinic.break_glass",
            "clinic.view_accessreason",
            "clinic.view_encounter",
            "clinic.view_segment",
            "clinic.view_note",
            "clinic.view_consent",
            "clinic.view_monitoringcheck",
            "clinic.view_prescription",
            "clinic.view_prescriptionline",
            "clinic.view_document",
            "clinic.issue_prescription",
            "clinic.view_staterule",
            "clinic.view_watch",
            "clinic.view_register",
            "clinic.view_clinicalletter",
            "clinic.change_clinicalletter",
            "clinic.view_lettertext",
            "clinic.view_adverseevent",
            "clinic.add_adverseevent",
            "clinic.change_adverseevent",
            "clinic.view_favourite",
            "clinic.view_pharmacy",
            "clinic.view_original",
            "clinic.view_dispensenote",
            "clinic.change_favourite",
            "clinic.view_approval",
            "clinic.add_approval",
            "clinic.change_approval",
            "catalog.view_product",
            "catalog.view_supplier",
            "catalog.view_price",
            "messaging.view_lettertemplate",
            "messaging.view_room",
            "messaging.view_concern",
            "messaging.see_to_concern",
        }
    ),
    Role.AUDITOR: frozenset(
        DESK
        | CARE
        | DUTIES
        | MONEY
        | OPENINGS
        | {
            "clinic.view_pharmacy",
            "clinic.view_broadcast",
            "clinic.view_advertisingterm",
            "clinic.view_exemption",
            "clinic.view_original",
            "clinic.view_dispensenote",
            "clinic.view_watch",
            "clinic.watch_prescribing",
            "clinic.view_register",
            "clinic.view_clinicalletter",
            "clinic.view_lettertext",
            "clinic.view_adverseevent",
            "clinic.view_notetemplate",
            "clinic.view_user",
            "clinic.view_patient",
            "clinic.view_every_patient",
            "clinic.view_roster",
            "clinic.view_rosterexception",
            "clinic.view_every_roster",
            "clinic.view_slot",
            "clinic.view_appointment",
            "clinic.view_every_appointment",
            "clinic.view_waitlistentry",
            "clinic.view_every_clinical_record",
            "clinic.view_encounter",
            "clinic.view_segment",
            "clinic.view_note",
            "clinic.view_consent",
            "clinic.view_monitoringcheck",
            "clinic.view_prescription",
            "clinic.view_prescriptionline",
            "clinic.view_document",
            "clinic.view_staterule",
            "clinic.view_approval",
            "clinic.view_every_auditevent",
            "clinic.view_inspection",
            "clinic.view_revenue",
            "clinic.view_every_revenue",
            "clinic.export_revenue",
            "catalog.view_product",
            "catalog.view_supplier",
            "catalog.view_sheetlayout",
            "catalog.view_price",
            "catalog.view_import",
            "catalog.view_importrow",
            "catalog.view_importpolicy",
            "billing.view_fee",
            "billing.view_moneysettings",
            "messaging.view_letter",
            "messaging.view_room",
            "messaging.view_every_room",
            "messaging.view_concern",
            "messaging.view_every_concern",
            "messaging.view_phrase",
            "messaging.view_lettertemplate",
        }
    ),
    Role.PATIENT: frozenset(),
}


def who_may(*permissions: str) -> QuerySet[Any]:
    """The people whose role grants all ``permissions``, accounts that are closed left out."""
    roles = [role for role, granted in GRANTS.items() if granted.issuperset(permissions)]
    return get_user_model()._default_manager.filter(is_active=True, role__in=roles)


class RoleBackend(AuthenticationBackend):
    """Lets people in as allauth does, and grants what ``GRANTS`` says."""

    def get_user(self, user_id: Any) -> Any:
        """Read the person with their own record, which every page of a patient asks for.

        With ``has_opened``: whether they opened a record outside their care, and it is still open to them.
        """
        opened = AccessReason.objects.open(timezone.now()).filter(recorded_by=OuterRef("pk"))
        people = get_user_model()._default_manager.select_related("patient")
        found = people.annotate(has_opened=Exists(opened)).filter(pk=user_id).first()
        return found if found and self.user_can_authenticate(found) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if user_obj.is_anonymous or not user_obj.is_active:
            return set()
        return set(GRANTS[user_obj.role])

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return perm in self.get_all_permissions(user_obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return any(perm.startswith(f"{app_label}.") for perm in self.get_all_permissions(user_obj))
