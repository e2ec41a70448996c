"""What runs by itself, and when, in clinic time. Change it here; ``migrate`` carries it over."""

from typing import Any

from django_q.models import Schedule

EVERY_MINUTE = "* * * * *"

SCHEDULES = {
    "Free the slots nobody paid for": ("clinic.tasks.expire_holds", EVERY_MINUTE),
    "Keep the waiting list": ("clinic.tasks.keep_waiting_list", EVERY_MINUTE),
    "Publish pages that are due": ("clinic.tasks.publish_scheduled", EVERY_MINUTE),
    "Remind patients of their visits": ("clinic.tasks.remind_patients", EVERY_MINUTE),
    "Warn before a hold ends": ("clinic.tasks.warn_holds", EVERY_MINUTE),
    "Offer slots from the rosters": ("clinic.tasks.offer_slots", "15 2 * * *"),
    "Sign where the audit trail stands": ("clinic.tasks.anchor_audit", "20 0 * * *"),
    "Walk through the whole audit trail": ("clinic.tasks.prove_trail", "10 1 * * *"),
    "Check what must always be true": ("clinic.tasks.check_invariants", "45 2 * * *"),
    "Seal the audit trail": ("clinic.tasks.seal_audit", EVERY_MINUTE),
    "Try unhandled payment events again": ("billing.tasks.retry_events", EVERY_MINUTE),
    "Follow refunds to their end": ("billing.tasks.chase_refunds", EVERY_MINUTE),
    "Compare the ledger with Stripe": ("billing.tasks.reconcile", "30 3 * * *"),
    "Tell people of unread messages": ("messaging.tasks.nudge_readers", EVERY_MINUTE),
    "Go on with notices to patients": ("clinic.tasks.send_broadcasts", EVERY_MINUTE),
    "Send the letters that are due": ("messaging.tasks.send_due_letters", EVERY_MINUTE),
    "Notice who left a call without a word": ("messaging.tasks.look_after_calls", EVERY_MINUTE),
    "Take up interrupted imports again": ("catalog.tasks.resume_imports", EVERY_MINUTE),
    "Remind managers of incidents": ("clinic.tasks.remind_of_incidents", "10 * * * *"),
    "Remove copies whose days are over": ("clinic.tasks.sweep_copies", "45 3 * * *"),
    "Make the papers that are missing": ("clinic.tasks.render_missing", "25 * * * *"),
    "Remove files that no message took": ("messaging.tasks.sweep_attachments", "35 3 * * *"),
    "Forget old tries and browsers": ("clinic.tasks.sweep_doors", "40 3 * * *"),
    "Trim live events": ("messaging.tasks.trim_events", "5 * * * *"),
}


def sync(**kwargs: Any) -> None:
    """Make the scheduler's table say what ``SCHEDULES`` says, no more and no less."""
    for name, (task, cron) in SCHEDULES.items():
        Schedule.objects.update_or_create(
            name=name, defaults={"func": task, "cron": cron, "schedule_type": Schedule.CRON}
        )
    Schedule.objects.exclude(name__in=SCHEDULES).delete()
