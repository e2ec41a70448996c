"""What the trail calls a change: the action of each version and fact, and whose record it is.

Every saved version and every fact becomes an event by a trigger of its table (``clinic.guarding``), so that
set-based work is in the trail as well. What most are called is plain, created or changed; the tables here
name those that mean more to who reads the trail: signed, approved, made void, imported, another role, another
setting. A status counts in the version that first has it.
"""

from __future__ import annotations

from typing import Any

from clinic.models import AuditEvent
from config.base import Fact

Action = AuditEvent.Action

MOVES: dict[str, dict[str, str]] = {
    "billing.dispute": {"under_review": Action.SIGN},
    "catalog.import": {"approved": Action.APPROVE, "applied": Action.IMPORT, "undone": Action.VOID},
    "clinic.broadcast": {"approved": Action.APPROVE},
    "clinic.clinicalletter": {"signed": Action.SIGN, "cancelled": Action.VOID},
    "clinic.destruction": {"approved": Action.APPROVE},
    "clinic.exemption": {"allowed": Action.APPROVE},
    "clinic.note": {"signed": Action.SIGN},
    "clinic.original": {"to_send": Action.SIGN, "sent": Action.EMAIL},
    "clinic.prescription": {"issued": Action.SIGN, "cancelled": Action.VOID},
    "messaging.letter": {"sent": Action.EMAIL},
}
"""By record: what it is to come into a status."""
CHANGES: dict[str, dict[str, str]] = {
    "clinic.incident": {"approved_at": Action.APPROVE},
    "clinic.page": {"live_version": Action.APPROVE},
    "clinic.practitioner": {"verified_at": Action.APPROVE},
    "clinic.snippet": {"live_version": Action.APPROVE},
    "clinic.user": {"role": Action.ROLE_CHANGE, "is_active": Action.ROLE_CHANGE},
}
"""By record: what it is to get another value in a field; none, where it only loses one."""
FACTS: dict[str, str] = {
    "clinic.addendum": Action.SIGN,
    "messaging.withdrawal": Action.VOID,
}
"""Facts that are more than written: an addendum is signed as it is written."""
SETTINGS = frozenset(
    {
        "billing.fee",
        "billing.medicareitem",
        "billing.moneysettings",
        "catalog.importpolicy",
        "catalog.sheetlayout",
        "clinic.advertisingterm",
        "clinic.appointmenttype",
        "clinic.cancellationpolicy",
        "clinic.consentdraft",
        "clinic.consenttext",
        "clinic.lettertext",
        "clinic.practice",
        "clinic.questionnaire",
        "clinic.recipient",
        "clinic.rolegrant",
        "clinic.staterule",
        "messaging.lettertemplate",
        "messaging.phrase",
    }
)
"""What the clinic is set up by: each change of it is another setting."""

OF_PEOPLE: dict[str, str] = {
    "billing.dispute": "payment__order__payer_id",
    "billing.entry": "payer_id",
    "billing.evidence": "dispute__payment__order__payer_id",
    "billing.order": "payer_id",
    "billing.orderline": "order__payer_id",
    "billing.payment": "order__payer_id",
    "billing.receipt": "order__payer_id",
    "billing.refund": "payment__order__payer_id",
    "clinic.calendarfeed": "user_id",
    "clinic.user": "id",
    "messaging.attachment": "message__room__patient_id",
    "messaging.call": "room__patient_id",
    "messaging.choice": "person_id",
    "messaging.concern": "message__room__patient_id",
    "messaging.letter": "recipient_id",
    "messaging.member": "room__patient_id",
    "messaging.message": "room__patient_id",
    "messaging.mobile": "person_id",
    "messaging.room": "patient_id",
    "messaging.withdrawal": "message__room__patient_id",
}
"""Records of apps that know people and no patients: the way to the person, who may be a patient."""


def path_of(model: Any) -> tuple[str, bool] | None:
    """The way from a record to its patient, and if it ends at the person; nothing, where it is nobody's."""
    if path := getattr(model, "PATIENT", ""):
        return path, False
    if path := OF_PEOPLE.get(model._meta.label_lower):
        return path, True
    return None


