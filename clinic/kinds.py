"""The kinds of letters that people, visits and papers bring."""

from messaging.kinds import Group, Kind

ACCOUNT = {
    "account_already_exists": "You already have an account",
    "email_changed": "The e-mail address was changed",
    "email_confirm": "The e-mail address was confirmed",
    "email_confirmation": "Confirm the e-mail address",
    "email_confirmation_signup": "Confirm the e-mail address, after signing up",
    "email_deleted": "An e-mail address was removed",
    "invitation": "Invitation of staff",
    "new_browser": "Somebody signed in from a new browser",
    "password_changed": "The password was changed",
    "password_reset": "The password was changed by a link",
    "password_reset_key": "Choose a new password",
    "password_set": "A password was set",
    "second_factor_changed": "The second factor was changed",
    "unknown_account": "There is no account with this address",
    "welcome": "Welcome",
}
KINDS = {
    **{f"account/mail/{name}": Kind(words, Group.ACCOUNT) for name, words in ACCOUNT.items()},
    "clinic/mail/appointment_held": Kind(
        "A held time runs out", Group.VISITS, text="clinic/sms/appointment_held"
    ),
    # The person began to book, or asked for a freed time: these come at night, too, as the letters do.
    "clinic/sms/appointment_held": Kind("SMS: a held time runs out", Group.VISITS),
    "clinic/sms/waitlist_offer": Kind("SMS: a time is free", Group.VISITS),
    "clinic/sms/appointment_reminder": Kind("SMS: reminder of an appointment", Group.REMINDERS, waits=True),
    "clinic/mail/appointment_expired": Kind("A held time has ended", Group.VISITS),
    "clinic/mail/appointment_confirmed": Kind("Appointment confirmed", Group.VISITS),
    "clinic/mail/appointment_moved": Kind("Appointment moved", Group.VISITS),
    "clinic/mail/appointment_cancelled": Kind("Appointment cancelled", Group.VISITS),
    "clinic/mail/appointment_lost": Kind("Payment came too late", Group.VISITS),
    "clinic/mail/appointment_follow_up": Kind("Follow-up to be paid", Group.VISITS, waits=True),
    # Never in the morning after: a reminder that is late by hours is no longer wanted.
    "clinic/mail/appointment_reminder": Kind(
        "Reminder of an appointment", Group.REMINDERS, text="clinic/sms/appointment_reminder"
    ),
    "clinic/mail/waitlist_offer": Kind(
        "Waiting list: a time is free", Group.VISITS, text="clinic/sms/waitlist_offer"
    ),
    "clinic/mail/waitlist_lapsed": Kind("Waiting list: the offer went on", Group.VISITS, waits=True),
    "clinic/mail/waitlist_ended": Kind("Waiting list: the wait is over", Group.VISITS, waits=True),
    "clinic/mail/document_ready": Kind("Document ready", Group.PAPERS, waits=True),
    "clinic/mail/document_news": Kind("News about a document", Group.PAPERS, waits=True),
    "clinic/mail/notice": Kind("Notice of the practice", Group.NOTICES, waits=True),
    "clinic/mail/offer": Kind("Offer of the practice", Group.NOTICES, waits=True),
    "clinic/mail/account_ended": Kind("The account was closed", Group.ACCOUNT),
    "clinic/mail/prescription_void": Kind(
        "Prescription made void, to its prescriber", Group.WORK, waits=True
    ),
    "clinic/mail/appointment_moved_doctor": Kind("Appointment moved, to the doctor", Group.WORK),
    "clinic/mail/appointment_cancelled_doctor": Kind("Appointment cancelled, to the doctor", Group.WORK),
    "clinic/mail/incident_due": Kind("An incident waits for its decision", Group.WORK, waits=True),
    "clinic/mail/incident_notice": Kind(
        "Notice about an incident with one’s data", Group.ACCOUNT, waits=True
    ),
    "clinic/mail/request_received": Kind("A request about one’s data waits", Group.WORK, waits=True),
    "clinic/mail/request_answered": Kind("A request about one’s data is answered", Group.ACCOUNT, waits=True),
    "clinic/mail/account_closed": Kind("A patient closed their account", Group.WORK, waits=True),
    "clinic/mail/audit_anchor": Kind("Anchor of the audit trail, to who keeps it", Group.WORK, waits=True),
    "clinic/mail/inspection_failed": Kind("The nightly inspection found something", Group.WORK, waits=True),
}
