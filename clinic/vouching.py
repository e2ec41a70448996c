"""What the database asks before a stretch of a call is kept: the word of both sides, not of one.

The doctor's and the patient's browser must each have said that the other reached it, in that call, in the
room of that visit, before the stretch begins. A stretch without a call is what the doctor noted alone.
"""

from __future__ import annotations

from clinic.models import Segment

FUNCTIONS = """
CREATE OR REPLACE FUNCTION clinic_vouch_segment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT count(DISTINCT report.side_id)
      FROM clinic_encounter AS encounter
      JOIN clinic_appointment AS visit ON visit.id = encounter.appointment_id
      JOIN clinic_patient AS patient ON patient.id = encounter.patient_id
      JOIN clinic_practitioner AS practitioner ON practitioner.id = encounter.practitioner_id
      JOIN messaging_call AS call ON call.id = NEW.call_id AND call.room_id = visit.room_id
      JOIN messaging_callreport AS report ON report.call_id = call.id
        AND report.side_id IN (patient.user_id, practitioner.user_id)
        AND report.kind IN ('connected', 'resumed') AND report.at <= NEW.started_at
      WHERE encounter.id = NEW.encounter_id) < 2 THEN
    RAISE EXCEPTION 'clinic_segment: a stretch of a call needs the word of both sides.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'clinic_segment_vouched_for';
  END IF;
  RETURN NEW;
END $$;
"""


def statements() -> list[str]:
    """The trigger, as SQL."""
    table = Segment._meta.db_table
    return [
        f'CREATE OR REPLACE TRIGGER "{table}_vouched_for"'
        f' BEFORE INSERT OR UPDATE OF call_id, encounter_id, started_at ON "{table}" FOR EACH ROW'
        " WHEN (NEW.call_id IS NOT NULL) EXECUTE FUNCTION clinic_vouch_segment()",
    ]