def patient_of(record: Any) -> Any:
    """The key of the patient whose record this is; nothing, where it is nobody's."""
    found = path_of(record)
    if found is None:
        return None
    path, is_of_person = found
    if not is_of_person:
        return _along(record, path)
    person = record if path == "id" else _along(record, path.removesuffix("_id"))
    return getattr(getattr(person, "patient", None), "pk", None)


def _along(value: Any, path: str) -> Any:
    for step in path.split("__"):
        value = getattr(value, step, None)
    return value


def patient_sql(model: Any) -> str:
    """SQL for the patient whose record the row ``w`` is; ``NULL``, where it is nobody's.

    ``prescription__patient_id`` becomes
    ``(SELECT patient_id FROM clinic_prescription WHERE id = w.prescription_id)``.
    """
    found = path_of(model)
    if found is None:
        return "NULL::uuid"
    path, is_of_person = found
    column = _column_sql(model, path)
    return f"(SELECT id FROM clinic_patient WHERE user_id = {column})" if is_of_person else column  # noqa: S608


def _column_sql(model: Any, path: str) -> str:
    *steps, last = path.split("__")
    columns = [f"{step}_id" for step in steps[1:]] + [last]
    found = f"w.{steps[0]}_id" if steps else f"w.{last}"
    for step, column in zip(steps, columns, strict=False):
        model = model._meta.get_field(step).related_model
        found = f"(SELECT {column} FROM {model._meta.db_table} WHERE id = {found})"  # noqa: S608  our own names
    return found


def _action_sql(model: Any) -> str:
    label = model._meta.label_lower
    if label in SETTINGS:
        return f"'{Action.SETTING_CHANGE}'"
    if issubclass(model, Fact):
        return f"'{FACTS.get(label, Action.CREATE)}'"
    told = [
        f"WHEN w.status = '{status}' AND before.status IS DISTINCT FROM w.status THEN '{action}'"
        for status, action in MOVES.get(label, {}).items()
    ]
    told += [
        f"WHEN before.history_id IS NOT NULL AND w.{field} IS DISTINCT FROM before.{field}"
        f" AND w.{field} IS NOT NULL THEN '{action}'"
        for field, action in CHANGES.get(label, {}).items()
    ]
    return (
        f"CASE {' '.join(told)} WHEN w.history_type = '+' THEN '{Action.CREATE}' ELSE '{Action.UPDATE}' END"
    )


def _before_sql(model: Any, table: str) -> str:
    """The version before ``w``, where the action hangs on what has changed."""
    if issubclass(model, Fact) or model._meta.label_lower not in MOVES | CHANGES:
        return ""
    return (
        f"LEFT JOIN LATERAL (SELECT * FROM {table} b WHERE b.id = w.id AND b.history_id <> w.history_id"  # noqa: S608
        " AND b.history_date <= w.history_date ORDER BY b.history_date DESC, b.history_id DESC LIMIT 1)"
        " before ON true"
    )


def statements(model: Any) -> list[str]:
    """The trigger by which what is written of ``model`` gets into the trail, as SQL.

    It works by statement: a supplier's list writes thousands of rows in one, and one by one they take
    three times as long.
    """
    is_fact = issubclass(model, Fact)
    table = model._meta.db_table if is_fact else model.history.model._meta.db_table
    at, by = ("recorded_at", "recorded_by_id") if is_fact else ("history_date", "history_user_id")
    why, version = (
        ("''", "NULL::uuid") if is_fact else ("coalesce(w.history_change_reason, '')", "w.history_id")
    )
    name = f'"{table}_audit"'
    return [
        f"""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO clinic_auditevent
    (id, at, by_id, role, action, record_type, record_id, patient_id, why, history_id, trace, outcome)
  SELECT clinic_uuid7(), w.{at}, w.{by}, coalesce(person.role, ''),
    {_action_sql(model)},
    '{model._meta.label_lower}', w.id, {patient_sql(model)}, {why}, {version}, w.trace, 'done'
  FROM written w
  LEFT JOIN clinic_user person ON person.id = w.{by}
  {_before_sql(model, table)};
  RETURN NULL;
END $$""",  # noqa: S608  our own names
        f'CREATE OR REPLACE TRIGGER {name} AFTER INSERT ON "{table}" REFERENCING NEW TABLE AS written'
        f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
    ]
