"""What the database refuses about conversations by itself, whoever writes them and however.

A person says something only in a room that they are in, and only while it can be written in. The clock is
the message's own (``recorded_at``): the demo clinic lives in the past. The system's own lines come after
the end as well: a document is ready, the money went back.
"""

from __future__ import annotations

from messaging.models import Message

FUNCTIONS = """
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
"""


def statements() -> list[str]:
    """The triggers, as SQL."""
    table = Message._meta.db_table
    return [
        f'CREATE OR REPLACE TRIGGER "{table}_allowed" BEFORE INSERT ON "{table}" FOR EACH ROW'
        " WHEN (NEW.recorded_by_id IS NOT NULL) EXECUTE FUNCTION messaging_guard_message()",
    ]
