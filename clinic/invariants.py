"""What must always be true of the clinic's rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import models

from billing.models import Order
from clinic import chaining
from clinic.models import BOOKED, LIVE
from config.base import Kept, Stateful
from config.invariants import Check

HELD_TOO_LONG = "10 minutes"
"""How long past its end a hold may wait for the sweep, which comes each minute."""
WAITING_TOO_LONG = "10 minutes"
"""How long a task may wait for a worker."""


def _one_of(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _of_every(kind: type[models.Model], sql: str) -> str:
    """``sql`` for every model of ``kind``, with its table and that of its versions."""
    ours: list[Any] = [model for model in apps.get_models() if issubclass(model, kind)]
    return " UNION ALL ".join(
        sql.format(table=f'"{model._meta.db_table}"', versions=f'"{model.history.model._meta.db_table}"')
        for model in ours
    )


TIMES = [
    Check(
        "one_live_appointment_per_slot",
        "Nobody shares a time with somebody else.",
        f"""SELECT slot_id FROM clinic_appointment WHERE status IN ({_one_of(LIVE)})
            GROUP BY slot_id HAVING count(*) > 1""",
    ),
    Check(
        "slots_of_a_practitioner_do_not_overlap",
        "A practitioner offers no two times that overlap.",
        """SELECT one.id FROM clinic_slot one JOIN clinic_slot other
             ON other.practitioner_id = one.practitioner_id AND other.id > one.id
             AND other.starts_at < one.ends_at AND other.ends_at > one.starts_at
           WHERE one.withdrawn_at IS NULL AND other.withdrawn_at IS NULL""",
    ),
    Check(
        "patient_is_in_one_place",
        "A patient has no two appointments that overlap.",
        f"""SELECT one.id FROM clinic_appointment one JOIN clinic_appointment other
              ON other.patient_id = one.patient_id AND other.id > one.id
              AND other.starts_at < one.ends_at AND other.ends_at > one.starts_at
            WHERE one.status IN ({_one_of(LIVE)}) AND other.status IN ({_one_of(LIVE)})""",
    ),
    Check(
        "appointment_is_at_its_slot",
        "An appointment begins and ends with its time.",
        """SELECT a.id FROM clinic_appointment a JOIN clinic_slot s ON s.id = a.slot_id
           WHERE (a.starts_at, a.ends_at) <> (s.starts_at, s.ends_at)""",
    ),
    Check(
        "claimed_slot_is_not_withdrawn",
        "A time that somebody has was not withdrawn.",
        f"""SELECT a.id FROM clinic_appointment a JOIN clinic_slot s ON s.id = a.slot_id
            WHERE s.withdrawn_at IS NOT NULL AND a.status IN ({_one_of(LIVE)})""",
    ),
]
LIVES = [
    Check(
        "confirmed_is_settled",
        "Every appointment that was confirmed is paid for, or its fee was waived.",
        f"""SELECT a.id FROM clinic_appointment a JOIN billing_order o ON o.id = a.order_id
            WHERE a.status IN ({_one_of([*BOOKED, "moved"])})
              AND o.status NOT IN ({_one_of(Order.SETTLED)})""",
    ),
    Check(
        "over_asks_no_money",
        "What expired or was cancelled cannot be paid for any more.",
        """SELECT a.id FROM clinic_appointment a JOIN billing_order o ON o.id = a.order_id
           WHERE a.status IN ('expired', 'cancelled') AND o.status = 'open'""",
    ),
    Check(
        "hold_ends_in_time",
        "No time is held long after the time to pay for it has run out.",
        f"""SELECT id FROM clinic_appointment
            WHERE status = 'held' AND held_until < now() - interval '{HELD_TOO_LONG}'""",
    ),
    Check(
        "moved_goes_on_elsewhere",
        "What was moved goes on at one other time, with its order, its room and its patient.",
        """SELECT before.id FROM clinic_appointment before
             LEFT JOIN clinic_appointment after ON after.moved_from_id = before.id
           WHERE (before.status = 'moved' OR after.id IS NOT NULL) AND (
             before.status <> 'moved' OR after.id IS NULL
             OR (before.order_id, before.patient_id) <> (after.order_id, after.patient_id)
             OR before.room_id IS DISTINCT FROM after.room_id)""",
    ),
    Check(
        "room_has_its_people",
        "In the room of an appointment are its patient and its doctor, and nobody else.",
        f"""SELECT a.id FROM clinic_appointment a
              JOIN clinic_patient p ON p.id = a.patient_id
              JOIN clinic_slot s ON s.id = a.slot_id
              JOIN clinic_practitioner d ON d.id = s.practitioner_id
            WHERE a.room_id IS NOT NULL AND a.status IN ({_one_of(BOOKED)})
              AND (SELECT array_agg(m.user_id ORDER BY m.user_id) FROM messaging_member m
                   WHERE m.room_id = a.room_id AND m.left_at IS NULL)
                IS DISTINCT FROM ARRAY[least(p.user_id, d.user_id), greatest(p.user_id, d.user_id)]""",
    ),
]
TALKS = [
    Check(
        "stretches_of_a_consultation_are_apart",
        "No two parts of a consultation overlap in time.",
        """SELECT one.id FROM clinic_segment one JOIN clinic_segment other
             ON other.encounter_id = one.encounter_id AND other.id > one.id
             AND tstzrange(other.started_at, other.ended_at) && tstzrange(one.started_at, one.ended_at)""",
    ),
    Check(
        "talk_ends_with_its_call",
        "No part of a consultation runs on in a call that has ended.",
        """SELECT s.id FROM clinic_segment s JOIN messaging_call c ON c.id = s.call_id
           WHERE c.status = 'ended' AND s.ended_at IS NULL""",
    ),
]
PAGES = [
    Check(
        "live_page_is_one_of_its_versions",
        "What the public reads of a page is one of the page’s own versions, and stands below a live one.",
        """SELECT p.id FROM clinic_page p LEFT JOIN clinic_page above ON above.id = p.parent_id
           WHERE p.live_version IS NOT NULL AND (
             NOT EXISTS (SELECT FROM clinic_historicalpage v
                         WHERE v.history_id = p.live_version AND v.id = p.id)
             OR (p.parent_id IS NOT NULL AND above.live_version IS NULL))""",
    ),
    Check(
        "no_page_names_a_medicine",
        "No public page is live with a word of the advertising guard, unless two people let it stand.",
        r"""SELECT p.id FROM clinic_page p
              JOIN clinic_historicalpage v ON v.history_id = p.live_version,
              LATERAL (SELECT lower(concat_ws(' ', v.title, v.slug, v.lead, v.search_title, v.description,
                regexp_replace(v.body::text, '<[^>]*>|\\[nrt]', ' ', 'g'))) AS text) said
            WHERE p.is_for = 'public'
              AND NOT EXISTS (SELECT FROM clinic_exemption e
                              WHERE e.version = p.live_version AND e.status = 'allowed')
              AND EXISTS (
                SELECT FROM (
                  SELECT lower(words) AS words FROM clinic_advertisingterm WHERE is_used AND words !~ '[*]'
                  UNION SELECT lower(unnest(ARRAY[name, brand, cultivar])) FROM catalog_product) kept
                WHERE kept.words ~ '[[:alpha:]]{3}'
                  AND kept.words NOT IN (SELECT lower(words) FROM clinic_advertisingterm WHERE NOT is_used)
                  AND strpos(said.text, kept.words) > 0
                  AND said.text ~
                    ('\m' || regexp_replace(kept.words, '([^[:alnum:] ])', '\\\1', 'g') || '\M'))""",
    ),
    Check(
        "pages_go_live_in_time",
        "No page that is to go live, or to be taken off, waits for long after its time.",
        f"""SELECT id FROM clinic_page
            WHERE least(publish_at, unpublish_at) < now() - interval '{WAITING_TOO_LONG}'""",
    ),
]
KEEPING = [
    Check(
        "tasks_are_worked_off",
        "No task waits long for a worker.",
        f"SELECT id FROM django_q_ormq WHERE lock < now() - interval '{WAITING_TOO_LONG}'",
    ),
    Check(
        "trail_is_sealed",
        "What happened more than five minutes ago is sealed into the chain of the audit trail.",
        chaining.UNSEALED,
    ),
    Check(
        "every_version_has_its_record",
        "Every record of which there is a version is still there.",
        _of_every(
            Kept, "SELECT v.id FROM {versions} v WHERE NOT EXISTS (SELECT FROM {table} r WHERE r.id = v.id)"
        ),
    ),
    Check(
        "status_is_as_last_written_down",
        "Every record’s status is the one its newest version tells of.",
        _of_every(
            Stateful,
            "SELECT r.id FROM {table} r WHERE NOT EXISTS"
            " (SELECT FROM {versions} v WHERE v.id = r.id AND v.status = r.status"
            " AND v.history_date = (SELECT max(history_date) FROM {versions} WHERE id = r.id))",
        ),
    ),
]
CHECKS = [*TIMES, *LIVES, *TALKS, *PAGES, *KEEPING]
