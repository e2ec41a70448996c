"""What must always be true of letters and conversations."""

from config.invariants import Check

CALLS_LAST = "4 hours"
"""An hour more than ``messaging.calling`` lets a call last."""
CHECKS = [
    Check(
        "letters_are_on_their_way",
        "Every letter that is owed was tried when it was due.",
        """SELECT id FROM messaging_letter
           WHERE status = 'owed' AND next_attempt_at < now() - interval '1 hour'""",
    ),
    Check(
        "calls_come_to_an_end",
        "No call goes on for hours after its pages went silent.",
        f"""SELECT id FROM messaging_call
            WHERE status <> 'ended' AND created_at < now() - interval '{CALLS_LAST}'""",
    ),
]
