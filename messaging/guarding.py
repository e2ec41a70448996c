"""What the database refuses about conversations by itself, whoever writes them and however.

A person says something only in a room that they are in, and only while it can be written in. The clock is
the message's own (``recorded_at``): the demo clinic lives in the past. The system's own lines come after
the end as well: a document is ready, the money went back.

A message carries the files that it says, of its own sender: none comes later, and none is missing when the
transaction ends.

What was said is withdrawn by who said it alone, and soon. That it is withdrawn once, and that an answer
and what it answers are in one room, needs no trigger: keys of the tables hold it.
"""

from __future__ import annotations

from messaging.models import WITHDRAWABLE, Attachment, Message, Withdrawal

# The only values put in are our own constants.
FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION messaging_guard_withdrawal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  sent messaging_message;
BEGIN
  SELECT * INTO sent FROM messaging_message WHERE id = NEW.message_id;
  IF NEW.recorded_by_id IS NULL OR NEW.recorded_by_id IS DISTINCT FROM sent.recorded_by_id THEN
    RAISE EXCEPTION 'messaging_withdrawal: only its sender withdraws a message.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'messaging_withdrawal_by_its_sender';
  END IF;
  IF NEW.recorded_at < sent.recorded_at
     OR NEW.recorded_at > sent.recorded_at + interval '{WITHDRAWABLE.total_seconds():.0f} seconds' THEN
    RAISE EXCEPTION 'messaging_withdrawal: it is too late to withdraw this message.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'messaging_withdrawal_in_time';
  END IF;
  RETURN NEW;
END $$;
"""  # noqa: S608
FUNCTIONS += """
CREATE OR REPLACE FUNCTION messaging_guard_message() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  there messaging_room;
BEGIN
  SELECT * INTO there FROM messaging_room WHERE id = NEW.room_id;
  IF there.closed_at IS NOT NULL OR there.closes_at <= NEW.recorded_at THEN
    RAISE EXCEPTION 'messaging_message: this conversation is over.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'messaging_message_room_is_open';
  END IF;
  IF NOT EXISTS (SELECT FROM messaging_member
                 WHERE room_id = NEW.room_id AND user_id = NEW.recorded_by_id AND left_at IS NULL) THEN
    RAISE EXCEPTION 'messaging_message: who writes is not in this conversation.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'messaging_message_by_a_member';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION messaging_guard_attachment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  sent messaging_message;
BEGIN
  SELECT * INTO sent FROM messaging_message WHERE id = NEW.message_id;
  IF NEW.recorded_by_id IS NULL OR NEW.recorded_by_id IS DISTINCT FROM sent.recorded_by_id THEN
    RAISE EXCEPTION 'messaging_attachment: only its sender attaches a file to a message.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'messaging_attachment_by_its_sender';
  END IF;
  IF NEW.position > sent.attached THEN
    RAISE EXCEPTION 'messaging_attachment: the message carries no more files.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'messaging_attachment_announced';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION messaging_guard_attached() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT count(*) FROM messaging_attachment WHERE message_id = NEW.id) <> NEW.attached THEN
    RAISE EXCEPTION 'messaging_message: a file that it carries is missing.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'messaging_message_carries_what_it_says';
  END IF;
  RETURN NULL;
END $$;
"""


def statements() -> list[str]:
    """The triggers, as SQL."""
    said, withdrawn = Message._meta.db_table, Withdrawal._meta.db_table
    attached = Attachment._meta.db_table
    return [
        f'CREATE OR REPLACE TRIGGER "{attached}_allowed" BEFORE INSERT ON "{attached}" FOR EACH ROW'
        " EXECUTE FUNCTION messaging_guard_attachment()",
        # It waits for the end of the transaction, and such a trigger cannot be replaced.
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = '{said}_carries') THEN"
        f' CREATE CONSTRAINT TRIGGER "{said}_carries" AFTER INSERT ON "{said}" DEFERRABLE INITIALLY DEFERRED'
        " FOR EACH ROW WHEN (NEW.attached > 0) EXECUTE FUNCTION messaging_guard_attached(); END IF; END $$",
        f'CREATE OR REPLACE TRIGGER "{said}_allowed" BEFORE INSERT ON "{said}" FOR EACH ROW'
        " WHEN (NEW.recorded_by_id IS NOT NULL) EXECUTE FUNCTION messaging_guard_message()",
        f'CREATE OR REPLACE TRIGGER "{withdrawn}_allowed" BEFORE INSERT ON "{withdrawn}" FOR EACH ROW'
        " EXECUTE FUNCTION messaging_guard_withdrawal()",
    ]
