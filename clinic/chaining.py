"""Sealing the audit trail: once a minute, what was written since becomes part of a chain of hashes.

Writers do nothing for it and wait for nobody: the database notes with each event which transaction wrote it
(``tx``), and a seal takes in those events before which no transaction that still runs can put another.
All of it is one function in the database, so that the application needs no right to write links itself.
"""

from __future__ import annotations

import time

from django.db import connection

from clinic.models import AuditEvent
from config.base import forbid_transaction

AT_ONCE = 50_000
"""Events of one seal at most; what is left gets the next."""
LONGEST = 40
"""Seconds after which sealing leaves the rest to the next minute."""
GENESIS = "00" * 32
"""What stands for the hash before the first link, and the mark before the first seal."""

# What an event says, as canonical JSON: sorted keys, no spaces, text as it is. ``trace`` goes in as the text
# that PostgreSQL writes, so that no reader has to order it. Another form gets another number.
CONTENT = """
CREATE OR REPLACE FUNCTION clinic_audit_content(e clinic_auditevent) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT '{"action":' || to_json((e).action::text)::text
    || ',"at":"' || to_char((e).at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    || '","by":' || coalesce('"' || (e).by_id || '"', 'null')
    || ',"form":1,"history_id":' || coalesce('"' || (e).history_id || '"', 'null')
    || ',"id":"' || (e).id
    || '","on_behalf_of":' || coalesce('"' || (e).on_behalf_of_id || '"', 'null')
    || ',"outcome":' || to_json((e).outcome::text)::text
    || ',"patient_id":' || coalesce('"' || (e).patient_id || '"', 'null')
    || ',"practitioner_id":' || coalesce('"' || (e).practitioner_id || '"', 'null')
    || ',"record_id":' || coalesce('"' || (e).record_id || '"', 'null')
    || ',"record_type":' || to_json((e).record_type::text)::text
    || ',"role":' || to_json((e).role::text)::text
    || ',"trace":' || to_json((e).trace::text)::text
    || ',"why":' || to_json((e).why)::text || '}'
$$;
CREATE OR REPLACE FUNCTION clinic_audit_digest(e clinic_auditevent) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT sha256(convert_to(clinic_audit_content(e), 'UTF8')) $$;
"""
# A seal as canonical JSON, without its mark.
SEAL_CONTENT = """
CREATE OR REPLACE FUNCTION clinic_seal_content(s clinic_auditseal) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT '{"at":"' || to_char((s).recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    || '","first":' || (s).first || ',"head":"' || (s).head || '","last":' || (s).last
    || ',"number":' || (s).number || '}'
$$;
CREATE OR REPLACE FUNCTION clinic_seal_mark(before text, s clinic_auditseal) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT encode(sha256(decode(before, 'hex') || convert_to(clinic_seal_content(s), 'UTF8')), 'hex')
$$;
"""
HORIZON = """
CREATE OR REPLACE FUNCTION clinic_audit_horizon() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
-- The number of the oldest transaction that may still write to this database. First the snapshot, then who
-- runs: what ended in between is found nowhere. Then we look again, and in the end count it as ours.
-- Others' databases hold nothing up.
DECLARE
  snapshot pg_snapshot;
  here oid := (SELECT oid FROM pg_database WHERE datname = current_database());
  oldest bigint;
  has_ended boolean;
BEGIN
  FOR look IN 1..5 LOOP
    snapshot := pg_current_snapshot();
    PERFORM pg_stat_clear_snapshot();
    SELECT
      min(x::text::bigint) FILTER (WHERE coalesce(a.datid = here, p.database = current_database(), true)),
      bool_or(a.pid IS NULL AND p.gid IS NULL)
    INTO oldest, has_ended
    FROM pg_snapshot_xip(snapshot) x
    LEFT JOIN pg_stat_activity a ON a.backend_xid = x::xid
    LEFT JOIN pg_prepared_xacts p ON p.transaction = x::xid;
    EXIT WHEN NOT coalesce(has_ended, false);
  END LOOP;
  RETURN least(oldest, pg_snapshot_xmax(snapshot)::text::bigint,
               pg_current_xact_id_if_assigned()::text::bigint);
END $$;

CREATE OR REPLACE FUNCTION clinic_audit_server() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT system_identifier::text FROM pg_control_system()
$$;

CREATE OR REPLACE FUNCTION clinic_audit_tail() RETURNS bigint LANGUAGE plpgsql STABLE AS $$
-- Below this transaction every event is linked. Another server counts anew: there all are looked through.
DECLARE newest clinic_auditseal;
BEGIN
  SELECT * INTO newest FROM clinic_auditseal ORDER BY number DESC LIMIT 1;
  IF newest.server = clinic_audit_server()
     AND newest.horizon <= pg_snapshot_xmax(pg_current_snapshot())::text::bigint THEN
    RETURN newest.horizon;
  END IF;
  RETURN 0;
END $$;
"""
SEALING = f"""
CREATE OR REPLACE FUNCTION clinic_chain_step(state bytea, before bytea, digest bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN sha256(coalesce(state, before) || digest); END $$;
CREATE OR REPLACE AGGREGATE clinic_chain(before bytea, digest bytea)
  (SFUNC = clinic_chain_step, STYPE = bytea);

DROP FUNCTION IF EXISTS clinic_audit_seal();
CREATE OR REPLACE FUNCTION clinic_audit_seal(most bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
-- Link what is due, ``most`` events at most, seal it, and return how many that were: zero where nothing is
-- due, and where another seals just now.
DECLARE
  newest clinic_auditseal;
  made clinic_auditseal;
  horizon bigint;
  tail bigint;
  taken bigint;
  left_off bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('clinic_audit_seal')) THEN
    RETURN 0;
  END IF;
  SELECT * INTO newest FROM clinic_auditseal ORDER BY number DESC LIMIT 1;
  horizon := clinic_audit_horizon();
  tail := clinic_audit_tail();
  WITH due AS MATERIALIZED (
    SELECT e.id, e.tx, clinic_audit_digest(e) AS digest FROM clinic_auditevent e
    WHERE e.tx >= tail
      -- A number that this server has not reached yet is another server's, and long over.
      AND (e.tx < horizon OR e.tx > pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
      AND e.tx IS DISTINCT FROM pg_current_xact_id_if_assigned()::text::bigint
      AND NOT EXISTS (SELECT FROM clinic_auditlink l WHERE l.id = e.id)
    ORDER BY e.tx, e.id LIMIT most
  ), linked AS (
    INSERT INTO clinic_auditlink (id, number, hash)
    SELECT id, coalesce(newest.last, 0) + row_number() OVER (ORDER BY tx, id),
      clinic_chain(decode(coalesce(newest.head, '{GENESIS}'), 'hex'), digest)
        OVER (ORDER BY tx, id ROWS UNBOUNDED PRECEDING)
    FROM due
  )
  SELECT count(*), max(tx) INTO taken, left_off FROM due;
  IF taken = 0 THEN
    RETURN 0;
  END IF;
  made.id := clinic_uuid7();
  made.recorded_at := clock_timestamp();
  made.trace := '{{}}';
  made.number := coalesce(newest.number, 0) + 1;
  made.first := coalesce(newest.last, 0) + 1;
  made.last := coalesce(newest.last, 0) + taken;
  SELECT encode(hash, 'hex') INTO made.head FROM clinic_auditlink WHERE number = made.last;
  -- Where there was more than a seal takes, some of the last transaction may be left.
  made.horizon := CASE WHEN taken = most THEN least(horizon, left_off) ELSE horizon END;
  made.server := clinic_audit_server();
  made.mark := clinic_seal_mark(coalesce(newest.mark, '{GENESIS}'), made);
  INSERT INTO clinic_auditseal SELECT made.*;
  RETURN taken;
END $$;
"""
GUARDS = f"""
CREATE OR REPLACE FUNCTION clinic_complete_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.tx := clinic_transaction();
  IF NEW.role = 'doctor' THEN
    NEW.practitioner_id := (SELECT id FROM clinic_practitioner WHERE user_id = NEW.by_id);
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION clinic_refuse_loose_links() RETURNS trigger LANGUAGE plpgsql AS $$
-- All that one statement linked goes on where the chain ended, and says what its events say.
DECLARE bad bigint;
BEGIN
  WITH chain AS (
    SELECT id, number, hash FROM written UNION ALL
    (SELECT l.id, l.number, l.hash FROM clinic_auditlink l
     WHERE l.number < (SELECT min(number) FROM written) ORDER BY l.number DESC LIMIT 1)
  ), beside AS (
    SELECT id, number, hash, coalesce(lag(number) OVER w, 0) AS before,
      coalesce(lag(hash) OVER w, decode('{GENESIS}', 'hex')) AS hash_before
    FROM chain WINDOW w AS (ORDER BY number)
  )
  SELECT min(b.number) INTO bad FROM beside b
  JOIN written w ON w.number = b.number
  LEFT JOIN clinic_auditevent e ON e.id = b.id
  WHERE b.number <> b.before + 1
     OR b.hash IS DISTINCT FROM sha256(b.hash_before || clinic_audit_digest(e));
  IF bad IS NOT NULL OR EXISTS (SELECT FROM clinic_auditlink l
                                WHERE l.number > (SELECT max(number) FROM written)) THEN
    RAISE EXCEPTION 'Link % does not go on where the chain ends.', bad
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION clinic_refuse_loose_seal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE newest clinic_auditseal;
BEGIN
  SELECT * INTO newest FROM clinic_auditseal ORDER BY number DESC LIMIT 1;
  IF NEW.number <> coalesce(newest.number, 0) + 1 OR NEW.first <> coalesce(newest.last, 0) + 1
     OR NEW.mark IS DISTINCT FROM clinic_seal_mark(coalesce(newest.mark, '{GENESIS}'), NEW)
     OR NEW.head IS DISTINCT FROM (SELECT encode(hash, 'hex') FROM clinic_auditlink WHERE number = NEW.last)
  THEN
    RAISE EXCEPTION 'Seal % does not go on where the seals end.', NEW.number
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
"""
FUNCTIONS = CONTENT + SEAL_CONTENT + HORIZON + SEALING + GUARDS


