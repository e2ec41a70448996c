"""What must always be true of letters and conversations."""

from config.invariants import Check

CHECKS = [
    Check(
        "letters_are_on_their_way",
        "Every letter that is owed was tried when it was due.",
        """SELECT id FROM messaging_letter
           WHERE status = 'owed' AND next_attempt_at < now() - interval '1 hour'""",
    ),
]
