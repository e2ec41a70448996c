"""What the database refuses about appointments by itself, whoever writes them and however.

A claim is made on a time that is on offer and ahead; it stays with its time, its patient and its order;
its status moves along ``MOVES`` only; and nothing is confirmed but with an order that is settled.
The clock is the row's own (``created_at``, ``confirmed_at``): the demo clinic lives in the past.
"""

from __future__ import annotations

from billing.models import Order
from clinic.models import BOOKED, LIVE, Appointment

FUNCTIONS = """
CREATE OR REPLACE FUNCTION clinic_refuse_claim(which text, told text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'clinic_appointment: %', told USING ERRCODE = 'check_violation', CONSTRAINT = which;
END $$;

CREATE OR REPLACE FUNCTION clinic_guard_claim() RETURNS trigger LANGUAGE plpgsql AS $$
-- TG_ARGV: the statuses that keep a time, those that need a settled order, those of a settled order, and
-- the moves there are, as 'held>confirmed'.
DECLARE
  live text[] := string_to_array(TG_ARGV[0], ',');
  booked text[] := string_to_array(TG_ARGV[1], ',');
  before text := CASE TG_OP WHEN 'UPDATE' THEN OLD.status ELSE '' END;
  there clinic_slot;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF (NEW.slot_id, NEW.patient_id, NEW.order_id, NEW.starts_at, NEW.ends_at)
       IS DISTINCT FROM (OLD.slot_id, OLD.patient_id, OLD.order_id, OLD.starts_at, OLD.ends_at) THEN
      PERFORM clinic_refuse_claim('clinic_appointment_stays', 'it stays with its time, patient and order.');
    END IF;
    IF NEW.status = before THEN RETURN NEW; END IF;
    IF NOT before || '>' || NEW.status = ANY(string_to_array(TG_ARGV[3], ',')) THEN
      PERFORM clinic_refuse_claim('clinic_appointment_moves',
                                  before || ' cannot become ' || NEW.status || '.');
    END IF;
  END IF;
  IF NEW.status = ANY(live) AND NOT before = ANY(live) THEN
    SELECT * INTO there FROM clinic_slot WHERE id = NEW.slot_id FOR SHARE;  -- a withdrawal has to wait
    IF (there.starts_at, there.ends_at) IS DISTINCT FROM (NEW.starts_at, NEW.ends_at) THEN
      PERFORM clinic_refuse_claim('clinic_appointment_is_at_its_slot', 'it begins and ends with its time.');
    END IF;
    IF there.withdrawn_at IS NOT NULL THEN
      PERFORM clinic_refuse_claim('clinic_appointment_slot_is_offered', 'its time was withdrawn.');
    END IF;
    IF NEW.starts_at <= coalesce(NEW.confirmed_at, NEW.created_at) THEN
      PERFORM clinic_refuse_claim('clinic_appointment_lies_ahead', 'its time has passed.');
    END IF;
  END IF;
  IF NEW.status = ANY(booked) AND NOT before = ANY(booked) AND NOT EXISTS (
      SELECT FROM billing_order
      WHERE id = NEW.order_id AND status = ANY(string_to_array(TG_ARGV[2], ','))) THEN
    PERFORM clinic_refuse_claim('clinic_appointment_is_settled', 'its order is neither paid nor waived.');
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION clinic_guard_claimed_slot() RETURNS trigger LANGUAGE plpgsql AS $$
-- TG_ARGV: the statuses that keep a time.
BEGIN
  IF EXISTS (SELECT FROM clinic_appointment
             WHERE slot_id = NEW.id AND status = ANY(string_to_array(TG_ARGV[0], ','))) THEN
    RAISE EXCEPTION 'clinic_slot: somebody has this time.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'clinic_slot_is_claimed';
  END IF;
  RETURN NEW;
END $$;
"""


def statements() -> list[str]:
    """The triggers, as SQL."""
    moves = [f"{before}>{after}" for before, afters in Appointment.MOVES.items() for after in sorted(afters)]
    booked = [*BOOKED, Appointment.Status.MOVED]
    arguments = ", ".join(f"'{','.join(words)}'" for words in (LIVE, booked, Order.SETTLED, moves))
    return [
        "CREATE OR REPLACE TRIGGER clinic_appointment_claim BEFORE INSERT OR UPDATE ON clinic_appointment"
        f" FOR EACH ROW EXECUTE FUNCTION clinic_guard_claim({arguments})",
        "CREATE OR REPLACE TRIGGER clinic_slot_claimed BEFORE UPDATE ON clinic_slot FOR EACH ROW"
        " WHEN ((NEW.starts_at, NEW.ends_at, NEW.practitioner_id) IS DISTINCT FROM"
        " (OLD.starts_at, OLD.ends_at, OLD.practitioner_id)"
        " OR (NEW.withdrawn_at IS NOT NULL AND OLD.withdrawn_at IS NULL))"
        f" EXECUTE FUNCTION clinic_guard_claimed_slot('{','.join(LIVE)}')",
    ]