def statements() -> list[str]:
    """The triggers by which the database keeps the chain, as SQL."""
    return [
        'CREATE OR REPLACE TRIGGER "clinic_auditevent_transaction" BEFORE INSERT ON clinic_auditevent'
        " FOR EACH ROW EXECUTE FUNCTION clinic_complete_event()",
        'CREATE OR REPLACE TRIGGER "clinic_auditlink_chain" AFTER INSERT ON clinic_auditlink'
        " REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION clinic_refuse_loose_links()",
        'CREATE OR REPLACE TRIGGER "clinic_auditseal_chain" BEFORE INSERT ON clinic_auditseal'
        " FOR EACH ROW EXECUTE FUNCTION clinic_refuse_loose_seal()",
    ]


def seal() -> int:
    """Take in what is due, and tell how many events that were. Called each minute.

    A trail of years that was never sealed takes some rounds: each goes on for ``LONGEST`` seconds and leaves
    the rest to the next minute. Who seals while another does has nothing to do.
    """
    forbid_transaction()
    sealed, ends = 0, time.monotonic() + LONGEST
    while taken := _seal():
        sealed += taken
        if taken < AT_ONCE or time.monotonic() > ends:
            break
    return sealed


def _seal() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clinic_audit_seal(%s)", [AT_ONCE])
        taken: int = cursor.fetchone()[0]
    return taken


UNSEALED = f"""
SELECT e.id FROM {AuditEvent._meta.db_table} e
WHERE (SELECT count(*) FROM (SELECT FROM clinic_auditseal LIMIT 1) s) = 1
  AND e.tx >= clinic_audit_tail() AND e.tx < (SELECT clinic_audit_horizon())
  AND e.at < now() - interval '5 minutes'
  AND NOT EXISTS (SELECT FROM clinic_auditlink l WHERE l.id = e.id)
"""
"""The events that a seal should have taken in by now."""
